"""Values of a gridded field along a straight line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAMPLES = 400


def along(
    values: Floats, extent: tuple[tuple[float, float], ...], start: Floats, end: Floats
) -> tuple[Floats, Floats]:
    """Distance from `start` (n,) and values there (n,), NaN outside the grid.

    `values` (nx, ny) sit in the middles of cells whose outer edges are `extent`; between them the
    field is bilinear, and in the outer half cells it is that of the nearest middle.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    share = np.linspace(0.0, 1.0, SAMPLES)
    places = start + share[:, None] * (end - start)
    low = np.array([e[0] for e in extent[:2]])
    high = np.array([e[1] for e in extent[:2]])
    shape = np.array(values.shape[:2])
    cells = (places - low) / (high - low) * shape - 0.5
    inside = ((cells >= -0.5) & (cells <= shape - 0.5)).all(axis=1)
    cells = cells.clip(0, shape - 1)
    corner = np.minimum(np.floor(cells).astype(int), np.maximum(shape - 2, 0))
    far = np.minimum(corner + 1, shape - 1)
    u, v = (cells - corner).T
    found = (
        values[corner[:, 0], corner[:, 1]] * (1 - u) * (1 - v)
        + values[far[:, 0], corner[:, 1]] * u * (1 - v)
        + values[corner[:, 0], far[:, 1]] * (1 - u) * v
        + values[far[:, 0], far[:, 1]] * u * v
    )
    distance = share * float(np.linalg.norm(end - start))
    return distance, np.where(inside, found, np.nan)
