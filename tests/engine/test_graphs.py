"""Neighbours, graphs, Laplacians, landmarks and alignment against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from engine.numerics import graphs, landmarks, laplacians, neighbours, principal, procrustes
from engine.stages import finish


@pytest.fixture
def cloud():
    return np.random.default_rng(3).normal(size=(120, 4))


def found(values, k=30, metric="euclidean"):
    return finish(neighbours.search(values, k, metric))


@pytest.mark.parametrize(
    ("metric", "name"),
    [("euclidean", "euclidean"), ("manhattan", "cityblock"), ("cosine", "cosine")],
)
def test_neighbours_are_those_of_all_distances(cloud, metric, name):
    apart = cdist(cloud, cloud, name)
    np.fill_diagonal(apart, np.inf)
    near = found(cloud, 7, metric)
    np.testing.assert_array_equal(near.indices, np.argsort(apart, axis=1)[:, :7])
    if metric != "cosine":
        np.testing.assert_allclose(near.distances, np.sort(apart, axis=1)[:, :7], rtol=1e-12)


def test_blocks_and_the_tree_find_the_same(cloud, monkeypatch):
    whole = found(cloud, 7)
    monkeypatch.setattr(neighbours, "BLOCK", 1000)
    np.testing.assert_array_equal(found(cloud, 7).indices, whole.indices)
    monkeypatch.setattr(neighbours, "BRUTE_ROWS", 10)
    by_tree = found(cloud, 7)
    np.testing.assert_array_equal(by_tree.indices, whole.indices)
    np.testing.assert_allclose(by_tree.distances, whole.distances, rtol=1e-12)


@pytest.mark.parametrize("brute_rows", [10, 1000])
def test_a_row_is_never_its_own_neighbour_even_among_duplicates(monkeypatch, brute_rows):
    monkeypatch.setattr(neighbours, "BRUTE_ROWS", brute_rows)
    values = np.repeat(np.random.default_rng(0).normal(size=(4, 2)), 8, axis=0)
    near = found(values, 5)
    assert not (near.indices == np.arange(len(values))[:, None]).any()
    np.testing.assert_array_equal(near.distances, 0.0)


@pytest.mark.parametrize("decay", [2.0, 40.0])
def test_alpha_decay_kernel_is_its_formula(cloud, decay):
    apart = cdist(cloud, cloud)
    eps = np.sort(apart, axis=1)[:, 5][:, None]
    one_sided = np.exp(-((apart / eps) ** decay))
    one_sided[one_sided < 1e-4] = 0
    expected = (one_sided + one_sided.T) / 2
    np.fill_diagonal(expected, 0)
    weights = graphs.alpha_decay(found(cloud, 119), 5, decay).toarray()
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    np.testing.assert_array_equal(weights, weights.T)


def test_cut_tails_are_told(cloud):
    gentle = graphs.build(cloud, found(cloud, 10), knn=10, decay=2.0)
    assert gentle.truncated > 0.9
    assert graphs.build(cloud, found(cloud, 119), knn=10, decay=2.0).truncated == 0


def test_duplicates_leave_finite_weights_and_are_counted():
    values = np.random.default_rng(0).normal(size=(60, 3))
    values[50:] = values[0]
    graph = graphs.build(values, found(values, 20), knn=5)
    assert graph.duplicates == 11
    assert np.isfinite(graph.weights.data).all()
    assert graph.weights.data.min() > 0


def test_gaussian_and_fuzzy_weights(cloud):
    near = found(cloud, 15)
    scale = near.distances[:, :6].mean()
    directed = np.zeros((120, 120))
    np.put_along_axis(
        directed, near.indices[:, :6], np.exp(-((near.distances[:, :6] / scale) ** 2)), axis=1
    )
    np.testing.assert_allclose(
        graphs.gaussian(near, 6).toarray(), (directed + directed.T) / 2, atol=1e-14
    )
    fuzzy = graphs.fuzzy(near, 15).toarray()
    np.testing.assert_array_equal(fuzzy, fuzzy.T)
    # The nearest neighbour belongs with certainty, whatever the other says.
    np.testing.assert_allclose(fuzzy[np.arange(120), near.indices[:, 0]], 1.0, atol=1e-12)


def test_anisotropy_divides_by_degrees_with_the_diagonal(cloud):
    weights = graphs.alpha_decay(found(cloud), 5, 40.0)
    full = weights.toarray() + np.eye(120)
    scale = full.sum(axis=1) ** -0.5
    expected = scale[:, None] * weights.toarray() * scale
    np.testing.assert_allclose(graphs.anisotropic(weights, 0.5).toarray(), expected, atol=1e-14)


def test_components_are_counted_and_joined_by_shortest_edges():
    rng = np.random.default_rng(1)
    values = np.vstack([rng.normal(size=(s, 2)) + c for s, c in ((50, 0), (30, 100), (20, 300))])
    near = found(values, 15)
    apart = graphs.build(values, near, knn=5)
    assert apart.sizes == (50, 30, 20)
    joined = graphs.build(values, near, knn=5, connect_components=True)
    assert joined.joined == 2
    assert graphs.components(joined.weights)[1] == (100,)
    added = graphs.edges(sparse.csr_array(joined.weights - apart.weights))[0]
    lengths = np.linalg.norm(values[added[:, 0]] - values[added[:, 1]], axis=1)
    between = cdist(values[:50], values[50:80]).min(), cdist(values[50:80], values[80:]).min()
    np.testing.assert_allclose(np.sort(lengths), np.sort(between))


def test_laplacians(cloud):
    weights = graphs.alpha_decay(found(cloud), 5, 40.0).tolil()
    weights[7, :] = 0
    weights[:, 7] = 0
    weights = sparse.csr_array(weights)
    for kind in ("combinatorial", "normalised"):
        lap = laplacians.laplacian(weights, kind)
        values = np.linalg.eigvalsh(lap.toarray())
        assert values[0] > -1e-12
        assert values[-1] <= laplacians.largest_eigenvalue_bound(lap) * (1 + 1e-12)
        np.testing.assert_array_equal(lap.toarray()[7], 0)
    lap = laplacians.laplacian(weights).toarray()
    np.testing.assert_allclose(lap.sum(axis=1), 0, atol=1e-12)
    assert np.linalg.eigvalsh(laplacians.laplacian(weights, "normalised").toarray())[-1] <= 2


def test_interpolation_is_convex_and_keeps_landmarks(cloud):
    values = np.vstack([cloud, cloud[:3]])
    rows = landmarks.farthest_points(values, 40)
    assert len(np.unique(rows)) == 40
    place = finish(landmarks.interpolation(values, rows))
    np.testing.assert_allclose(place.sum(axis=1), 1.0)
    assert place.data.min() > 0
    np.testing.assert_allclose(place[rows].toarray(), np.eye(40))


def test_farthest_points_cover_better_than_chance(cloud):
    def hole(rows):
        return cdist(cloud, cloud[rows]).min(axis=1).max()

    chance = landmarks.random_subset(120, 30, np.random.default_rng(0))
    assert hole(landmarks.farthest_points(cloud, 30)) < hole(chance)


def test_alignment_is_rigid(cloud):
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))
    moved = 3.0 * cloud @ turn + 5.0
    aligned = procrustes.align(moved, cloud)
    np.testing.assert_allclose(cdist(aligned, aligned), cdist(moved, moved), atol=1e-10)
    np.testing.assert_allclose(aligned - aligned.mean(0), 3 * (cloud - cloud.mean(0)), atol=1e-10)
    assert procrustes.distance(cloud @ turn + 1.0, cloud) < 1e-12


def test_principal_components_keep_distances(cloud):
    wide = cloud @ np.random.default_rng(0).normal(size=(4, 30))
    np.testing.assert_allclose(
        cdist(principal.project(wide, 4, 0), principal.project(wide, 4, 0)), cdist(wide, wide)
    )
