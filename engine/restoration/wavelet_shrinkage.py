"""Wavelet coefficients shrunk by a threshold of their own in every band.

Chang, Yu and Vetterli, Adaptive wavelet thresholding for image denoising and compression, IEEE
Trans. Image Processing 9 (2000): in a band of mean square v the threshold is

    T = sigma^2 / sqrt(max(v - sigma^2, 0))

and Coifman and Donoho, Translation-invariant de-noising (1995): the mean over shifts of the grid
has no blocks. Where the transforms are kept, a move of the threshold costs their inverse.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.floating[Any]]
Shrink = Literal["soft", "hard"]

KEPT_COARSE = 3
"""Levels, of those that a picture allows, that are left as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Coefficients of a channel, as PyWavelets gives them, with the grid moved by `place`."""

    place: tuple[int, int]
    channel: int
    bands: Any


def depth(shape: tuple[int, ...], wavelet: str) -> int:
    """Levels that are shrunk: all but the coarsest, one at least; 0 where a picture has none."""
    import pywt

    most = int(pywt.dwtn_max_level(shape, wavelet))
    return min(most, max(most - KEPT_COARSE, 1))


def placed(values: Planes, wavelet: str, shifts: int) -> Iterator[Placed]:
    """The transforms of (C, H, W) at `shifts` by `shifts` places of the grid."""
    levels = depth(values.shape[1:], wavelet)
    for i in range(shifts):
        for j in range(shifts):
            for channel, plane in enumerate(values):
                moved = np.roll(plane, (i, j), axis=(0, 1))
                yield Placed((i, j), channel, _bands(moved, wavelet, levels))


def _bands(plane: Planes, wavelet: str, levels: int) -> Any:
    import pywt

    return pywt.wavedec2(plane, wavelet, level=levels)


def threshold(band: Planes, sigma: float) -> float:
    """T of the module's docstring."""
    left = float(np.mean(band * band)) - sigma**2
    return sigma**2 / math.sqrt(max(left, float(np.finfo(band.dtype).eps)))


def shrunk(
    kept: Iterable[Placed], shape: tuple[int, ...], wavelet: str, sigma: float, mode: Shrink
) -> Generator[None, None, Planes]:
    """The planes (C, H, W) after shrinking, as if the noise had this standard deviation; yields
    after every transform."""
    total, places = np.zeros(shape), set()
    for one in kept:
        back = _shrunk(one.bands, shape, wavelet, sigma, mode)
        total[one.channel] += np.roll(back, (-one.place[0], -one.place[1]), axis=(0, 1))
        places.add(one.place)
        yield
    total /= len(places)
    return total


def _shrunk(bands: Any, shape: tuple[int, ...], wavelet: str, sigma: float, mode: Shrink) -> Planes:
    import pywt

    coarse, *details = bands
    if sigma > 0:  # PyWavelets divides by coefficients, which may vanish, even where T does
        details = [
            tuple(pywt.threshold(band, threshold(band, sigma), mode) for band in level)
            for level in details
        ]
    plane: Planes = pywt.waverec2([coarse, *details], wavelet)
    return plane[: shape[1], : shape[2]]
