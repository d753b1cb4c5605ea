"""How near a picture is to the truth, and what can be said without one."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from engine.layers import Array


def psnr(picture: Array, truth: Array) -> float:
    """Peak signal to noise ratio in dB over all pixels and channels, for a peak of 1."""
    error = float(np.mean((np.asarray(picture, np.float64) - np.asarray(truth, np.float64)) ** 2))
    return float("inf") if error == 0 else float(-10 * np.log10(error))


def ssim(picture: Array, truth: Array) -> float:
    """Structural similarity (Wang et al. 2004), Gaussian window of 1.5 pixels (11 by 11), K1 =
    0.01, K2 = 0.03, population moments, mean over channels and over pixels whose window lies
    inside; for a range of 1."""
    one, other = (np.asarray(p, np.float64) for p in (picture, truth))
    if one.ndim == 3:
        return float(np.mean([ssim(one[..., k], other[..., k]) for k in range(one.shape[2])]))

    def mean(x: Array) -> Array:
        return np.asarray(ndimage.gaussian_filter(x, 1.5, truncate=3.5))

    a, b = mean(one), mean(other)
    va, vb, ab = mean(one * one) - a * a, mean(other * other) - b * b, mean(one * other) - a * b
    found = (2 * a * b + 1e-4) * (2 * ab + 9e-4) / ((a * a + b * b + 1e-4) * (va + vb + 9e-4))
    return float(found[5:-5, 5:-5].mean())
