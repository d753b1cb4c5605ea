"""The k nearest neighbours of every row: searched once for the largest k, sliced afterwards."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from engine.stages import beats

Floats = NDArray[np.float64]
Metric = Literal["euclidean", "cosine", "manhattan"]

BLOCK = 1_000_000
"""Entries of one block of distances: 8 MB, and about 30 ms of work."""
BRUTE_ROWS = 20_000
"""Up to here all distances are computed; beyond, a tree where the dimension lets it prune."""
TREE_COLUMNS = 12
"""A k-d tree prunes nothing worth while in more dimensions than this."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """`indices` (n, k) int64 and `distances` (n, k) float64, ascending, a row never its own."""

    indices: NDArray[np.int64]
    distances: Floats

    def first(self, k: int) -> Neighbours:
        """The k nearest of those found."""
        return Neighbours(self.indices[:, :k], self.distances[:, :k])


def prepared(values: Floats, metric: Metric) -> Floats:
    """Rows whose Euclidean (or city-block) distances are those of `metric`.

    Cosine: rows on the unit sphere, whose chord sqrt(2 - 2 cos) orders pairs as the angle does.
    """
    if metric != "cosine":
        # Distances do not see the mean; without it the products below cancel less.
        return np.asarray(values - values.mean(axis=0))
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(norms > 0, norms, 1.0))


def search(
    values: Floats, k: int, metric: Metric = "euclidean"
) -> Generator[None, None, Neighbours]:
    """The k nearest other rows of each row of `values` (n, D), yielding None between blocks.

    k is cut to n - 1.
    """
    rows = yield from beats(lambda: prepared(values, metric))
    k = min(k, len(rows) - 1)
    if len(rows) > BRUTE_ROWS and rows.shape[1] <= TREE_COLUMNS:
        return (yield from _by_tree(rows, k, metric))
    return (yield from nearest(rows, rows, k, metric, skip_self=True))


def nearest(
    queries: Floats,
    points: Floats,
    k: int,
    metric: Metric = "euclidean",
    *,
    skip_self: bool = False,
) -> Generator[None, None, Neighbours]:
    """The k rows of `points` (m, D) nearest to each of `queries` (n, D), both `prepared`.

    With `skip_self`, queries and points are the same rows and none is its own neighbour.
    """
    n, m = len(queries), len(points)
    block = max(1, BLOCK // m)
    indices = np.empty((n, k), np.int64)
    distances = np.empty((n, k))
    squares = np.einsum("ij,ij->i", points, points)
    for start in range(0, n, block):
        some = queries[start : start + block]
        rough = _rough(some, points, squares, metric)
        if skip_self:
            rough[np.arange(len(some)), np.arange(start, start + len(some))] = np.inf
        stop = start + len(some)
        indices[start:stop], distances[start:stop] = _best(rough, some, points, k, metric)
        yield None
    return Neighbours(indices, distances)


def _rough(queries: Floats, points: Floats, squares: Floats, metric: Metric) -> Floats:
    """Distances good enough to choose candidates: squared up to a constant per row, by products."""
    if metric == "manhattan":
        return np.asarray(cdist(queries, points, "cityblock"))
    rough = queries @ points.T
    rough *= -2.0
    rough += squares
    return rough


def _best(
    rough: Floats, queries: Floats, points: Floats, k: int, metric: Metric
) -> tuple[NDArray[np.int64], Floats]:
    """The k nearest of a few more candidates, their distances computed without cancellation."""
    candidates = min(k + 4, rough.shape[1])
    found = (
        np.argpartition(rough, candidates - 1, axis=1)[:, :candidates]
        if candidates < rough.shape[1]
        else np.tile(np.arange(rough.shape[1]), (len(rough), 1))
    )
    found.sort(axis=1)
    gaps = points[found] - queries[:, None, :]
    if metric == "manhattan":
        exact = np.abs(gaps).sum(axis=2)
    else:
        exact = np.sqrt(np.einsum("ijk,ijk->ij", gaps, gaps))
    exact[~np.isfinite(np.take_along_axis(rough, found, axis=1))] = np.inf
    order = np.argsort(exact, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(exact, order, axis=1)


def _by_tree(rows: Floats, k: int, metric: Metric) -> Generator[None, None, Neighbours]:
    tree = yield from beats(lambda: cKDTree(rows))
    power = 1 if metric == "manhattan" else 2
    parts: list[tuple[NDArray[np.int64], Floats]] = []
    block = max(1, 50_000 // (k + 1))
    for start in range(0, len(rows), block):
        own = np.arange(start, min(start + block, len(rows)))
        answer = tree.query(rows[own], k=np.arange(1, k + 2), p=power)
        distances, indices = np.asarray(answer[0]), np.asarray(answer[1])
        # Among duplicates a row may come late in its own list, or not at all: then the last goes.
        mine = indices == own[:, None]
        mine[~mine.any(axis=1), -1] = True
        keep = ~mine
        parts.append((indices[keep].reshape(-1, k), distances[keep].reshape(-1, k)))
        yield None
    return Neighbours(
        np.concatenate([p[0] for p in parts]).astype(np.int64, copy=False),
        np.concatenate([p[1] for p in parts]),
    )
