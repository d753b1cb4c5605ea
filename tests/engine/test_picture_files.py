"""Image files read and written to the last bit, and everything that may be wrong with one."""

from __future__ import annotations

import csv
import io
import json
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from engine import cli
from engine.data import OpenError, open_any, picture_files
from engine.data.photograph import Photograph
from engine.io.pictures import save_picture
from engine.layers import Picture
from engine.method import DataError, Snapshot
from engine.runs import RunSpec

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def drawn(*shape, kind=np.uint8, seed=0):
    """Numbers over the whole range of a type."""
    return np.random.default_rng(seed).integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)


def whole(values, depth):
    """What a file of that depth holds."""
    return np.rint(values.astype(np.float64) * (2**depth - 1)).astype(np.int64)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def deep_png(samples, filters, kind, extra=b"", sides=None):
    """A PNG of 16 bits with a filter chosen for each row, byte by byte as the standard says."""
    height, width, channels = samples.shape
    rows = samples.astype(">u2").view(np.uint8).reshape(height, -1).astype(int)
    step, above, out = 2 * channels, np.zeros(rows.shape[1], int), b""
    for row, number in zip(rows, filters, strict=True):
        left, between = (np.concatenate([np.zeros(step, int), r[:-step]]) for r in (row, above))
        estimate = left + above - between
        far = [np.abs(estimate - near) for near in (left, above, between)]
        paeth = np.where(
            (far[0] <= far[1]) & (far[0] <= far[2]),
            left,
            np.where(far[1] <= far[2], above, between),
        )
        guess = (0 * row, left, above, (left + above) // 2, paeth)[number]
        out += bytes([number]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        above = row
    sides = sides or (width, height)
    return b"".join([
        b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", *sides, 16, kind, 0, 0, 0)),
        extra, chunk(b"IDAT", zlib.compress(out)), chunk(b"IEND", b""),
    ])  # fmt: skip


def opened(path):
    return open_any(path, picture="")


# Reading


@pytest.mark.parametrize(("kind", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
@pytest.mark.parametrize("shape", [(11, 7), (1, 9), (9, 1), (1, 1)])
def test_every_png_of_16_bits_and_every_filter_keeps_every_bit(tmp_path, kind, channels, shape):
    samples = drawn(*shape, channels, kind=np.uint16, seed=kind)
    path = tmp_path / "a.png"
    for filters in (np.arange(shape[0]) % 5, np.full(shape[0], 4), np.full(shape[0], 3)):
        path.write_bytes(deep_png(samples, filters, kind))
        found = opened(path)
        colours = samples[..., :3] if channels > 2 else samples[..., 0]
        assert found.depth == 16
        np.testing.assert_array_equal(whole(found.values, 16), colours)
        if channels in (2, 4):
            np.testing.assert_array_equal(whole(found.alpha, 16), samples[..., -1])
        else:
            assert found.alpha is None


def test_a_png_of_16_bits_may_hide_one_colour(tmp_path):
    samples = drawn(6, 5, 3, kind=np.uint16)
    key = chunk(b"tRNS", struct.pack(">HHH", *samples[2, 3].tolist()))
    path = tmp_path / "a.png"
    path.write_bytes(deep_png(samples, np.zeros(6, int), 2, key))
    alpha = opened(path).alpha
    assert alpha[2, 3] == 0 and alpha.sum() == 29


@pytest.mark.parametrize("packing", [None, "zlib", "lzw"])
@pytest.mark.parametrize("layout", ["strips", "tiles", "planes"])
def test_tiff_of_16_bits_in_colour_keeps_every_bit(tmp_path, packing, layout):
    samples = drawn(70, 53, 3, kind=np.uint16)
    options = {"photometric": "rgb", "metadata": None}
    options |= {"rowsperstrip": 16} if layout != "tiles" else {"tile": (32, 16)}
    stored = np.moveaxis(samples, 2, 0) if layout == "planes" else samples
    options |= {"planarconfig": "separate"} if layout == "planes" else {}
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stored, **options, compression="zlib" if packing == "zlib" else None,
                     predictor=packing == "zlib")  # fmt: skip
    if packing == "lzw":
        _pack_lzw(path)
    found = opened(path)
    assert found.depth == 16
    np.testing.assert_array_equal(whole(found.values, 16), samples)


def _pack_lzw(path):
    """Replace each part of an uncompressed TIFF by its LZW codes, as libtiff writes them."""
    with tifffile.TiffFile(path, mode="r+b") as file:
        page = file.pages[0]
        handle, offsets, counts = file.filehandle, [], []
        for at, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            handle.seek(at)
            strip = np.frombuffer(handle.read(count), np.uint8)[None]
            content = io.BytesIO()
            Image.fromarray(strip).save(content, "TIFF", compression="tiff_lzw")
            content.seek(0)
            with tifffile.TiffFile(content) as packed:
                one = packed.pages[0]
                assert len(one.dataoffsets) == 1
                codes = content.getvalue()[one.dataoffsets[0] :][: one.databytecounts[0]]
            handle.seek(0, 2)
            offsets.append(handle.tell())
            counts.append(len(codes))
            handle.write(codes)
        tags = page.tags
        tags["Compression"].overwrite(5)
        for names, values in ((("StripOffsets", "TileOffsets"), offsets),
                              (("StripByteCounts", "TileByteCounts"), counts)):  # fmt: skip
            next(tags[name] for name in names if name in tags).overwrite(values)


def test_floating_point_tiff_is_kept_and_what_is_not_finite_is_replaced_and_counted(tmp_path):
    values = np.random.default_rng(0).uniform(-0.1, 1.2, (9, 8, 3)).astype(np.float32)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values, photometric="rgb")
    found = opened(path)
    assert found.depth == 32
    np.testing.assert_array_equal(found.values, values)
    spoilt = values.copy()
    spoilt[4, 4, 1], spoilt[0, 0] = np.nan, np.inf
    tifffile.imwrite(path, spoilt, photometric="rgb")
    found = opened(path)
    assert np.isfinite(found.values).all() and "2 pixels are not finite" in found.remarks[0]
    neighbours = [values[3, 4], values[5, 4], values[4, 3], values[4, 5]]
    assert any(np.array_equal(found.values[4, 4], n) for n in neighbours)
    kept = np.isfinite(spoilt).all(axis=-1)
    np.testing.assert_array_equal(found.values[kept], values[kept])
    tifffile.imwrite(path, np.full((4, 4), np.nan, np.float32))
    with pytest.raises(OpenError, match="no finite number"):
        opened(path)


def test_floating_point_in_other_units_is_scaled_and_said(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.linspace(0, 4095, 12).reshape(3, 4))
    found = opened(path)
    assert found.values.max() == 1 and "4095" in found.remarks[0]


def test_opacity_multiplied_into_the_colours_is_taken_out(tmp_path):
    colour, alpha = np.array([0.25, 0.5, 1.0]), np.array([[1.0, 0.5], [0.25, 0.0]])
    stored = np.concatenate([colour * alpha[..., None], alpha[..., None]], axis=-1)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.rint(stored * 65535).astype(np.uint16), photometric="rgb",
                     extrasamples=["assocalpha"])  # fmt: skip
    found = opened(path)
    np.testing.assert_allclose(found.alpha, alpha, atol=1e-5)
    np.testing.assert_allclose(found.values[alpha > 0], np.broadcast_to(colour, (3, 3)), atol=1e-4)


@pytest.mark.parametrize(("suffix", "mode"), [
    ("png", "L"), ("png", "LA"), ("png", "RGB"), ("png", "RGBA"), ("tif", "L"), ("tif", "RGB"),
    ("tif", "RGBA"), ("bmp", "RGB"), ("bmp", "L"), ("webp", "RGB"), ("webp", "RGBA"), ("gif", "L"),
])  # fmt: skip
def test_files_of_8_bits_are_what_pillow_says(tmp_path, suffix, mode):
    channels = len(mode)
    samples = drawn(12, 10, channels)[..., 0 if channels == 1 else slice(None)]
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(samples, mode).save(path, **({"lossless": True, "exact": True}
                                                 if suffix == "webp" else {}))  # fmt: skip
    found = opened(path)
    alpha = samples[..., -1] if mode in ("LA", "RGBA") else None
    colours = {"L": samples, "RGB": samples}.get(mode, samples[..., : channels - 1])
    colours = colours[..., 0] if mode == "LA" else colours
    np.testing.assert_array_equal(whole(found.values, 8), colours)
    assert (found.alpha is None) == (alpha is None)
    if alpha is not None:
        np.testing.assert_array_equal(whole(found.alpha, 8), alpha)


def test_a_palette_with_transparency_becomes_colours_and_opacity(tmp_path):
    picture = Image.fromarray(drawn(8, 8) % 4, "P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    path = tmp_path / "a.png"
    picture.save(path, transparency=bytes([0, 128, 255, 255]))
    found = opened(path)
    index = np.asarray(picture)
    np.testing.assert_array_equal(whole(found.alpha, 8), np.array([0, 128, 255, 255])[index])
    np.testing.assert_array_equal(
        whole(found.values, 8)[index == 3], [[9, 9, 9]] * (index == 3).sum()
    )


def test_inks_are_converted_and_it_is_said(tmp_path):
    path = tmp_path / "a.jpg"
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, 8:, 0] = 255
    Image.fromarray(inks, "CMYK").save(path, quality=100)
    found = opened(path)
    assert found.values.shape == (16, 16, 3) and "CMYK" in found.remarks[0]
    assert found.values[:, :6].min() > 0.95 and found.values[:, 10:, 0].max() < 0.05
    deep = tmp_path / "a.tif"
    tifffile.imwrite(deep, inks.astype(np.uint16) * 257, photometric="separated")
    found = opened(deep)
    assert found.depth == 16 and "CMYK" in found.remarks[0]
    np.testing.assert_array_equal(found.values[0, [0, 15]], [[1, 1, 1], [0, 1, 1]])


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_picture_stands_upright_as_its_camera_says(tmp_path, turned):
    samples = drawn(6, 4, 3)
    assert np.array_equal(picture_files.upright(samples, 1), samples)
    exif = Image.Exif()
    exif[274] = turned
    path = tmp_path / "a.png"
    Image.fromarray(samples).save(path, exif=exif)
    with Image.open(path) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(whole(opened(path).values, 8), expected)
    deep = tmp_path / "a.tif"
    tifffile.imwrite(deep, samples.astype(np.uint16) * 257, photometric="rgb",
                     extratags=[(274, 3, 1, turned, True)])  # fmt: skip
    np.testing.assert_array_equal(whole(opened(deep).values, 8), expected)


def test_the_first_page_is_shown_and_it_is_said(tmp_path):
    first, second = (drawn(5, 6, seed=k) for k in (0, 1))
    path = tmp_path / "a.tif"
    Image.fromarray(first).save(path, save_all=True, append_images=[Image.fromarray(second)])
    found = opened(path)
    np.testing.assert_array_equal(whole(found.values, 8), first)
    assert found.remarks == ("The file holds 2 pages; the first is shown.",)
    deep = tmp_path / "b.tif"
    tifffile.imwrite(deep, np.stack([first, second]).astype(np.uint16), photometric="minisblack")
    found = opened(deep)
    assert found.remarks == ("The file holds 2 pages; the first is shown.",)
    np.testing.assert_array_equal(whole(found.values, 16), first)


def test_a_profile_is_kept_and_a_damaged_one_is_left_out_and_said(tmp_path):
    path = tmp_path / "a.png"
    picture = Image.fromarray(drawn(4, 4, 3))
    picture.save(path, icc_profile=SRGB)
    assert opened(path).profile == SRGB
    for wrong in (SRGB[:200], b"x" * 300, SRGB[:36] + b"spca" + SRGB[40:]):
        picture.save(path, icc_profile=wrong)
        found = opened(path)
        assert found.profile == b"" and "damaged" in found.remarks[0]
    Image.fromarray(drawn(4, 4)).save(path, icc_profile=SRGB)
    found = opened(path)
    assert found.profile == b"" and "another kind" in found.remarks[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 4000)])
