"""Which points of a surface are on the side that is looked at, from the points alone.

Seen as discs that stand for the surface between them, points hide what is well behind them:

    q hides p when   depth_p - depth_q > 1.5 h + 2 |p - q|   and   |p - q| < 1.5 h

with h the spacing of the points and |p - q| their distance in the picture. The second term spares
a surface that falls away from the eye, by up to 63 degrees at any distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]

REACH, BEHIND, STEEP = 1.5, 1.5, 2.0


def near_side(
    places: Floats, depths: Floats, spacing: float, between: tuple[Floats, Floats] | None = None
) -> NDArray[np.bool_]:
    """Points (n,) that no other hides.

    Parameters
    ----------
    places : (n, 2) where the points are in the picture
    depths : (n,) how far they are from the eye, in the unit of `places`
    spacing : typical distance of neighbours on the surface, in that unit
    between : places (m, 2) and depths (m,) of further points of the surface, such as the middles
        of its triangles, which hide others as well
    """
    n = len(places)
    if between is not None:
        places = np.concatenate([places, between[0]])
        depths = np.concatenate([depths, between[1]])
    if len(places) < 2 or spacing <= 0:
        return np.ones(n, bool)
    pairs = cKDTree(places).query_pairs(REACH * spacing, output_type="ndarray")
    first, second = pairs[:, 0], pairs[:, 1]
    apart = np.linalg.norm(places[first] - places[second], axis=1)
    allowed = BEHIND * spacing + STEEP * apart
    deeper = depths[first] - depths[second]
    seen = np.ones(len(places), bool)
    seen[first[deeper > allowed]] = False
    seen[second[-deeper > allowed]] = False
    return seen[:n]
