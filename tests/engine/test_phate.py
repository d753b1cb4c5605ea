"""PHATE: the walk, its entropy, its potentials, its landmarks, and the paper's own benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from engine.data import open_any
from engine.embedding import phate_potential as potentials
from engine.embedding.heat_distance import row_distances
from engine.embedding.phate import Phate
from engine.embedding.phate_layout import preview
from engine.numerics import clusters, graphs, neighbours, walks
from engine.numerics.procrustes import distance
from engine.numerics.scores import row_spearman
from engine.stages import finish

Params = Phate.Params


def fitted(spec, params=None):
    method = Phate(params or Params())
    for _ in method.fit(open_any(spec), rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


@pytest.fixture(scope="module")
def roll():
    return fitted("sample:swiss_roll?n=300")


def positions(snapshot):
    return snapshot.layer("map").positions


def test_rows_of_every_power_are_probabilities(roll):
    walk = roll._fitted.walk
    for t in (1.0, 7.0, 40.0):
        power = walk.power(t)
        assert (power >= 0).all()
        np.testing.assert_allclose(power.sum(axis=1), 1.0, atol=1e-10)
    kernel = walks.with_diagonal(roll._fitted.weights).toarray()
    once = kernel / kernel.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(walk.power(1.0), once, atol=1e-12)
    np.testing.assert_allclose(walk.power(5.0), np.linalg.matrix_power(once, 5), atol=1e-12)


def test_entropy_is_that_of_the_walks_singular_values(roll):
    walk = roll._fitted.walk
    exact = np.linalg.svd(walk.power(1.0), compute_uv=False)
    np.testing.assert_allclose(potentials.singular_values(walk), exact, atol=1e-6)
    times, curve = potentials.entropy_curve(exact)
    share = exact**3 / (exact**3).sum()
    assert curve[times == 3] == pytest.approx(-(share * np.log(share + 1e-16)).sum(), abs=1e-9)
    assert (np.diff(curve) < 0).all()


@pytest.mark.parametrize("corner", [5, 12, 30])
def test_knee_of_two_lines_is_where_they_meet(corner):
    x = np.arange(1.0, 101.0)
    assert potentials.knee(x, np.where(x < corner, 3 * (corner - x), 0.1 * (corner - x))) == corner


def test_potentials_run_from_probabilities_to_logarithms():
    rows = np.random.default_rng(0).dirichlet(np.ones(20), size=5)
    np.testing.assert_allclose(potentials.potential(rows, -1.0), rows)
    np.testing.assert_allclose(potentials.potential(rows, 0.0), 2 * np.sqrt(rows))
    logs = potentials.potential(rows, 1.0)
    np.testing.assert_allclose(logs, -np.log(rows + 1e-7))
    # p^e / e differs from log p by a constant in the limit, which distances do not see.
    near = potentials.potential(rows, 0.99)
    np.testing.assert_allclose(cdist(near, near), cdist(logs, logs), rtol=0.03)


def flat_roll(n=1000):
    """A swiss roll of width 5 with noise 0.1, its kernel between 10 neighbours, and the distances
    on the flat sheet."""
    rng = np.random.default_rng(0)
    t = 1.5 * np.pi * (1 + 2 * rng.random(n))
    h = 5 * rng.random(n)
    values = np.column_stack([t * np.cos(t), h, t * np.sin(t)]) + 0.1 * rng.normal(size=(n, 3))
    flat = np.column_stack([(t * np.sqrt(1 + t**2) + np.arcsinh(t)) / 2, h])
    near = finish(neighbours.search(values, 50))
    weights = graphs.build(values, near, knn=10).weights
    return walks.decompose(walks.with_diagonal(weights), n), cdist(flat, flat)


def test_distances_on_the_roll_are_as_good_as_those_measured_before():
    """Rank correlation with the sheet: reference values of an independent computation, of a
    diffusion map too."""
    walk, truth = flat_roll()
    for t, expected in ((10.0, 0.533), (30.0, 0.749)):
        rows = potentials.potential(walk.power(t), 1.0)
        assert row_spearman(row_distances(rows), truth) == pytest.approx(expected, abs=2e-3)
    places = walk.right()[:, 1:] * walk.powers(30.0)[1:]
    assert row_spearman(row_distances(places), truth) == pytest.approx(0.648, abs=2e-3)


def test_landmark_walk_is_the_product_of_the_two_walks():
    kernel = walks.with_diagonal(fitted("sample:tree")._fitted.weights)
    cluster = clusters.spectral_clusters(kernel, 60, 0)
    place, between = clusters.condensed(kernel, cluster)
    member = np.eye(cluster.max() + 1)[cluster]
    sums = kernel @ member
    down = sums / sums.sum(axis=1, keepdims=True)
    up = sums.T / sums.T.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(place.toarray(), down, atol=1e-12)
    walk = walks.decompose(between, len(between))
    np.testing.assert_allclose(walk.power(1.0), up @ down, atol=1e-10)


def test_tree_of_the_paper_keeps_its_branches():
    data = open_any("sample:tree?n=500")
    found = positions(fitted("sample:tree?n=500").evaluate(Params()))
    branch = data.labels["branch"]
    near = cdist(found, found).argsort(axis=1)[:, 1:11]
    assert np.mean(branch[near] == branch[:, None]) >= 0.85


def test_landmarks_give_nearly_the_map_of_all_rows_and_say_so():
    spec, params = "sample:tree?n=500", Params(time=15.0)
    whole = positions(fitted(spec, params).evaluate(params))
    few = replace(params, landmarks=150)
    snapshot = fitted(spec, few).evaluate(few)
    assert any("landmarks, clusters of 500 rows" in note.text for note in snapshot.notes)
    assert row_spearman(cdist(positions(snapshot), positions(snapshot)), cdist(whole, whole)) > 0.9


def test_previews_are_near_the_settled_map_and_end_in_it(roll):
    params = Params(time=12.0)
    first, *_, last = (frame for frame in roll.refine(params) if frame is not None)
    assert first.coarse and not last.coarse
    np.testing.assert_array_equal(positions(last), positions(roll.evaluate(params)))
    assert distance(positions(first), positions(last)) < 0.3
    assert preview(roll._fitted, params).points.shape == (220, 2)


def test_the_map_glides_with_time(roll):
    """A tenth more time moves no point by more than a tenth of the map's extent."""
    before = positions(roll.evaluate(Params(time=20.0)))
    after = positions(roll.evaluate(Params(time=22.0)))
    moved = np.linalg.norm(after - before, axis=1).max()
    assert moved < 0.1 * np.linalg.norm(np.ptp(before, axis=0))


