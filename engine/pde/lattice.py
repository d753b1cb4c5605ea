"""A problem on a grid of equidistant nodes: places, and what is given on faces of the box."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine.method import DataError
from engine.pde.problem import Floats, Key, Problem, places

ALL_SIDES = "all sides"


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A jet entry is given on one face of the grid: its number along `axis`, and the values in the
    shape of what is left of the grid."""

    axis: int
    side: int
    key: Key
    values: Floats

    @property
    def index(self) -> int:
        return -1 if self.side else 0

    @property
    def order(self) -> int:
        """Of the derivative across the face."""
        return self.key[1][self.axis]


@dataclass(frozen=True, eq=False)
class Lattice:
    """A problem at its coefficients on a grid of nodes."""

    problem: Problem
    c: tuple[float, ...]
    shape: tuple[int, ...]
    sides: str = ""

    @cached_property
    def axes(self) -> tuple[Floats, ...]:
        return self.problem.grid(self.shape)

    @cached_property
    def places(self) -> Floats:
        return places(self.axes)

    @property
    def dimension(self) -> int:
        return len(self.shape)

    def lags(self, axis: int) -> Floats:
        """Distances of nodes along an axis, from the first."""
        return np.asarray(self.axes[axis] - self.axes[axis][0])

    def spacing(self, axis: int) -> float:
        return self.problem.axes[axis].length / (self.shape[axis] - 1)

    def nyquist(self, axis: int) -> float:
        """The highest frequency that the nodes tell apart, in cycles per unit."""
        return 0.5 / self.spacing(axis)

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """Conditions on the nodes; with "all sides" values of the known solution where there are
        none. Raises `DataError`."""
        found = []
        for k in self.problem.conditions:
            asked = functools.partial(self.problem.target, k, c=self.c)
            found.append(Face(k.axis, k.side, k.key, self._on(k.axis, k.side, asked)))
        if self.sides == ALL_SIDES:
            found += self._others({(f.axis, f.side) for f in found})
        for face in found:
            if not np.isfinite(face.values).all():
                raise DataError("Boundary or initial values are not finite; check their formulas.")
        return tuple(found)

    def _others(self, given: set[tuple[int, int]]) -> list[Face]:
        missing = [(axis, side) for axis in range(self.dimension) for side in (0, 1)
                   if (axis, side) not in given]  # fmt: skip
        if missing and self.problem.exact is None:
            raise DataError("Data on all sides need a known solution; choose initial and inflow.")
        return [
            Face(axis, side, self.problem.value_key(),
                 self._on(axis, side, lambda x: self.problem.solution(x, self.c)[0]))
            for axis, side in missing
        ]  # fmt: skip

    def _on(self, axis: int, side: int, formula: Callable[[Floats], Any]) -> Floats:
        ends = [a[[-1 if side else 0]] if k == axis else a for k, a in enumerate(self.axes)]
        values = np.asarray(formula(places(ends)), np.float64)
        return values.reshape([n for k, n in enumerate(self.shape) if k != axis])


def check(problem: Problem) -> None:
    """Refuse what a Gaussian process on a grid does not solve. Raises `DataError`."""
    if problem.dimension > 2:
        raise DataError("Gaussian processes on a grid are for one and two coordinates; "
                        f"'{problem.name}' has {problem.dimension}.")  # fmt: skip
    if len(problem.unknowns) > 1:
        raise DataError("Gaussian processes on a grid are for one unknown; "
                        f"'{problem.name}' has {len(problem.unknowns)}.")  # fmt: skip
    if any(condition.more for condition in problem.conditions):
        raise DataError("Gaussian processes on a grid take values on whole faces; "
                        f"'{problem.name}' gives one at a corner.")  # fmt: skip
    if any(axis.periodic for axis in problem.axes):
        raise DataError("Gaussian processes on a grid need values on the faces; a periodic axis "
                        "has none.")  # fmt: skip


def orders_in(problem: Problem) -> Sequence[tuple[int, ...]]:
    """Derivatives that the equation holds."""
    return sorted(key[1] for key in problem.partials[0])
