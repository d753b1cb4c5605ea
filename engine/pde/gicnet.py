"""GICNet, the inverse network: coefficients from a field known at any places.

    f_p = swish(lift N)                                  P channels at each place
    v_p(g) = sum_i k_p(g, x_i) f_p(x_i) / (sum_i k_p(g, x_i) + 1e-6),  k_p of length l_p, trained
    v, g -> convolutions -> dense; with the given coefficients -> dense -> mean, a, C of z

arXiv 2301.11040, section 3.2. The grid g is fixed, the places are not: any number in any order.
The kernel is a product over axes, which is how it is summed. Lengths start between 1 and 1e-2 of
half the box (0.08 in an informed network): below that no place is near a grid point, and nothing is
learnt.

An informed network (ours) reads with each value N its place, the given coefficients, the boundary's
B there with its slopes, and the deviation s of N that noise makes, (u's deviation) / |D|. Values
count by trust,

    k_p <- k_p / (1 + (s / t_p)^2),  t_p trained;  N enters as N / (1 + s^2)

so that what noise makes of (u - B) / D beside a face, where D vanishes, does no harm; and the sums
of kernels are channels too, as in convolutional processes (arXiv 1910.13556): the number of places
says how far coefficients are open. Four channels share a length, which makes it quick. The paper's
network reads N alone.
"""

from __future__ import annotations

