"""Boundary and initial values that hold by construction: u = B + D N.

B takes the given values on all faces that have one, by transfinite interpolation: along one axis
after the other what is still missing is filled in linearly. D vanishes there, doubly where a speed
is given as well. Between two given ends D is 4 s (1 - s), where arXiv 2301.11040 has sin(pi s):
N is left as smooth, and a polynomial is zero at the ends to the last digit. A value pinned where
faces meet makes D the sum of the distances from them, (x + y) for p(t, 0, 0), as there.
Slopes and periodic conditions are left to the loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from engine.pde.expressions import Program, program
from engine.pde.jets import Orders
from engine.pde.problem import Problem
from engine.pde.stating import inputs


@dataclass(frozen=True, slots=True, eq=False)
class Hard:
    """B and D of each unknown with their derivatives, as programs over places and coefficients."""

    base: tuple[Mapping[Orders, Program], ...]
    factor: tuple[Mapping[Orders, Program], ...]
    kept: tuple[bool, ...]
    """Per unknown whether anything holds: not where B has a kink at the ends of a period, which no
    periodic N could take away."""

    @classmethod
    def of(cls, problem: Problem, orders: Sequence[Orders]) -> Hard:
        """For the wanted derivatives."""
        symbols = inputs(problem.symbols, problem.keys)
        base, factor, kept = [], [], []
        for number in range(len(problem.unknowns)):
            b, d = _formulas(problem, number)
            kept.append(_fits_periods(problem, b))
            if not kept[-1]:
                b, d = sp.Integer(0), sp.Integer(1)
            base.append(_derivatives(problem, b, orders, symbols))
            factor.append(_derivatives(problem, d, orders, symbols))
        return cls(tuple(base), tuple(factor), tuple(kept))

    def jets(
        self, problem: Problem, x: Any, c: Sequence[Any], stack: Any
    ) -> tuple[dict[Orders, Any], dict[Orders, Any]]:
        """B and D as jets (P, m) at places x; `stack` joins columns."""
        found: list[dict[Orders, Any]] = []
        for programs in (self.base, self.factor):
            jet = {}
            for orders in programs[0]:
                columns = [problem.formula(p[orders], x, c) for p in programs]
                jet[orders] = stack(columns)
            found.append(jet)
        return found[0], found[1]


def _fits_periods(problem: Problem, formula: sp.Expr) -> bool:
    """Whether value and slope agree at the ends of every periodic axis."""
    values = {sp.Symbol(k.name, real=True): k.value for k in problem.coefficients}
    values |= {sp.Symbol(a.name, real=True): a.low + 0.37 * a.length
               for a in problem.axes if not a.periodic}  # fmt: skip
    for axis in problem.axes:
        if not axis.periodic:
            continue
        x = sp.Symbol(axis.name, real=True)
        others = {sp.Symbol(a.name, real=True): a.low + 0.37 * a.length
                  for a in problem.axes if a is not axis}  # fmt: skip
        for f in (formula, sp.diff(formula, x)):
            ends = [program([f.subs({**values, **others, x: e})], [])([])[0]
                    for e in (axis.low, axis.high)]  # fmt: skip
            if not abs(ends[0] - ends[1]) <= 1e-9 * (1 + abs(ends[0])):
                return False
    return True


def _derivatives(
    problem: Problem, formula: sp.Expr, orders: Sequence[Orders], symbols: list[sp.Symbol]
) -> dict[Orders, Program]:
    found = {}
    for wanted in orders:
        derived = formula
        for axis, count in zip(problem.axes, wanted, strict=True):
            for _ in range(count):
                derived = sp.diff(derived, sp.Symbol(axis.name, real=True))
        found[wanted] = program([derived], symbols)
    return found


def _formulas(problem: Problem, number: int) -> tuple[sp.Expr, sp.Expr]:
    base, factor = sp.Integer(0), sp.Integer(1)
    given = {(key, axis, side): formula for key, axis, side, formula, periodic
             in problem.symbols.conditions if not periodic}  # fmt: skip
    value = problem.value_key(number)
    for k in range(problem.dimension):
        if k != problem.time:
            ends = [given.get((value, k, side)) for side in (0, 1)]
            base, factor = _along(problem, k, ends, base, factor)
    for key, met, formula, _ in problem.symbols.pins:
        if key == value:
            base, factor = _pinned(problem, met, formula, base, factor)
    # Time last: the start then holds exactly even where the corners disagree.
    if (t := problem.time) is not None:
        speed = given.get(((number, tuple(int(j == t) for j in range(problem.dimension))), t, 0))
        ends = [given.get((value, t, side)) for side in (0, 1)]
        base, factor = _along(problem, t, ends, base, factor, speed)
    return base, factor


def _line(problem: Problem, axis: int) -> tuple[sp.Symbol, tuple[sp.Expr, sp.Expr], sp.Expr]:
    """An axis's coordinate, its ends, and the share of its length that lies behind."""
    a = problem.axes[axis]
    x = sp.Symbol(a.name, real=True)
    low, high = (sp.nsimplify(e, rational=True) for e in (a.low, a.high))
    return x, (low, high), (x - low) / (high - low)


def _along(
    problem: Problem, axis: int, ends: Sequence[Any], base: sp.Expr, factor: sp.Expr,
    speed: Any = None,
) -> tuple[sp.Expr, sp.Expr]:  # fmt: skip
    """With the values that are given at the ends of an axis as well."""
    x, places, share = _line(problem, axis)
    missing = [None if g is None else g - base.subs(x, e)
               for g, e in zip(ends, places, strict=True)]  # fmt: skip
    if missing[0] is not None and missing[1] is not None:
        base += missing[0] * (1 - share) + missing[1] * share
        factor *= 4 * share * (1 - share)
    elif missing[0] is not None:
        start = base
        base += missing[0]
        if speed is not None:
            base += (speed - sp.diff(start, x).subs(x, places[0])) * (x - places[0])
        factor *= share**2 if speed is not None else share
    elif missing[1] is not None:
        base += missing[1]
        factor *= 1 - share
    return base, factor


def _pinned(
    problem: Problem, met: Sequence[tuple[int, int]], formula: sp.Expr, base: sp.Expr,
    factor: sp.Expr,
) -> tuple[sp.Expr, sp.Expr]:  # fmt: skip
    """With a value where faces meet as well; none of them is given as a whole."""
    away, here = sp.Integer(0), {}
    for axis, side in met:
        x, places, share = _line(problem, axis)
        here[x] = places[side]
        away += 1 - share if side else share
    # What is added vanishes where the factor does, and is all that is missing at the place itself.
    rest = factor / factor.subs(here)
    return base + (formula - base.subs(here)) * sp.cancel(rest), factor * away
