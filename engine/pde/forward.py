"""The forward network of a random-grid process: q(N | z) at any places, with derivatives.

    phi(x) = [xi, sin 2 pi B xi, cos 2 pi B xi];   (phi, z) -> swish layers -> mu, a, C per unknown
    N = mu + sqrt(lambda) e1 + C e2,   lambda = v_lo + (v_hi - v_lo) sigmoid(a)

arXiv 2301.11040, section 3. Derivatives in x are carried along (`engine.pde.jets`); noise e1, e2
counts as constant in x, so that they pass through mu, lambda and C alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.pde import jets
from engine.pde.family import Family
from engine.pde.jets import Orders

if TYPE_CHECKING:
    from torch import Tensor

LOWEST, HIGHEST = 1e-4, 1.0
"""Bounds of lambda."""
SLOWEST = 1e-3
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Spread:
    """q(N | z) at places: jets of mean and of sqrt(lambda) (P, m), and of C (P, m * k)."""

    mean: Mapping[Orders, Tensor]
    own: Mapping[Orders, Tensor]
    shared: Mapping[Orders, Tensor]
    rank: int

    def sampled(self, e1: Tensor, e2: Tensor) -> dict[Orders, Tensor]:
        """The jet (P, m) of N, from e1 (P, m) and, for each place, e2 (P, k)."""
        found = {}
        for o, mean in self.mean.items():
            found[o] = mean + self.own[o] * e1
            if self.rank:
                c = self.shared[o].reshape(*mean.shape, self.rank)
                found[o] = found[o] + (c * e2[:, None, :]).sum(2)
        return found

    def deviation(self) -> Tensor:
        """Standard deviation of N (P, m)."""
        zero = next(o for o in self.mean if not sum(o))
        square = self.own[zero].square()
        if self.rank:
            c = self.shared[zero].reshape(*square.shape, self.rank)
            square = square + c.square().sum(2)
        return square.sqrt()


class Forward:
    """Tensors by name in `leaves`, those of the networks alone; dtype is that of the arrays."""

    def __init__(self, family: Family, leaves: Mapping[str, Tensor], rank: int) -> None:
        self.family, self.leaves, self.rank = family, leaves, rank
        self.layers = sum(name.startswith("forward.b.") for name in leaves) - 1
        self.unknowns = len(family.problem.unknowns)

    def at(self, x: Tensor, z: Tensor, orders: Sequence[Orders]) -> Spread:
        """At places x (P, d), equally many for each row of z (S, k); in the problem's units."""
        import torch

        now = self._entered(x, orders)
        zero = next(o for o in now if not sum(o))
        for k in range(self.layers):
            now = jets.linear(now, self.leaves[f"forward.w.{k}"], self.leaves[f"forward.b.{k}"])
            if not k:
                by_draw = z @ self.leaves["forward.w.z"]
                width = by_draw.shape[1]
                added = now[zero].reshape(len(z), -1, width) + by_draw[:, None, :]
                now = {**now, zero: added.reshape(-1, width)}
            now = swish(now)
        out = jets.linear(now, self.leaves["forward.w.out"], self.leaves["forward.b.out"])
        scale = [(a.high - a.low) / 2 for a in self.family.problem.axes]
        out = {o: v / float(np.prod([s**n for s, n in zip(scale, o, strict=True)]))
               for o, v in out.items()}  # fmt: skip
        m = self.unknowns
        share = torch.sigmoid(out[zero][:, m : 2 * m])
        own = _root(share, {o: v[:, m : 2 * m] for o, v in out.items()})
        return Spread({o: v[:, :m] for o, v in out.items()}, own,
                      {o: v[:, 2 * m :] for o, v in out.items()}, self.rank)  # fmt: skip

    def _entered(self, x: Tensor, orders: Sequence[Orders]) -> dict[Orders, Tensor]:
        import torch

        axes = self.family.problem.axes
        low = torch.tensor([a.low for a in axes], dtype=x.dtype, device=x.device)
        length = torch.tensor([a.length for a in axes], dtype=x.dtype, device=x.device)
        xi = 2 * (x - low) / length - 1
        frequencies = 2 * np.pi * self.leaves["forward.frequencies"]
        phase = xi @ frequencies
        sine, cosine = phase.sin(), phase.cos()
        found: dict[Orders, Tensor] = {}
        for o in orders:
            match jets.parts(o):
                case ():
                    found[o] = torch.cat([xi, sine, cosine], 1)
                case (a,):
                    j = a.index(1)
                    own = torch.zeros_like(xi)
                    own[:, j] = 1
                    f = frequencies[j]
                    found[o] = torch.cat([own, f * cosine, -f * sine], 1)
                case (a, b):
                    f = frequencies[a.index(1)] * frequencies[b.index(1)]
                    found[o] = torch.cat([torch.zeros_like(xi), -f * sine, -f * cosine], 1)
        return found


def swish(jet: Mapping[Orders, Tensor]) -> dict[Orders, Tensor]:
    """v sigmoid(v)."""
    import torch

    zero = next(o for o in jet if not sum(o))
    v = jet[zero]
    s = torch.sigmoid(v)
    value = v * s
    first = s + value - value * s
    second = (1 - s) * (2 * s + value - 2 * value * s)
    return jets.through(jet, value, first, second)


def _root(share: Tensor, jet: Mapping[Orders, Tensor]) -> dict[Orders, Tensor]:
    """sqrt(lambda), from a's jet and sigmoid(a)."""
    rise = (HIGHEST - LOWEST) * share * (1 - share)
    value = (LOWEST + (HIGHEST - LOWEST) * share).sqrt()
    first = rise / (2 * value)
    second = rise * (1 - 2 * share) / (2 * value) - first.square() / value
    return jets.through(jet, value, first, second)


def start(
    family: Family, *, layers: int, width: int, rank: int, fourier: int, fastest: float,
    gain: float = 1.0,
    rng: np.random.Generator,
) -> Arrays:  # fmt: skip
    """Arrays to begin with: Glorot's normal times `gain`, zero biases; frequencies log-spaced up to
    `fastest`, in an order of its own along each axis (in one order they would be waves along a
    diagonal)."""
    d, m = family.problem.dimension, len(family.problem.unknowns)
    spaced = np.geomspace(SLOWEST, fastest, fourier)
    columns = [spaced, *(rng.permutation(spaced) * rng.choice([-1, 1], fourier)
                         for _ in range(d - 1))]  # fmt: skip
    arrays: Arrays = {"forward.frequencies": np.array(columns).reshape(d, fourier)}
    sizes = [d + 2 * fourier, *[width] * layers]
    for k in range(layers):
        arrays[f"forward.w.{k}"] = gain * glorot(sizes[k], width, rng)
        arrays[f"forward.b.{k}"] = np.zeros(width)
    arrays["forward.w.z"] = glorot(len(family.low), width, rng)
    arrays["forward.w.out"] = glorot(width, m * (2 + rank), rng)
    arrays["forward.b.out"] = np.concatenate([np.zeros(m), np.full(m, -6.0), np.zeros(m * rank)])
    return arrays


def glorot(rows: int, columns: int, rng: np.random.Generator) -> NDArray[Any]:
    """A normal matrix of Glorot's variance."""
    return np.asarray(rng.standard_normal((rows, columns)) * np.sqrt(2 / (rows + columns)))
