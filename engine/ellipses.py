"""Ellipses that hold 95 % of where a vector's tip may lie, as triangles.

The screen and the printed figure draw the same ones.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Reals = NDArray[np.floating]

SIDES = 24
SHARE = 0.95


def half_axes(frames: Reals, covariance: Reals) -> Reals:
    """The two longest half axes (n, d, 2) of each region that holds 95 % of a Gaussian.

    `covariance` (n, t, t) belongs to components along the columns of `frames` (n, d, t). Of an
    ellipsoid these are the axes of its largest section; in one dimension the second is zero.
    """
    values, turned = np.linalg.eigh(covariance)
    reach = _reach(covariance.shape[1]) * np.sqrt(values.clip(min=0.0))
    axes = (frames @ turned) * reach[:, None, :]
    longest = axes[:, :, ::-1][:, :, :2]
    return np.pad(longest, ((0, 0), (0, 0), (0, 2 - longest.shape[2])))


@functools.cache
def _reach(dimension: int) -> float:
    from scipy.stats import chi2

    return float(np.sqrt(chi2.ppf(SHARE, dimension)))


def discs(centres: Reals, axes: Reals) -> Floats:
    """Corners (3 n SIDES, 3) of ellipses around `centres` (n, d) with half axes (n, d, 2)."""
    rim = centres[:, None, :] + np.einsum("sa,nda->nsd", _circle(), axes)
    middle = np.broadcast_to(centres[:, None, :], rim.shape)
    corners = np.stack([middle, rim, np.roll(rim, -1, axis=1)], axis=2).reshape(-1, rim.shape[2])
    return np.pad(corners, ((0, 0), (0, 3 - corners.shape[1]))).astype(np.float32)


def outlines(centres: Reals, axes: Reals) -> Reals:
    """Closed outlines (n, SIDES, d) of the same ellipses."""
    return np.asarray(centres[:, None, :] + np.einsum("sa,nda->nsd", _circle(), axes))


def _circle() -> Reals:
    angle = 2 * np.pi * np.arange(SIDES) / SIDES
    return np.column_stack([np.cos(angle), np.sin(angle)])
