"""From a typed text to a problem that can be computed, or the reason why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy as sp

from engine.data.errors import OpenError
from engine.pde import compatibility, faces, wellposedness
from engine.pde.expressions import Program, program
from engine.pde.grammar import TextError
from engine.pde.problem import Coefficient, Condition, Key, Problem
from engine.pde.statements import Statement, Symbols, read

GRIDS = {1: (401,), 2: (129, 129), 3: (41, 41, 41)}
"""Points on which errors are told, unless the problem says otherwise."""


def state(
    text: str,
    *,
    name: str = "Typed equation",
    spec: str = "",
    values: Mapping[str, float] | None = None,
    shape: Sequence[int] = (),
    solver: str = "",
) -> Problem:
    """Read a typed problem (`engine.pde.statements`).

    Parameters
    ----------
    values : coefficients by name that differ from the stated ones
    shape : points per axis on which errors are told
    solver : see `Problem`

    Raises
    ------
    TextError
        What cannot be read or solved, with the place.
    OpenError
        For a coefficient that is unknown or out of bounds.
    """
    found = read(text)
    faces.periodic(found)
    faces.pinned(found)
    _check(found, text)
    try:
        made = _compiled(found, text, name, spec or f"equation:{text}", dict(values or {}),
                         tuple(shape) or GRIDS[len(found.axes)], solver)  # fmt: skip
        wellposedness.finite(made)
        grave, mild = compatibility.sentences(made)
        backwards = wellposedness.backwards(made)
        return replace(made, remarks=(*made.remarks, *backwards, *grave, *mild), mild=mild)
    except TextError:
        raise
    except (ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
        reason = str(error).strip().rstrip(".").split("\n")[0][:160]
        raise TextError(f"A formula cannot be computed: {reason}.", text, 0) from None


def _check(found: Symbols, text: str) -> None:
    """Refuse what has not one solution as stated, as far as a count of conditions tells."""
    if len(found.equations) != len(found.unknowns):
        raise TextError(
            f"{len(found.equations)} equations are given for {len(found.unknowns)} unknowns "
            f"({', '.join(found.unknowns)}).", text, 0,
        )  # fmt: skip
    in_equations = set().union(*(e.free_symbols for e in found.equations))
    for number, unknown in enumerate(found.unknowns):
        value: Key = (number, (0,) * len(found.axes))
        for k, axis in enumerate(found.axes.values()):
            orders = [key[1][k] for key, s in found.jet.items() if key[0] == number
                      and s in in_equations]  # fmt: skip
            if axis.periodic or not any(orders):
                continue
            on_axis = [c for c in found.conditions if c[0][0] == number and c[1] == k]
            if axis.name == "t" and not any(c[0] == value and c[2] == 0 for c in on_axis):
                rest = ", ".join(a for a in found.axes if a != "t")
                raise TextError(
                    f"'{unknown}' has no initial condition; add for example "
                    f"{unknown}({axis.low:g}{', ' if rest else ''}{rest}) = 0.", text, 0,
                )  # fmt: skip
            if max(orders) > 1 and not on_axis:
                raise TextError(
                    f"'{unknown}' has no condition at the ends of {axis.name}; add for example "
                    f"boundary {unknown} = 0, or say that {axis.name} is periodic.", text, 0,
                )  # fmt: skip


def _compiled(
    found: Symbols,
    text: str,
    name: str,
    spec: str,
    values: dict[str, float],
    shape: tuple[int, ...],
    solver: str,
) -> Problem:
    coefficients = tuple(_set(c, values) for c in found.coefficients.values())
    if values:
        known = ", ".join(found.coefficients) or "none"
        raise OpenError(f"'{name}' has no coefficient '{next(iter(values))}'. It has: {known}.")
    exact = [found.exact[u] for u in found.unknowns] if found.exact else []
    for key, *_ in found.conditions:
        found.entry(key)
    # Values first and always: whoever draws a solution needs them.
    for number in range(len(found.unknowns)):
        found.entry((number, (0,) * len(found.axes)))
    keys = tuple(sorted(found.jet, key=lambda key: (key[0], sum(key[1]), key[1])))
    symbols = inputs(found, keys)
    partials = []
    for equation in found.equations:
        partials.append(
            {key: program([sp.diff(equation, found.jet[key])], symbols)
             for key in keys if found.jet[key] in equation.free_symbols}
        )  # fmt: skip
    return Problem(
        name=name,
        spec=spec,
        text=text,
        axes=tuple(found.axes.values()),
        unknowns=tuple(found.unknowns),
        coefficients=coefficients,
        keys=keys,
        equations=program(found.equations, symbols),
        partials=tuple(partials),
        linear=_is_linear(found),
        conditions=(
            *(_condition(found, c, symbols) for c in found.conditions),
            *(_pin(p, symbols) for p in found.pins),
        ),
        exact=program(exact, symbols) if exact else None,
        exact_jet=_exact_jet(found, keys, symbols) if exact else {},
        shape=shape,
        remarks=_remarks(found),
        solver=solver,
        symbols=found,
    )


def inputs(found: Symbols, keys: Sequence[Key]) -> list[sp.Symbol]:
    """The order of inputs that `Problem` computes with: coordinates, coefficients, jet."""
    names = [*found.axes, *found.coefficients]
    return [found.coordinate(n) for n in names] + [found.jet[key] for key in keys]


def _set(coefficient: Coefficient, values: dict[str, float]) -> Coefficient:
    value = values.pop(coefficient.name, coefficient.value)
    if not coefficient.low <= value <= coefficient.high:
        raise OpenError(
            f"'{coefficient.name}' must be between {coefficient.low:g} and {coefficient.high:g}, "
            f"got {value:g}."
        )
    return replace(coefficient, value=float(value))


def _is_linear(found: Symbols) -> bool:
    jet = set(found.jet.values())
    return not any(
        sp.diff(equation, symbol).free_symbols & jet
        for equation in found.equations
        for symbol in sorted(equation.free_symbols & jet, key=str)
    )


def _condition(
    found: Symbols,
    said: tuple[Key, int, int, sp.Expr | None, bool],
    symbols: list[sp.Symbol],
) -> Condition:
    key, axis, side, formula, periodic = said
    target = None if formula is None else program([formula], symbols)
    initial = list(found.axes)[axis] == "t"
    return Condition(key, axis, side, "initial" if initial else "boundary", target, periodic)


def _pin(said: tuple[Key, tuple[tuple[int, int], ...], sp.Expr, Statement],
         symbols: list[sp.Symbol]) -> Condition:  # fmt: skip
    key, (first, *more), formula, _ = said
    return Condition(key, *first, "boundary", program([formula], symbols), more=tuple(more))


def _exact_jet(found: Symbols, keys: Sequence[Key], symbols: list[sp.Symbol]) -> dict[Key, Program]:
    made: dict[Key, Program] = {}
    for key in keys:
        formula = found.exact[found.unknowns[key[0]]]
        for axis, count in zip(found.axes, key[1], strict=True):
            for _ in range(count):
                formula = sp.diff(formula, found.coordinate(axis))
        made[key] = program([formula], symbols)
    return made


def _remarks(found: Symbols) -> tuple[str, ...]:
    """What is legal and yet worth knowing."""
    said = []
    for number, unknown in enumerate(found.unknowns):
        for k, axis in enumerate(found.axes.values()):
            second = any(key[0] == number and key[1][k] == 2 for key in found.jet)
            slopes = [c for c in found.conditions
                      if c[0][0] == number and c[1] == k and sum(c[0][1]) > 0]  # fmt: skip
            if axis.name == "t" and second and not slopes:
                said.append(
                    f"The equation is of second order in time and gives no {unknown}_t at the "
                    "start; the solution is not unique."
                )
    return tuple(said)
