"""What networks that are trained on the spot share: patches, their loss, a picture in strips."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.layers import Array
from engine.restoration import sliders
from engine.restoration.networks import MULTIPLE, Shape
from engine.restoration.objectives import relative
from engine.restoration.training_pictures import Pool

GROUPS, PATCHES, SIDE = 4, 2, 64
"""Slider positions in a step, patches that each sees, and their side."""
AVERAGING = 0.995
STRIP = 2**18
"""Pixels of a strip of a large picture."""


def tiny(channels: int) -> Shape:
    """A restoring network of 13 (grey) or 20 (colour) thousand weights.

    Four pixels become one place, of 4 or 12 numbers; fewer features than that would let no more
    than their share of the noise through to be taken away.
    """
    return Shape(1, 8, 16) if channels == 1 else Shape(channels, 16, 16, blocks=1)


@functools.lru_cache(maxsize=2)
def pool_for(channels: int, seed: int) -> Pool:
    """Pictures to learn from, fewer than for the shipped networks: they are made in a moment, and
    kept for the next fit with that seed. Nothing changes a pool."""
    return Pool(channels, seed, made=8, side=128)


def spoilt(
    pool: Pool, omegas: Array, names: tuple[str, ...], rng: np.random.Generator,
    patches: int = PATCHES, side: int = SIDE,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Patches as the positions (G, p) say that they were spoilt, and what they were."""
    clean = pool.patches(len(omegas) * patches, side + 2 * sliders.MARGIN, rng)
    places = [dict(zip(names, omega.tolist(), strict=True)) for omega in omegas]
    parts = [sliders.spoilt(part, at, rng)
             for part, at in zip(np.split(clean, len(omegas)), places, strict=True)]  # fmt: skip
    return batch(np.concatenate(parts)), batch(sliders.inside(clean))


def batch(planes: Array) -> Tensor:
    """(B, C, H, W) for a network."""
    made = torch.from_numpy(np.ascontiguousarray(planes, np.float32))
    return made.contiguous(memory_format=torch.channels_last)


def mean_relative(output: Tensor, seen: Tensor, target: Tensor, groups: int) -> Tensor:
    """Mean over positions of the error relative to how far the position's patches were spoilt."""
    parts = zip(*(x.chunk(groups) for x in (output, seen, target)), strict=True)
    found = [relative(o, t, float((s - t).square().mean().sqrt())) for o, s, t in parts]
    return torch.stack(found).mean()


class RunningMean:
    """Running mean of a network's parameters and buffers."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.values = {k: v.detach().clone() for k, v in network.state_dict().items()}
        self._count = 0

    @torch.no_grad()
    def follow(self, network: torch.nn.Module) -> None:
        """Take up what the network is now."""
        self._count += 1
        # Early on the mean would still remember the start.
        keep = min(AVERAGING, (1 + self._count) / (10 + self._count))
        now = network.state_dict()
        torch._foreach_lerp_(list(self.values.values()), [now[k] for k in self.values], 1 - keep)

    def arrays(self) -> dict[str, Array]:
        return {k: v.numpy().copy() for k, v in self.values.items()}


def restored(values: Array, shape: Shape, network: Callable[[Tensor], Tensor]) -> Array:
    """A picture (H, W) or (H, W, 3) through a network, in strips that agree with the whole."""
    height, width = values.shape[:2]
    planes = values[None] if values.ndim == 2 else np.moveaxis(values, 2, 0)
    rows = max(MULTIPLE, STRIP // max(1, width) // MULTIPLE * MULTIPLE)
    found = np.empty_like(planes)
    for top in range(0, height, rows):
        first, last = max(0, top - shape.halo), min(height, top + rows + shape.halo)
        strip = planes[:, first:last]
        more = [(0, 0), (0, -strip.shape[1] % MULTIPLE), (0, -width % MULTIPLE)]
        with torch.no_grad():
            out = network(batch(np.pad(strip, more, mode="reflect")[None]))[0].numpy()
        inside = out[:, top - first : top - first + rows, :width]
        found[:, top : top + rows] = inside[:, : min(rows, height - top)]
    moved = found[0] if values.ndim == 2 else np.moveaxis(found, 0, 2)
    return np.ascontiguousarray(moved, np.float32)


def loaded(network: torch.nn.Module, arrays: Mapping[str, Any]) -> torch.nn.Module:
    """The network with these parameters."""
    network.load_state_dict({k: torch.tensor(np.asarray(v)) for k, v in arrays.items()})
    return network.eval()
