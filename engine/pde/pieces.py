"""An equation in time, solved piece after piece: the end of one is the start of the next.

A front much sharper than the box is long, as Allen-Cahn's, needs thousands of narrow Gaussians. In
a short piece of time each of them meets few others, so that the least-squares equations are sparse
and Gauss and Newton's steps begin near to the solution: at the start, held for ever. All pieces
have the same lattice and points, moved in time, and therefore the same matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from engine.method import DataError
from engine.pde.gaussian_lattice import GaussianLattice
from engine.pde.points import Points
from engine.pde.problem import Floats, Key, Problem
from engine.pde.projection import Weighing, total

RIDGE = 1e-13
NEWTON = 20
SETTLED = 1e-3
FAINTEST = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Weights (N, m) of one piece, and what is left of equation, boundary and start."""

    weights: Floats
    parts: dict[str, float]


class Pieces:
    """The matrices that all pieces share."""

    def __init__(
        self, problem: Problem, lattice: GaussianLattice, points: Points, length: float
    ) -> None:
        self.problem, self.lattice, self.points, self.length = problem, lattice, points, length
        time = problem.time
        assert time is not None
        self.time = time
        orders = {key[1] for partial in problem.partials for key in partial}
        self.highest = max(o[time] for o in orders)
        self.change = tuple(self.highest * (k == time) for k in range(problem.dimension))
        self.inside = lattice.matrices(points.inside, sorted(orders | {self.change}))
        self.faces, self.ends = [], []
        for k, condition in enumerate(problem.conditions):
            wanted = condition.key[1]
            face = lattice.matrices(points.faces[k], [wanted])[wanted]
            if condition.periodic:
                other = points.opposite(problem, k)
                face = face - lattice.matrices(other, [wanted])[wanted]
            self.faces.append(face)
            end = points.faces[k] + self.later(1)
            self.ends.append(lattice.matrices(end, [wanted])[wanted]
                             if condition.group == "initial" else None)  # fmt: skip

    def natural(self, c: Sequence[float]) -> float:
        """As `projection.Design.natural`."""
        blank = {key: np.zeros(len(self.points.inside)) for key in self.problem.keys}
        size = 0.0
        for number, partial in enumerate(self.problem.partials):
            for operator in self._operator(number, partial, blank, self.points.inside, c):
                size = max(size, operator.power(2).sum() / np.prod(operator.shape))
        value = self.faces[0].power(2).sum() / np.prod(self.faces[0].shape)
        return 0.1 * float(value / size) if size and value else 1.0

    def march(self, pieces: int, c: Sequence[float], weigh: Weighing) -> Iterator[Piece]:
        """Each piece in turn. Raises `DataError` where there is no finite value."""
        start: list[Floats | None] = [None] * len(self.faces)
        for number in range(pieces):
            part = _Part(self, number, c, weigh, start)
            weights = part.solve()
            yield Piece(weights, part.left(weights))
            start = []
            for end, condition in zip(self.ends, self.problem.conditions, strict=True):
                start.append(None if end is None else end @ weights[:, condition.key[0]])

    def later(self, number: int) -> Floats:
        """How far a piece lies behind the first, (d,)."""
        moved = np.zeros(self.problem.dimension)
        moved[self.time] = number * self.length
        return moved

    def jet(self, weights: Floats) -> dict[Key, Floats]:
        return {key: self.inside[key[1]] @ weights[:, key[0]] for key in self.problem.keys
                if key[1] in self.inside}  # fmt: skip

    def _operator(
        self, number: int, keys: Any, jet: dict[Key, Floats], x: Floats, c: Sequence[float]
    ) -> list[Any]:
        """Rows of one equation for the weights of each unknown, sparse (P, N) each."""
        first = next(iter(self.inside.values()))
        found = [sparse.csr_array(first.shape) for _ in self.problem.unknowns]
        for key in keys:
            by = self.problem.partial(number, key, jet, x, c)
            found[key[0]] = found[key[0]] + sparse.diags_array(by) @ self.inside[key[1]]
        return found

    def condition_rows(self, k: int, factor: float) -> Any:
        """Rows of one condition for the weights of all unknowns."""
        key = self.problem.conditions[k].key
        m = len(self.problem.unknowns)
        blank = sparse.csr_array(self.faces[k].shape)
        return sparse.hstack([self.faces[k] * factor if i == key[0] else blank for i in range(m)])


