"""What the open picture says of a network: an error, and texture if that is asked for.

The error is told in units of the noise, by Stein's estimate (`stn`) or from the truth. To it come,
times what texture is worth, the distances between logarithms of the energies in three Laplacian
bands of what comes out and of the truth. Energies of the truth are known without it: white noise
of standard deviation sigma adds sigma^2 times what it adds at 1, which the probe tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.restoration.objectives import band_energies
from engine.restoration.patch_training import SIDE, batch

Restore = Callable[[Tensor], Tensor]
PROBE = 1e-2
"""Length of the step that the divergence is measured with."""
LEAST = 1 / 255
"""Errors are told in units of the noise, or of one level if there is less."""
FAINT = 1e-4
"""Energy of a band below which texture is not told from none."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts (n, C, side, side) of the open picture, of its truth if that is looked at, and a
    standard normal probe."""

    seen: Tensor
    truth: Tensor | None
    probe: Tensor


class Judge:
    """A picture to judge by; `sigma` is its noise, in the units of its values."""

    def __init__(self, data: Photograph, sigma: float, *, by_truth: bool) -> None:
        self.sigma = sigma
        self._seen = _planes(data.values)
        look = by_truth and data.truth is not None
        self._truth = _planes(data.truth) if look and data.truth is not None else None

    def parts(self, count: int, rng: np.random.Generator) -> Parts:
        """As many parts at random places."""
        height, width = self._seen.shape[1:]
        tops, lefts = (rng.integers(n - SIDE + 1, size=count) for n in (height, width))
        places = [np.s_[:, t : t + SIDE, s : s + SIDE] for t, s in zip(tops, lefts, strict=True)]
        seen = batch(np.stack([self._seen[p] for p in places]))
        probe = batch(rng.standard_normal(tuple(seen.shape), np.float32))
        truth = self._truth
        cut = None if truth is None else batch(np.stack([truth[p] for p in places]))
        return Parts(seen, cut, probe)

    def loss(self, restore: Restore, parts: Parts, texture: float = 0.0) -> Tensor:
        """Mean squared error over that of the noise, and `texture` times the bands' distance."""
        output, scale = restore(parts.seen), max(self.sigma, LEAST) ** 2
        if parts.truth is not None:
            error = (output - parts.truth).square().mean()
        else:
            error = (output - parts.seen).square().mean() - self.sigma**2
            if self.sigma > 0:
                moved = restore(parts.seen + PROBE * parts.probe)
                divergence = (parts.probe * (moved - output)).mean() / PROBE
                error = error + 2 * self.sigma**2 * divergence
        loss = error / scale
        if texture > 0:
            apart = (band_energies(output) + FAINT).log() - (self._wanted(parts) + FAINT).log()
            loss = loss + texture * apart.abs().mean()
        return loss

    @torch.no_grad()
    def _wanted(self, parts: Parts) -> Tensor:
        """Energies (3,) of the truth's bands, or their estimate."""
        if parts.truth is not None:
            return band_energies(parts.truth)
        noise = self.sigma**2 * band_energies(parts.probe)
        return (band_energies(parts.seen) - noise).clamp(min=0.0)


def _planes(values: Array) -> Array:
    """(C, H, W), mirrored up to the side of a patch."""
    planes = values[None] if values.ndim == 2 else np.moveaxis(values, 2, 0)
    more = [(0, 0)] + [(0, max(0, SIDE - n)) for n in planes.shape[1:]]
    return np.ascontiguousarray(np.pad(planes, more, mode="reflect"))
