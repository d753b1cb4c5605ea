"""Blocks of 8 x 8 pixels and their cosine coefficients, as JPEG takes them (ITU-T T.81, A.3)."""

from __future__ import annotations

import numpy as np
from scipy import fft

from engine.layers import Array
from engine.restoration.picture_layers import grey

ROUNDED = 0.4
"""Standard deviation of a coefficient about its multiple, in levels: the rounding of grey pixels
makes 0.29, of colours less, and decoders differ among each other by the rest."""
STRAY = 0.05
"""Share of coefficients that may lie anywhere."""
EVIDENCE = 30.0
"""The least logarithm of the likelihood ratio, e^30 being 10^13."""
LOOKED_AT = 256
"""Side of the part on which the first block is looked for."""


def middle(values: Array, side: int) -> Array:
    """At most `side` pixels each way, beginning at multiples of 8."""
    top, left = (max(0, (n - side) // 2 // 8 * 8) for n in values.shape[:2])
    return values[top : top + side, left : left + side]


def luminance(values: Array) -> Array:
    """(H, W) float64 in levels about mid-grey, of pixels (H, W) or (H, W, 3) with white at 1."""
    return 255 * np.asarray(grey(values), np.float64) - 128


def cut_off(values: Array) -> Array:
    """Where (H, W) a pixel is black or white in some channel, and was perhaps more than that."""
    edge: Array = np.logical_or(values <= 0, values >= 1)
    return edge if values.ndim == 2 else np.any(edge, axis=2)


def blocks(picture: Array, at: tuple[int, int]) -> Array:
    """Whole blocks (n, 8, 8) of a picture (H, W), the first one at `at`."""
    top, left = at
    rows, columns = (picture.shape[0] - top) // 8, (picture.shape[1] - left) // 8
    cut = picture[top : top + 8 * rows, left : left + 8 * columns]
    found: Array = cut.reshape(rows, 8, columns, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    return found


def coefficients(of: Array) -> Array:
    """The cosine transform (n, 64) of blocks, scaled as JPEG does it: orthonormal."""
    found: Array = fft.dctn(of, axes=(1, 2), norm="ortho").reshape(-1, 64)
    return found


def likelihood_ratio(values: Array, step: Array | float) -> Array:
    """How much likelier coefficients are as multiples of a step than as any number."""
    away = values - step * np.round(values / step)
    top = 1 / (ROUNDED * (2 * np.pi) ** 0.5)
    found: Array = (1 - STRAY) * step * top * np.exp(-0.5 * (away / ROUNDED) ** 2) + STRAY
    return found


def emptiest(picture: Array) -> tuple[int, int]:
    """Where blocks begin so that the most of their coefficients are all but zero."""
    part = picture[:LOOKED_AT, :LOOKED_AT]
    starts = [(top, left) for top in range(8) for left in range(8)]
    empty = [float(np.mean(np.abs(coefficients(blocks(part, at))) < 2 * ROUNDED))
             for at in starts]  # fmt: skip
    return starts[int(np.argmax(empty))]
