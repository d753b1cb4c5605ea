"""A photograph made periodic: what Fourier transforms ask of it, and a photograph is not.

Mirrored by the width of the kernel on every side; there it fades, by half a cosine, into its own
circular blur, which has no seam where the far sides meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.layers import Array
from engine.params import LIVE, Doc
from engine.restoration import planes
from engine.restoration.degradations import transfer

Floats = NDArray[np.float64]
Spectrum = NDArray[np.complex128]

Borders = Annotated[
    Literal["mirrored", "periodic"],
    LIVE,
    Doc("What lies beyond the borders: the picture mirrored, or its far side."),
]


def spectrum(values: Floats) -> Spectrum:
    """(C, H, W) to (C, H, W // 2 + 1)."""
    found: Spectrum = fft.rfft2(values, axes=(1, 2))
    return found


def back(spectrum: Spectrum, shape: tuple[int, int]) -> Floats:
    """Inverse of `spectrum`."""
    found: Floats = fft.irfft2(spectrum, s=shape, axes=(1, 2))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Periodic:
    """A picture on a periodic grid: `values` (C, H', W'), the transfer function of the blur, and
    where the picture itself lies."""

    values: Floats
    blur: Spectrum
    inside: tuple[slice, slice]

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape[1], self.values.shape[2]

    def cut(self, values: Floats) -> Floats:
        """The part (C, H, W) that is picture."""
        return values[:, self.inside[0], self.inside[1]]

    def blurred(self, values: Floats) -> Floats:
        """Through the blur, with periodic borders."""
        return back(self.blur * spectrum(values), self.shape)


def made_periodic(picture: Array, kernel: Array, borders: str) -> Periodic:
    """The picture (H, W[, C]) for a kernel, as it is or with mirrored borders."""
    values = planes.split(picture, np.float64)
    if borders == "periodic":
        whole = slice(None)
        return Periodic(values, transfer(kernel, values.shape[1:]), (whole, whole))
    sides, inside, fades = [], [], []
    for n, k in zip(values.shape[1:], kernel.shape, strict=True):
        length = fft.next_fast_len(n + 2 * k, real=True)
        sides.append((k, length - n - k))
        inside.append(slice(k, k + n))
        fades.append(_fade(k, n, length - n - k))
    wide = np.pad(values, ((0, 0), *sides), mode="reflect")
    blur = transfer(kernel, wide.shape[1:])
    kept = fades[0][:, None] * fades[1][None]
    smooth = back(blur * spectrum(wide), wide.shape[1:])
    return Periodic(kept * wide + (1 - kept) * smooth, blur, (inside[0], inside[1]))


def _fade(before: int, n: int, after: int) -> Floats:
    """1 over the picture, half a cosine to 0 at both ends."""
    rise, fall = (0.5 - 0.5 * np.cos(np.pi * (np.arange(k) + 0.5) / k) for k in (before, after))
    return np.concatenate([rise, np.ones(n), fall[::-1]])