class _Part:
    """The equations of one piece."""

    def __init__(
        self, whole: Pieces, number: int, c: Sequence[float], weigh: Weighing,
        start: Sequence[Floats | None],
    ) -> None:  # fmt: skip
        problem = whole.problem
        self.whole, self.c, self.problem = whole, c, problem
        later = whole.later(number)
        self.x = whole.points.inside + later
        self.root = float(np.sqrt(weigh.residual / len(self.x)))
        self.targets, self.factors = [], []
        for k, condition in enumerate(problem.conditions):
            places = whole.points.faces[k] + later
            given = start[k]
            if given is None and condition.target is not None:
                given = np.asarray(problem.target(condition, places, c))
            self.targets.append(np.zeros(len(places)) if given is None else given)
            members = sum(o.group == condition.group for o in problem.conditions)
            share = weigh.initial if condition.group == "initial" else weigh.boundary
            # A slope weighs like a value that changes by it over one step of the lattice.
            unit = np.prod(whole.lattice.widths ** np.array(condition.key[1]))
            self.factors.append(float(np.sqrt(share / (members * len(places))) * unit))
        self.fixed = [whole.condition_rows(k, f) for k, f in enumerate(self.factors)]

    def missing(self, weights: Floats, *, held: bool = False) -> Floats:
        """What the rows miss; `held` asks for no change in time in place of the equation."""
        if held:
            gaps = [(self.whole.inside[self.whole.change] @ weights).T.ravel() * self.root]
        else:
            jet = self.whole.jet(weights)
            gaps = [r * self.root for r in self.problem.residual(jet, self.x, self.c)]
        return np.concatenate([*gaps, *(g * f for g, f in zip(self._gaps(weights), self.factors,
                                                              strict=True))])  # fmt: skip

    def _gaps(self, weights: Floats) -> list[Floats]:
        found = []
        for k, condition in enumerate(self.problem.conditions):
            found.append(self.whole.faces[k] @ weights[:, condition.key[0]] - self.targets[k])
        return found

    def _rows(self, weights: Floats, *, held: bool) -> Any:
        m = len(self.problem.unknowns)
        if held:
            eye = sparse.eye_array(m)
            blocks = [sparse.kron(eye, self.whole.inside[self.whole.change]) * self.root]
        else:
            jet = self.whole.jet(weights)
            blocks = [
                sparse.hstack(self.whole._operator(k, keys, jet, self.x, self.c)) * self.root
                for k, keys in enumerate(self.problem.partials)
            ]
        return sparse.vstack([*blocks, *self.fixed], format="csr")

    def solve(self) -> Floats:
        """Weights (N, m): one solve of a linear equation, otherwise damped steps from a start that
        is held."""
        weights = np.zeros((len(self.whole.lattice), len(self.problem.unknowns)))
        linear = self.problem.linear
        if not linear:
            weights = weights + self._step(weights, held=True)(0.0)
        loss, damping = total(self.missing(weights)), 0.0
        for _ in range(1 if linear else NEWTON):
            change = self._step(weights, held=False)
            while True:
                tried = weights + change(damping)
                now = total(self.missing(tried))
                if np.isfinite(now) and now <= loss:
                    break
                damping = max(10 * damping, 1e-7)
                if damping > 1.0:
                    return weights
            gain, weights, loss = 1 - now / max(loss, 1e-300), tried, now
            damping = damping / 10 if damping > 1e-8 else 0.0
            if gain < SETTLED:
                break
        return weights

    def _step(self, weights: Floats, *, held: bool) -> Any:
        rows = self._rows(weights, held=held)
        if not np.isfinite(rows.data).all():
            raise DataError("The equation has no finite value; check its formulas.")
        scale = np.sqrt(np.asarray(rows.power(2).sum(axis=0)).ravel())
        scale = np.maximum(scale, FAINTEST * scale.max())
        scaled = rows @ sparse.diags_array(1 / scale)
        gram = (scaled.T @ scaled).tocsc()
        slope = scaled.T @ self.missing(weights, held=held)
        eye = sparse.eye_array(gram.shape[0], format="csc")

        def change(damping: float) -> Floats:
            factor = splu(gram + (damping + RIDGE) * eye, permc_spec="MMD_AT_PLUS_A",
                          diag_pivot_thresh=0.0, options={"SymmetricMode": True})  # fmt: skip
            found = -factor.solve(slope)
            # The normal equations lose digits; one refinement brings them back.
            found -= factor.solve(slope + scaled.T @ (scaled @ found) + (damping + RIDGE) * found)
            return np.asarray((found / scale).reshape(weights.shape[1], -1).T)

        return change

    def left(self, weights: Floats) -> dict[str, float]:
        """Means of squares of what is left of equation, boundary and start."""
        residual = self.problem.residual(self.whole.jet(weights), self.x, self.c)
        parts = {"equation": float(sum(np.mean(r**2) for r in residual)),
                 "boundary": 0.0, "start": 0.0}  # fmt: skip
        for gap, condition in zip(self._gaps(weights), self.problem.conditions, strict=True):
            group = "start" if condition.group == "initial" else "boundary"
            members = sum(o.group == condition.group for o in self.problem.conditions)
            parts[group] += float(np.mean(gap**2)) / members
        return parts
