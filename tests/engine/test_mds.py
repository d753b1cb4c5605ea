"""Classical scaling and SMACOF."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from engine.numerics import mds, procrustes
from engine.stages import finish


def sweeps(aim, start, **options):
    return [s for s in mds.smacof(aim, start, **options) if s is not None]


@pytest.fixture(scope="module")
def noisy():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(150, 5))
    return cdist(points, points) ** 1.3


@pytest.fixture(scope="module")
def weights(noisy):
    return (noisy + 0.1) ** -2


@pytest.mark.parametrize("n", [30, 200])
def test_classical_scaling_recovers_euclidean_points(n):
    points = np.random.default_rng(1).normal(size=(n, 3)) * [3, 2, 1]
    layout = mds.classical(cdist(points, points), 3)
    assert procrustes.distance(layout, points) < 1e-10
    # Axes by falling variance, each scaled by the root of its eigenvalue.
    assert (np.diff(layout.std(axis=0)) < 0).all()


def test_classical_scaling_pads_what_does_not_exist():
    layout = mds.classical(cdist([[0.0], [1.0]], [[0.0], [1.0]]), 3)
    assert layout.shape == (2, 3)


def test_guttman_transform_and_stress_are_their_formulas(noisy, weights, monkeypatch):
    monkeypatch.setattr(mds, "BLOCK", 150 * 40)
    n = len(noisy)
    layout = np.random.default_rng(2).normal(size=(n, 2))
    layout -= layout.mean(axis=0)
    length = cdist(layout, layout)
    for w in (None, weights):
        if w is None:
            scaled, aim = np.ones((n, n)), mds.target(noisy)
        else:
            scaled = w.copy()
            np.fill_diagonal(scaled, 0)
            scaled *= n * (n - 1) / scaled.sum()
            aim = finish(mds.weighted_target(noisy, w))
        moved, stress = finish(mds.guttman(aim, layout))
        lap = -scaled
        np.fill_diagonal(lap, 0)
        np.fill_diagonal(lap, -lap.sum(axis=1))
        b = -scaled * noisy / np.where(length > 0, length, 1)
        np.fill_diagonal(b, 0)
        np.fill_diagonal(b, -b.sum(axis=1))
        assert stress == pytest.approx((scaled * (noisy - length) ** 2).sum() / 2)
        np.testing.assert_allclose(moved, np.linalg.pinv(lap) @ b @ layout, atol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_stress_never_increases(noisy, weights, weighted):
    aim = finish(mds.weighted_target(noisy, weights)) if weighted else mds.target(noisy)
    run = sweeps(aim, mds.classical(noisy, 2), tolerance=0, sweeps=200)
    stress = np.array([s.stress for s in run])
    assert (np.diff(stress) <= 0).all()
    assert stress[-1] < stress[0]
    # No worse than many plain sweeps.
    layout = mds.classical(noisy, 2)
    for _ in range(200):
        layout, plain = finish(mds.guttman(aim, layout))
    assert stress[-1] <= plain * (1 + 1e-3)


def test_perfect_distances_reach_no_stress():
    points = np.random.default_rng(1).normal(size=(60, 2))
    apart = cdist(points, points)
    start = points + 0.3 * np.random.default_rng(2).normal(size=points.shape)
    run = sweeps(mds.target(apart), start, tolerance=0, sweeps=300)
    assert run[-1].normalised < 1e-6
    assert procrustes.distance(run[-1].layout, points) < 1e-5


def test_coincident_points_stay_finite():
    apart = np.zeros((6, 6))
    apart[:3, 3:] = apart[3:, :3] = 1.0
    run = sweeps(mds.target(apart), mds.classical(apart, 2))
    assert np.isfinite(run[-1].layout).all()
    assert run[-1].normalised < 1e-6
