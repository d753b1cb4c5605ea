"""The objective of a random-grid process and its draws (arXiv 2301.11040, section 3.3 there).

For draws of coefficients z from the prior, of places X in the box, and of N by the forward network:

    log N(R; 0, eps^2 I) + log q_inverse(z | N, X) - log q_forward(N | z, X)

R is the equation's residual of u = B + D N at the places; in its derivatives noise counts as
constant. With data y at places, log N(y; B + D mu, D lambda D + s^2 I + (D C)(D C)^T) is added.
The inverse network reads only the first places of each draw, another number at every step (ours):
later it is asked for few places as well as for many. An informed inverse network (ours) reads
values with noise of a size drawn anew for each draw, and is told its size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.pde.family import Family
from engine.pde.forward import Forward, Spread
from engine.pde.gicnet import GICNet
from engine.pde.lowrank import log_density

if TYPE_CHECKING:
    from torch import Tensor

FEWEST = 4
"""Places that the inverse network reads at least."""
SILENT, QUIET, LOUD = 0.25, 1e-3, 0.3
"""Share of the draws whose values carry no noise, and the range of its deviation in the others."""
SMALLEST = 1e-3
"""Below this |D| counts as this much where values are divided by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """z (S, k), places (S, n, d), noise e1 (S, n, m) and e2 (S, k'), and how many places the
    inverse network reads."""

    z: Tensor
    x: Tensor
    e1: Tensor
    e2: Tensor
    read: int
    heard: Heard | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Noise of what the inverse network reads: its deviation in u (S, 1, 1), and normal e3
    (S, n, m)."""

    deviation: Tensor
    e3: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Data sets: coefficients z (S, k), places (S, n, d) and noisy values (S, n, m)."""

    z: Tensor
    x: Tensor
    y: Tensor
    deviation: float