import math
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
SHORTEST = {False: 1e-2, True: 0.08}
LEFT = 1e-6
SUMMED = 100
KNOWN_WIDTH = 50
LENGTHS = 5
"""Lengths of an informed network, each of as many channels."""
LIFTED = 48
"""Width of the lifts before the last of an informed network."""
QUIETEST = 0.01
"""Added to deviations of N before their logarithm is taken."""
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
        self.informed = "inverse.trust" in leaves

    def at(
        self, x: Tensor, values: Tensor, z: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mean (S, q), variances (S, q) and factor (S, q, r) of the sought coefficients, scaled.

        x (S, n, d) are places, `values` (S, n, m) N there; of z (S, k) the given ones are read.
        An informed network reads `noise` (S, n, m), the deviation of each value; without it there
        is none.
        """
        import torch

        if noise is None:
            noise = torch.zeros_like(values)
        known = z[:, z.shape[1] - self.family.given :] if self.family.given else z[:, :0]
        grid = self._informed(x, values, known, noise) if self.informed else self.on_grid(x, values)
        for k in range(self.convolutions):
            grid = self._convolved(grid, str(k))
        now = grid.flatten(1) @ self.leaves["inverse.sum.w"] + self.leaves["inverse.sum.b"]
        if self.informed:
            count = torch.full_like(z[:, :1], math.log(x.shape[1]))
            known = torch.cat([known, count / 4, _loudness(noise).mean((1, 2))[:, None]], 1)
        if known.shape[1]:
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
        above, below = self._summed(self._scaled(x), lifted, None)
        return self._averaged(above, below)

    def _informed(self, x: Tensor, values: Tensor, known: Tensor, noise: Tensor) -> Tensor:
        """The same with the sums of kernels as further channels (S, P + L, g, ..)."""
        import torch

        xi = self._scaled(x)
        lifted = torch.cat(
            [values / (1 + noise.square()), _loudness(noise), xi, self._around(x, known)], 2
        )
        for k in range(self.lifts):
            lifted = torch.nn.functional.silu(self._dense(lifted, f"lift.{{}}.{k}"))
        least = (-2 * self.leaves["inverse.trust"]).exp()[:, None]
        trust = 1 / (1 + least * noise.square().mean(2)[:, None, :])
        above, below = self._summed(xi, lifted, trust)
        return torch.cat([self._averaged(above, below), below.log1p() / 2], 1)

    def _around(self, x: Tensor, known: Tensor) -> Tensor:
        """What is given (S, n, given), and B with its slopes over the box, at sought coefficients
        in the middle of their ranges."""
        import torch

        s, n, d = x.shape
        orders = self.family.orders
        z = torch.cat([known.new_zeros(s, len(self.family.sought)), known], 1)
        c = [column.repeat_interleave(n) for column in self.family.coefficients(z)]
        base = self.family.boundary(x.reshape(-1, d), c, orders)[0]
        sides = [a.length / (2 * math.pi) for a in self.family.problem.axes]
        scale = [math.prod(a**k for a, k in zip(sides, o, strict=True)) for o in orders]
        jet = [f * base[o].reshape(s, n, -1) for f, o in zip(scale, orders, strict=True)]
        return torch.cat([known[:, None, :].expand(-1, n, -1), *jet], 2)

    def _scaled(self, x: Tensor) -> Tensor:
        import torch

        low = torch.tensor(self.family.problem.bounds[:, 0], dtype=x.dtype, device=x.device)
        high = torch.tensor(self.family.problem.bounds[:, 1], dtype=x.dtype, device=x.device)
        return 2 * (x - low) / (high - low) - 1

    def _summed(self, xi: Tensor, lifted: Tensor, trust: Tensor | None) -> tuple[Tensor, Tensor]:
        """Sums (S, P, g, ..) of kernels times features (S, n, P), and (S, L, g, ..) of kernels;
        `trust` (S, L, n) weighs the places."""
        import torch

        s, n, p = lifted.shape
        sizes = (-2 * self.leaves["inverse.length"]).exp()[:, None, None]
        count = len(sizes)
        grid = torch.linspace(-1, 1, GRID[self.dimension], dtype=xi.dtype, device=xi.device)
        kernels = []
        for j in range(self.dimension):
            square = (grid[:, None] - xi[:, None, :, j]).square()
            kernels.append((-0.5 * sizes * square[:, None]).exp())
        whole = kernels[0] if trust is None else kernels[0] * trust[:, :, None, :]
        for kernel in kernels[1:-1]:
            whole = (whole[:, :, :, None, :] * kernel[:, :, None, :, :]).flatten(2, 3)
        f = lifted.transpose(1, 2).reshape(s, count, p // count, n)
        if self.dimension == 1:
            above, below = f @ whole.transpose(2, 3), whole.sum(3)
        else:
            last = kernels[-1].transpose(2, 3)
            each = (whole[:, :, None] * f[:, :, :, None]).flatten(2, 3)
            above, below = each @ last, whole @ last
        sides = [len(grid)] * self.dimension
        return above.reshape(s, p, *sides), below.reshape(s, count, *sides)

    def _averaged(self, above: Tensor, below: Tensor) -> Tensor:
        return above / (below.repeat_interleave(above.shape[1] // below.shape[1], 1) + LEFT)

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


def _loudness(noise: Tensor) -> Tensor:
    """Logarithm of deviations, of order 1."""
    return (noise + QUIETEST).log() / 4


def start(
    family: Family, *, lifts: int, convolutions: int, head: int, rank: int, informed: bool,
    rng: np.random.Generator,
) -> Arrays:  # fmt: skip
    """Arrays to begin with."""
    d, m, q = family.problem.dimension, len(family.problem.unknowns), len(family.sought)
    lengths = LENGTHS if informed else CHANNELS
    arrays: Arrays = {"inverse.length": np.log(np.geomspace(1.0, SHORTEST[informed], lengths))}
    if informed:
        arrays["inverse.trust"] = np.zeros(lengths)
    told = m + d + family.given + m * len(family.orders) if informed else 0
    sizes = [m + told, *[LIFTED if informed else CHANNELS] * (lifts - 1), CHANNELS]
    for k in range(lifts):
        arrays[f"inverse.lift.w.{k}"] = glorot(sizes[k], sizes[k + 1], rng)
        arrays[f"inverse.lift.b.{k}"] = 0.5 * rng.standard_normal(sizes[k + 1])
    side = GRID[d]
    convolutions = min(convolutions, (side - 1) // (WIDTH[d] - 1))
    for k in range(convolutions):
        rows = CHANNELS if k else CHANNELS + d + informed * lengths
        shape = (CHANNELS, rows, *[WIDTH[d]] * d)
        scale = np.sqrt(2 / (rows + CHANNELS) / WIDTH[d] ** d)
        arrays[f"inverse.conv.w.{k}"] = scale * rng.standard_normal(shape)
        arrays[f"inverse.conv.b.{k}"] = np.zeros(CHANNELS)
        side -= WIDTH[d] - 1
    arrays["inverse.sum.w"] = glorot(CHANNELS * side**d, SUMMED, rng)
    arrays["inverse.sum.b"] = np.zeros(SUMMED)
    rows = SUMMED
    if known := family.given + 2 * informed:
        arrays["inverse.known.w"] = glorot(known, KNOWN_WIDTH, rng)
        arrays["inverse.known.b"] = np.zeros(KNOWN_WIDTH)
        rows += KNOWN_WIDTH
    for k in range(2):
        arrays[f"inverse.head.w.{k}"] = glorot(rows, head, rng)
        arrays[f"inverse.head.b.{k}"] = np.zeros(head)
        rows = head
    arrays["inverse.out.w"] = glorot(rows, q * (2 + rank), rng)
    arrays["inverse.out.b"] = np.concatenate([np.zeros(q), np.full(q, -1.0), np.zeros(q * rank)])
    return arrays