def test_the_smallest_and_the_longest_pictures_are_restored(tmp_path, shape):
    path = tmp_path / "a.png"
    Image.fromarray(drawn(*shape)).save(path)
    words = ["run", "restoration.gaussian", "--data", str(path), "--out", str(tmp_path / "out"),
             "--quiet"]  # fmt: skip
    assert cli.main(words) == 0
    with Image.open(tmp_path / "out" / "restored.png") as restored:
        assert restored.size == (shape[1], shape[0])


# What is no good


def _whole_files(folder):
    picture = Image.fromarray(drawn(80, 90, 3))
    for suffix in ("png", "tif", "jpg", "webp", "gif", "bmp"):
        path = folder / f"a.{suffix}"
        picture.save(path)
        yield path
    deep = folder / "deep.tif"
    tifffile.imwrite(deep, drawn(80, 90, 3, kind=np.uint16), photometric="rgb", compression="zlib")
    yield deep
    deep = folder / "deep.png"
    deep.write_bytes(deep_png(drawn(80, 9, 3, kind=np.uint16), np.arange(80) % 5, 2))
    yield deep


@pytest.mark.parametrize("share", [0.9, 0.5, 0.02])
def test_a_file_that_is_cut_off_is_refused_in_one_sentence(tmp_path, share):
    for path in _whole_files(tmp_path):
        assert opened(path).values.size
        cut = tmp_path / f"cut{path.suffix}"
        cut.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with pytest.raises(OpenError, match=r"cut off or damaged|no image"):
            opened(cut)


