"""Conditions of a typed problem: which face of the box, or which of its edges and corners, which
derivative, which values."""

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
    """`u(0, x) = ...` or `u_x(t, 1) = ...`; with several numbers, `p(t, 0, 0) = ...`, the value
    where faces meet."""
    words = match.group(2).split(",")
    if len(words) != len(found.axes):
        axes = ", ".join(found.axes)
        raise item.fail(f"A condition names all axes in order: {match.group(1)}({axes}).",
                        match.start(2))  # fmt: skip
    met: list[tuple[int, int]] = []
    offset = match.start(2)
    for number, (word, axis) in enumerate(zip(words, found.axes.values(), strict=True)):
        if word.strip() != axis.name:
            if axis.periodic:
                raise item.fail(f"'{axis.name}' is periodic and has no ends.", match.start(2))
            met.append((number, _side(item, word, axis, offset)))
        offset += len(word) + 1
    if not met:
        raise item.fail("A condition needs the number of the face it holds on.", match.start(2))
    formula = target(item, match.end(), found.unknowns[key[0]], found)
    if len(met) > 1:
        _pin(item, key, tuple(met), formula, found)
        return
    face = met[0]
    axis = list(found.axes.values())[face[0]]
    if str(item)[match.end() :].strip() == "exact":
        for name, count in zip(found.axes, key[1], strict=True):
            for _ in range(count):
                formula = sp.diff(formula, found.coordinate(name))
    if (key, *face) in found.placed:
        end = (axis.low, axis.high)[face[1]]
        raise item.fail(f"'{match.group(1)}' is given twice at {axis.name} = {end:g}.")
    found.placed[(key, *face)] = item
    found.conditions.append((key, face[0], face[1], _at(formula, axis, face[1]), False))


def _pin(item: Any, key: Key, met: tuple[tuple[int, int], ...], formula: sp.Expr,
         found: Any) -> None:  # fmt: skip
    axes = list(found.axes.values())
    if sum(key[1]):
        raise item.fail("On an edge or at a corner a value can be given, no derivative.")
    if any(axes[k].name == "t" for k, _ in met):
        raise item.fail("A value on an edge or at a corner is given for all t.")
    for other, faces, _, _ in found.pins:
        if other == key and not any((axis, 1 - side) in faces for axis, side in met):
            raise item.fail(f"'{found.unknowns[key[0]]}' is given twice where these faces meet.")
    for axis, side in met:
        formula = _at(formula, axes[axis], side)
    found.pins.append((key, met, formula, item))


def pinned(found: Any) -> None:
    """Refuse a value at a corner that a face through it gives already."""
    for key, met, _, item in found.pins:
        given = next((f for f in met if any(c[:3] == (key, *f) for c in found.conditions)), None)
        if given is not None:
            axis = list(found.axes.values())[given[0]]
            end = (axis.low, axis.high)[given[1]]
            name = found.unknowns[key[0]]
            raise item.fail(f"'{name}' is given already on the whole face {axis.name} = {end:g}.")


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
