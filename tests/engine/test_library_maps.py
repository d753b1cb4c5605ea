"""Isomap against scikit-learn's, t-SNE as the library gives it, UMAP when it is there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from engine import catalog
from engine.data import open_any
from engine.data.table import Table
from engine.embedding.isomap import Isomap
from engine.embedding.tsne import TSNE
from engine.method import DataError
from engine.numerics.procrustes import distance
from engine.numerics.scores import row_spearman


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
