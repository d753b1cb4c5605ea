"""Restored pictures as files: to the bit, with opacity, profile and note, and from the command
line."""

from __future__ import annotations

import csv
import json
import os
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine import cli
from engine.data.photograph import Photograph
from engine.io.pictures import save_picture
from engine.layers import Picture
from engine.method import DataError, Snapshot
from engine.runs import RunSpec
from tests.engine.pictures_drawn import SRGB, drawn, opened, whole


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


def test_a_file_says_what_was_chosen_and_nothing_that_does_not_count(tmp_path):
    values = np.full((8, 8), 0.5, np.float32)
    picture = Picture(name="restored", role="prediction", values=values)
    snapshot = Snapshot(layers=(picture,), params=None, chosen={"strength": 23.4})
    spec = RunSpec(
        method="restoration.tunable", data="a.png",
        params={"strength": None, "weights": "shipped", "folder": ".", "steps": 500},
    )  # fmt: skip
    save_picture(tmp_path / "a.png", snapshot, spec=spec)
    with Image.open(tmp_path / "a.png") as found:
        about = json.loads(found.info["fieldwright"])
    assert about["params"]["strength"] is None and about["chosen"] == {"strength": 23.4}
    assert not {"file", "folder", "steps", "size"} & set(about["params"])
    again = RunSpec.from_json(about["spec"])
    assert again.params == {"strength": None, "weights": "shipped"} and again.typed_params()
    trained = replace(spec, params={"weights": "trained here", "folder": "/x/clean", "steps": 500})
    save_picture(tmp_path / "b.png", snapshot, spec=trained)
    with Image.open(tmp_path / "b.png") as found:
        about = json.loads(found.info["fieldwright"])
    assert about["params"]["folder"] == "clean" and about["params"]["steps"] == 500
    assert "file" not in about["params"]


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
