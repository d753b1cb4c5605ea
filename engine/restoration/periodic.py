"""A photograph made periodic: what Fourier transforms ask of it, and a photograph is not.

Mirrored by the width of the kernel on every side; there it fades, by half a cosine, into its own
circular blur, which has no seam where the far sides meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.layers import Array
from engine.params import LIVE, Doc
from engine.restoration.degradations import transfer

Floats = NDArray[np.floating[Any]]
Spectrum = NDArray[np.complexfloating[Any, Any]]

Borders = Annotated[
    Literal["mirrored", "periodic"],
    LIVE,
    Doc("What lies beyond the borders: the picture mirrored, or its far side."),
]


def spectrum(values: Floats) -> Spectrum:
    """(..., H, W) to (..., H, W // 2 + 1)."""
    found: Spectrum = fft.rfft2(values, axes=(-2, -1))
    return found


def back(spectrum: Spectrum, shape: tuple[int, int]) -> Floats:
    """Inverse of `spectrum`."""
    found: Floats = fft.irfft2(spectrum, s=shape, axes=(-2, -1))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Torus:
    """A periodic grid of `shape` (H', W'), the transfer function (H', W' // 2 + 1) of a blur on it,
    and where the picture lies."""

    shape: tuple[int, int]
    blur: Spectrum
    inside: tuple[slice, slice]

    def cut(self, values: Floats) -> Floats:
        """The part (..., H, W) that is picture."""
        return values[..., self.inside[0], self.inside[1]]

    def blurred(self, values: Floats) -> Floats:
        """(..., H', W') through the blur."""
        return back(self.blur * spectrum(values), self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Periodic:
    """A picture on a periodic grid: `values` (C, H', W')."""

    values: Floats
    grid: Torus


def made_periodic(
    picture: Array, kernel: Array, borders: str, kind: type[np.floating[Any]] = np.float64
) -> Periodic:
    """The picture (H, W[, C]) for a kernel, as it is or with mirrored borders; it is kept, and is
    transformed from there on, in numbers of that kind."""
    whole = picture[..., None] if picture.ndim == 2 else picture
    shape, rows, columns = whole.shape[:2], (0, 0), (0, 0)
    if borders != "periodic":
        rows, columns = (_beyond(n, k) for n, k in zip(shape, kernel.shape, strict=True))
    inside = tuple(
        slice(before, before + n) for n, (before, _) in zip(shape, (rows, columns), strict=True)
    )
    size = (sum(rows) + shape[0], sum(columns) + shape[1])
    grid = Torus(size, transfer(kernel, size), (inside[0], inside[1]))
    values = np.empty((whole.shape[2], *size), kind)
    # Channel by channel: of a large picture there is no room for the transforms of all.
    for channel, plane in enumerate(np.moveaxis(whole, 2, 0)):
        plane = np.asarray(plane, np.float64)
        values[channel] = plane if borders == "periodic" else _faded(plane, grid, rows, columns)
    return Periodic(values, replace(grid, blur=_of_kind(grid.blur, kind)))


def _of_kind(blur: Spectrum, kind: type[np.floating[Any]]) -> Spectrum:
    return np.asarray(blur, np.result_type(kind, np.complex64))


def _beyond(n: int, k: int) -> tuple[int, int]:
    """What is added to n pixels on both sides for k of the kernel."""
    return k, int(fft.next_fast_len(n + 2 * k, real=True)) - n - k


def _faded(plane: Floats, grid: Torus, rows: tuple[int, int], columns: tuple[int, int]) -> Floats:
    """A plane mirrored at its borders, and beyond them fading into its own circular blur."""
    wide = np.pad(plane, (rows, columns), mode="reflect")
    smooth = grid.blurred(wide)
    fades = (_fade(before, n, after) for n, (before, after) in
             zip(plane.shape, (rows, columns), strict=True))  # fmt: skip
    down, across = fades
    for row, share in enumerate(down):
        kept = share * across
        wide[row] = kept * wide[row] + (1 - kept) * smooth[row]
    return wide


def _fade(before: int, n: int, after: int) -> Floats:
    """1 over the picture, half a cosine to 0 at both ends."""
    rise, fall = (0.5 - 0.5 * np.cos(np.pi * (np.arange(k) + 0.5) / k) for k in (before, after))
    return np.concatenate([rise, np.ones(n), fall[::-1]])
