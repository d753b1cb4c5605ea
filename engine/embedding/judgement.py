"""Scores of a map against the table it was made from, and the scatter behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.table import Table
from engine.judgement import Judgement, Score
from engine.layers import Array, Axis, Curves, Layer, Points
from engine.method import Note, Snapshot
from engine.numerics import scores

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

ALL_ROWS = 2000
"""Up to so many rows all are judged; beyond, `SOME_ROWS` of them."""
SOME_ROWS = 1000
PAIRS = 20_000
K = 10
"""Neighbours of the single scores; the curve shows `SIZES`."""
SIZES = (5, 10, 20, 30, 40, 50)
SEED = 20230519


@dataclass(frozen=True, slots=True)
class _Yardstick:
    """Distances (n, n) that a map should keep, and what to call them."""

    distances: Floats
    name: str
    axis: Axis
    known: bool


def judge(snapshot: Snapshot, data: Table) -> Judgement:
    """Everything that can be said of the snapshot's map. No scores without one."""
    points = _map(snapshot)
    if points is None or len(points.positions) < 3:
        return Judgement(scores=())
    rows = points.ids if len(points.ids) else np.arange(len(points.positions), dtype=np.int64)
    chosen = _chosen(len(rows))
    rows = np.asarray(rows[chosen], dtype=np.int64)
    positions = np.asarray(points.positions[chosen], dtype=np.float64)
    inside = scores.pairwise(data.values[rows])
    yardstick = _yardstick(data, rows, inside)
    found = scores.pairwise(positions)
    near = scores.nearest(found, min(SIZES[-1], len(rows) - 1))
    kept, curve = _neighbours(near, yardstick)
    return Judgement(
        scores=(
            *_distance_scores(found, yardstick),
            *kept,
            *_trust(near, inside),
            *_class_scores(positions, near, _classes(data, rows)),
        ),
        layers=(_scatter(found, yardstick, rows), *curve),
        notes=_notes(len(points.positions), len(rows)),
    )


def _map(snapshot: Snapshot) -> Points | None:
    for layer in snapshot.layers:
        if isinstance(layer, Points) and layer.role == "prediction":
            return layer
    return None


def _chosen(n: int) -> Rows:
    """All rows, or `SOME_ROWS` drawn with a fixed seed, so that runs are compared on the same."""
    if n <= ALL_ROWS:
        return np.arange(n, dtype=np.int64)
    drawn = np.random.default_rng(SEED).choice(n, size=SOME_ROWS, replace=False)
    return np.sort(drawn).astype(np.int64)


def _yardstick(data: Table, rows: Rows, inside: Floats) -> _Yardstick:
    if data.truth is not None:
        true = np.array(data.truth.distances(rows, rows), dtype=np.float64)
        np.fill_diagonal(true, 0.0)
        return _Yardstick(true, "true geodesics", Axis("true geodesic distance"), known=True)
    unit = data.units[0] if len(set(data.units)) == 1 else ""
    return _Yardstick(inside, "input distances", Axis("input distance", unit), known=False)


def _distance_scores(found: Floats, yardstick: _Yardstick) -> list[Score]:
    name, true = yardstick.name, yardstick.distances
    made = [
        Score(
            name=f"Spearman to {name}",
            value=scores.row_spearman(found, true),
            text=f"Rank correlation of map distances with {name}, one row at a time, averaged. "
            "1 when every point sees the others in the right order of distance.",
        ),
        Score(
            name=f"Pearson to {name}",
            value=scores.row_pearson(found, true),
            text=f"Correlation of map distances with {name}, one row at a time, averaged. "
            "1 when map distances are in proportion.",
        ),
    ]
    if yardstick.known:
        made.append(
            Score(
                name="DEMaP",
                value=scores.demap(found, true),
                text="Rank correlation of map distances with the geodesics of the noise-free data "
                "over all pairs at once (Moon et al. 2019).",
            )
        )
    made.append(
        Score(
            name=f"error to {name}",
            value=scores.scaled_error(found, true),
            better=-1,
            text=f"What remains between map distances and {name} after the best choice of scale, "
            "as a share of all distances. 0 is a perfect copy.",
        )
    )
    return made


def _neighbours(near: Rows, yardstick: _Yardstick) -> tuple[list[Score], list[Layer]]:
    sizes = [k for k in SIZES if k <= near.shape[1]]
    if not sizes:
        return [], []
    true = scores.nearest(yardstick.distances, sizes[-1])
    kept = [scores.preserved_neighbours(near[:, :k], true[:, :k]) for k in sizes]
    kind = "geodesic" if yardstick.known else "input"
    made = []
    if K in sizes:
        made.append(
            Score(
                name=f"{kind} neighbours kept",
                value=kept[sizes.index(K)],
                text=f"Share of each point's {K} nearest by {yardstick.axis.name} that are also "
                f"among its {K} nearest in the map (P@{K}).",
            )
        )
    curve = Curves(
        name="neighbours kept",
        role="diagnostic",
        x=np.array(sizes, dtype=np.float64),
        lines={"share kept": np.array(kept)},
        axes=(Axis("neighbours k"), Axis(f"share of {kind} neighbours kept")),
    )
    return made, [curve]


def _trust(near: Rows, inside: Floats) -> list[Score]:
    if len(near) <= 2 * K:
        return []
    return [
        Score(
            name="trustworthiness",
            value=scores.trustworthiness(inside, near[:, :K]),
            text=f"1 when the {K} nearest points in the map are all near in the data too; "
            "intruders from afar lower it (Venna and Kaski 2001).",
        )
    ]


def _classes(data: Table, rows: Rows) -> Rows | None:
    """Class numbers of the rows; None when there is nothing to tell apart."""
    if not data.label:
        return None
    column: Array = np.asarray(data.labels[data.label])[rows]
    values, numbers = np.unique(column, return_inverse=True)
    if not 2 <= len(values) <= len(rows) // 2:
        return None
    return np.asarray(numbers.ravel(), dtype=np.int64)


def _class_scores(positions: Floats, near: Rows, classes: Rows | None) -> list[Score]:
    if classes is None:
        return []
    information, rand = scores.clustered(positions, classes)
    made = [
        Score(
            name="NMI",
            value=information,
            text="Normalised mutual information of the labels with k-means clusters of the map. "
            "1 when the clusters are the classes, 0 when they tell nothing.",
        ),
        Score(
            name="ARI",
            value=rand,
            text="Adjusted Rand index of the labels with k-means clusters of the map. "
            "1 when the clusters are the classes, about 0 for chance.",
        ),
    ]
    if len(near) > K:
        made.append(
            Score(
                name=f"{K}-NN accuracy",
                value=scores.classified(near[:, :K], classes),
                text=f"Share of points whose label is the commonest among their {K} nearest "
                "others in the map.",
            )
        )
    return made


def _scatter(found: Floats, yardstick: _Yardstick, rows: Rows) -> Points:
    """Map distance against the distance it should be, for at most `PAIRS` pairs."""
    first, second = np.triu_indices(len(rows), 1)
    if len(first) > PAIRS:
        drawn = np.random.default_rng(SEED).choice(len(first), size=PAIRS, replace=False)
        first, second = first[drawn], second[drawn]
    return Points(
        name="distances",
        role="diagnostic",
        positions=np.column_stack([yardstick.distances[first, second], found[first, second]]),
        axes=(yardstick.axis, Axis("map distance")),
        ids=rows[first],
        equal_scale=False,
    )


def _notes(total: int, judged: int) -> tuple[Note, ...]:
    if judged == total:
        return ()
    return (Note(f"Scores are of {judged} of {total} points, drawn with a fixed seed."),)
