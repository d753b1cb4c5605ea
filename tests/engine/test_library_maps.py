"""Isomap against scikit-learn's, t-SNE as the library gives it, UMAP when it is there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.sparse.csgraph import floyd_warshall
from scipy.spatial.distance import cdist
from scipy.stats import entropy

from engine import catalog
from engine.data import open_any
from engine.data.table import Table
from engine.embedding import tsne_descent
from engine.embedding.isomap import Isomap, edge_lengths, shortest_paths
from engine.embedding.tsne import TSNE
from engine.method import DataError
from engine.numerics import mds, neighbours
from engine.numerics.procrustes import distance
from engine.numerics.scores import row_spearman
from engine.runs import Fit, RunSpec, run
from engine.stages import finish


def table(values):
    columns = tuple(f"c{k}" for k in range(values.shape[1]))
    return Table(name="test", spec="test", values=values, columns=columns)


def fitted(kind, data, **values):
    params = kind.Params(**values)
    method = kind(params)
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method, method.evaluate(params)


def test_isomap_is_scikit_learns():
    from sklearn.manifold import Isomap as Peer

    data = open_any("sample:swiss_roll?n=400")
    _, snapshot = fitted(Isomap, data, knn=8)
    peer = Peer(n_neighbors=8, n_components=2).fit_transform(data.values)
    assert distance(snapshot.layer("map").positions, peer) < 1e-6


def test_isomap_is_classical_scaling_of_shortest_paths():
    values = open_any("sample:swiss_roll?n=150").values
    near = finish(neighbours.search(values, 20))
    lengths, _, joined = edge_lengths(values, near, 7, "euclidean")
    assert joined == 0
    paths = finish(shortest_paths(lengths))
    np.testing.assert_allclose(paths, floyd_warshall(lengths, directed=False), atol=1e-10)
    np.testing.assert_array_equal(paths, paths.T)
    _, snapshot = fitted(Isomap, table(values), knn=7, dimension=3)
    expected = mds.classical(paths, 3)
    assert distance(snapshot.layer("map").positions, expected) < 1e-8


def test_isomap_unrolls_the_roll_in_two_dimensions():
    data = open_any("sample:swiss_roll?n=1000")
    _, snapshot = fitted(Isomap, data)
    positions = snapshot.layer("map").positions
    rows = np.arange(len(data))
    assert row_spearman(cdist(positions, positions), data.truth.distances(rows, rows)) >= 0.999
    residual = snapshot.layer("residual variance").lines["residual variance"]
    assert residual[1] < 0.001 and residual[1] < 0.8 * residual[0]
    assert residual.argmin() == 1


def test_isomap_of_points_on_a_line_is_the_line():
    place = np.sort(np.random.default_rng(0).uniform(0, 10, 80))
    values = np.column_stack([place, 2 * place])
    _, snapshot = fitted(Isomap, table(values), knn=4)
    positions = snapshot.layer("map").positions
    np.testing.assert_allclose(cdist(positions, positions), cdist(values, values), atol=1e-6)


def test_isomap_joins_parts_and_says_so():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) + 40])
    values[5] = values[6]
    _, snapshot = fitted(Isomap, table(values))
    said = " ".join(note.text for note in snapshot.notes)
    assert "2 parts of 40, 30 points" in said and "1 shortest edges" in said
    assert "2 rows coincide" in said
    assert np.isfinite(snapshot.layer("map").positions).all()


def test_tsne_keeps_neighbours_and_repeats_with_its_seed():
    data = open_any("sample:iris")
    method, snapshot = fitted(TSNE, data, perplexity=20.0, iterations=300)
    positions = snapshot.layer("map").positions
    assert positions.shape == (150, 2)
    species = np.unique(data.labels[data.label], return_inverse=True)[1]
    near = cdist(positions, positions).argsort(axis=1)[:, 1:11]
    assert np.mean(species[near] == species[:, None]) > 0.9
    assert snapshot.metrics["KL divergence"] > 0
    _, again = fitted(TSNE, data, perplexity=20.0, iterations=300)
    np.testing.assert_array_equal(again.layer("map").positions, positions)
    loaded = TSNE.from_state(method.params, method.state())
    np.testing.assert_array_equal(loaded.evaluate(method.params).layer("map").positions, positions)


def gaussian_rows(squares, perplexity):
    """Symmetric probabilities from all distances, row by row."""
    n = len(squares)
    rows = np.zeros((n, n))
    for i in range(n):
        others = np.delete(np.arange(n), i)
        gaps = squares[i, others] - squares[i, others].min()
        beta = brentq(lambda b, g=gaps: entropy(np.exp(-b * g)) - np.log(perplexity), 1e-6, 1e6)
        row = np.exp(-beta * gaps)
        rows[i, others] = row / row.sum()
    return (rows + rows.T) / (2 * n)


def test_tsne_probabilities_have_the_perplexity():
    values = np.random.default_rng(0).normal(size=(40, 4))
    near = finish(neighbours.search(values, 39))
    found = finish(tsne_descent.joint_probabilities(near, 8.0)).toarray()
    np.testing.assert_allclose(found, gaussian_rows(cdist(values, values) ** 2, 8.0), atol=1e-10)
    assert found.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("dimension", [2, 3])
def test_tsne_forces_are_the_gradient_of_the_divergence(dimension):
    """With an angle of 0 the tree is exact: 4 sum_j (p - q) (y_i - y_j) / (1 + |y_i - y_j|^2)."""
    rng = np.random.default_rng(0)
    values, layout = rng.normal(size=(50, 5)), rng.normal(size=(50, dimension))
    joint = finish(tsne_descent.joint_probabilities(finish(neighbours.search(values, 49)), 10.0))
    kernel = 1 / (1 + cdist(layout, layout) ** 2)
    np.fill_diagonal(kernel, 0.0)
    share = kernel / kernel.sum()
    pull = (joint.toarray() - share) * kernel
    expected = 4 * (pull.sum(axis=1)[:, None] * layout - pull @ layout)
    divergence, found = tsne_descent.forces(joint, layout.astype(np.float32), 0.0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    off = ~np.eye(50, dtype=bool)
    p = joint.toarray()[off]
    assert divergence == pytest.approx(float((p * np.log(p / share[off])).sum()), rel=1e-4)


def test_tsne_reaches_what_the_library_reaches():
    """The divergence only: early exaggeration multiplies a last digit a thousandfold per step, so
    that no two programs arrive at the same map."""
    from sklearn.manifold import TSNE as Peer

    data = open_any("sample:iris")
    _, snapshot = fitted(TSNE, data, iterations=500)
    peer = Peer(init="pca", max_iter=500, random_state=0).fit(data.values)
    assert snapshot.metrics["KL divergence"] == pytest.approx(peer.kl_divergence_, rel=0.05)


def test_tsne_shows_its_descent_and_a_stopped_one_says_so():
    data = open_any("sample:iris")
    method = TSNE(TSNE.Params())
    steps = method.fit(data, rng=np.random.default_rng(0), device="cpu")
    path = []
    for step in steps:
        path += step.metrics.values()
        if step.index == 40:
            break
    steps.close()
    assert len(path) == 40 and path[-1] < path[0]
    snapshot = method.evaluate(method.params)
    assert any(n.grave and "after 40 of 750 iterations" in n.text for n in snapshot.notes)
    assert len(snapshot.layer("divergence").x) == 40


def test_tsne_hears_a_new_rate_while_it_runs_and_repeats_it():
    data = open_any("sample:iris")
    spec = RunSpec(method="embedding.tsne", data="sample:iris", params={"iterations": 250})
    fit = Fit(spec, data)
    for step in fit:
        if step.index == 20 and not fit.history:
            fit.change(replace(fit.params, rate=5.0))
        if step.index == 60 and len(fit.history) == 1:
            fit.change(replace(fit.params, exaggeration=4.0))
    history = tuple(fit.history)
    assert [changed for _, changed in history] == [{"rate": 5.0}, {"exaggeration": 4.0}]
    plain = run(spec, data).result()
    again = run(replace(spec, step_changes=history), data).result()
    positions = fit.result().layer("map").positions
    np.testing.assert_array_equal(again.layer("map").positions, positions)
    assert not np.allclose(plain.layer("map").positions, positions)


def test_tsne_of_more_rows_than_computed_places_the_others():
    _, snapshot = fitted(TSNE, open_any("sample:iris"), landmarks=100, iterations=250)
    assert len(snapshot.layer("map").positions) == 150
    assert any("100 landmarks of 150 rows" in note.text for note in snapshot.notes)


def test_tsne_of_separate_parts_and_duplicates_says_so():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=(60, 3)), rng.normal(size=(50, 3)) + 90])
    values[5] = values[6]
    _, snapshot = fitted(TSNE, table(values), perplexity=10.0, iterations=250)
    said = " ".join(note.text for note in snapshot.notes)
    assert "fall into 2 parts" in said and "2 rows coincide" in said
    assert np.isfinite(snapshot.layer("map").positions).all()


def test_tsne_refuses_a_perplexity_beyond_a_third_of_the_rows():
    with pytest.raises(DataError, match="third of them"):
        fitted(TSNE, open_any("sample:iris"), perplexity=60.0)


def test_umap_runs_or_says_what_to_install():
    card = catalog.card("embedding.umap")
    if reason := card.missing():
        assert "pip install 'fieldwright[umap]'" in reason
        with pytest.raises(catalog.Unavailable, match="umap"):
            card.load()
        return
    kind = card.load()
    _, snapshot = fitted(kind, open_any("sample:iris"), epochs=50)
    _, again = fitted(kind, open_any("sample:iris"), epochs=50)
    np.testing.assert_array_equal(snapshot.layer("map").positions, again.layer("map").positions)
