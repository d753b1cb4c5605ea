"""Tangent planes of a sampled manifold, and how vectors are carried from one to the next.

A frame T_i (D, d) has orthonormal columns that span the tangent plane at point i; a tangent vector
has the coordinates T_i^T v. Frames from data have no common orientation, so what carries
coordinates from j to i is any orthogonal matrix O_ij in O(d), reflections among them: forcing a
rotation would break the gauge covariance (Singer and Wu, Vector diffusion maps and the connection
Laplacian, Communications on Pure and Applied Mathematics 65, 2012).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

EXPLAINED = 0.8
"""Share of the variance around a point that the tangent plane must hold at most points."""
BLOCK = 4_000_000
"""Numbers gathered at once: 32 MB."""


def local_directions(positions: Floats, nearest: Rows) -> tuple[Floats, Floats]:
    """Principal directions of each point and its neighbours.

    Parameters
    ----------
    positions : (n, D)
    nearest : (n, k) rows of the neighbours, without the point itself

    Returns
    -------
    directions : (n, D, r) orthonormal columns, widest first, r = min(D, k)
    variances : (n, r) squared singular values
    """
    n, dimension = positions.shape
    k = nearest.shape[1] + 1
    rank = min(dimension, k - 1)
    directions = np.empty((n, dimension, rank))
    variances = np.empty((n, rank))
    block = max(1, BLOCK // (k * dimension))
    for start in range(0, n, block):
        own = np.arange(start, min(start + block, n))
        around = positions[np.column_stack([own, nearest[own]])]
        directions[own], variances[own] = principal_directions(around)
    return directions, variances


def principal_directions(around: Floats) -> tuple[Floats, Floats]:
    """Directions (m, D, r) and variances (m, r) of clouds (m, k, D), widest first."""
    _, k, dimension = around.shape
    rank = min(dimension, k - 1)
    around = around - around.mean(axis=1, keepdims=True)
    if dimension <= k:
        values, vectors = np.linalg.eigh(np.einsum("nka,nkb->nab", around, around))
        return vectors[:, :, ::-1][:, :, :rank], values[:, ::-1][:, :rank].clip(min=0.0)
    _, singular, right = np.linalg.svd(around, full_matrices=False)
    return right[:, :rank].transpose(0, 2, 1), singular[:, :rank] ** 2


def estimated_dimension(variances: Floats, share: float = EXPLAINED) -> int:
    """The smallest d whose explained variance, less its spread from point to point, is `share`."""
    total = variances.sum(axis=1, keepdims=True)
    explained = np.cumsum(variances, axis=1) / np.where(total > 0, total, 1.0)
    sure = explained.mean(axis=0) - explained.std(axis=0)
    enough = np.flatnonzero(sure >= share)
    return int(enough[0]) + 1 if len(enough) else variances.shape[1]


def transports(frames: Floats, first: Rows, second: Rows) -> tuple[Floats, Floats]:
    """O (m, d, d) nearest to T_i^T T_j for every pair (i, j), and how near the planes are.

    Returns
    -------
    carried : (m, d, d), coordinates at `second` to coordinates at `first`
    cosines : (m,) cosine of the largest angle between the two planes; below one half (60 degrees)
        the sheet is under-sampled there and the transport is a guess
    """
    m, d = len(first), frames.shape[2]
    carried, cosines = np.empty((m, d, d)), np.empty(m)
    block = max(1, BLOCK // (2 * frames.shape[1] * d))
    for start in range(0, m, block):
        part = slice(start, start + block)
        overlap = np.einsum("mDa,mDb->mab", frames[first[part]], frames[second[part]])
        carried[part], cosines[part] = polar_factor(overlap)
    return carried, cosines


def polar_factor(matrices: Floats) -> tuple[Floats, Floats]:
    """The nearest orthogonal matrices to (m, d, d), and the smallest singular values (m,)."""
    d = matrices.shape[1]
    if d == 1:
        return np.where(matrices < 0, -1.0, 1.0), np.abs(matrices[:, 0, 0])
    if d == 2:
        return _polar_factor_2(matrices)
    left, singular, right = np.linalg.svd(matrices)
    return left @ right, singular[:, -1]


def _polar_factor_2(m: Floats) -> tuple[Floats, Floats]:
    """The nearest rotation or the nearest reflection, whichever has the sign of det M."""
    turn = np.stack([m[:, 0, 0] + m[:, 1, 1], m[:, 1, 0] - m[:, 0, 1]])
    flip = np.stack([m[:, 0, 0] - m[:, 1, 1], m[:, 1, 0] + m[:, 0, 1]])
    turning, flipping = np.hypot(*turn), np.hypot(*flip)
    rotates = turning >= flipping
    size = np.maximum(np.maximum(turning, flipping), np.finfo(float).tiny)
    c, s = np.where(rotates, turn, flip) / size
    sign = np.where(rotates, 1.0, -1.0)
    found = np.empty_like(m)
    found[:, 0, 0], found[:, 1, 0] = c, s
    found[:, 0, 1], found[:, 1, 1] = -sign * s, sign * c
    return found, np.abs(turning - flipping) / 2
