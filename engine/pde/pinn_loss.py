"""The loss of a PINN: causal weights, balanced parts, and points where the equation is violated.

causal     sum_i c_i L_i / M over slices of time, c_i = exp(-tol sum_{j < i} L_j)
balance    lambda_k = (sum_j g_j) / g_k, averaged with 0.9; g is the norm of a part's gradient, or
           the trace of its tangent kernel by random signs (Hutchinson)
resample   points drawn with probability ~ |R| / mean |R| + 1 from ten times as many
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.pde.mlp import Network
from engine.pde.points import Points, draw
from engine.pde.problem import Condition, Floats, Problem
from engine.pde.projection import Weighing
from engine.pde.training import Loss

if TYPE_CHECKING:
    from torch import Tensor

    from engine.pde.pinn_params import PINNParams

SLICES = 32
POOL = 10
KEPT = 0.9
SIGNS = 4


class PinnLoss(Loss):
    """See the module's docstring. `now` gives the parameters in use."""

    def __init__(
        self, problem: Problem, model: Network, now: Callable[[], PINNParams],
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.network, self.now, self.rng = model, now, rng
        super().__init__(problem, model, model.c, 10**9)
        self.causal: Floats = np.empty(0)
        self.pull = np.ones(3)

    def points(self) -> Points:
        """New points, with coefficients as further columns where those are inputs."""
        params = self.now()
        count = params.interior
        if params.resample and self.evaluations:
            found = self._violated(self._drawn(POOL * count), count)
        else:
            found = self._drawn(count)
        return found

    def _drawn(self, inside: int) -> Points:
        found = draw(self.problem, inside, self.now().boundary, self.rng, even=False)
        if not self.network.params.over_range:
            return found
        low = np.array([c.low for c in self.problem.coefficients])
        high = np.array([c.high for c in self.problem.coefficients])

        def with_coefficients(x: Floats) -> Floats:
            more = low + (high - low) * self.rng.random((*x.shape[:-1], len(low)))
            return np.concatenate([x, more], axis=-1)

        return Points(with_coefficients(found.inside), with_coefficients(found.faces))

    def _violated(self, pool: Points, count: int) -> Points:
        import torch

        x = torch.tensor(pool.inside, device=self.model.device)
        with torch.no_grad():
            size = np.sqrt(self.squares(x).cpu().numpy())
        chance = size / max(float(size.mean()), 1e-300) + 1
        rows = self.rng.choice(len(size), count, replace=False, p=chance / chance.sum())
        return Points(pool.inside[np.sort(rows)], pool.faces)

    def squares(self, x: Tensor) -> Tensor:
        """Squared residual (P,), summed over the equations."""
        found = self.problem.residual(
            self.model.keyed(x, self.keys), x, self.network.coefficients(x)
        )
        total: Any = 0.0
        for residual in found:
            total = total + residual.square()
        return total  # type: ignore[no-any-return]

    def residual_squares(self, x: Tensor) -> Tensor:
        """Summed, later slices of time weighed by how well earlier ones are learnt."""
        import torch

        squares = self.squares(x)
        time = self.problem.time
        if not self.network.params.causal or time is None:
            return squares.sum()
        order = torch.argsort(x[:, time].detach())
        slices = min(SLICES, len(x))
        means = torch.stack([part.mean() for part in torch.tensor_split(squares[order], slices)])
        before = torch.cumsum(means.detach(), 0) - means.detach()
        weight = torch.exp(-self.now().tolerance * before)
        self.causal = weight.cpu().numpy()
        return (weight * means).mean() * len(x)

    def holds(self, condition: Condition) -> bool:
        return self.network.holds(condition)

    def at(self, x: Tensor) -> Sequence[Any]:
        return self.network.coefficients(x)

    def balance(self) -> None:
        """Update `pull`, the factors of residual, boundary and start."""
        sizes = self._norms() if self.network.params.balance == "gradient norms" else self._traces()
        some = sizes > 1e-300
        wanted = np.where(some, sizes[some].sum() / np.where(some, sizes, 1.0), self.pull)
        self.pull = KEPT * self.pull + (1 - KEPT) * wanted

    def _norms(self) -> Floats:
        found = []
        for chosen in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
            self.gradients(Weighing(*chosen))
            self.evaluations -= 1
            grads = [leaf.grad for leaf in self.model.leaves.values() if leaf.grad is not None]
            found.append(float(sum(float(g.square().sum()) for g in grads)) ** 0.5)
        return np.array(found)

    def _traces(self) -> Floats:
        import torch

        def pulled(values: Sequence[Tensor]) -> float:
            total = 0.0
            for _ in range(SIGNS):
                signs = [torch.tensor(self.rng.choice([-1.0, 1.0], v.shape), device=v.device)
                         for v in values]  # fmt: skip
                dot = sum(
                    ((v * s).sum() for v, s in zip(values, signs, strict=True)),
                    start=torch.zeros((), dtype=torch.float64, device=self.model.device),
                )
                leaves = list(self.model.leaves.values())
                for g in torch.autograd.grad(dot, leaves, retain_graph=True, allow_unused=True):
                    total += 0.0 if g is None else float(g.square().sum())
            return total / SIGNS / sum(v.numel() for v in values)

        x = self.inside
        residual = self.problem.residual(
            self.model.keyed(x, self.keys), x, self.network.coefficients(x)
        )
        found, missed = [pulled(residual)], self.gaps()
        for group in ("boundary", "initial"):
            gaps = [g for k, g in missed.items() if self.problem.conditions[k].group == group]
            found.append(pulled(gaps) if gaps else 0.0)
        return np.array(found)
