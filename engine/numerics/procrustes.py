"""Rigid alignment of one point set to another: rotation and reflection, never a scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rotation(points: Floats, target: Floats) -> Floats:
    """The orthogonal R (d, d) that minimises |points R - target| for centred (n, d) sets.

    Schoenemann 1966: R = U V' from the singular vectors of points' target.
    """
    left, _, right = np.linalg.svd(points.T @ target)
    return np.asarray(left @ right)


def align(points: Floats, target: Floats) -> Floats:
    """`points` (n, d) turned, mirrored and moved onto `target` (n, d); all distances are kept."""
    centre = target.mean(axis=0)
    centred = points - points.mean(axis=0)
    return np.asarray(centred @ rotation(centred, target - centre) + centre)


def turn(points: Floats, target: Floats) -> Floats:
    """`points` (n, d) centred at 0 and turned or mirrored to lie as `target` (n, d) does."""
    centred = points - points.mean(axis=0)
    return np.asarray(centred @ rotation(centred, target - target.mean(axis=0)))


def distance(points: Floats, target: Floats) -> float:
    """Root mean square distance after `align`, relative to the target's own spread."""
    gap = align(points, target) - target
    spread = target - target.mean(axis=0)
    return float(np.sqrt(np.sum(gap**2) / np.sum(spread**2)))
