"""What makes a typed problem hopeless before it is solved: sources that are not finite inside the
box, and equations that run backwards in time.

A problem is well posed in Hadamard's sense if its solution exists, is one, and depends continuously
on the data; u_t = -u_xx and u_tt = -u_xx do not (Evans, Partial Differential Equations, 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy as sp

from engine.pde.expressions import program
from engine.pde.problem import Floats, Problem, places

WITHIN = {1: 257, 2: 33, 3: 17}
"""Places along each axis strictly inside the box; odd, so that the middle is one."""
LONGEST = 60


def finite(problem: Problem) -> None:
    """Refuse what of coordinates alone has no finite value inside the box or a face.

    Raises
    ------
    TextError
        With the statement's place, the formula and the coordinates.
    """
    found = problem.symbols
    everywhere = _inside(problem)
    for item, formula in found.written:
        _check(problem, item, formula, everywhere, "The equation")
    for name, item in found.given_exact.items():
        _check(problem, item, found.exact[name], everywhere, "The exact solution")
    for key, axis, side, formula, _ in found.conditions:
        item = found.placed.get((key, axis, side))
        if item is not None and formula is not None:
            _check(problem, item, formula, _inside(problem, (axis, side)), "This condition")
    for _, met, formula, item in found.pins:
        _check(problem, item, formula, _inside(problem, *met), "This condition")


def _inside(problem: Problem, *faces: tuple[int, int]) -> Floats:
    """Places of the box, or where faces (axis, side) meet."""
    count = WITHIN[problem.dimension] + 2
    lines = [np.linspace(a.low, a.high, count)[1:-1] for a in problem.axes]
    for axis, side in faces:
        lines[axis] = problem.bounds[axis, side : side + 1]
    return places(lines)


def _check(problem: Problem, item: Any, formula: Any, x: Floats, what: str) -> None:
    found = problem.symbols
    names = [a.name for a in problem.axes] + [c.name for c in problem.coefficients]
    inputs = [found.coordinate(n) for n in names]
    known = set(inputs)
    for part in _known_parts(formula, known):
        divisors = [p.base for p in part.atoms(sp.Pow) if p.exp.is_number and p.exp < 0
                    and not p.base.is_number]  # fmt: skip
        values = program([part, *divisors], inputs)([*x.T, *problem.values])
        whole, *below = (np.broadcast_to(np.asarray(v, float), len(x)) for v in values)
        bad = ~np.isfinite(whole)
        if not bad.any():
            # A pole between two places: what is divided by changes its sign.
            poles = [b for b in below if b.min() < 0 < b.max()]
            if not poles:
                continue
            bad = np.abs(poles[0]) == np.abs(poles[0]).min()
        at = problem.place(x[int(bad.argmax())])
        said = str(part).replace("**", "^")
        said = said if len(said) <= LONGEST else said[:LONGEST] + "…"
        raise item.fail(f"{what} has no finite value near {at}, because of {said}.")


def _known_parts(formula: Any, known: set[Any]) -> Iterator[Any]:
    """The largest parts in which no unknown stands."""
    if formula.is_number or formula.is_Symbol:
        return
    if formula.free_symbols <= known:
        yield formula
        return
    if formula.is_Add or formula.is_Mul:
        free = [a for a in formula.args if a.free_symbols <= known]
        if free:
            yield formula.func(*free)
    for part in formula.args:
        if not part.free_symbols <= known:
            yield from _known_parts(part, known)


def backwards(problem: Problem) -> tuple[str, ...]:
    """A sentence for each unknown whose equation grows without bound from any small error.

    With F(…, u_t, u_xx) = 0 the signs of dF/du_t and dF/du_xx must differ, and likewise with u_tt.
    """
    time = problem.time
    if time is None:
        return ()
    x = _inside(problem)
    still = {key: np.zeros(len(x)) for key in problem.keys}
    said = []
    for number, partials in enumerate(problem.partials):
        for unknown, name in enumerate(problem.unknowns):
            orders = [key[1] for key in partials if key[0] == unknown]
            first = max((o for o in orders if o[time] == sum(o) > 0), default=None, key=sum)
            if first is None:
                continue
            change = problem.partial(number, (unknown, first), still, x, problem.values)
            for o in orders:
                if sum(o) != 2 or max(o) != 2 or o[time]:
                    continue
                bend = problem.partial(number, (unknown, o), still, x, problem.values)
                with np.errstate(invalid="ignore"):
                    wrong = change * bend > 0
                if wrong.any():
                    said.append(
                        f"The equation runs backwards: {problem.name_of((unknown, o))} has the "
                        f"wrong sign beside {problem.name_of((unknown, first))}, for example at "
                        f"{problem.place(x[int(wrong.argmax())])}, so that the "
                        f"smallest error of '{name}' grows without bound."
                    )
                    break
    return tuple(said)