def test_saved_and_loaded_is_the_same_map(roll):
    params = Params(time=9.0, gamma=0.0, dimension=3)
    again = Phate.from_state(roll.params, roll.state())
    np.testing.assert_array_equal(
        positions(again.evaluate(params)), positions(roll.evaluate(params))
    )
    assert again.evaluate(Params()).chosen["time"] == roll.evaluate(Params()).chosen["time"]


def test_slow_subspace_holds_the_leading_eigenvectors():
    kernel = walks.with_diagonal(fitted("sample:tree")._fitted.weights)
    scale = sparse.diags_array(np.asarray(kernel.sum(axis=1)).ravel() ** -0.5)
    walk = sparse.csr_array(scale @ kernel @ scale)
    exact = np.linalg.eigvalsh(walk.toarray())[::-1]
    values, vectors = clusters.slow_subspace(walk, 100, 0)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(100), atol=1e-8)
    # Ritz values never exceed the eigenvalues; the first are nearly reached.
    assert (values <= exact[:100] + 1e-10).all()
    np.testing.assert_allclose(values[:20], exact[:20], atol=0.01)


def test_landmarks_of_rows_that_mostly_coincide():
    places = np.random.default_rng(0).normal(size=(30, 3))
    kernel = sparse.csr_array(np.kron(np.exp(-cdist(places, places)), np.ones((20, 20))))
    cluster = clusters.spectral_clusters(kernel, 200, 0)
    alike = cluster.reshape(30, 20)
    assert (alike == alike[:, :1]).all() and len(np.unique(alike)) == cluster.max() + 1
