"""Photographs from files and spoilt on purpose: depth, opacity, profile, refusals, known truth."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.data import OpenError, Table, open_any
from engine.data.photograph import Photograph
from engine.restoration import held_photograph, picture_layers
from tests.engine.conformance import photograph_of


def saved(path, values, mode=None, **options):
    Image.fromarray(values, mode).save(path, **options)
    return path


def test_a_file_is_a_photograph_when_asked_and_a_table_of_pixels_otherwise(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    path = saved(tmp_path / "a.png", values)
    found = open_any(path, picture="")
    assert isinstance(found, Photograph) and len(found) == 600 and found.depth == 8
    np.testing.assert_array_equal(np.round(found.values * 255), values)
    assert found.truth is None and found.alpha is None
    assert isinstance(open_any(path), Table)


def test_opacity_depth_and_grey_are_kept(tmp_path):
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (9, 8, 4)).astype(np.uint8)
    found = open_any(saved(tmp_path / "a.png", rgba), picture="")
    np.testing.assert_array_equal(np.round(found.alpha * 255), rgba[..., 3])
    deep = rng.integers(0, 65536, (9, 8)).astype(np.uint16)
    found = open_any(saved(tmp_path / "b.png", deep), picture="")
    assert found.depth == 16 and found.values.shape == (9, 8)
    np.testing.assert_array_equal(np.round(found.values.astype(float) * 65535), deep)


def test_a_spoilt_picture_knows_its_truth_and_its_noise(tmp_path):
    grey = np.full((200, 200), 128, np.uint8)
    path = saved(tmp_path / "a.png", grey)
    found = open_any(path, picture="noise=25&seed=4")
    assert found.sigma == 25 / 255
    error = found.values - found.truth
    assert abs(error.std() * 255 - 25) < 0.5
    assert found.sha256() == open_any(path, picture="noise=25&seed=4").sha256()
    assert found.sha256() != open_any(path, picture="noise=25&seed=5").sha256()
    blurred = open_any(path, picture="blur=2&jpeg=50")
    assert blurred.sigma is None and abs(blurred.kernel.sum() - 1) < 1e-12


@pytest.mark.parametrize(
    ("how", "word"),
    [("noise=900", "between"), ("fog=1", "fog"), ("noise=much", "number")],
)
def test_what_cannot_be_done_to_a_picture_is_said(tmp_path, how, word):
    path = saved(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(OpenError, match=word):
        open_any(path, picture=how)


def test_files_that_are_no_picture_are_refused_in_a_sentence(tmp_path):
    text = tmp_path / "a.csv"
    text.write_text("1,2\n3,4\n")
    with pytest.raises(OpenError, match="no image"):
        open_any(text, picture="")
    whole = saved(tmp_path / "a.png", np.zeros((64, 64, 3), np.uint8)).read_bytes()
    cut = tmp_path / "b.png"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OpenError, match="damaged"):
        open_any(cut, picture="")


def test_white_noise_has_level_power_and_unlike_neighbours():
    noise = 0.1 * np.random.default_rng(0).standard_normal((256, 256))
    _, power = picture_layers.radial_power(noise)
    assert np.abs(power[20:] / 0.01 - 1).max() < 0.15
    assert abs(power[20:].mean() / 0.01 - 1) < 0.02
    assert abs(picture_layers.neighbour_correlation(noise)) < 0.02
    smooth = np.cumsum(noise, axis=1)
    assert picture_layers.neighbour_correlation(smooth) > 0.4


def test_a_photograph_comes_back_from_its_arrays():
    data = photograph_of(np.random.default_rng(0).uniform(size=(6, 7, 3)))
    again = held_photograph.from_arrays(held_photograph.to_arrays(data))
    assert (again.name, again.spec, again.sigma, again.depth) == ("waves", "waves", 0.1, 8)
    np.testing.assert_array_equal(again.values, data.values)
    np.testing.assert_array_equal(again.truth, data.truth)
    assert again.alpha is None and again.kernel is None