def test_noise_in_the_bytes_of_a_file_gives_a_picture_or_a_sentence(tmp_path):
    rng = np.random.default_rng(0)
    for path in _whole_files(tmp_path):
        content = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(12):
            hurt = content.copy()
            at = rng.integers(0, min(len(hurt), 400), 6)
            hurt[at] = rng.integers(0, 256, 6)
            path.write_bytes(hurt.tobytes())
            try:
                assert np.isfinite(opened(path).values).all()
            except OpenError as error:
                assert str(error).endswith(".") and "\n" not in str(error)


@pytest.mark.parametrize("sides", [(100_000, 100_000), (2**31 - 1, 2**31 - 1), (10_900, 11_000)])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_size_that_is_only_claimed_takes_no_memory(tmp_path, sides, depth):
    head = struct.pack(">IIBBBBB", *sides, depth, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b""))
    tracemalloc.start()
    try:
        with pytest.raises(OpenError, match=r"the limit is|too small"):
            opened(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_more_pixels_than_the_limit_are_refused_before_they_are_unpacked(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (11_000, 11_000)).save(path)
    assert path.stat().st_size < 1e6
    with pytest.raises(OpenError, match="the limit is 120 million"):
        opened(path)
    with pytest.raises(OpenError, match="the limit is 120 million"):
        open_any(path)


def test_names_mean_nothing_and_empty_files_and_folders_are_named(tmp_path):
    samples = drawn(5, 5, 3)
    path = tmp_path / "a.jpg"
    Image.fromarray(samples).save(path, "PNG")
    np.testing.assert_array_equal(whole(opened(path).values, 8), samples)
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("hello")
    for name, word in (("empty.png", "empty"), ("text.png", "no image"), ("", "folder"),
                       ("none.png", "no file")):  # fmt: skip
        with pytest.raises(OpenError, match=word):
            opened(tmp_path / name)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_channels_beyond_colour_and_opacity_are_left_out_and_it_is_said(tmp_path, kind):
    samples = drawn(9, 7, 6, kind=kind)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, samples, photometric="rgb", extrasamples=[2, 0, 0])
    found = opened(path)
    depth = 8 * samples.itemsize
    assert found.depth == depth and "2 further channels" in found.remarks[0]
    np.testing.assert_array_equal(whole(found.values, depth), samples[..., :3])
    np.testing.assert_array_equal(whole(found.alpha, depth), samples[..., 3])


