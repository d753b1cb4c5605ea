"""Which places of a surface an eye at infinity sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LIFT = 1e-3
"""A place is looked at from a little above its own triangle, in diameters of the surface."""


def eye(azimuth: float, elevation: float) -> Floats:
    """Direction (3,) towards an eye at these angles in degrees, as matplotlib counts them."""
    around, up = np.radians(azimuth), np.radians(elevation)
    return np.array([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)])


def visible(places: Floats, triangles: Floats, towards: Floats) -> NDArray[np.bool_]:
    """For places (n, 3) whether no triangle (m, 3, 3) lies between them and the eye.

    Moeller and Trumbore, Fast, minimum storage ray-triangle intersection (1997), for one direction
    and all pairs: n m numbers are held.
    """
    if not len(triangles):
        return np.ones(len(places), bool)
    size = float(np.linalg.norm(np.ptp(triangles.reshape(-1, 3), axis=0)))
    first, second = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    across = np.cross(towards, second)
    determinant = np.einsum("md,md->m", first, across)
    crossed = np.abs(determinant) > 1e-12 * size**2
    inverse = np.where(crossed, 1.0 / np.where(crossed, determinant, 1.0), 0.0)
    start = (places + LIFT * size * towards)[:, None, :] - triangles[None, :, 0]
    u = np.einsum("nmd,md->nm", start, across) * inverse
    turned = np.cross(start, first[None])
    v = np.einsum("nmd,d->nm", turned, towards) * inverse
    distance = np.einsum("nmd,md->nm", turned, second) * inverse
    hit = crossed & (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
    return np.asarray(~hit.any(axis=1))
