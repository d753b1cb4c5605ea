"""The noise before a JPEG, from its coefficients, and what methods make of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from engine import device
from engine.data import open_any
from engine.data.photograph import Photograph
from engine.data.photographs import PICTURES
from engine.restoration import degradations, jpeg_noise, jpeg_quality, noise, picture_layers
from engine.restoration.non_local_means import NonLocalMeans
from engine.restoration.quality import psnr
from engine.restoration.training_pictures import read
from engine.restoration.tunable import TunableRestoration
from engine.restoration.tunable_params import TunableParams
from engine.restoration.tunable_picture import SMALLER
from engine.restoration.wavelet import WaveletShrinkage
from tests.engine.conformance import same

LIBRARY = Path(skimage.__file__).parent / "data"


def saved(clean, sigma, quality, seed=0):
    noisy = degradations.gaussian_noise(clean, sigma / 255, np.random.default_rng(seed))
    return degradations.jpeg(noisy, quality)


def found(values, quality):
    return 255 * jpeg_noise.sigma_before(values, jpeg_quality.steps(quality))


def fitted(method, data):
    for _ in method.fit(data, rng=device.rng(0), device="cpu"):
        pass
    return method


def small(address, side=256):
    """The middle of a sample: of 256 pixels, curve and numbers are of the same."""
    data = open_any(f"sample:{address}")
    part = (slice(256 - side // 2, 256 + side // 2),) * 2
    return replace(data, values=data.values[part], truth=data.truth[part])


# The estimate


@pytest.mark.parametrize("name", ["camera", "astronaut"])
@pytest.mark.parametrize("quality", [40, 60, 95])
def test_the_noise_before_a_jpeg_is_found(name, quality):
    clean = read(PICTURES / f"{name}.png")
    for sigma in (10, 20, 40):
        assert abs(found(saved(clean, sigma, quality), quality) / sigma - 1) < 0.1


@pytest.mark.parametrize("quality", [60, 80, 95])
def test_weak_noise_is_found_and_a_picture_s_own_grain_with_it(quality):
    camera, astronaut = (read(PICTURES / f"{name}.png") for name in ("camera", "astronaut"))
    assert abs(found(saved(camera, 5, quality), quality) / 5 - 1) < 0.1
    # The portrait was noisy before anything was put in, by 2.3 levels as its best JPEG shows.
    own = found(saved(astronaut, 0, 95), 95)
    assert 1 < own < 3
    assert abs(found(saved(astronaut, 5, quality), quality) / np.hypot(5, own) - 1) < 0.1


def test_the_finest_wavelets_do_not_hear_it():
    """Why there is another estimate."""
    values = saved(read(PICTURES / "astronaut.png"), 20, 60)
    assert 255 * noise.estimated_sigma(values) < 6


def test_texture_is_told_from_noise_by_how_it_falls_off():
    """Grass leaves no block flat: of 20 levels of noise its own 19 would make 28."""
    grass = read(LIBRARY / "grass.png")
    assert abs(found(saved(grass, 20, 80), 80) / 20 - 1) < 0.15
    assert abs(found(saved(grass, 40, 60), 60) / 40 - 1) < 0.1


def test_where_all_coefficients_vanish_no_noise_is_claimed():
    values = saved(np.full((128, 128), 0.5, np.float32), 1.0, 50)
    assert np.ptp(values) < 1e-6 and found(values, 50) == 0
    assert found(saved(read(PICTURES / "camera.png"), 0, 40), 40) == 0


def test_nothing_is_said_of_what_shows_no_such_jpeg():
    rng = np.random.default_rng(0)
    clean, table = read(PICTURES / "camera.png"), jpeg_quality.steps(50)
    after = degradations.gaussian_noise(degradations.jpeg(clean, 50), 10 / 255, rng)
    assert jpeg_noise.sigma_before(after, table) is None
    assert jpeg_noise.sigma_before(rng.integers(2, size=(64, 64)).astype(np.float32), table) is None
    assert jpeg_noise.sigma_before(clean[:12, :300], table) is None


def test_a_picture_that_was_cut_or_turned_is_heard_still():
    values = saved(read(LIBRARY / "coffee.png"), 20, 50)
    for seen in (values[3:, 5:], np.rot90(values)):
        assert abs(found(seen, 50) / 20 - 1) < 0.1


def test_a_file_s_own_table_is_taken_where_there_is_one(tmp_path):
    own = np.round(jpeg_quality.steps(70) * np.random.default_rng(1).uniform(0.7, 1.4, (8, 8)))
    eight = np.round(255 * np.clip(read(PICTURES / "camera.png") + 15 / 255
                     * np.random.default_rng(0).standard_normal((512, 512)), 0, 1))  # fmt: skip
    tables = {0: own.astype(int).ravel().tolist()}
    Image.fromarray(eight.astype(np.uint8)).save(tmp_path / "a.jpg", qtables=tables)
    heard = noise.heard(open_any(tmp_path / "a.jpg", picture=""))
    assert heard.told_by == "coefficients" and heard.saved.told_by == "file"
    assert abs(255 * heard.sigma / 15 - 1) < 0.1
    standard = jpeg_quality.steps(heard.saved.quality)
    assert jpeg_noise.sigma_before(open_any(tmp_path / "a.jpg").values, standard) is None


def test_what_is_known_or_was_no_jpeg_is_heard_as_before():
    clean = read(PICTURES / "camera.png")
    values = degradations.gaussian_noise(clean, 15 / 255, np.random.default_rng(0))
    photograph = Photograph(name="p", spec="p", values=values)
    heard = noise.known(photograph)
    assert heard.told_by == "wavelets" and heard.is_white and heard.sentence("so") == ""
    assert heard.sigma == noise.estimated_sigma(values)
    assert noise.known_sigma(replace(photograph, sigma=0.1)) == 0.1


# Tunable restoration


@pytest.mark.parametrize("address", ["astronaut?noise=20&jpeg=60", "camera?noise=20&jpeg=40"])
def test_a_strength_left_open_after_a_jpeg_is_nearly_the_best_there_is(address):
    """Rests on the shipped network."""
    method = fitted(TunableRestoration(TunableParams(precision="float32")), small(address))
    frame = method.evaluate(method.params)
    by_hand = {
        strength: method.evaluate(replace(method.params, strength=strength)).metrics["PSNR"]
        for strength in (1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 20.0, 24.0, 30.0)
    }
    assert frame.metrics["PSNR"] > max(by_hand.values()) - 0.3
    assert frame.metrics["PSNR"] > by_hand[1.0] + 2
    assert abs(frame.metrics["estimated noise"] - frame.chosen["strength"]) < 0.2


def test_after_a_jpeg_no_error_is_estimated_and_a_person_is_told_why():
    data = small("camera?noise=20&jpeg=50")
    method = fitted(TunableRestoration(TunableParams(precision="float32")), data)
    frame = method.evaluate(method.params)
    course = frame.layer("error by strength")
    assert set(course.lines) == {"true"} and set(course.marks) == {"here", "noise"}
    at = np.flatnonzero(np.isclose(course.x, frame.chosen["strength"]))
    assert len(at) == 1 and course.axes[1].name == "PSNR"
    assert abs(course.lines["true"][at[0]] - frame.metrics["PSNR"]) < 1e-3
    said = frame.notes[0].text
    assert said.startswith("Once saved as JPEG of quality 50") and "coefficients show" in said
    again = TunableRestoration.from_state(method.params, method.state())
    same(again.evaluate(again.params), frame)
    blind = fitted(TunableRestoration(TunableParams()), replace(data, truth=None))
    unknown = blind.evaluate(blind.params)
    assert "error by strength" not in {layer.name for layer in unknown.layers}
    assert unknown.chosen == frame.chosen
    again = TunableRestoration.from_state(blind.params, blind.state())
    same(again.evaluate(again.params), unknown)


def test_what_was_stored_before_is_read_still():
    """Three numbers of estimates, and a course of positions and risks."""
    method = fitted(TunableRestoration(TunableParams()), small("camera?noise=15"))
    state = method.state()
    state["estimates"] = state["estimates"][:3]
    same(TunableRestoration.from_state(method.params, state).evaluate(method.params),
         method.evaluate(method.params))  # fmt: skip


def test_the_curve_of_a_part_says_so():
    data = open_any("sample:camera?noise=20")
    frame = fitted(TunableRestoration(TunableParams()), data).evaluate(TunableParams())
    assert frame.layer("error by strength").axes[1].name == SMALLER


# The others


def test_non_local_means_reckons_with_the_noise_before_the_jpeg():
    data = small("camera?noise=20&jpeg=40", 128)
    frame = fitted(NonLocalMeans(NonLocalMeans.Params()), data).evaluate(NonLocalMeans.Params())
    assert abs(frame.chosen["sigma"] / 20 - 1) < 0.1
    told = NonLocalMeans.Params(sigma=255 * noise.estimated_sigma(data.values))
    before = fitted(NonLocalMeans(told), data).evaluate(told)
    assert frame.metrics["PSNR"] > before.metrics["PSNR"] + 2
    for one in (frame, before):
        assert set(one.layer("true error").lines) == {"true"}
        assert "JPEG of quality 40" in one.notes[0].text
    blind = replace(data, truth=None)
    frame = fitted(NonLocalMeans(NonLocalMeans.Params()), blind).evaluate(NonLocalMeans.Params())
    assert not {"SURE", "true error"} & {layer.name for layer in frame.layers}


def test_wavelets_leave_a_picture_without_noise_alone():
    """Half of what a coarse JPEG leaves of the finest wavelets is 0, and so is the threshold."""
    clean = read(PICTURES / "camera.png")[:128, :128]
    data = Photograph(name="p", spec="p", values=degradations.jpeg(clean, 30))
    params = WaveletShrinkage.Params(sigma=0.0)
    frame = fitted(WaveletShrinkage(params), data).evaluate(params)
    assert np.abs(frame.layer("restored").values - data.values).max() < 1e-6


def test_what_is_removed_is_quoted_as_the_noise_is():
    """Per channel, in number and spectrum: of lightness it would be 16.7 of 25."""
    data = open_any("sample:astronaut?noise=25")
    metrics = picture_layers.metrics(data, data.truth)
    assert abs(metrics["removed"] / 25 - 1) < 0.01
    assert abs(metrics["removed over noise"] / (metrics["removed"] / 25) - 1) < 1e-6
    spectrum = picture_layers.noise_spectrum(data, data.truth, data.sigma)
    assert spectrum.axes[1].name == "per channel" and spectrum.axes[1].unit == "levels"
    for name in ("removed", "true noise", "white noise"):
        assert abs(np.mean(spectrum.lines[name]) / 25 - 1) < 0.02
    assert psnr(data.truth, data.values) < 21
