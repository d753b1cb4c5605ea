"""Numbers on a square grid of cells over a picture, and what lies between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def between_middles(places: Array, n: int) -> Array:
    """Weights (k, n) that interpolate linearly at `places` (k,) in [0, 1] between the middles of n
    cells; constant before the first middle and after the last."""
    at = np.clip(places * n - 0.5, 0, n - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n)[None])))


def middles(n: int) -> Array:
    """Where the middles of n cells of [0, 1] lie, (n,)."""
    return np.asarray((np.arange(n) + 0.5) / n)


def square(numbers: tuple[float, ...], least: int) -> Array:
    """Numbers row by row as a grid (n, n) of `least` cells a side or more, a smaller grid
    interpolated; ones where there are no numbers."""
    if not numbers:
        return np.ones((least, least))
    side = round(len(numbers) ** 0.5)
    grid = np.asarray(numbers, np.float64).reshape(side, side)
    if side >= least:
        return grid
    weights = between_middles(middles(least), side)
    return np.asarray(weights @ grid @ weights.T)