class Elbo:
    """Forward and inverse network over shared leaves; `terms` is differentiable in them."""

    def __init__(
        self, family: Family, leaves: Mapping[str, Tensor], *, rank: int, inverse_rank: int,
        generator: Any,
    ) -> None:  # fmt: skip
        self.family, self.leaves, self.generator = family, leaves, generator
        self.forward = Forward(family, leaves, rank)
        self.inverse = GICNet(family, leaves, inverse_rank)
        self.keys = sorted({key for p in family.problem.partials for key in p})
        first = leaves["forward.b.out"]
        self.dtype, self.device = first.dtype, first.device

    def draw(self, batch: int, places: int) -> Draw:
        """Everything random of one step."""
        import torch

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, generator=self.generator, dtype=self.dtype)

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=self.generator, dtype=self.dtype)

        problem = self.family.problem
        m = len(problem.unknowns)
        z = 2 * uniform(batch, len(problem.coefficients)) - 1
        low, high = (torch.tensor(b, dtype=self.dtype) for b in problem.bounds.T)
        x = low + (high - low) * uniform(batch, places, problem.dimension)
        fewest = min(FEWEST, places)
        read = int(torch.randint(fewest, places + 1, (1,), generator=self.generator))
        e1, e2 = normal(batch, places, m), normal(batch, self.forward.rank)
        heard = None
        if self.inverse.informed:
            loud = QUIET * (LOUD / QUIET) ** uniform(batch, 1, 1)
            loud = loud * (uniform(batch, 1, 1) >= SILENT)
            heard = Heard(loud.to(self.device), normal(batch, places, m).to(self.device))
        z, x, e1, e2 = (t.to(self.device) for t in (z, x, e1, e2))
        return Draw(z, x, e1, e2, read, heard)

    def terms(self, draw: Draw, log_eps: Any) -> dict[str, Tensor]:
        """The parts, each a mean over the draws, and the mean square of the residual."""
        s, n, d = draw.x.shape
        m = self.forward.unknowns
        flat = draw.x.reshape(-1, d)
        at = self.forward.at(flat, draw.z, self.family.orders)
        each = draw.e2.repeat_interleave(n, 0)
        field = at.sampled(draw.e1.reshape(-1, m), each)
        squares = self.residual_squares(flat, draw.z, n, field).reshape(s, -1)
        count = squares.shape[1]
        fit = -0.5 * squares.sum(1) * _exp(-2 * log_eps) - count * (
            log_eps + 0.5 * math.log(2 * math.pi)
        )
        zero = (0,) * d
        values = field[zero].reshape(s, n, m)
        found = {"equation": fit.mean(), "inverse": self.inverse_term(draw, values).mean(),
                 "entropy": -self._density(at, values).mean()}  # fmt: skip
        return {**found, "residual": squares.mean()}

    def residual_squares(
        self, flat: Tensor, z: Tensor, n: int, field: Mapping[tuple[int, ...], Tensor]
    ) -> Tensor:
        """Squared residuals (S * n, equations) of u = B + D N, whose jet `field` is N's."""
        import torch

        problem, orders = self.family.problem, self.family.orders
        c = [column.repeat_interleave(n) for column in self.family.coefficients(z)]
        base, factor = self.family.boundary(flat, c, orders)
        u = _lifted(base, factor, field)
        keyed = {key: u[key[1]][:, key[0]] for key in self.keys}
        return torch.stack(problem.residual(keyed, flat, c), 1).square()

    def inverse_term(self, draw: Draw, values: Tensor) -> Tensor:
        """log q_inverse(z | N, X) (S,) of each draw, from values N (S, n, m) with noise added."""
        x, noise = draw.x[:, : draw.read], None
        values = values[:, : draw.read]
        if draw.heard is not None:
            noise = draw.heard.deviation / self._divisor(x, draw.z)
            values = values + noise * draw.heard.e3[:, : draw.read]
        mean, variance, factor = self.inverse.at(x, values, draw.z, noise)
        return log_density(draw.z[:, : mean.shape[1]], mean, variance, factor)

    def _divisor(self, x: Tensor, z: Tensor) -> Tensor:
        """|D| (S, n, m), not too small."""
        s, n, d = x.shape
        zero = (0,) * d
        c = [column.repeat_interleave(n) for column in self.family.coefficients(z)]
        factor = self.family.boundary(x.reshape(-1, d), c, [zero])[1][zero]
        return factor.abs().clamp(min=SMALLEST).reshape(s, n, -1)

    def _density(self, at: Spread, values: Tensor) -> Tensor:
        s = len(values)
        zero = (0,) * self.family.problem.dimension
        mean, own = (part[zero].reshape(s, -1) for part in (at.mean, at.own))
        factor = at.shared[zero].reshape(s, mean.shape[1], at.rank)
        return log_density(values.reshape(s, -1), mean, own.square(), factor)

    def data_term(self, every: Observed, batch: int) -> Tensor:
        """Mean log density of `batch` data sets by chance."""
        import torch

        if batch < len(every.z):
            rows = torch.randint(len(every.z), (batch,), generator=self.generator)
            rows = rows.to(every.z.device)
            data = Observed(every.z[rows], every.x[rows], every.y[rows], every.deviation)
        else:
            data = every
        s, n, d = data.x.shape
        flat, zero = data.x.reshape(-1, d), (0,) * d
        at = self.forward.at(flat, data.z, [zero])
        c = [column.repeat_interleave(n) for column in self.family.coefficients(data.z)]
        base, factor = (j[zero] for j in self.family.boundary(flat, c, [zero]))
        mean = (base + factor * at.mean[zero]).reshape(s, -1)
        variance = (factor * at.own[zero]).square().reshape(s, -1) + data.deviation**2
        shared = at.shared[zero].reshape(*factor.shape, at.rank) * factor[:, :, None]
        return log_density(
            data.y.reshape(s, -1), mean, variance, shared.reshape(s, mean.shape[1], at.rank)
        ).mean()


def _exp(value: Any) -> Any:
    return value.exp() if hasattr(value, "exp") else math.exp(value)


def _lifted(base: Any, factor: Any, field: Any) -> Any:
    from engine.pde import jets

    return jets.added(base, jets.product(factor, field))


def tensors(arrays: Mapping[str, Any], device: str, *, trained: bool, dtype: Any) -> Any:
    """Leaves from arrays; the frequencies are trained in more than one coordinate alone, as in
    the paper."""
    import torch

    found = {}
    for name, array in arrays.items():
        fixed = name == "forward.frequencies" and len(array) == 1
        leaf = torch.tensor(np.asarray(array), dtype=dtype, device=device)
        found[name] = leaf.requires_grad_(trained and not fixed)
    return found
