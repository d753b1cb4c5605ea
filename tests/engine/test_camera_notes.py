"""What a camera noted goes with the restored picture, upright and without the small picture."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image, TiffImagePlugin

from engine.data import camera_notes
from engine.io.pictures import save_picture
from engine.restoration import held_photograph
from engine.restoration.batch import Batch, restore_folder
from engine.runs import RunSpec
from tests.engine.pictures_drawn import drawn, opened

EXIF, GPS = 34665, 34853
SPEC = RunSpec(method="restoration.gaussian", data="a.jpg", params={"std": 1.5})


def noted(path, description="By the lake"):
    """A picture of 20 by 12 that must be turned, with notes of a camera."""
    exif = Image.Exif()
    exif[271], exif[315], exif[274] = "Maker", "Jörg".encode(), 6
    exif[282] = exif[283] = TiffImagePlugin.IFDRational(2401, 10)
    exif[296], exif[305] = 2, "Firmware"
    if description:
        exif[270] = description
    # A value of four bytes, a ratio, and the sides as the camera held them.
    exif.get_ifd(EXIF).update({36867: "2025:05:06 07:08:09", 33437: 2.8, 40962: 20, 40963: 12})
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 30.0, 0.0)})
    Image.fromarray(drawn(12, 20, 3)).save(path, exif=exif.tobytes())
    return path


@pytest.mark.parametrize("source", ["a.jpg", "a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize("target", ["b.jpg", "b.png", "b.tif"])
def test_camera_date_place_resolution_and_description_are_in_the_exported_picture(
    tmp_path, source, target
):
    data = opened(noted(tmp_path / source))
    assert data.values.shape == (20, 12, 3), "turned"
    path = tmp_path / target
    assert save_picture(path, data.values, data, spec=SPEC) == ()
    with Image.open(path) as picture:
        picture.load()
        assert picture.size == (12, 20)
        exif = picture.getexif()
        assert exif[271] == "Maker" and exif[270] == "By the lake" and exif[274] == 1
        with Image.open(tmp_path / source) as before:
            # Letters beyond ASCII, where whoever wrote the source kept them.
            assert exif[315] == before.getexif()[315] and len(exif[315]) == 5
        assert exif[305].startswith("Fieldwright")
        inner, place = exif.get_ifd(EXIF), exif.get_ifd(GPS)
        assert inner[36867] == "2025:05:06 07:08:09" and float(inner[33437]) == 2.8
        assert (inner[40962], inner[40963]) == (12, 20)
        assert place[1] == "N" and [float(v) for v in place[2]] == [48, 30, 0]
        np.testing.assert_allclose([float(v) for v in picture.info["dpi"]], 240.1, atol=0.2)
    again = camera_notes.of_block(opened(path).exif)
    assert again.per_inch == pytest.approx((240.1, 240.1), abs=0.2) and again.place


def test_what_made_a_picture_stands_in_a_tiff_beside_its_own_description(tmp_path):
    data = opened(noted(tmp_path / "a.tif"))
    save_picture(tmp_path / "b.tif", data.values, data, spec=SPEC)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        tags = file.pages[0].tags
        np.testing.assert_array_equal(file.pages[0].asarray(), np.rint(data.values * 255))
        packet = bytes(tags.valueof(700)).decode()
    from xml.etree import ElementTree

    (told,) = [v for node in ElementTree.fromstring(packet.split("?>", 1)[1].rsplit("<?", 1)[0])
               .iter() for k, v in node.attrib.items() if k.endswith("}run")]  # fmt: skip
    assert json.loads(told)["params"]["std"] == 1.5
    plain = opened(noted(tmp_path / "c.tif", description=""))
    save_picture(tmp_path / "d.tif", plain.values, plain, spec=SPEC)
    # Our own note about an earlier result is no description of the photograph.
    twice = opened(tmp_path / "d.tif")
    assert not camera_notes.of_block(twice.exif).description
    with Image.open(tmp_path / "d.tif") as picture:
        assert json.loads(picture.tag_v2[270])["method"] == "restoration.gaussian"


def test_a_resolution_outside_of_exif_is_kept_and_an_invented_one_is_not(tmp_path):
    picture = Image.fromarray(drawn(8, 8, 3))
    for name in ("a.jpg", "a.png", "a.tif"):
        picture.save(tmp_path / name, dpi=(300, 300))
        data = opened(tmp_path / name)
        save_picture(tmp_path / f"out-{name}", data.values, data)
        with Image.open(tmp_path / f"out-{name}") as found:
            np.testing.assert_allclose([float(v) for v in found.info["dpi"]], 300, atol=0.01)
    picture.save(tmp_path / "none.jpg")
    assert opened(tmp_path / "none.jpg").exif == b""


def test_the_small_picture_and_broken_notes_are_left_out(tmp_path):
    small = b"\xff\xd8 small picture \xff\xd9"
    made = (271, 2, 6, b"Maker\0")
    first = struct.pack(">HHHII", 1, *made[:3], 8 + 2 + 12 + 4) + struct.pack(">I", 32)
    second = struct.pack(">HHHIIHHIII", 2, 513, 4, 1, 62, 514, 4, 1, len(small), 0)
    block = b"MM\0*" + struct.pack(">I", 8) + first + made[3] + second + small
    notes = camera_notes.of_block(b"Exif\0\0" + block)
    assert notes.picture == {271: (2, b"Maker\0")}
    assert b"small" not in camera_notes.block_of(notes)
    for end in range(len(block)):
        camera_notes.of_block(block[:end])
    rng = np.random.default_rng(0)
    good = camera_notes.block_of(camera_notes.of_file(noted(tmp_path / "a.jpg"), "jpeg"))
    for _ in range(2000):
        spoilt = bytearray(good)
        for at in rng.integers(0, len(good), 3):
            spoilt[at] = rng.integers(256)
        camera_notes.block_of(camera_notes.of_block(bytes(spoilt)))


def test_notes_too_long_for_a_jpeg_are_left_out_with_a_word(tmp_path):
    data = opened(noted(tmp_path / "a.jpg"))
    notes = camera_notes.of_block(data.exif)
    long = replace(notes, camera={**notes.camera, 37500: (7, bytes(70_000))})
    data = replace(data, exif=camera_notes.block_of(long))
    (remark,) = save_picture(tmp_path / "b.jpg", data.values, data)
    assert "maker" in remark
    with Image.open(tmp_path / "b.jpg") as picture:
        assert picture.getexif()[271] == "Maker"
    assert save_picture(tmp_path / "b.png", data.values, data) == ()


def test_notes_travel_with_models_and_through_folders(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    data = opened(noted(source / "a.jpg"))
    held = held_photograph.to_arrays(data)
    assert held_photograph.from_arrays(held).exif == data.exif
    del held["photograph.exif"]
    assert held_photograph.from_arrays(held).exif == b"", "of an earlier version"
    for _ in restore_folder(Batch(source=source, target=tmp_path / "out", spec=SPEC)):
        pass
    with Image.open(tmp_path / "out" / "a.jpg") as picture:
        assert picture.getexif()[271] == "Maker" and picture.getexif().get_ifd(GPS)[1] == "N"
