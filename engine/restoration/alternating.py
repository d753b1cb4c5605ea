"""Total-variation deconvolution by alternating directions.

    min_x |K x - y|^2 / 2 + w TV(x),      z = grad x,  u its multiplier, periodic borders

    x <- (conj(K) Y + r D^*(z - u)) / (|K|^2 + r |D|^2)      in the Fourier domain
    z <- shortened by w / r (grad x + u),    u <- u + grad x - z

Wang, Yang, Yin and Zhang, A new alternating minimization algorithm for total variation image
reconstruction, SIAM J. Imaging Sciences 1 (2008); with multipliers as in Boyd et al., Distributed
optimization and statistical learning via the alternating direction method of multipliers (2011).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from engine.layers import Array
from engine.restoration.chambolle import bands
from engine.restoration.periodic import Floats, Spectrum, Torus, back, made_periodic, spectrum

Split: TypeAlias = tuple[Floats, Floats]
"""z and u, each (2, C, H', W')."""


def penalty(weight: float) -> float:
    """r: tied to the weight, that the same share is cut off in every iteration."""
    return max(0.02, 10 * weight)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a move of the weight does not change: conj(K) Y, |K|^2 and |D|^2.

    In single precision: |K|^2 + r |D|^2 is nowhere small, as r is not and K is 1 where D is 0.
    """

    grid: Torus
    across: Spectrum
    power: Floats
    roughness: Floats

    @classmethod
    def of(cls, picture: Array, kernel: Array, borders: str) -> Kept:
        """For (H, W[, C])."""
        frame = made_periodic(picture, kernel, borders, np.float32)
        grid, (height, width) = frame.grid, frame.grid.shape
        down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
        roughness = 4 * np.sin(np.pi * down) ** 2 + 4 * np.sin(np.pi * right) ** 2
        across = np.stack([spectrum(plane) for plane in frame.values])
        across *= np.conj(grid.blur)
        return cls(grid, across, np.abs(grid.blur) ** 2, roughness.astype(np.float32))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H', W') of the picture."""
        return len(self.across), *self.grid.shape


def descend(
    kept: Kept, weight: float, iterations: int, *, together: bool, start: Split | None = None
) -> Generator[None, None, tuple[Floats, Split]]:
    """The picture (C, H', W') after a fixed number of iterations, and what goes on from there;
    yields after each, and between channels. `together` takes one length of the gradient for all
    channels."""
    shape, r = kept.shape, penalty(weight)
    z = np.zeros((2, *shape), np.float32) if start is None else start[0].copy()
    u = np.zeros((2, *shape), np.float32) if start is None else start[1].copy()
    below, x = kept.power + np.float32(r) * kept.roughness, np.empty(shape, np.float32)
    for _ in range(iterations):
        for c, plane in enumerate(x):
            found = spectrum(_adjoint(z[:, c] - u[:, c]))
            found *= np.float32(r)
            found += kept.across[c]
            found /= below
            plane[:] = back(found, kept.grid.shape)
            u[0, c] += np.roll(plane, -1, 0) - plane
            u[1, c] += np.roll(plane, -1, 1) - plane
            yield
        for rows in bands(shape):
            _shorten(z[:, :, rows], u[:, :, rows], weight / r, together=together)
            yield
    return x, (z, u)


def _adjoint(q: Floats) -> Floats:
    """Of the forward difference, with periodic borders: (2, H', W') to (H', W')."""
    found: Floats = np.roll(q[0], 1, 0) - q[0]
    found += np.roll(q[1], 1, 1)
    found -= q[1]
    return found


def _shorten(z: Floats, u: Floats, by: float, *, together: bool) -> None:
    """z becomes u shortened by so much, and u what was cut off, (2, C, h, W') in place."""
    length = np.einsum("dchw,dchw->chw", u, u)
    if together:
        length = length.sum(axis=0, keepdims=True)
    share = np.maximum(1 - np.float32(by) / np.sqrt(np.maximum(length, 1e-30)), 0)
    np.multiply(u, share, out=z)
    u -= z
