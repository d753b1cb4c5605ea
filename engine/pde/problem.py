"""A boundary-value or initial-value problem on a box: the data of the equation solvers.

All formulas are over the coordinates, the coefficients and the jet of the unknowns: their values
and partial derivatives up to second order at a point. A jet entry is named by a `Key`: the number
of the unknown and how often it is differentiated along each axis, so that (0, (0, 2)) is u_yy of
the first unknown u(x, y).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.method import DataError, Note
from engine.pde.expressions import Program

Floats: TypeAlias = NDArray[np.float64]
Key: TypeAlias = tuple[int, tuple[int, ...]]
Jet: TypeAlias = Mapping[Key, Any]
Group = Literal["boundary", "initial"]


class Unsolvable(RuntimeError):
    """Why there is no reference, as one sentence."""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """An axis of the box. On a periodic one the ends are one place."""

    name: str
    low: float
    high: float
    periodic: bool = False

    @property
    def length(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A number in the equation that a person may move between bounds."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One jet entry is given on one face of the box: axis number, side 0 (low) or 1 (high).

    A periodic condition asks for equal values on both faces and has no target. With `more` faces
    the value is given only where all of them meet, on an edge or at a corner: it is pinned there.
    """

    key: Key
    axis: int
    side: int
    group: Group
    target: Program | None
    periodic: bool = False
    more: tuple[tuple[int, int], ...] = ()

    @property
    def faces(self) -> tuple[tuple[int, int], ...]:
        """Axis and side of each face that it holds on together."""
        return ((self.axis, self.side), *self.more)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """A problem, ready to be computed with numpy or torch.

    Attributes
    ----------
    name, spec : as of a `Table`; `spec` opens it again
    text : the problem as it would be typed
    axes : d coordinates in order; time, when there is one, is called "t"
    unknowns : names of the m unknown functions
    equations : the residuals, one formula per equation, zero for a solution
    partials : derivatives of each residual with respect to each jet entry in it
    linear : whether every residual is an affine function of the jet
    exact : the m solutions in closed form, None where none is known
    exact_jet : their derivatives, for the keys of the equations and conditions
    shape : points per axis of the grid on which errors are told
    remarks : what a person should know about the problem
    mild : those of the remarks that do not question the solution
    """

    name: str
    spec: str
    text: str
    axes: tuple[Coordinate, ...]
    unknowns: tuple[str, ...]
    coefficients: tuple[Coefficient, ...]
    keys: tuple[Key, ...]
    equations: Program
    partials: tuple[Mapping[Key, Program], ...]
    linear: bool
    conditions: tuple[Condition, ...]
    exact: Program | None
    exact_jet: Mapping[Key, Program]
    shape: tuple[int, ...]
    remarks: tuple[str, ...] = ()
    mild: tuple[str, ...] = ()
    symbols: Any = None
    """The sympy side (`engine.pde.statements.Symbols`), for solvers that rearrange formulas."""
    solver: str = ""
    """The reference's own solver, where `engine.pde.reference` has one for this very problem."""

    def __len__(self) -> int:
        """Points of the grid on which errors are told."""
        return int(np.prod(self.shape))

    @property
    def dimension(self) -> int:
        return len(self.axes)

    @property
    def bounds(self) -> Floats:
        """Low and high end of each axis, (d, 2)."""
        return np.array([[a.low, a.high] for a in self.axes])

    @property
    def time(self) -> int | None:
        """Number of the time axis."""
        return next((k for k, a in enumerate(self.axes) if a.name == "t"), None)

    @property
    def values(self) -> tuple[float, ...]:
        """The coefficients as stated."""
        return tuple(c.value for c in self.coefficients)

    @property
    def idle(self) -> tuple[str, ...]:
        """Parameters of solvers that mean nothing here: a slice of what has none, which of one
        unknown, a weight of a start or a second axis that there is not, other data where all are
        given."""
        found = ["at"] if self.dimension < 3 else []
        found += ["unknown"] if len(self.unknowns) < 2 else []
        found += ["coefficients"] if not self.coefficients else []
        if self.time is None:
            found += ["weight_initial", "width_time", "pieces"]
        if self.dimension != 2:
            found += ["frequencies_2", "weights_2", "widths_2"]
        if self.exact is None or len({(k.axis, k.side) for k in self.conditions if not k.more}) == (
            2 * self.dimension
        ):
            found += ["sides"]
        return tuple(found)

    @property
    def notes(self) -> list[Note]:
        """The remarks, to stand beside a picture."""
        return [Note(text, grave=text not in self.mild) for text in self.remarks]

    @property
    def colour_by(self) -> str:
        return ""

    def sha256(self) -> str:
        """Hash of the text and of the coefficients."""
        return hashlib.sha256(f"{self.text}\n{self.values}".encode()).hexdigest()

    def chosen(self, wanted: Sequence[float]) -> tuple[float, ...]:
        """Coefficients from a parameter: none means as stated. Raises `DataError`."""
        if not wanted:
            return self.values
        if len(wanted) != len(self.coefficients):
            names = ", ".join(c.name for c in self.coefficients) or "none"
            raise DataError(
                f"'{self.name}' has {len(self.coefficients)} coefficients ({names}), "
                f"{len(wanted)} were given."
            )
        for c, value in zip(self.coefficients, wanted, strict=True):
            if not c.low <= value <= c.high:
                raise DataError(
                    f"Coefficient '{c.name}' must be between {c.low:g} and {c.high:g}. "
                    f"Got {value:g}."
                )
        return tuple(float(v) for v in wanted)

    def name_of(self, key: Key) -> str:
        """As written: "u_xx"."""
        letters = "".join(a.name * n for a, n in zip(self.axes, key[1], strict=True))
        return self.unknowns[key[0]] + (f"_{letters}" if letters else "")

    def place(self, x: Sequence[float]) -> str:
        """As written: "t = 0, x = 1"."""
        return ", ".join(f"{a.name} = {v:.4g}" for a, v in zip(self.axes, x, strict=True))

    def value_key(self, unknown: int = 0) -> Key:
        return unknown, (0,) * self.dimension

    def cells(self, axis: int, shape: Sequence[int] | None = None) -> tuple[float, float]:
        """Outer edges of the cells in whose middles the grid's places along an axis are."""
        a, n = self.axes[axis], (self.shape if shape is None else shape)[axis]
        half = a.length / max(n - 1, 1) / 2
        return a.low - half, a.high + half

    def residual(self, jet: Jet, x: Any, c: Sequence[Any]) -> list[Any]:
        """Residual of each equation (P,), from jet entries (P,) at places x (P, d)."""
        return [_full(v, x) for v in self.equations(self._inputs(jet, x, c))]

    def partial(self, equation: int, key: Key, jet: Jet, x: Any, c: Sequence[float]) -> Any:
        """Derivative (P,) of a residual by a jet entry."""
        formula = self.partials[equation].get(key)
        if formula is None:
            return None
        return _full(formula(self._inputs(jet, x, c))[0], x)

    def target(self, condition: Condition, x: Any, c: Sequence[Any]) -> Any:
        """What the condition asks for at places x (P, d) on its face, (P,)."""
        assert condition.target is not None
        return _full(condition.target(self._inputs({}, x, c))[0], x)

    def solution(self, x: Any, c: Sequence[float]) -> Any:
        """The exact solution at places x (P, d), one entry (P,) per unknown."""
        assert self.exact is not None
        return [_full(v, x) for v in self.exact(self._inputs({}, x, c))]

    def solution_jet(self, x: Any, c: Sequence[float]) -> dict[Key, Any]:
        """The exact solution's derivatives at places x (P, d)."""
        inputs = self._inputs({}, x, c)
        return {key: _full(p(inputs)[0], x) for key, p in self.exact_jet.items()}

    def formula(self, program: Program, x: Any, c: Sequence[Any]) -> Any:
        """A formula of coordinates and coefficients at places x (P, d), (P,)."""
        return _full(program(self._inputs({}, x, c))[0], x)

    def grid(self, shape: Sequence[int] | None = None) -> tuple[Floats, ...]:
        """Equidistant places along each axis, ends included."""
        counts = self.shape if shape is None else shape
        return tuple(np.linspace(a.low, a.high, n) for a, n in zip(self.axes, counts, strict=True))

    def _inputs(self, jet: Jet, x: Any, c: Sequence[Any]) -> list[Any]:
        places = [x[:, k] for k in range(self.dimension)]
        return [*places, *c, *(jet.get(key) for key in self.keys)]


def places(axes: Sequence[Floats]) -> Floats:
    """The points of a grid (prod n, d), the last axis running fastest."""
    mesh = np.meshgrid(*axes, indexing="ij")
    return np.column_stack([m.ravel() for m in mesh])


def _full(value: Any, x: Any) -> Any:
    """A constant formula as an entry per place."""
    if getattr(value, "ndim", 0):
        return value
    return x[:, 0] * 0 + value
