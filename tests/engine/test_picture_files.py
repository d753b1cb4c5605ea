"""Image files read to the last bit, and everything that may be wrong with one."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from engine import cli
from engine.data import OpenError, open_any, picture_files
from tests.engine.pictures_drawn import SRGB, drawn, opened, whole


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


PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1))  # fmt: skip
"""Of an interlaced PNG: first row and column, steps down and across."""


@pytest.mark.parametrize(("kind", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_an_interlaced_png_of_16_bits_keeps_every_bit(tmp_path, kind, channels):
    samples = drawn(13, 11, channels, kind=np.uint16)
    rows = b""
    for top, left, down, across in PASSES:
        for row in samples[top::down, left::across].astype(">u2"):
            rows += b"\0" + row.tobytes() if row.size else b""
    head = struct.pack(">IIBBBBB", 11, 13, 16, kind, 0, 0, 1)
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))  # fmt: skip
    colours = samples[..., :3] if channels > 2 else samples[..., 0]
    np.testing.assert_array_equal(whole(opened(path).values, 16), colours)


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
