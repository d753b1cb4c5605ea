"""What each slider of a network stands for, and the patches that teach it.

`strength`, `deblur` and `jpeg` say how a picture was spoilt: the same number spoils the training
patches and mixes the kernels. `detail` asks for texture in place of the smallest error. None of
the four is a blend of two pictures at its best (arXiv 2304.00898 lets one be: with squared errors
to two targets the best answer at any position is their mean, and no network is needed).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import ndimage

from engine.layers import Array
from engine.restoration import degradations, positions

SLIDERS = ("strength", "deblur", "jpeg", "detail")
STRONGEST = 50 / 255
"""Standard deviation of the noise that `strength` stands for at 1."""
WIDEST = 4.0
"""Standard deviation, in pixels, of the Gaussian blur that `deblur` stands for at 1."""
BEST, WORST = 95, 10
"""JPEG quality just above 0 and at 1 of `jpeg`; at 0 exactly there was no compression."""
MARGIN = 20
"""Pixels around a patch that its blur and its JPEG blocks may reach."""
ALONE = 0.6
"""Share of positions at which each further slider stands at 0: people mostly move one."""


def quality(jpeg: float) -> int:
    """The JPEG quality of a position above 0."""
    return round(BEST - (BEST - WORST) * jpeg)


def drawn(count: int, sliders: Sequence[str], rng: np.random.Generator) -> Array:
    """Positions (count, p) for one step of training, every slider stratified by itself."""
    found = positions.box(count, len(sliders), rng)
    for k, slider in enumerate(sliders):
        alone = ALONE if slider != "strength" else 0.1 if len(sliders) > 1 else 0.0
        found[rng.random(count) < alone, k] = 0.0
    return found


def spoilt(clean: Array, position: Mapping[str, float], rng: np.random.Generator) -> Array:
    """Patches (n, C, side, side) as the sliders say that they were spoilt, in the order in which a
    camera does it: blurred, noisy, compressed. `clean` has `MARGIN` pixels more on every side."""
    std, sigma = WIDEST * position.get("deblur", 0), STRONGEST * position.get("strength", 0)
    jpeg = position.get("jpeg", 0)
    seen = clean
    if std > 0:
        seen = ndimage.gaussian_filter(seen, (0, 0, std, std), mode="mirror", truncate=3.5)
    if sigma > 0:
        seen = seen + np.float32(sigma) * rng.standard_normal(seen.shape, np.float32)
    if jpeg > 0:
        seen = np.stack([_compressed(patch, quality(jpeg), rng) for patch in seen])
    return inside(seen)


def inside(patches: Array) -> Array:
    """Patches without their margins."""
    return patches[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def _compressed(patch: Array, quality: int, rng: np.random.Generator) -> Array:
    """(C, h, w) with its blocks of 8 pixels beginning anywhere."""
    top, left = rng.integers(8, size=2)
    picture = np.moveaxis(patch, 0, 2) if len(patch) == 3 else patch[0]
    cut = np.array(picture)
    cut[top:, left:] = degradations.jpeg(picture[top:, left:], quality)
    return np.moveaxis(cut, 2, 0) if len(patch) == 3 else cut[None]
