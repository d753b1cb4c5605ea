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

from engine.restoration.periodic import Floats, Periodic, Spectrum, back, spectrum

Split: TypeAlias = tuple[Floats, Floats]
"""z and u, each (2, C, H', W')."""


def penalty(weight: float) -> float:
    """r: tied to the weight, that the same share is cut off in every iteration."""
    return max(0.02, 10 * weight)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a move of the weight does not change: conj(K) Y, |K|^2 and |D|^2."""

    frame: Periodic
    across: Spectrum
    power: Floats
    roughness: Floats

    @classmethod
    def of(cls, frame: Periodic) -> Kept:
        height, width = frame.shape
        down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
        roughness = 4 * np.sin(np.pi * down) ** 2 + 4 * np.sin(np.pi * right) ** 2
        across = np.conj(frame.blur) * spectrum(frame.values)
        return cls(frame, across, np.abs(frame.blur) ** 2, roughness)


def descend(
    kept: Kept, weight: float, iterations: int, *, together: bool, start: Split | None = None
) -> Generator[None, None, tuple[Floats, Split]]:
    """The picture (C, H', W') after a fixed number of iterations, and what goes on from there;
    yields after each. `together` takes one length of the gradient for all channels."""
    shape, r = kept.frame.values.shape, penalty(weight)
    z = np.zeros((2, *shape)) if start is None else start[0].copy()
    u = np.zeros((2, *shape)) if start is None else start[1].copy()
    below, x = kept.power + r * kept.roughness, kept.frame.values
    for _ in range(iterations):
        q = z - u
        # The adjoint of the forward difference, with periodic borders.
        back_down, back_right = np.roll(q[0], 1, 1) - q[0], np.roll(q[1], 1, 2) - q[1]
        x = back((kept.across + r * spectrum(back_down + back_right)) / below, kept.frame.shape)
        u[0] += np.roll(x, -1, 1) - x
        u[1] += np.roll(x, -1, 2) - x
        length = np.einsum("dchw,dchw->chw", u, u)
        if together:
            length = length.sum(axis=0, keepdims=True)
        share = np.maximum(1 - weight / r / np.sqrt(np.maximum(length, 1e-300)), 0)
        np.multiply(u, share, out=z)
        u -= z
        yield
    return x, (z, u)
