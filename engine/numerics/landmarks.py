"""A few points that stand for many, and how the many follow them."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.numerics.neighbours import Metric, Neighbours, nearest, prepared
from engine.stages import beats

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def random_subset(n: int, count: int, rng: np.random.Generator) -> Rows:
    """`count` of n rows, ascending; all of them when there are no more."""
    if count >= n:
        return np.arange(n, dtype=np.int64)
    return np.sort(rng.choice(n, size=count, replace=False)).astype(np.int64)


def farthest_points(values: Floats, count: int, first: int = 0) -> Rows:
    """`count` rows of `values` (n, D), each the farthest from those before it; ascending.

    Gonzalez 1985; covers the data evenly, outliers included.
    """
    n = len(values)
    if count >= n:
        return np.arange(n, dtype=np.int64)
    squares = np.einsum("ij,ij->i", values, values)
    chosen = np.empty(count, np.int64)
    gap = np.full(n, np.inf)
    chosen[0] = first
    for k in range(1, count):
        last = chosen[k - 1]
        np.minimum(gap, squares - 2 * (values @ values[last]) + squares[last], out=gap)
        gap[last] = -np.inf
        chosen[k] = int(gap.argmax())
    return np.sort(chosen)


def interpolation(
    values: Floats, rows: Rows, k: int = 8, metric: Metric = "euclidean"
) -> Generator[None, None, sparse.csr_array]:
    """P (n, m): each row a convex combination of its k nearest landmarks `rows`, by a Gaussian
    whose width is the distance to the k-th. A landmark is itself. Yields None between blocks;
    never more than a block of the n x m distances exists.
    """
    k = min(k, len(rows))
    ready = yield from beats(lambda: prepared(values, metric))
    found = yield from nearest(ready, ready[rows], k, metric)
    return (yield from beats(lambda: _combination(found, rows)))


def _combination(found: Neighbours, rows: Rows) -> sparse.csr_array:
    n, k = found.indices.shape
    width = np.maximum(found.distances[:, -1:], np.finfo(np.float64).tiny)
    weights = np.exp(-((found.distances / width) ** 2))
    # A landmark, and whatever coincides with one, stays exactly there.
    weights[found.distances[:, 0] == 0] = np.eye(1, k)
    indices = found.indices.copy()
    indices[rows] = np.arange(len(rows))[:, None]
    weights[rows] = np.eye(1, k)
    weights /= weights.sum(axis=1, keepdims=True)
    starts = np.arange(0, n * k + 1, k)
    matrix = sparse.csr_array((weights.ravel(), indices.ravel(), starts), shape=(n, len(rows)))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix
