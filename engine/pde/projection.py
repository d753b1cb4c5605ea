"""Weights of Gaussians by least squares: the collocation equations, solved by QR.

    minimise  l_r mean |R(u)|^2 + l_b mean |u - g|^2 + l_i mean |u - u_0|^2,   u = sum_i w_i g_i

For a linear equation R is affine in w and one factorisation is the minimum; otherwise Gauss and
Newton's steps, damped. Columns are scaled to unit length; a row of 1e-13 per weight holds down what
the equations leave open.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from engine.method import DataError
from engine.pde.cloud import Cloud
from engine.pde.points import Points
from engine.pde.problem import Floats, Key, Problem

RIDGE = 1e-13
NEWTON = 40
FRONTS, PER_FRONT = 8, 3
"""Stops on the way through time, and Newton's steps at each."""
ENOUGH = 1e-3
"""Share of the loss at the start that may be left without another attempt."""
SETTLED = 5e-3
"""Newton's steps end when one lowers the loss by a smaller share than this."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """The factors of the loss: residual, boundary, initial."""

    residual: float
    boundary: float
    initial: float


class Design:
    """A cloud on points: matrices that stay while coefficients and loss weights change."""

    def __init__(self, problem: Problem, cloud: Cloud, points: Points) -> None:
        self.problem, self.cloud, self.points = problem, cloud, points
        self.orders = sorted({key[1] for partial in problem.partials for key in partial}
                             | {problem.value_key()[1]})  # fmt: skip
        self.inside = cloud.matrices(points.inside, self.orders)
        self.faces = [self._face(k) for k in range(len(problem.conditions))]
        self.later: Floats | None = None
        self._factor: tuple[Floats, Floats, Floats, Floats] | None = None
        self._few: Design | None = None
        self._matrix: tuple[list[Floats], Floats] | None = None

    @property
    def count(self) -> int:
        return len(self.cloud)

    def _face(self, number: int) -> Floats:
        condition = self.problem.conditions[number]
        orders = condition.key[1]
        matrix = self.cloud.matrices(self.points.faces[number], [orders])[orders]
        if condition.periodic:
            other = self.points.opposite(self.problem, number)
            matrix = matrix - self.cloud.matrices(other, [orders])[orders]
        return matrix

    def thinned(self) -> Design:
        """The same on as few points as still hold the weights, for previews."""
        if self._few is None:
            wanted = max(1, 2 * self.count * len(self.problem.unknowns))
            self._few = self._part(slice(None, None, max(1, len(self.points.inside) // wanted)))
        return self._few

    def until(self, share: float) -> Design:
        """The same with the equation asked for in the first share of the time only; later, only
        that nothing changes, so that the next front starts from what this one ends with."""
        number = self.problem.time or 0
        axis = self.problem.axes[number]
        times = self.points.inside[:, number]
        early = times <= axis.low + share * axis.length
        few = self._part(np.flatnonzero(early))
        highest = max(o[number] for o in self.orders)
        change = tuple(highest * (k == number) for k in range(self.problem.dimension))
        few.later = self.inside[change][~early] if change in self.inside else None
        return few

    def _part(self, rows: Any) -> Design:
        few = Design.__new__(Design)
        few.problem, few.cloud = self.problem, self.cloud
        few.points = Points(self.points.inside[rows], self.points.faces)
        few.orders, few.faces = self.orders, self.faces
        few.inside = {o: m[rows] for o, m in self.inside.items()}
        few.later, few._factor, few._few, few._matrix = None, None, None, None
        return few

    def jet(self, weights: Floats) -> dict[Key, Floats]:
        """The jet (P,) inside, of weights (N, m)."""
        return {key: self.inside[key[1]] @ weights[:, key[0]] for key in self.problem.keys
                if key[1] in self.inside}  # fmt: skip

    def natural(self, c: Sequence[float]) -> float:
        """A weight of the residual that makes its rows a tenth as heavy as values are."""
        blank = {key: np.zeros(len(self.points.inside)) for key in self.problem.keys}
        size = 0.0
        for number in range(len(self.problem.partials)):
            operator = self._operator(number, blank, c)
            size = max(size, max(float(np.mean(o * o)) for o in operator))
        value = self.inside[self.problem.value_key()[1]]
        return 0.1 * float(np.mean(value * value)) / size if size else 1.0

    def _operator(self, number: int, jet: dict[Key, Floats], c: Sequence[float]) -> list[Floats]:
        """Rows of one equation for the weights of each unknown, (P, N) each."""
        found = [np.zeros_like(self.inside[self.orders[0]]) for _ in self.problem.unknowns]
        for key in self.problem.partials[number]:
            by = self.problem.partial(number, key, jet, self.points.inside, c)
            found[key[0]] += by[:, None] * self.inside[key[1]]
        return found

    def rows(self, weights: Floats, c: Sequence[float], weigh: Weighing) -> tuple[Floats, Floats]:
        """Matrix (rows, N m) and what is missing (rows,) at these weights.

        The matrix depends on the equation's partial derivatives alone; while these stay, as they do
        when a source or a boundary value moves, it is the same object.
        """
        jet = self.jet(weights)
        key = [np.array([weigh.residual, weigh.boundary, weigh.initial])]
        for number, partial in enumerate(self.problem.partials):
            key += [self.problem.partial(number, k, jet, self.points.inside, c) for k in partial]
        kept = self._matrix
        if kept is None or not all(map(np.array_equal, key, kept[0])):
            kept = self._matrix = key, self._build(jet, c, weigh)
        return kept[1], self.missing(weights, c, weigh)

    def _build(self, jet: dict[Key, Floats], c: Sequence[float], weigh: Weighing) -> Floats:
        inside = np.sqrt(weigh.residual / len(self.points.inside))
        count = range(len(self.problem.partials))
        blocks = [np.hstack(self._operator(k, jet, c)) * inside for k in count]
        m = len(self.problem.unknowns)
        for k, condition in enumerate(self.problem.conditions):
            block = np.zeros((self.faces[k].shape[0], self.count * m))
            first = condition.key[0] * self.count
            block[:, first : first + self.count] = self.faces[k] * self.face_factor(k, weigh)
            blocks.append(block)
        if self.later is not None:
            blocks.append(np.kron(np.eye(m), self.later * inside))
        return np.vstack(blocks)

    def missing(self, weights: Floats, c: Sequence[float], weigh: Weighing) -> Floats:
        """As the second of `rows`, without the matrix."""
        inside = np.sqrt(weigh.residual / len(self.points.inside))
        residual = self.problem.residual(self.jet(weights), self.points.inside, c)
        gaps = [r * inside for r in residual]
        for k in range(len(self.problem.conditions)):
            gaps.append(self.gap(k, weights, c) * self.face_factor(k, weigh))
        if self.later is not None:
            gaps.append((self.later * inside @ weights).T.ravel())
        return np.concatenate(gaps)

    def gap(self, number: int, weights: Floats, c: Sequence[float]) -> Floats:
        """What a condition misses on its points."""
        condition = self.problem.conditions[number]
        found = self.faces[number] @ weights[:, condition.key[0]]
        if condition.periodic:
            return np.asarray(found)
        return np.asarray(found - self.problem.target(condition, self.points.faces[number], c))

    def face_factor(self, number: int, weigh: Weighing) -> float:
        """All points of a group together weigh as much as the group."""
        group = self.problem.conditions[number].group
        members = sum(c.group == group for c in self.problem.conditions)
        whole = weigh.initial if group == "initial" else weigh.boundary
        return float(np.sqrt(whole / (members * self.points.faces.shape[1])))

    def solve(self, matrix: Floats, right: Floats, damping: float = 0.0) -> Floats:
        """The least-squares solution (N m,); an unchanged matrix is not factorised again."""
        kept = self._factor
        if kept is None or damping or kept[0] is not matrix:
            if not np.isfinite(matrix).all():
                raise DataError("The equation has no finite value; check its formulas.")
            scale = np.linalg.norm(matrix, axis=0)
            scale[scale == 0] = 1.0
            hold = np.diag(np.full(matrix.shape[1], max(RIDGE, damping)))
            # The factor Q stays as its reflections: to write it out takes twice as long again.
            (reflections, tau), _ = linalg.qr(
                np.vstack([matrix / scale, hold]), mode="raw", overwrite_a=True,
                check_finite=False,
            )  # fmt: skip
            kept = (matrix, reflections, tau, scale)
            if not damping:
                self._factor = kept
        return np.asarray(_turned_back(kept[1], kept[2], right) / kept[3])


def _turned_back(reflections: Floats, tau: Floats, right: Floats) -> Floats:
    """R^-1 Q^T of a right side (rows,), which is zero in the rows beyond its length."""
    whole = np.zeros((len(reflections), 1))
    whole[: len(right), 0] = right
    size = int(linalg.lapack.dormqr("L", "T", reflections, tau, whole, -1)[1][0])
    turned = linalg.lapack.dormqr("L", "T", reflections, tau, whole, size)[0]
    n = reflections.shape[1]
    return np.asarray(linalg.solve_triangular(reflections[:n], turned[:n, 0], check_finite=False))


def through_time(
    design: Design, c: Sequence[float], weigh: Weighing, start: Floats
) -> Iterator[tuple[Floats, float, bool]]:
    """As `weights_of`, for a nonlinear equation in time from nothing.

    Asked for all times at once the loss may be met by a solution that dies after the start. Where
    too much of it is left, later times are asked for once earlier ones hold, and the better of the
    two is kept.
    """
    direct, least = start, total(design.missing(start, c, weigh))
    enough = ENOUGH * least
    for direct, least, _ in weights_of(design, c, weigh, start):
        yield direct, least, least <= enough
    if least <= enough:
        return
    reached, loss = start, np.inf
    for share in np.linspace(0, 1, FRONTS + 1)[1:-1]:
        part = design.until(float(share))
        if not len(part.points.inside):
            continue
        for weights, now, _ in itertools.islice(weights_of(part, c, weigh, reached), PER_FRONT):
            reached = weights
            yield reached, now, False
    for reached, loss, _ in weights_of(design, c, weigh, reached):  # noqa: B020
        yield reached, loss, False
    yield (reached, loss, True) if loss < least else (direct, least, True)


def weights_of(
    design: Design, c: Sequence[float], weigh: Weighing, start: Floats
) -> Iterator[tuple[Floats, float, bool]]:
    """Weights (N, m), the loss, and whether they are settled, improving.

    Raises
    ------
    DataError
        When no step lowers the loss from a start that is not finite.
    """
    m = len(design.problem.unknowns)
    weights = np.zeros_like(start) if design.problem.linear else start.copy()
    loss = total(design.missing(weights, c, weigh))
    if not np.isfinite(loss):
        raise DataError("The equation has no finite value at the start; check its formulas.")
    damping = 0.0 if design.problem.linear else 1e-6
    for _ in range(NEWTON):
        matrix, missing = design.rows(weights, c, weigh)
        while True:
            change = design.solve(matrix, -missing, damping).reshape(m, -1).T
            tried = weights + change
            now = total(design.missing(tried, c, weigh))
            if design.problem.linear:
                yield tried, now, True
                return
            if np.isfinite(now) and now <= loss:
                break
            damping = max(damping * 10, 1e-6)
            if damping > 1.0:
                yield weights, loss, True
                return
        gain, weights, loss = 1 - now / max(loss, 1e-300), tried, now
        damping = damping / 10 if damping > 1e-12 else 0.0
        settled = gain < SETTLED
        yield weights, loss, settled
        if settled:
            return


def total(missing: Floats) -> float:
    """The sum of squares, infinite where it overflows."""
    with np.errstate(over="ignore"):
        return float(missing @ missing)
