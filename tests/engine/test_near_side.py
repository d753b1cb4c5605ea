"""The near side of surfaces whose hidden part is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.generated_vectors import fibonacci_sphere, tight_roll, torus_field
from engine.numerics.near_side import near_side
from engine.numerics.spacing import typical_spacing


def turned(x, seed):
    """The points as seen from some direction: places and depths."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    seen = x @ q
    return seen[:, :2], seen[:, 2]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [300, 3000])
def test_of_a_sphere_the_half_that_looks_here(n, seed):
    x = fibonacci_sphere(n)
    places, depths = turned(x, seed)
    seen = near_side(places, depths, typical_spacing(x))
    # Depth grows away from the eye. Near the rim both answers are right.
    assert seen[depths < -0.5].all()
    assert not seen[depths > 0.35].any()


def test_of_a_tight_roll_only_the_outermost_sheet():
    """Looked at across the axis, up to five sheets lie behind one another, 1 apart."""
    data = tight_roll(name="", spec="", n=2500, observed=0.1, noise=0.0, seed=0)
    x = data.positions
    middle = np.abs(x[:, 0]) < 1.0
    places, depths = x[middle][:, :2], x[middle][:, 2]
    seen = near_side(places, depths, typical_spacing(x))
    front = depths < depths.min() + 0.9
    inside = (np.abs(places[:, 0]) < 0.7) & (np.abs(places[:, 1] - 1.5) < 1.0)
    assert np.mean(seen[front & inside]) > 0.95
    assert np.mean(seen[~front & inside]) < 0.05


def test_middles_of_triangles_close_the_gaps_of_a_mesh():
    """Across a torus: its back must not be seen through its front."""
    data = torus_field(name="", spec="", n=400, observed=0.5, noise=0.0, seed=0)
    x = np.asarray(data.positions)
    corners = x[data.faces]
    edge = float(np.median(np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)))
    middles = corners.mean(axis=1)
    places, depths = x[:, [0, 2]], x[:, 1]
    seen = near_side(places, depths, edge, (middles[:, [0, 2]], middles[:, 1]))
    centred = np.abs(places[:, 0]) < 0.5
    assert not seen[centred & (depths > 0.2)].any()
    assert seen[centred & (depths < -1.2)].all()


def test_one_point_and_no_spacing_hide_nothing():
    assert near_side(np.zeros((1, 2)), np.zeros(1), 1.0).all()
    assert near_side(np.zeros((5, 2)), np.arange(5.0), 0.0).all()
    assert near_side(np.zeros((2, 2)), np.array([0.0, 9.0]), 1.0).tolist() == [True, False]
