"""The diffusion map: identities of the walk, and what is known of its eigenvectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist, pdist

from engine.data import open_any
from engine.data.table import Table
from engine.embedding.diffusion_map import DiffusionMap
from engine.numerics import walks
from engine.numerics.procrustes import distance

Params = DiffusionMap.Params


def table(values):
    columns = tuple(f"c{k}" for k in range(values.shape[1]))
    return Table(name="test", spec="test", values=values, columns=columns)


def fitted(data, params=None):
    method = DiffusionMap(params or Params())
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


@pytest.fixture(scope="module")
def cloud():
    """A kernel with unit diagonal between 120 points, dense, and all of its eigenpairs."""
    values = np.random.default_rng(1).normal(size=(120, 3))
    kernel = np.exp(-cdist(values, values, "sqeuclidean"))
    return kernel, walks.decompose(sparse.csr_array(kernel), 120)


@pytest.mark.parametrize("t", [1, 3, 8])
def test_diffusion_distance_is_the_distance_of_the_walks_rows(cloud, t):
    """Coifman and Lafon 2006: sum_k mu_k^2t (psi_k(i) - psi_k(j))^2 is the distance of rows i and
    j of P^t, each entry l weighed by 1 / pi_l."""
    kernel, walk = cloud
    steps = np.linalg.matrix_power(kernel / kernel.sum(axis=1, keepdims=True), t)
    direct = pdist(steps / np.sqrt(walk.stationary))
    spectral = pdist(walk.right() * walk.powers(t))
    np.testing.assert_allclose(spectral, direct, atol=1e-10)
    np.testing.assert_allclose(walk.power(t), steps, atol=1e-12)


def test_eigenvectors_are_those_of_the_walk_and_orthonormal_under_its_law(cloud):
    kernel, walk = cloud
    steps = kernel / kernel.sum(axis=1, keepdims=True)
    psi = walk.right()
    np.testing.assert_allclose(psi[:, 0], 1.0)
    np.testing.assert_allclose(steps @ psi, psi * walk.values, atol=1e-10)
    gram = psi.T @ (walk.stationary[:, None] * psi)
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-10)
    assert walk.values[0] == 1.0 and (np.diff(walk.values) <= 1e-12).all()


def test_few_eigenpairs_by_lanczos_are_those_of_the_whole():
    data = open_any("sample:swiss_roll?n=900")
    method = fitted(data)
    kernel = walks.with_diagonal(method._fitted.weights, 1.0)
    whole = walks.decompose(kernel, 900)
    few = method._fitted.walk
    np.testing.assert_allclose(few.values, whole.values[: len(few.values)], atol=1e-8)
    np.testing.assert_allclose(few.right()[:, 1:4], whole.right()[:, 1:4], atol=1e-5)


def test_density_removal_gives_the_circle_whatever_its_sampling():
    """With a = 1 the first two coordinates of an unevenly sampled circle are sine and cosine."""
    rng = np.random.default_rng(0)
    angle = np.sort(
        np.concatenate([rng.uniform(0, np.pi, 900), rng.uniform(np.pi, 2 * np.pi, 300)])
    )
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    kernel = sparse.csr_array(np.exp(-cdist(circle, circle, "sqeuclidean") / 0.1**2))
    found = {}
    for density in (0.0, 1.0):
        walk = walks.decompose(walks.with_diagonal(_off_diagonal(kernel), density), 3)
        found[density] = distance(walk.right()[:, 1:3], circle * np.sqrt(2))
    assert found[1.0] < 0.05
    assert found[0.0] > 5 * found[1.0]


def _off_diagonal(kernel):
    rest = kernel.tolil()
    rest.setdiag(0)
    return sparse.csr_array(rest)


def test_time_only_scales_the_columns():
    method = fitted(open_any("sample:tree"))
    walk = method._fitted.walk
    first = method.evaluate(Params(time=0.0, dimension=3)).layer("map").positions
    later = method.evaluate(Params(time=7.5, dimension=3)).layer("map").positions
    np.testing.assert_allclose(later, first * walk.values[1:4] ** 7.5, rtol=1e-12)


def test_parts_of_a_graph_are_said_and_told_apart():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=(60, 3)), rng.normal(size=(50, 3)) + 60])
    method = fitted(table(values))
    snapshot = method.evaluate(Params())
    assert any(note.grave and "2 parts" in note.text for note in snapshot.notes)
    first = snapshot.layer("map").positions[:, 0]
    assert np.ptp(first[:60]) < 1e-6 and abs(first[0] - first[-1]) > 1.0
    joined = fitted(table(values), Params(components="connect")).evaluate(Params())
    assert any("were added" in note.text for note in joined.notes)


def test_more_rows_than_asked_for_are_placed_between_landmarks():
    data = open_any("sample:swiss_roll?n=600")
    params = Params(landmarks=200)
    snapshot = fitted(data, params).evaluate(params)
    assert len(snapshot.layer("map").positions) == 600
    assert any("200 landmarks of 600" in note.text for note in snapshot.notes)


def test_saved_and_loaded_is_the_same_map():
    params = Params(time=3.0)
    method = fitted(open_any("sample:iris"), params)
    again = DiffusionMap.from_state(params, method.state())
    moved = replace(params, time=9.0)
    np.testing.assert_array_equal(
        again.evaluate(moved).layer("map").positions,
        method.evaluate(moved).layer("map").positions,
    )


def test_powers_of_negative_eigenvalues_glide_through_the_whole_ones():
    walk = walks.Walk(np.array([1.0, 0.5, -0.6]), np.eye(3), np.full(3, 1 / 3))
    for t in (1, 2, 5):
        np.testing.assert_allclose(walk.powers(t), walk.values**t)
        np.testing.assert_allclose(walk.powers(t + 1e-9), walk.values**t, atol=1e-8)
