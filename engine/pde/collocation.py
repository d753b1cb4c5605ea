"""Any problem of the contract by collocation on tensor nodes, in space as matrices.

Values on the nodes are U = E v + b: v are the free ones, the others follow from the conditions.
A node that no condition speaks for is free and obeys the equation. Steady problems are solved by
Newton's method, those in time as a system of ordinary differential equations in v.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import lu_factor, lu_solve

from engine.pde.nodes import Nodes, nodes
from engine.pde.problem import Condition, Floats, Jet, Key, Problem, Unsolvable, places

NEWTON = 40
LEFT = "Newton's method left the numbers; the problem may have no solution."


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """One unknown on the nodes: free nodes (f,) as rows of the grid, extension (n, f)."""

    number: int
    free: NDArray[np.int64]
    extension: Floats
    ends: tuple[tuple[Condition, ...], ...]


class Grid:
    """The space axes of a problem with the nodes and matrices of every unknown."""

    def __init__(self, problem: Problem, counts: Sequence[int]) -> None:
        self.problem = problem
        self.space = [k for k in range(problem.dimension) if k != problem.time]
        self.lines = [nodes(problem.axes[k], n) for k, n in zip(self.space, counts, strict=True)]
        self.shape = tuple(len(line.places) for line in self.lines)
        points = places([line.places for line in self.lines])
        self.points = np.zeros((len(points), problem.dimension))
        self.points[:, self.space] = points
        self.unknowns = [self._unknown(number) for number in range(len(problem.unknowns))]
        self.starts = np.cumsum([0, *(len(u.free) for u in self.unknowns)])
        self._operators: dict[tuple[int, ...], Floats] = {}

    def operator(self, orders: tuple[int, ...]) -> Floats:
        """The matrix (n, n) of a space derivative."""
        wanted = tuple(orders[k] for k in self.space)
        if wanted not in self._operators:
            parts = [line.derivative(n) for line, n in zip(self.lines, wanted, strict=True)]
            self._operators[wanted] = _product(parts)
        return self._operators[wanted]

    def _unknown(self, number: int) -> Unknown:
        extensions, frees, ends = [], [], []
        for k, line in zip(self.space, self.lines, strict=True):
            said = tuple(c for c in self.problem.conditions
                         if c.key[0] == number and c.axis == k
                         and not c.periodic and not c.more)  # fmt: skip
            # One condition per end; a second one on the same end would ask too much.
            said = tuple({c.side: c for c in reversed(said)}.values())
            matrix, free = _extension(line, said, k)
            extensions.append(matrix)
            frees.append(free)
            ends.append(said)
        keep = reduce(np.multiply.outer, [np.isin(np.arange(n), f) * 1 for n, f in
                                          zip(self.shape, frees, strict=True)])  # fmt: skip
        free = np.flatnonzero(np.asarray(keep).ravel())
        return Unknown(number, free, _product(extensions), tuple(ends))

    def offset(self, unknown: Unknown, t: float, c: Sequence[float]) -> Floats:
        """b (n,): what the conditions' right sides put on the nodes at time t."""
        field = np.zeros(self.shape)
        for axis, (line, said, k) in enumerate(
            zip(self.lines, unknown.ends, self.space, strict=True)
        ):
            if not said:
                continue
            given = []
            for condition in said:
                face = self.points.reshape(*self.shape, -1).take(
                    -1 if condition.side else 0, axis=axis
                ).reshape(-1, self.problem.dimension).copy()  # fmt: skip
                if self.problem.time is not None:
                    face[:, self.problem.time] = t
                given.append(self.problem.target(condition, face, c))
            rows, ends = _end_rows(line, said, k)
            moved = np.moveaxis(field, axis, 0)
            flat = moved.reshape(len(line.places), -1)
            flat[ends] = 0
            flat[ends] = np.linalg.solve(rows[:, ends], np.array(given) - rows @ flat)
            field = np.moveaxis(flat.reshape(moved.shape), 0, axis)
        return field.ravel()

    def whole(self, v: Floats, t: float, c: Sequence[float]) -> list[Floats]:
        """All nodes' values (n,) of each unknown from the free ones."""
        return [u.extension @ v[self.starts[u.number] : self.starts[u.number + 1]]
                + self.offset(u, t, c) for u in self.unknowns]  # fmt: skip

    def at(self, t: float) -> Floats:
        """The nodes as places (n, d) at time t."""
        x = self.points.copy()
        if self.problem.time is not None:
            x[:, self.problem.time] = t
        return x

    def to(self, axes: Sequence[Floats]) -> Floats:
        """Interpolation matrix from the nodes to a grid of the space axes."""
        return _product([line.to(a) for line, a in zip(self.lines, axes, strict=True)])


def _product(matrices: Sequence[Floats]) -> Floats:
    return reduce(lambda a, b: np.asarray(np.kron(a, b)), matrices)


def _end_rows(line: Nodes, said: Sequence[Condition], k: int) -> tuple[Floats, list[int]]:
    ends = [len(line.places) - 1 if c.side else 0 for c in said]
    return np.array(
        [line.derivative(c.key[1][k])[e] for c, e in zip(said, ends, strict=True)]
    ), ends


