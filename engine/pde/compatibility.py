"""Whether what is given on faces that meet is one thing where they meet.

Initial and boundary data that differ at a corner of the box leave a solution that jumps there, and
every error beside the corner is then the data's own (compatibility conditions of order zero and
one: Evans, Partial Differential Equations, section 7.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp

from engine.pde.expressions import program
from engine.pde.problem import Floats, Key, Problem, places

SAME = 1e-6
"""Share of the largest value given that rounding and cut-off tails may make."""
SLIGHT = 0.05
ALONG = 33
"""Places along an edge, and along each axis of a face."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Where two data disagree most on one edge: `values` of `name` at `x`, `share` of the size."""

    name: str
    x: tuple[float, ...]
    values: tuple[float, float]
    who: tuple[str, str]
    share: float


def gaps(problem: Problem, c: Sequence[float]) -> list[Gap]:
    """All edges of the box on which data disagree, the worst first."""
    found = [gap for one, other in _pairs(problem) if (gap := _gap(problem, one, other, c))]
    return sorted(found, key=lambda gap: -gap.share)


def sentences(problem: Problem) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is to be said, one sentence for each datum: what jumps, and what jumps slightly."""
    grave, mild = [], []
    found = gaps(problem, problem.values)
    for name in dict.fromkeys(gap.name for gap in found):
        own = [gap for gap in found if gap.name == name]
        worst = own[0]
        at = problem.place(worst.x)
        one, two = (f"{who} says {name} = {value:.4g}" for who, value in
                    zip(worst.who, worst.values, strict=True))  # fmt: skip
        kind = "edge" if problem.dimension > 2 else "corner"
        more = f" (and at {len(own) - 1} more {kind}{'s' * (len(own) > 2)})" * (len(own) > 1)
        if worst.share > SLIGHT:
            grave.append(f"At {at}{more} {one} and {two}: the solution jumps there, and errors "
                         "beside it are large.")  # fmt: skip
        else:
            mild.append(f"At {at}{more} {one} and {two}: a slight difference, {worst.share:.1%} of "
                        "the largest value given.")  # fmt: skip
    return tuple(grave), tuple(mild)


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """A formula for a jet entry on some faces: (axis, side) pairs."""

    key: Key
    faces: tuple[tuple[int, int], ...]
    formula: Any
    who: str
    size: float


def _pairs(problem: Problem) -> Iterator[tuple[_Given, _Given]]:
    """Data for one and the same jet entry on one edge, the differentiable one differentiated."""
    stated = [o for o in problem.symbols.conditions if o[3] is not None]
    for one, other in combinations(stated, 2):
        if one[0][0] != other[0][0] or one[1] == other[1]:
            continue
        orders = tuple(map(max, one[0][1], other[0][1]))
        extra = [tuple(np.subtract(orders, o[0][1]).tolist()) for o in (one, other)]
        # A formula on a face says nothing of the slope across the face.
        if sum(orders) > 1 or extra[0][one[1]] or extra[1][other[1]]:
            continue
        key = one[0][0], orders
        yield tuple(  # type: ignore[misc]
            _Given(key, ((one[1], one[2]), (other[1], other[2])), _derived(problem, o[3], e),
                   _who(problem, o), _size(problem, o))
            for o, e in zip((one, other), extra, strict=True)
        )  # fmt: skip
    for key, met, formula, _ in problem.symbols.pins:
        for o in stated:
            if o[0] == key and o[1] not in dict(met):
                faces = (*met, (o[1], o[2]))
                yield (_Given(key, faces, o[3], _who(problem, o), _size(problem, o)),
                       _Given(key, faces, formula, "the value pinned there", 0.0))  # fmt: skip
    for k, axis in enumerate(problem.axes):
        for o in stated if axis.periodic else ():
            yield tuple(  # type: ignore[misc]
                _Given(o[0], ((o[1], o[2]), (k, side)), o[3], who, _size(problem, o))
                for side, who in enumerate((_who(problem, o), "its other end"))
            )


def _who(problem: Problem, stated: Any) -> str:
    axis = problem.axes[stated[1]]
    if axis.name == "t" and not stated[2]:
        return "the start"
    return f"the boundary at {axis.name} = {(axis.low, axis.high)[stated[2]]:.4g}"


def _derived(problem: Problem, formula: Any, orders: Sequence[int]) -> Any:
    for axis, count in zip(problem.axes, orders, strict=True):
        for _ in range(count):
            formula = sp.diff(formula, problem.symbols.coordinate(axis.name))
    return formula


def _gap(problem: Problem, one: _Given, other: _Given, c: Sequence[float]) -> Gap | None:
    ends = [_values(problem, o, c) for o in (one, other)]
    finite = [np.abs(v[np.isfinite(v)]).max(initial=0.0) for _, v in ends]
    size = max(one.size, other.size, *map(float, finite))
    with np.errstate(invalid="ignore"):
        apart = np.abs(ends[0][1] - ends[1][1])
    # What is not a number, as 0*log(0), has a limit that is not known here.
    apart[np.isnan(apart)] = 0.0
    if apart.max() <= SAME * size:
        return None
    worst = int(apart.argmax())
    x = tuple(float(v) for v in ends[0][0][worst])
    values = float(ends[0][1][worst]), float(ends[1][1][worst])
    return Gap(problem.name_of(one.key), x, values, (one.who, other.who),
               float(apart[worst]) / size if size else np.inf)  # fmt: skip


def _values(problem: Problem, given: _Given, c: Sequence[float]) -> tuple[Floats, Floats]:
    return _evaluated(problem, given.formula, dict(given.faces), c)


def _evaluated(
    problem: Problem, formula: Any, held: Mapping[int, int], c: Sequence[float]
) -> tuple[Floats, Floats]:
    """Places where the axes in `held` are at a side, and the formula there."""
    lines = [problem.bounds[k, held[k] : held[k] + 1] if k in held
             else np.linspace(a.low, a.high, ALONG)
             for k, a in enumerate(problem.axes)]  # fmt: skip
    names = [a.name for a in problem.axes] + [k.name for k in problem.coefficients]
    x = places(lines)
    made = program([formula], [problem.symbols.coordinate(n) for n in names])
    value = made([*x.T, *c])[0]
    return x, np.broadcast_to(np.asarray(value, float), len(x))


def _size(problem: Problem, stated: Any) -> float:
    """The largest finite value given on the face."""
    _, values = _evaluated(problem, stated[3], {stated[1]: stated[2]}, problem.values)
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
