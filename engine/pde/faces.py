"""Conditions of a typed problem: which face of the box, which derivative, which values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sympy as sp

from engine.pde.problem import Key

Target = Callable[[Any, int, str, Any], sp.Expr]


def everywhere(item: Any, match: re.Match[str], found: Any, target: Target) -> None:
    """`boundary u = ...`: on every face but those of time and of periodic axes."""
    name = match.group(2)
    if name not in found.unknowns:
        raise item.fail(f"'{name}' is no unknown of the equations.", match.start(2))
    formula = target(item, match.end(), name, found)
    key: Key = (found.unknowns.index(name), (0,) * len(found.axes))
    given = {(k, axis, side) for k, axis, side, _, _ in found.conditions}
    if name in found.bounded:
        raise item.fail(f"The boundary of '{name}' is given twice.")
    found.bounded.add(name)
    for number, axis in enumerate(found.axes.values()):
        if axis.name == "t" or axis.periodic:
            continue
        for side in (0, 1):
            if (key, number, side) not in given:
                found.placed[key, number, side] = item
                found.conditions.append((key, number, side, _at(formula, axis, side), False))


def on_face(item: Any, match: re.Match[str], key: Key, found: Any, target: Target) -> None:
    """`u(0, x) = ...` or `u_x(t, 1) = ...`."""
    words = match.group(2).split(",")
    if len(words) != len(found.axes):
        axes = ", ".join(found.axes)
        raise item.fail(f"A condition names all axes in order: {match.group(1)}({axes}).",
                        match.start(2))  # fmt: skip
    face: tuple[int, int] | None = None
    offset = match.start(2)
    for number, (word, axis) in enumerate(zip(words, found.axes.values(), strict=True)):
        if word.strip() != axis.name:
            if face is not None:
                raise item.fail("A condition holds on one face: one number only.", offset)
            face = number, _side(item, word, axis, offset)
        offset += len(word) + 1
    if face is None:
        raise item.fail("A condition needs the number of the face it holds on.", match.start(2))
    axis = list(found.axes.values())[face[0]]
    if axis.periodic:
        raise item.fail(f"'{axis.name}' is periodic and has no ends.", match.start(2))
    formula = target(item, match.end(), found.unknowns[key[0]], found)
    if str(item)[match.end() :].strip() == "exact":
        for name, count in zip(found.axes, key[1], strict=True):
            for _ in range(count):
                formula = sp.diff(formula, found.coordinate(name))
    if (key, *face) in found.placed:
        end = (axis.low, axis.high)[face[1]]
        raise item.fail(f"'{match.group(1)}' is given twice at {axis.name} = {end:g}.")
    found.placed[(key, *face)] = item
    found.conditions.append((key, face[0], face[1], _at(formula, axis, face[1]), False))


def _side(item: Any, word: str, axis: Any, offset: int) -> int:
    from engine.pde.statements import constant

    value = constant(item, offset, offset + len(word))
    for side, end in enumerate((axis.low, axis.high)):
        if abs(value - end) <= 1e-9 * (1 + abs(end)):
            return side
    raise item.fail(
        f"{word.strip()} is not an end of {axis.name}, which goes from {axis.low:g} to "
        f"{axis.high:g}.", offset,
    )  # fmt: skip


def _at(formula: sp.Expr, axis: Any, side: int) -> sp.Expr:
    """The formula on the face."""
    end = axis.high if side else axis.low
    exact = sp.Integer(int(end)) if float(end).is_integer() else sp.Float(end)
    return formula.subs(sp.Symbol(axis.name, real=True), exact)


def periodic(found: Any) -> None:
    """Equal values and slopes at the two ends of every periodic axis."""
    for number, axis in enumerate(found.axes.values()):
        if not axis.periodic:
            continue
        for unknown in range(len(found.unknowns)):
            highest = max((k[1][number] for k in found.jet if k[0] == unknown), default=0)
            for order in range(max(1, highest)):
                orders = tuple(order * (k == number) for k in range(len(found.axes)))
                found.conditions.append(((unknown, orders), number, 0, None, True))
