"""A strength by place: what a map of factors means, and what lies between its numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import device
from engine.data import open_any
from engine.layers import Picture
from engine.numerics.cells import between_middles, middles, square
from engine.restoration.restorer import Restorer
from engine.restoration.tunable import TunableRestoration
from engine.restoration.tunable_params import TunableParams


@pytest.fixture(scope="module")
def method():
    data = open_any("sample:camera?noise=25")
    data = replace(data, values=data.values[:96, :144], truth=None)
    made = TunableRestoration(TunableParams(control="noise plane", precision="float32"))
    for _ in made.fit(data, rng=device.rng(0), device="cpu"):
        pass
    return made


def restored(method, **params):
    params = TunableParams(control="noise plane", precision="float32", **params)
    return method.evaluate(params).layer("restored")


def test_a_map_of_twos_is_twice_the_strength(method):
    twice = restored(method, strength=20.0).values
    for n in (1, 16):
        by_map = restored(method, strength=10.0, strength_map=(2.0,) * n**2).values
        assert np.abs(by_map - twice).max() < 1e-6
    assert np.abs(restored(method, strength=10.0).values - twice).max() > 1e-2


def test_tiles_see_one_map(method):
    """Parts restored alone are those of the whole."""
    rng = np.random.default_rng(0)
    params = TunableParams(strength=20.0, strength_map=tuple(rng.uniform(0, 2, 25)))
    place = method._position(params)
    restorer = Restorer(method._photograph.values, method._ready()[1])
    whole = restorer.part(restorer.whole, place)
    part = restorer.part((32, 48, 80, 112), place)
    assert np.abs(part - whole[32:80, 48:112]).max() < 1e-5


def test_a_plane_can_be_painted_and_kernels_cannot(method):
    assert restored(method).paints["strength_map"].tolist() == np.ones((16, 16)).tolist()
    drawn = (1.0, 2.0, 3.0, 4.0)
    assert np.array_equal(restored(method, strength_map=drawn).paints["strength_map"],
                          square(drawn, 16))  # fmt: skip
    data = method._photograph
    kernels = TunableRestoration(TunableParams())
    for _ in kernels.fit(data, rng=device.rng(0), device="cpu"):
        pass
    assert not kernels.evaluate(TunableParams()).layer("restored").paints


def test_between_cells_numbers_are_interpolated_without_a_jump():
    n, places = 5, np.linspace(0, 1, 2001)
    weights = between_middles(places, n)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(between_middles(middles(n), n), np.eye(n), atol=1e-12)
    line = weights @ middles(n)
    np.testing.assert_allclose(line, np.clip(places, 0.1, 0.9), atol=1e-12)
    rough = weights @ np.array([0.0, 10.0, 0.0, 10.0, 0.0])
    assert np.abs(np.diff(rough)).max() <= 10 * n / 2000 + 1e-9, "as steep as a cell is wide"


def test_a_coarse_map_is_painted_on_as_a_finer_one():
    grid = square((0.0, 1.0, 2.0, 3.0), 16)
    assert grid.shape == (16, 16) and grid[0, 0] == 0 and grid[-1, -1] == 3
    assert np.array_equal(square(tuple(grid.ravel()), 16), grid)
    assert square((), 3).tolist() == [[1.0] * 3] * 3
    with pytest.raises(ValueError, match="square"):
        Picture(name="p", role="data", values=np.ones((4, 4)), paints={"a": np.ones((2, 3))})
