"""The quality that a picture was saved with as JPEG, from its file and from its pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from engine import device
from engine.data import open_any
from engine.data.photographs import PICTURES, Spoiling, spoilt
from engine.restoration import degradations, held_photograph, jpeg_quality
from engine.restoration.restorer import STEPS
from engine.restoration.training_pictures import read
from engine.restoration.tunable import TunableRestoration
from engine.restoration.tunable_params import NO_JPEG, TunableParams
from tests.engine.conformance import same

LIBRARY = Path(skimage.__file__).parent / "data"
COLOUR = (PICTURES / "astronaut.png", LIBRARY / "coffee.png", LIBRARY / "chelsea.png")
GREY = (PICTURES / "camera.png", LIBRARY / "brick.png", LIBRARY / "text.png")
NAMES = [path.stem for path in (*COLOUR, *GREY)]


def eight_bits(values):
    return (np.round(np.clip(values, 0, 1) * 255) / 255).astype(np.float32)


def cut(path):
    return read(path)[:256, :256]


# The file


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_table_of_a_file_is_that_of_its_quality(mode, tmp_path):
    picture = Image.open(COLOUR[1]).convert(mode).crop((0, 0, 40, 24))
    for quality in range(1, 101):
        path = tmp_path / "a.jpg"
        picture.save(path, quality=quality)
        found = open_any(path, picture="")
        np.testing.assert_array_equal(found.quantisation, jpeg_quality.steps(quality))
        wanted = jpeg_quality.Saved(quality, "file")
        # Nothing but this table is in the file: of qualities that share one, any is right.
        if (jpeg_quality.steps(quality) != jpeg_quality.steps(max(1, quality - 1))).any():
            assert jpeg_quality.saved(found) == wanted


def test_a_table_of_a_camera_is_nearest_to_one_of_the_standard():
    rng = np.random.default_rng(0)
    own = np.round(jpeg_quality.steps(70) * rng.uniform(0.8, 1.25, (8, 8))).astype(int)
    assert abs(jpeg_quality.nearest(np.maximum(own, 1)) - 70) <= 4


def test_what_a_file_said_stays_with_its_own_pixels(tmp_path):
    Image.open(GREY[0]).save(tmp_path / "a.jpg", quality=35)
    found = open_any(tmp_path / "a.jpg", picture="")
    again = held_photograph.from_arrays(held_photograph.to_arrays(found))
    np.testing.assert_array_equal(again.quantisation, found.quantisation)
    assert spoilt(found, Spoiling(noise=15.0)).quantisation is None
    assert open_any(GREY[0], picture="").quantisation is None


# The pixels


@pytest.mark.parametrize("path", [*COLOUR, *GREY], ids=NAMES)
def test_pixels_show_the_quality_that_they_were_saved_with(path):
    clean = cut(path)
    for quality in (20, 50, 80):
        assert abs(jpeg_quality.shown_by(degradations.jpeg(clean, quality)) - quality) <= 1
    noisy = degradations.gaussian_noise(clean, 15 / 255, np.random.default_rng(0))
    blurred = degradations.gaussian_blur(clean, 1.5)
    for first in (noisy, blurred):
        assert abs(jpeg_quality.shown_by(degradations.jpeg(first, 50)) - 50) <= 1


@pytest.mark.parametrize("path", [*COLOUR, *GREY], ids=NAMES)
def test_pixels_that_were_never_compressed_show_nothing(path):
    clean = cut(path)
    noisy = degradations.gaussian_noise(clean, 15 / 255, np.random.default_rng(0))
    blurred = degradations.gaussian_blur(clean, 1.5)
    for values in (clean, noisy, eight_bits(noisy), blurred, eight_bits(blurred)):
        assert jpeg_quality.shown_by(values) is None
    # What comes after a JPEG hides it: to say nothing is right then, to say a number is not.
    after = degradations.gaussian_noise(
        degradations.jpeg(clean, 50), 15 / 255, np.random.default_rng(0)
    )
    assert jpeg_quality.shown_by(after) is None


def test_a_picture_that_was_cut_or_turned_shows_it_still():
    saved = degradations.jpeg(cut(COLOUR[1]), 50)
    assert abs(jpeg_quality.shown_by(saved[3:, 5:]) - 50) <= 1
    assert abs(jpeg_quality.shown_by(np.rot90(saved[:250])) - 50) <= 1


@pytest.mark.parametrize(
    "drawn",
    [
        lambda y, x: (x // 8) % 2,
        lambda y, x: (x // 5) % 2 * 200 / 255,
        lambda y, x: x / 255,
        lambda y, x: x // 16 * 16 / 255,
        lambda y, x: 0.8 * ((x - 128) ** 2 + (y - 128) ** 2 < 6400),
        lambda y, x: 0.5 + 0 * x,
    ],
    ids=["blocks", "bars", "ramp", "stairs", "disc", "one grey"],
)
def test_drawings_are_not_taken_for_jpeg(drawn):
    """Of few greys, on grids of their own: the mean of an even block is a multiple of 8."""
    y, x = np.mgrid[0:256, 0:256]
    assert jpeg_quality.shown_by(eight_bits(drawn(y, x))) is None
    assert jpeg_quality.shown_by(eight_bits(drawn(y, x))[:5, :300]) is None


# The slider


def fitted(data, **values):
    method = TunableRestoration(TunableParams(precision="float32", **values))
    for _ in method.fit(data, rng=device.rng(0), device="cpu"):
        pass
    return method


def small(address):
    data = open_any(address)
    return replace(data, values=data.values[128:256, 128:256], truth=data.truth[128:256, 128:256])


@pytest.mark.parametrize("address", ["camera?noise=0&jpeg=20", "astronaut?noise=0&jpeg=50"])
def test_a_quality_left_open_is_found_said_and_undone(address):
    method = fitted(small(f"sample:{address}"))
    frame = method.evaluate(method.params)
    quality = int(address[-2:])
    assert abs(frame.chosen["jpeg"] - quality) <= 1
    place = method._position(method.params).levels[method._model.sliders.index("jpeg")]
    assert place == round((95 - frame.chosen["jpeg"]) / 85 * STEPS)
    assert f"JPEG of quality {frame.chosen['jpeg']:.0f}, as its pixels show" in frame.notes[0].text
    without = method.evaluate(replace(method.params, jpeg=NO_JPEG))
    assert frame.metrics["PSNR"] > without.metrics["PSNR"] + 0.7
    again = TunableRestoration.from_state(method.params, method.state())
    same(again.evaluate(again.params), frame)


def test_without_a_jpeg_the_slider_stays_where_it_was():
    method = fitted(small("sample:camera?noise=15"))
    frame = method.evaluate(method.params)
    assert frame.chosen["jpeg"] == NO_JPEG and frame.notes == ()
    stated = method.evaluate(replace(method.params, jpeg=NO_JPEG))
    np.testing.assert_array_equal(*(f.layer("restored").values for f in (frame, stated)))


def test_the_next_picture_has_a_quality_of_its_own():
    method = fitted(small("sample:camera?noise=15"))
    other = method.transferred(small("sample:camera?noise=0&jpeg=30"))
    assert other.evaluate(other.params).chosen["jpeg"] == 30
    plane = fitted(small("sample:camera?noise=0&jpeg=30"), control="noise plane")
    assert "jpeg" not in plane.evaluate(plane.params).chosen
