"""Which points of a surface are on the side that is looked at, from the points alone.

Seen as discs that stand for the surface between them, points hide what is well behind them:

    q hides p when   depth_p - depth_q > h + 2 |p - q|   and   |p - q| < 1.5 h

with h the spacing of the points and |p - q| their distance in the picture. The second term spares
a surface that falls away from the eye, by up to 63 degrees at any distance. Distances are counted
from p to the cells of a grid, each of which holds its nearest point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REACH, BEHIND, STEEP = 1.5, 1.0, 2.0
CELL = 0.5
"""Side of a cell in spacings."""
FINEST = 2000
"""Cells along the picture at most."""


def near_side(
    places: Floats, depths: Floats, spacing: float, between: tuple[Floats, Floats] | None = None
) -> NDArray[np.bool_]:
    """Points (n,) that no other hides; linear in their number.

    Parameters
    ----------
    places : (n, 2) where the points are in the picture
    depths : (n,) how far they are from the eye, in the unit of `places`
    spacing : typical distance of neighbours on the surface, in that unit
    between : places (m, 2) and depths (m,) of further points of the surface, such as the middles
        of its triangles, which hide others as well
    """
    seen = np.ones(len(places), bool)
    if len(places) < 2 or spacing <= 0:
        return seen
    others, nearness = (places, depths) if between is None else (
        np.concatenate([places, between[0]]), np.concatenate([depths, between[1]])
    )  # fmt: skip
    low, span = others.min(axis=0), float(np.ptp(others, axis=0).max())
    cell = max(CELL * spacing, span / FINEST)
    around = int(np.ceil(REACH * spacing / cell))
    at = np.floor((others - low) / cell).astype(np.int64)
    nearest = np.full(at.max(axis=0) + 1 + 2 * around, np.inf)
    np.minimum.at(nearest, (at[:, 0] + around, at[:, 1] + around), nearness)
    home = at[: len(places)]
    across, up = ((places - low) / cell - home).T
    for i in range(-around, around + 1):
        for j in range(-around, around + 1):
            # From the point to the middle of the cell, and on to its far corner.
            away = cell * np.hypot(i + 0.5 - across, j + 0.5 - up)
            allowed = BEHIND * spacing + STEEP * (away + cell / np.sqrt(2))
            first = nearest[home[:, 0] + around + i, home[:, 1] + around + j]
            seen &= (depths - first <= allowed) | (away > REACH * spacing)
    return seen
