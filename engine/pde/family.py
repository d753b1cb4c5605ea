"""A problem with its coefficients between their bounds: a family of problems with a prior.

Coefficients enter networks as z in [-1, 1]^k; the last of them may be given (the strength of a
source, the shape of a start), the others are what an inverse network looks for. Boundary and
initial values hold by construction, u = B + D N (`engine.pde.hard`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.method import DataError
from engine.pde import jets
from engine.pde.hard import Hard
from engine.pde.jets import Orders
from engine.pde.problem import Condition, Floats, Problem

if TYPE_CHECKING:
    from torch import Tensor


class Family:
    """Raises `DataError` for a problem that is none."""

    def __init__(self, problem: Problem, given: int) -> None:
        if not problem.coefficients:
            raise DataError(
                f"No family: give a coefficient of '{problem.name}' a range, as in a = 1 in [0, 2]."
            )
        if any(axis.periodic for axis in problem.axes):
            raise DataError(
                f"No family: '{problem.name}' has a periodic axis; values are needed everywhere."
            )
        self.problem = problem
        self.given = min(given, len(problem.coefficients) - 1)
        self.low = np.array([c.low for c in problem.coefficients])
        self.high = np.array([c.high for c in problem.coefficients])
        used = {k[1] for p in problem.partials for k in p} | {problem.value_key()[1]}
        self.orders = jets.closure(used)
        self.hard = Hard.of(problem, self.orders)
        if any(not self._holds(condition) for condition in problem.conditions):
            raise DataError(
                f"No family: '{problem.name}' asks for slopes on its boundary; values are needed."
            )

    def _holds(self, condition: Condition) -> bool:
        if condition.periodic or not self.hard.kept[condition.key[0]]:
            return False
        first = condition.group == "initial" and condition.side == 0
        return not sum(condition.key[1]) or first

    @property
    def sought(self) -> tuple[str, ...]:
        """Names of the coefficients that an inverse network looks for."""
        names = [c.name for c in self.problem.coefficients]
        return tuple(names[: len(names) - self.given])

    def scaled(self, c: Any) -> Any:
        """Coefficients (.., k) as z in [-1, 1]."""
        return 2 * (np.asarray(c, np.float64) - self.low) / (self.high - self.low) - 1

    def coefficients(self, z: Tensor) -> list[Tensor]:
        """Columns (S,) of coefficients from z (S, k)."""
        found = []
        for k, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            found.append(low + (high - low) * (z[:, k] + 1) / 2)
        return found

    def box(self, share: Any) -> Any:
        """Places from shares (.., d) of the box."""
        low, high = self.problem.bounds.T
        return low + (high - low) * share

    def draws(self, count: int, rng: np.random.Generator) -> Floats:
        """Coefficients (count, k) from the prior: even between the bounds."""
        return np.asarray(self.low + (self.high - self.low) * rng.random((count, len(self.low))))

    def boundary(
        self, x: Tensor, c: Sequence[Any], orders: Sequence[Orders]
    ) -> tuple[dict[Orders, Tensor], dict[Orders, Tensor]]:
        """B and D as jets (P, m) at places x (P, d)."""
        import torch

        def columns(values: Sequence[Any]) -> Tensor:
            return torch.stack(list(values), 1)

        with torch.no_grad():
            base, factor = self.hard.jets(self.problem, x, c, columns)
        return {o: base[o] for o in orders}, {o: factor[o] for o in orders}
