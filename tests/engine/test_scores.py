"""Scores of maps against slow, plain definitions, and what a judgement says of whom."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from engine.data import open_any
from engine.data.table import Table
from engine.embedding.judgement import ALL_ROWS, SOME_ROWS, judge
from engine.layers import Axis, Points
from engine.method import Snapshot
from engine.numerics import scores


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    inside = rng.normal(size=(60, 4))
    inside[7] = inside[3]  # ties
    return scores.pairwise(inside), scores.pairwise(inside[:, :2] + 0.3 * rng.normal(size=(60, 2)))


def snapshot(positions, ids=None) -> Snapshot:
    axes = tuple(Axis(str(k)) for k in range(positions.shape[1]))
    ids = np.empty(0, np.int64) if ids is None else ids
    layer = Points(name="map", role="prediction", positions=positions, axes=axes, ids=ids)
    return Snapshot(layers=(layer,), params=None)


def test_correlations_are_those_of_scipy_row_by_row(pair):
    true, found = pair
    rows = range(len(true))
    assert scores.row_spearman(found, true) == pytest.approx(
        np.mean([spearmanr(found[i], true[i])[0] for i in rows]), abs=1e-12
    )
    assert scores.row_pearson(found, true) == pytest.approx(
        np.mean([pearsonr(found[i], true[i])[0] for i in rows]), abs=1e-12
    )
    upper = np.triu_indices(len(true), 1)
    expected = spearmanr(found[upper], true[upper])[0]
    assert scores.demap(found, true) == pytest.approx(expected, abs=1e-12)


def test_a_map_of_one_point_correlates_with_nothing(pair):
    true, _ = pair
    nothing = np.zeros_like(true)
    assert scores.row_spearman(nothing, true) == scores.row_pearson(nothing, true) == 0.0
    assert scores.scaled_error(nothing, true) == 1.0


def test_trustworthiness_is_that_of_scikit_learn():
    from sklearn.manifold import trustworthiness

    rng = np.random.default_rng(1)
    inside = rng.normal(size=(80, 5))
    outside = inside[:, :2]
    near = scores.nearest(scores.pairwise(outside), 10)
    expected = trustworthiness(inside, outside, n_neighbors=10)
    assert scores.trustworthiness(scores.pairwise(inside), near) == pytest.approx(expected, 1e-12)


def test_preserved_neighbours_is_the_mean_overlap(pair):
    true, found = (scores.nearest(d, 7) for d in pair)
    overlap = np.mean([len(set(a) & set(b)) / 7 for a, b in zip(found, true, strict=True)])
    assert scores.preserved_neighbours(found, true) == pytest.approx(overlap)
    assert scores.preserved_neighbours(true, true) == 1.0


def test_a_scaled_and_turned_copy_is_perfect():
    rng = np.random.default_rng(2)
    inside = rng.normal(size=(90, 2))
    labels = (inside[:, 0] > 0).astype(int)
    table = Table(
        name="t", spec="", values=inside, columns=("a", "b"), labels={"c": labels}, label="c"
    )
    values = judge(snapshot(3 * inside @ np.array([[0.6, -0.8], [0.8, 0.6]])), table).values()
    for name, value in values.items():
        if name in ("NMI", "ARI", "10-NN accuracy"):
            assert value > 0.2
        else:
            perfect = 0.0 if name.startswith("error") else 1.0
            assert value == pytest.approx(perfect, abs=1e-9), name


def test_each_point_of_separate_classes_is_classified_and_clustered():
    rng = np.random.default_rng(3)
    classes = np.repeat(np.arange(3), 30)
    positions = rng.normal(size=(90, 2)) + 30 * np.column_stack([classes, classes % 2])
    near = scores.nearest(scores.pairwise(positions), 10)
    assert scores.classified(near, classes) == scores.purity(near, classes) == 1.0
    assert scores.clustered(positions, classes) == (1.0, 1.0)
    assert scores.purity(near, rng.permutation(classes)) < 0.5


def test_true_geodesics_are_used_where_they_are_known():
    table = open_any("sample:swiss_roll?n=300")
    rolled = judge(snapshot(np.array(table.values[:, [0, 2]])), table)
    truth = np.column_stack([table.labels["arc length"], table.labels["height"]])
    flat = judge(snapshot(truth), table)
    assert flat.values()["Spearman to true geodesics"] == pytest.approx(1.0)
    assert flat.values()["DEMaP"] == pytest.approx(1.0)
    assert rolled.values()["Spearman to true geodesics"] < 0.6
    scatter = flat.layers[0]
    assert isinstance(scatter, Points) and scatter.role == "diagnostic"
    assert str(scatter.axes[0]) == "true geodesic distance"
    assert np.allclose(scatter.positions[:, 0], scatter.positions[:, 1])


def test_without_truth_the_input_is_the_yardstick_and_is_called_so():
    table = open_any("sample:iris")
    judged = judge(snapshot(np.array(table.values[:, :2])), table)
    assert "DEMaP" not in judged.values()
    assert "Spearman to input distances" in judged.values()
    assert judged.layers[0].axes[0].name == "input distance"
    assert {"NMI", "ARI", "10-NN accuracy"} <= set(judged.values())
    assert all(score.text.endswith(".") for score in judged.scores)


def test_many_points_are_judged_by_some_and_it_is_said():
    table = open_any(f"sample:swiss_roll?n={ALL_ROWS + 500}")
    judged = judge(snapshot(np.array(table.values[:, :2])), table)
    assert f"{SOME_ROWS} of {ALL_ROWS + 500}" in judged.notes[0].text
    again = judge(snapshot(np.array(table.values[:, :2])), table)
    assert judged.values() == again.values()


def test_ids_say_which_rows_are_judged():
    table = open_any("sample:swiss_roll?n=200")
    truth = np.column_stack([table.labels["arc length"], table.labels["height"]])
    ids = np.arange(50, 150)
    judged = judge(snapshot(truth[ids], ids), table)
    assert judged.values()["DEMaP"] == pytest.approx(1.0)
    assert set(judged.layers[0].ids) <= set(ids)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 12, 25])
def test_very_few_points_are_judged_as_far_as_it_goes(n):
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b"] * n)[:n]
    table = Table(
        name="t",
        spec="",
        values=rng.normal(size=(n, 3)),
        columns=("a", "b", "c"),
        labels={"k": labels},
        label="k",
    )
    judged = judge(snapshot(rng.normal(size=(n, 2))), table)
    assert all(np.isfinite(list(judged.values().values())))


def test_no_map_no_scores():
    assert judge(Snapshot(layers=(), params=None), open_any("sample:iris")).scores == ()


if __name__ == "__main__":
    roll = open_any("sample:swiss_roll?n=2000")
    shown = snapshot(np.array(roll.values[:, :2]))
    judge(shown, roll)
    start = time.perf_counter()
    judge(shown, roll)
    print(f"{time.perf_counter() - start:.2f} s at n = 2000")
