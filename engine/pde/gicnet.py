"""GICNet, the inverse network: coefficients from a field known at any places.

    f_p = swish(lift N)                                  P channels at each place
    v_p(g) = sum_i k_p(g, x_i) f_p(x_i) / (sum_i k_p(g, x_i) + 1e-6),  k_p of length l_p, trained
    v, g -> convolutions -> dense; with the given coefficients -> dense -> mean, a, C of z

arXiv 2301.11040, section 3.2. The grid g is fixed, the places are not: any number in any order.
The kernel is a product over axes, which is how it is summed. Lengths start between 1 and 1e-2 of
half the box: below that no place is near a grid point, and nothing is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.pde.family import Family
from engine.pde.forward import Arrays, glorot

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 20
GRID = {1: 20, 2: 10, 3: 6}
WIDTH = {1: 3, 2: 2, 3: 2}
LEFT = 1e-6
SUMMED = 100
KNOWN_WIDTH = 50
LOWEST, HIGHEST = 1e-6, 1.0
"""Bounds of the variances of z."""


class GICNet:
    """Tensors by name in `leaves`, those of the networks alone."""

    def __init__(self, family: Family, leaves: Mapping[str, Tensor], rank: int) -> None:
        self.family, self.leaves, self.rank = family, leaves, rank

        def count(kind: str) -> int:
            return sum(name.startswith(f"inverse.{kind}.w.") for name in leaves)

        self.lifts, self.convolutions, self.heads = count("lift"), count("conv"), count("head")
        self.dimension = family.problem.dimension

    def at(self, x: Tensor, values: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean (S, q), variances (S, q) and factor (S, q, r) of the sought coefficients, scaled.

        x (S, n, d) are places, `values` (S, n, m) N there; of z (S, k) the given ones are read.
        """
        import torch

        grid = self.on_grid(x, values)
        for k in range(self.convolutions):
            grid = self._convolved(grid, str(k))
        now = grid.flatten(1) @ self.leaves["inverse.sum.w"] + self.leaves["inverse.sum.b"]
        if self.family.given:
            known = z[:, z.shape[1] - self.family.given :]
            known = torch.nn.functional.silu(
                known @ self.leaves["inverse.known.w"] + self.leaves["inverse.known.b"]
            )
            now = torch.cat([now, known], 1)
        for k in range(self.heads):
            now = torch.nn.functional.silu(self._dense(now, f"head.{{}}.{k}"))
        out = now @ self.leaves["inverse.out.w"] + self.leaves["inverse.out.b"]
        q = len(self.family.sought)
        variance = LOWEST + (HIGHEST - LOWEST) * torch.sigmoid(out[:, q : 2 * q])
        return out[:, :q], variance, out[:, 2 * q :].reshape(len(out), q, self.rank)

    def on_grid(self, x: Tensor, values: Tensor) -> Tensor:
        """Channels on the fixed grid (S, P, g, ..)."""
        import torch

        lifted = values
        for k in range(self.lifts):
            lifted = torch.nn.functional.silu(self._dense(lifted, f"lift.{{}}.{k}"))
        f = lifted.transpose(1, 2)[:, :, None, :]
        low = torch.tensor(self.family.problem.bounds[:, 0], dtype=x.dtype, device=x.device)
        high = torch.tensor(self.family.problem.bounds[:, 1], dtype=x.dtype, device=x.device)
        xi = 2 * (x - low) / (high - low) - 1
        grid = torch.linspace(-1, 1, GRID[self.dimension], dtype=x.dtype, device=x.device)
        by_length = -0.5 * (-2 * self.leaves["inverse.length"]).exp()[:, None, None]
        kernels = []
        for j in range(self.dimension):
            square = (grid[:, None] - xi[:, None, :, j]).square()
            kernels.append((by_length * square[:, None]).exp())
        whole = kernels[0]
        for kernel in kernels[1:-1]:
            whole = (whole[:, :, :, None, :] * kernel[:, :, None, :, :]).flatten(2, 3)
        if self.dimension == 1:
            above, below = (whole * f).sum(3), whole.sum(3)
        else:
            last = kernels[-1].transpose(2, 3)
            above, below = (whole * f) @ last, whole @ last
        found = above / (below + LEFT)
        return found.reshape(*found.shape[:2], *[len(grid)] * self.dimension)

    def _convolved(self, now: Tensor, name: str) -> Tensor:
        import torch

        kernel, bias = self.leaves[f"inverse.conv.w.{name}"], self.leaves[f"inverse.conv.b.{name}"]
        if name == "0":
            line = torch.linspace(-1, 1, now.shape[-1], dtype=now.dtype, device=now.device)
            places = torch.stack(torch.meshgrid(*[line] * self.dimension, indexing="ij"))
            now = torch.cat([now, places.expand(len(now), *places.shape)], 1)
        function = getattr(torch.nn.functional, f"conv{self.dimension}d")
        return torch.nn.functional.silu(function(now, kernel, bias))

    def _dense(self, now: Tensor, name: str) -> Tensor:
        w, b = (self.leaves["inverse." + name.format(part)] for part in ("w", "b"))
        return now @ w + b


def start(
    family: Family, *, lifts: int, convolutions: int, head: int, rank: int,
    rng: np.random.Generator,
) -> Arrays:  # fmt: skip
    """Arrays to begin with."""
    d, m, q = family.problem.dimension, len(family.problem.unknowns), len(family.sought)
    arrays: Arrays = {"inverse.length": np.log(np.geomspace(1.0, 1e-2, CHANNELS))}
    for k in range(lifts):
        rows = m if k == 0 else CHANNELS
        arrays[f"inverse.lift.w.{k}"] = glorot(rows, CHANNELS, rng)
        arrays[f"inverse.lift.b.{k}"] = 0.5 * rng.standard_normal(CHANNELS)
    side = GRID[d]
    convolutions = min(convolutions, (side - 1) // (WIDTH[d] - 1))
    for k in range(convolutions):
        rows = CHANNELS + d * (k == 0)
        shape = (CHANNELS, rows, *[WIDTH[d]] * d)
        scale = np.sqrt(2 / (rows + CHANNELS) / WIDTH[d] ** d)
        arrays[f"inverse.conv.w.{k}"] = scale * rng.standard_normal(shape)
        arrays[f"inverse.conv.b.{k}"] = np.zeros(CHANNELS)
        side -= WIDTH[d] - 1
    arrays["inverse.sum.w"] = glorot(CHANNELS * side**d, SUMMED, rng)
    arrays["inverse.sum.b"] = np.zeros(SUMMED)
    rows = SUMMED
    if family.given:
        arrays["inverse.known.w"] = glorot(family.given, KNOWN_WIDTH, rng)
        arrays["inverse.known.b"] = np.zeros(KNOWN_WIDTH)
        rows += KNOWN_WIDTH
    for k in range(2):
        arrays[f"inverse.head.w.{k}"] = glorot(rows, head, rng)
        arrays[f"inverse.head.b.{k}"] = np.zeros(head)
        rows = head
    arrays["inverse.out.w"] = glorot(rows, q * (2 + rank), rng)
    arrays["inverse.out.b"] = np.concatenate([np.zeros(q), np.full(q, -1.0), np.zeros(q * rank)])
    return arrays
