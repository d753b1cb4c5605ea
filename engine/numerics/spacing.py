"""How far apart points lie, and which of them is nearest to a place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

MOST = 4000
"""Points that the spacing is read off; the rest is scaled as for a surface."""


def typical_spacing(positions: NDArray[np.floating]) -> float:
    """Median distance from a point of (n, D) to its nearest other; 0 for fewer than two."""
    few = positions[:: max(1, len(positions) // MOST)]
    if len(few) < 2:
        return 0.0
    nearest = np.asarray(cKDTree(few).query(few, k=2)[0])[:, 1]
    return float(np.median(nearest)) * float(np.sqrt(len(few) / len(positions)))


def nearest_rows(
    places: NDArray[np.floating], positions: NDArray[np.floating]
) -> NDArray[np.int64]:
    """The row of positions (n, D) nearest to each of the places (q, D): (q,)."""
    return np.asarray(cKDTree(positions).query(places)[1], dtype=np.int64)


def farthest_points(x: NDArray[np.floating], count: int, first: int) -> NDArray[np.int64]:
    """Greedy farthest-point sampling: `count` rows of x (n, D), each farthest from those before.

    A running minimum of distances: O(n count) time, O(n) memory.
    """
    chosen = np.empty(count, np.int64)
    chosen[0] = first
    nearest = ((x - x[first]) ** 2).sum(axis=1)
    for k in range(1, count):
        chosen[k] = int(nearest.argmax())
        np.minimum(nearest, ((x - x[chosen[k]]) ** 2).sum(axis=1), out=nearest)
    return chosen
