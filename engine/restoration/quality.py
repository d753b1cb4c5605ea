"""How near a picture is to the truth, and what can be said without one."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from engine.layers import Array

ROWS = 512
"""Rows that are compared at once: large pictures are not held in double precision."""


REACH = 5
"""Pixels on every side of one that its window holds."""


def psnr(picture: Array, truth: Array) -> float:
    """Peak signal to noise ratio in dB over all pixels and channels, for a peak of 1."""
    total = 0.0
    for top in range(0, len(truth), ROWS):
        one, other = (np.asarray(p[top : top + ROWS], np.float64) for p in (picture, truth))
        total += float(np.sum((one - other) ** 2))
    error = total / max(1, np.size(truth))
    return float("inf") if error == 0 else float(-10 * np.log10(error))


def ssim(picture: Array, truth: Array) -> float:
    """Structural similarity (Wang et al. 2004), Gaussian window of 1.5 pixels (11 by 11), K1 =
    0.01, K2 = 0.03, population moments, mean over channels and over pixels whose window lies
    inside; for a range of 1."""
    if picture.ndim == 3:
        channels = range(picture.shape[2])
        return float(np.mean([ssim(picture[..., k], truth[..., k]) for k in channels]))
    height, width = picture.shape
    total = 0.0
    for top in range(0, height - 2 * REACH, ROWS):
        rows = slice(top, min(height, top + ROWS + 2 * REACH))
        one, other = (np.asarray(p[rows], np.float64) for p in (picture, truth))
        total += float(_likeness(one, other)[REACH:-REACH, REACH:-REACH].sum())
    return total / float((height - 2 * REACH) * (width - 2 * REACH))


def _likeness(one: Array, other: Array) -> Array:
    def mean(x: Array) -> Array:
        return np.asarray(ndimage.gaussian_filter(x, 1.5, truncate=3.5))

    a, b = mean(one), mean(other)
    va, vb, ab = mean(one * one) - a * a, mean(other * other) - b * b, mean(one * other) - a * b
    found = (2 * a * b + 1e-4) * (2 * ab + 9e-4)
    found /= (a * a + b * b + 1e-4) * (va + vb + 9e-4)
    return np.asarray(found)