def test_unusual_tiff_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, drawn(4, 8, 8, kind=np.uint16), volumetric=True, tile=(16, 16, 16),
                     photometric="minisblack")  # fmt: skip
    with pytest.raises(OpenError, match="volume"):
        opened(path)
    tifffile.imwrite(path, drawn(8, 8, 3, kind=np.uint16), photometric="cielab")
    with pytest.raises(OpenError, match="CIELAB"):
        opened(path)


def test_a_truth_comes_from_a_file_of_the_same_size(tmp_path):
    truth, other = drawn(20, 24, 3), drawn(20, 25, 3)
    noisy = np.clip(truth + np.random.default_rng(1).normal(0, 9, truth.shape), 0, 255)
    for name, samples in (("truth", truth), ("other", other), ("grey", truth[..., 0]),
                          ("noisy", noisy.astype(np.uint8))):  # fmt: skip
        Image.fromarray(samples).save(tmp_path / f"{name}.png")
    path = tmp_path / "noisy.png"
    found = open_any(path, picture="", truth=str(tmp_path / "truth.png"))
    np.testing.assert_array_equal(whole(found.truth, 8), truth)
    assert found.truth_spec == str(tmp_path / "truth.png") and found.sigma is None
    for name in ("other", "grey"):
        with pytest.raises(OpenError, match=f"as large .*'{name}.png' has .* 'noisy.png' has"):
            open_any(path, picture="", truth=str(tmp_path / f"{name}.png"))
    with pytest.raises(OpenError, match="its own truth"):
        open_any(path, picture="noise=5", truth=str(tmp_path / "truth.png"))
    with pytest.raises(OpenError, match="no file"):
        open_any(path, picture="", truth=str(tmp_path / "none.png"))
    with pytest.raises(OpenError, match="photograph"):
        open_any("sample:iris", truth=str(path))


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "bomb", "folder", "missing"])
def test_the_command_line_refuses_in_one_sentence(tmp_path, capsys, kind):
    path = tmp_path / "a.png"
    if kind == "folder":
        path.mkdir()
    elif kind == "bomb":
        Image.new("1", (11_000, 11_000)).save(path)
    elif kind == "cut":
        Image.fromarray(drawn(40, 40, 3)).save(path)
        path.write_bytes(path.read_bytes()[:900])
    elif kind != "missing":
        path.write_bytes(b"" if kind == "empty" else b"hello")
    assert cli.main(["run", "restoration.gaussian", "--data", str(path), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("fieldwright: ") and said.count("\n") == 1 and "Traceback" not in said


# Writing


def photograph(depth, colours, see_through):
    top, kind = 2**depth - 1, np.uint16 if depth == 16 else np.uint8
    values = drawn(13, 17, colours, kind=kind) / np.float32(top)
    return Photograph(
        name="n", spec="s", values=values[..., 0] if colours == 1 else values, depth=depth,
        alpha=drawn(13, 17, kind=kind, seed=1) / np.float32(top) if see_through else None,
        profile=SRGB if colours == 3 else b"",
    )  # fmt: skip


def independent(path):
    """(H, W, C) of a PNG by Qt's reader of PNG, of a TIFF by its bytes alone."""
    if path.suffix == ".png":
        from PySide6.QtGui import QImage

        picture = QImage(str(path))
        deep = picture.depth() > 32 or picture.format() == QImage.Format.Format_Grayscale16
        kind = QImage.Format.Format_RGBA64 if deep else QImage.Format.Format_RGBA8888
        wide = picture.convertToFormat(kind)
        flat = np.frombuffer(wide.constBits(), np.uint16 if deep else np.uint8)
        per_row = wide.bytesPerLine() // flat.itemsize
        rows = flat.reshape(wide.height(), per_row)[:, : 4 * wide.width()]
        return rows.reshape(wide.height(), wide.width(), 4).copy()
    content = path.read_bytes()
    order = {b"II": "<", b"MM": ">"}[content[:2]]
    (at,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, at)
    tags = {}
    for k in range(count):
        tag, kind, n = struct.unpack_from(order + "HHI", content, at + 2 + 12 * k)
        code = {1: "B", 2: "s", 3: "H", 4: "I", 7: "B"}.get(kind)
        if code is None:
            continue
        size = struct.calcsize(code) * n
        place = at + 10 + 12 * k
        if size > 4:
            (place,) = struct.unpack_from(order + "I", content, place)
        tags[tag] = struct.unpack_from(f"{order}{n}{code}", content, place)
    width, height, bits = tags[256][0], tags[257][0], tags[258]
    assert tags[259][0] in (8, 32946) and tags[317][0] == 2
    raw = b"".join(zlib.decompress(content[a : a + n])
                   for a, n in zip(tags[273], tags[279], strict=True))  # fmt: skip
    kind = np.dtype(order + ("u2" if bits[0] == 16 else "u1"))
    steps = np.frombuffer(raw, kind).reshape(height, width, len(bits))
    return np.cumsum(steps, axis=1, dtype=kind.newbyteorder("="))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("see_through", [False, True])
def test_what_is_written_is_what_another_reader_finds_to_the_bit(
    tmp_path, suffix, depth, colours, see_through
):
    data = photograph(depth, colours, see_through)
    path = tmp_path / f"a{suffix}"
    assert save_picture(path, data.values, data) == ()
    found = independent(path).astype(np.int64)
    expected = whole(data.values.reshape(13, 17, colours), depth)
    if suffix == ".png" and colours == 1:
        expected = np.repeat(expected, 3, axis=-1)
    if suffix == ".png" and colours == 1 and see_through and depth == 16:
        # Qt has no grey of 16 bits with opacity and gives 8 of them.
        with Image.open(path) as picture:
            high = np.asarray(picture.convert("RGBA"), np.int64)
        np.testing.assert_array_equal(high[..., 0], expected[..., 0] >> 8)
    else:
        np.testing.assert_array_equal(found[..., : expected.shape[-1]], expected)
        if see_through:
            np.testing.assert_array_equal(found[..., -1], whole(data.alpha, depth))
    again = opened(path)
    np.testing.assert_array_equal(again.values, data.values)
    assert again.depth == depth and again.profile == data.profile
    assert (again.alpha is None) == (data.alpha is None)
    if see_through:
        np.testing.assert_array_equal(again.alpha, data.alpha)


def test_numbers_are_clipped_and_rounded_only_when_they_are_written(tmp_path):
    values = np.array([[-0.2, 0.0, 0.4999 / 255, 0.5001 / 255, 254.6 / 255, 1.7]], np.float32)
    for depth, expected in ((8, [0, 0, 0, 1, 255, 255]), (16, [0, 0, 128, 129, 65432, 65535])):
        save_picture(tmp_path / "a.png", values, depth=depth)
        assert whole(opened(tmp_path / "a.png").values, depth)[0].tolist() == expected
    with pytest.raises(DataError, match="not finite"):
        save_picture(tmp_path / "b.png", np.array([[np.nan]], np.float32))
    assert not (tmp_path / "b.png").exists()


def test_jpeg_keeps_profile_and_note_and_lays_opacity_on_white(tmp_path):
    data = Photograph(
        name="n", spec="s", values=np.full((32, 32, 3), 0.2, np.float32), profile=SRGB,
        alpha=np.repeat(np.linspace(0, 1, 2, dtype=np.float32), 16)[None].repeat(32, axis=0),
    )  # fmt: skip
    spec = RunSpec(method="restoration.gaussian", data="/home/somebody/holiday/sea.png")
    path = tmp_path / "a.jpg"
    (remark,) = save_picture(path, data.values, data, quality=95, spec=spec)
    assert "white" in remark
    with Image.open(path) as picture:
        assert picture.info["icc_profile"] == SRGB
        found, about = np.asarray(picture), json.loads(picture.info["comment"])
    assert found[:, :8].min() > 250 and np.abs(found[:, 24:].astype(int) - 51).max() < 5
    assert about["method"] == "restoration.gaussian" and about["data"] == "sea.png"
    small = tmp_path / "b.jpg"
    save_picture(small, drawn(64, 64, 3) / np.float32(255), quality=20)
    save_picture(path, drawn(64, 64, 3) / np.float32(255), quality=95)
    assert small.stat().st_size < path.stat().st_size / 2


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_file_says_what_it_came_from_and_not_where_it_lay(tmp_path, suffix):
    spec = RunSpec(
        method="restoration.gaussian", data="/home/somebody/secret/sea.png", seed=5,
        data_options={"picture": "", "truth": "C:\\Users\\somebody\\secret\\clear.png"},
        params={"std": 1.5},
    )  # fmt: skip
    path = tmp_path / f"a{suffix}"
    save_picture(path, np.full((8, 8), 0.5, np.float32), spec=spec)
    content = path.read_bytes()
    assert b"somebody" not in content and b"secret" not in content
    with Image.open(path) as picture:
        text = {".png": picture.info.get("fieldwright"), ".jpg": picture.info.get("comment"),
                ".tif": picture.tag_v2.get(270) if suffix == ".tif" else None}[suffix]  # fmt: skip
    about = json.loads(text)
    assert about["params"]["std"] == 1.5 and about["seed"] == 5 and about["data"] == "sea.png"
    assert about["spec"]["data_options"]["truth"] == "clear.png" and "numpy" in about["versions"]


def test_what_cannot_be_saved_is_said(tmp_path):
    values = np.zeros((4, 4), np.float32)
    for name, options, word in (
        ("a.webp", {}, "PNG, TIFF or JPEG"), ("a", {}, "nothing"),
        ("a.jpg", {"depth": 16}, "8 bits"), ("a.png", {"depth": 12}, "8 or 16"),
        ("a.jpg", {"quality": 0}, "quality"),
        ("none/a.png", {}, "does not exist"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=word):
            save_picture(tmp_path / name, values, **options)
    preview = Picture(name="restored", role="prediction", values=values, size=(8, 8))
    with pytest.raises(DataError, match="preview"):
        save_picture(tmp_path / "a.png", Snapshot(layers=(preview,), params=None))
    assert os.listdir(tmp_path) == []


# From the command line


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    """A run on a picture of 16 bits with opacity and profile, and what it left behind."""
    folder = tmp_path_factory.mktemp("deep")
    data = photograph(16, 3, True)
    save_picture(folder / "deep.png", data.values, data)
    Image.fromarray(drawn(13, 17, 3)).save(folder / "truth.png")
    words = ["run", "restoration.gaussian", "--data", str(folder / "deep.png"), "--set", "std=0.7",
             "--truth", str(folder / "truth.png"), "--out", str(folder / "out"),
             "--quiet"]  # fmt: skip
    assert cli.main(words) == 0
    return folder, data


def test_run_writes_the_restored_picture_in_the_depth_of_the_photograph(run_once):
    folder, data = run_once
    found = opened(folder / "out" / "restored.png")
    assert found.depth == 16 and found.profile == SRGB
    np.testing.assert_array_equal(found.alpha, data.alpha)
    with np.load(folder / "out" / "layers.npz") as arrays:
        exact = np.clip(arrays["restored.values"], 0, 1)
        np.testing.assert_array_equal(arrays["truth.values"] * 255, drawn(13, 17, 3))
    assert np.abs(found.values - exact).max() <= 0.5001 / 65535
    assert (folder / "out" / "figure.png").stat().st_size > 1000


def test_export_writes_the_picture_of_a_model(run_once, tmp_path, capsys):
    folder, data = run_once
    model = str(folder / "out" / "model.safetensors")
    assert cli.main(["export", model, "--picture", str(tmp_path / "a.tif"), "--depth", "16"]) == 0
    assert cli.main(["export", model, "--picture", str(tmp_path / "a.jpg"), "--quality", "70"]) == 0
    assert "white" in capsys.readouterr().err
    found = opened(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.values, opened(folder / "out" / "restored.png").values)
    np.testing.assert_array_equal(found.alpha, data.alpha)
    assert cli.main(["export", model, "--picture", str(tmp_path / "a.png"), "--depth", "8"]) == 0
    assert opened(tmp_path / "a.png").depth == 8
    table = tmp_path / "a.csv"
    assert cli.main(["export", model, "--csv", str(table)]) == 0
    with table.open() as file:
        rows = [row for row in csv.reader(file) if not row[0].startswith("#")]
    assert rows[0] == ["row", "column", "red", "green", "blue"] and len(rows) == 1 + 13 * 17