def _extension(line: Nodes, said: Sequence[Condition], k: int) -> tuple[Floats, NDArray[np.int64]]:
    n = len(line.places)
    if not said:
        return np.eye(n), np.arange(n)
    rows, ends = _end_rows(line, said, k)
    free = np.setdiff1d(np.arange(n), ends)
    matrix = np.zeros((n, len(free)))
    matrix[free, np.arange(len(free))] = 1
    matrix[ends] = -np.linalg.solve(rows[:, ends], rows[:, free])
    return matrix, free


def steady(problem: Problem, c: Sequence[float], n: int) -> tuple[Grid, list[Floats]]:
    """Newton's method from zero. Raises `Unsolvable` when it does not settle."""
    grid = Grid(problem, [n] * problem.dimension)
    v = np.zeros(grid.starts[-1])
    for _ in range(NEWTON):
        residual, matrix = _linearised(grid, v, c)
        try:
            with np.errstate(all="ignore"):
                change = lu_solve(lu_factor(matrix), -residual)
        except (np.linalg.LinAlgError, ValueError):
            raise Unsolvable("The equation with its conditions has no single solution.") from None
        if not np.isfinite(change).all():
            raise Unsolvable(LEFT)
        v, last = _damped(grid, v, change, residual, c)
        if np.abs(change).max() <= 1e-11 * (1 + np.abs(v).max()) or (problem.linear and last):
            return grid, grid.whole(v, 0.0, c)
    raise Unsolvable("Newton's method did not settle; the problem may have no single solution.")


def _damped(
    grid: Grid, v: Floats, change: Floats, residual: Floats, c: Sequence[float]
) -> tuple[Floats, bool]:
    size = max(float(np.linalg.norm(residual)), 1e-9)
    share = 1.0
    while share > 1e-4:
        tried = v + share * change
        if float(np.linalg.norm(_residual(grid, tried, c))) <= size:
            return tried, share == 1.0
        share /= 2
    return v + change, True


def _jet(grid: Grid, fields: Sequence[Floats]) -> dict[Key, Floats]:
    return {key: grid.operator(key[1]) @ fields[key[0]] for key in grid.problem.keys}


def _residual(grid: Grid, v: Floats, c: Sequence[float]) -> Floats:
    found = grid.problem.residual(_jet(grid, grid.whole(v, 0.0, c)), grid.points, c)
    return np.concatenate([found[u.number][u.free] for u in grid.unknowns])


def _linearised(grid: Grid, v: Floats, c: Sequence[float]) -> tuple[Floats, Floats]:
    problem = grid.problem
    jet = _jet(grid, grid.whole(v, 0.0, c))
    found = problem.residual(jet, grid.points, c)
    residual = np.concatenate([found[u.number][u.free] for u in grid.unknowns])
    if not np.isfinite(residual).all():
        raise Unsolvable(LEFT)
    return residual, jacobian(grid, jet, grid.points, c)


def jacobian(grid: Grid, jet: Jet, x: Floats, c: Sequence[float]) -> Floats:
    """Derivative of the residuals at the free nodes by the free values, space entries only."""
    problem, total = grid.problem, int(grid.starts[-1])
    matrix = np.zeros((total, total))
    for row in grid.unknowns:
        rows = slice(grid.starts[row.number], grid.starts[row.number + 1])
        for key in problem.keys:
            if problem.time is not None and key[1][problem.time]:
                continue
            partial = problem.partial(row.number, key, jet, x, c)
            if partial is None:
                continue
            column = grid.unknowns[key[0]]
            columns = slice(grid.starts[key[0]], grid.starts[key[0] + 1])
            through = grid.operator(key[1])[row.free] @ column.extension
            matrix[rows, columns] += partial[row.free, None] * through
    return matrix


def in_time(
    problem: Problem, c: Sequence[float], n: int, times: Floats, tolerance: float = 1e-8
) -> tuple[Grid, list[Floats]]:
    """Values (times, nodes) of each unknown, by an implicit method of variable order or Radau's.

    Raises `Unsolvable` for what is not an evolution equation of first or second order in time.
    """
    from engine.pde.evolution import Evolution

    grid = Grid(problem, [n] * (problem.dimension - 1))
    system = Evolution(grid, c)
    start = system.start()
    if not np.isfinite(system.slope(float(times[0]), start)).all():
        raise Unsolvable("The equation has no finite value at the start.")
    method: Any = "Radau" if grid.starts[-1] <= 160 else "BDF"
    with np.errstate(all="ignore"):
        found: Any = solve_ivp(
            system.slope, (times[0], times[-1]), start, method=method, t_eval=times,
            rtol=tolerance, atol=tolerance * 1e-2, jac=system.jacobian,
        )  # fmt: skip
    if not found.success or found.y.shape[1] != len(times):
        reached = found.t[-1] if len(found.t) else times[0]
        raise Unsolvable(f"The solution could not be followed beyond t = {reached:.3g}.")
    half = int(grid.starts[-1])
    fields = [grid.whole(found.y[:half, k], float(t), c) for k, t in enumerate(times)]
    return grid, [np.array([f[u] for f in fields]) for u in range(len(problem.unknowns))]
