"""A problem in time as ordinary differential equations in the free values on the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.pde.problem import Floats, Key, Unsolvable

if TYPE_CHECKING:
    from engine.pde.collocation import Grid


FARTHEST = 1e6
"""A solution this many times as large as its start has left the world."""
MOST = 60_000
"""Slopes that are asked for before it is given up."""


class Evolution:
    """y' = slope(t, y); y holds the free values, and their speeds where the order is two."""

    def __init__(self, grid: Grid, c: Sequence[float]) -> None:
        problem = grid.problem
        assert problem.time is not None
        self.grid, self.c, self.problem = grid, tuple(c), problem
        self.free = int(grid.starts[-1])
        used = [k for k in problem.keys if any(k in p for p in problem.partials)]
        self.order = max(k[1][problem.time] for k in used)
        space = [k for k in used if not k[1][problem.time]]
        self.space = space
        zero = [0] * problem.dimension
        self.leading: list[Key] = []
        self.speeds: list[Key] = []
        for number, unknown in enumerate(problem.unknowns):
            orders = tuple(self.order if k == problem.time else 0 for k in range(len(zero)))
            if (number, orders) not in used or (number, orders) not in problem.partials[number]:
                raise Unsolvable(
                    f"Equation {number + 1} does not say how '{unknown}' changes in time."
                )
            self.leading.append((number, orders))
            first = tuple(1 if k == problem.time else 0 for k in range(len(zero)))
            if self.order == 2:
                self.speeds.append((number, first))
        allowed = {*self.leading, *self.speeds, *space}
        mixed = [k for k in used if k not in allowed]
        if mixed:
            raise Unsolvable(f"'{problem.name_of(mixed[0])}' mixes time and space.")
        self.asked, self.size = 0, 1.0
        self._through = {key: grid.operator(key[1]) for key in space}

    def start(self) -> Floats:
        """Initial values, and initial speeds (zero where none are given)."""
        problem, grid = self.problem, self.grid
        x = grid.at(problem.axes[problem.time or 0].low)
        values, speeds = [], []
        for u in grid.unknowns:
            said = {c.key: c for c in problem.conditions
                    if c.group == "initial" and c.side == 0}  # fmt: skip
            value = said[problem.value_key(u.number)]
            values.append(problem.target(value, x, self.c)[u.free])
            if self.order == 2:
                speed = said.get(self.speeds[u.number])
                speeds.append(np.zeros(len(u.free)) if speed is None
                              else problem.target(speed, x, self.c)[u.free])  # fmt: skip
        start = np.concatenate([*values, *speeds])
        self.size = 1.0 + float(np.abs(start).max(initial=0.0))
        return start

    def _jet(self, t: float, y: Floats) -> tuple[dict[Key, Floats], Floats]:
        grid = self.grid
        fields = grid.whole(y[: self.free], t, self.c)
        x = grid.at(t)
        jet = {key: self._through[key] @ fields[key[0]] for key in self.space}
        for key in self.problem.keys:
            jet.setdefault(key, np.zeros(len(x)))
        for key in self.speeds:
            u = grid.unknowns[key[0]]
            jet[key] = np.zeros(len(x))
            first = self.free + grid.starts[key[0]]
            jet[key][u.free] = y[first : first + len(u.free)]
        return jet, x

    def _leading(self, jet: dict[Key, Floats], x: Floats) -> list[Floats]:
        return [self.problem.partial(k, key, jet, x, self.c) for k, key in enumerate(self.leading)]

    def slope(self, t: float, y: Floats) -> Floats:
        """Raises `Unsolvable` for what grows without bound."""
        self.asked += 1
        if self.asked > MOST or not np.abs(y).max(initial=0.0) < FARTHEST * self.size:
            raise Unsolvable(
                f"The solution grows without bound near t = {t:.3g}; the problem may be ill-posed."
            )
        jet, x = self._jet(t, y)
        residual = self.problem.residual(jet, x, self.c)
        by = self._leading(jet, x)
        change = np.concatenate(
            [-(residual[u.number] / by[u.number])[u.free] for u in self.grid.unknowns]
        )
        return change if self.order == 1 else np.concatenate([y[self.free :], change])

    def jacobian(self, t: float, y: Floats) -> Floats:
        from engine.pde.collocation import jacobian

        jet, x = self._jet(t, y)
        by = np.concatenate(
            [b[u.free] for b, u in zip(self._leading(jet, x), self.grid.unknowns, strict=True)]
        )
        matrix: Floats = -jacobian(self.grid, jet, x, self.c) / by[:, None]
        if self.order == 1:
            return matrix
        n = self.free
        whole = np.zeros((2 * n, 2 * n))
        whole[:n, n:] = np.eye(n)
        whole[n:, :n] = matrix
        for u in self.grid.unknowns:
            rows = slice(n + self.grid.starts[u.number], n + self.grid.starts[u.number + 1])
            partial = self.problem.partial(u.number, self.speeds[u.number], jet, x, self.c)
            if partial is not None:
                whole[rows, rows] -= np.diag(partial[u.free] / by[rows.start - n : rows.stop - n])
        return whole
