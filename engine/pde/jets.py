"""Values with their derivatives carried through networks, for numpy and torch alike.

A `Jet` maps orders of differentiation (how often along each axis) to arrays (P, width). Rules of
sum, product and chain up to second order; no automatic differentiation by place is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Orders: TypeAlias = tuple[int, ...]
Jet: TypeAlias = Mapping[Orders, Any]


def closure(wanted: Iterable[Orders]) -> tuple[Orders, ...]:
    """The wanted orders, all that the rules need for them, values first."""
    found = set()
    for orders in wanted:
        found.add(orders)
        found.add((0,) * len(orders))
        found |= {unit(len(orders), j) for j, n in enumerate(orders) if n}
    return tuple(sorted(found, key=lambda o: (sum(o), o)))


def unit(d: int, j: int) -> Orders:
    """Once along axis j."""
    return tuple(int(k == j) for k in range(d))


def parts(orders: Orders) -> tuple[Orders, ...]:
    """The first derivatives that make up an order: xx is x and x, xy is x and y."""
    return tuple(unit(len(orders), j) for j, n in enumerate(orders) for _ in range(n))


def linear(jet: Jet, matrix: Any, bias: Any) -> dict[Orders, Any]:
    """v W + b."""
    return {o: v @ matrix + bias if not sum(o) else v @ matrix for o, v in jet.items()}


def through(jet: Jet, value: Any, first: Any, second: Any) -> dict[Orders, Any]:
    """f(v), from f, f' and f'' at the jet's values."""
    found: dict[Orders, Any] = {}
    for orders, v in jet.items():
        match parts(orders):
            case ():
                found[orders] = value
            case (_,):
                found[orders] = first * v
            case (a, b):
                found[orders] = second * jet[a] * jet[b] + first * v
    return found


def product(one: Jet, other: Jet) -> dict[Orders, Any]:
    """v w."""
    found: dict[Orders, Any] = {}
    for orders in one:
        zero = (0,) * len(orders)
        match parts(orders):
            case ():
                found[orders] = one[orders] * other[orders]
            case (_,):
                found[orders] = one[orders] * other[zero] + one[zero] * other[orders]
            case (a, b):
                found[orders] = (
                    one[orders] * other[zero] + one[zero] * other[orders]
                    + one[a] * other[b] + one[b] * other[a]
                )  # fmt: skip
    return found


def added(one: Jet, other: Jet) -> dict[Orders, Any]:
    """v + w."""
    return {o: v + other[o] for o, v in one.items()}


def tanh(jet: Jet, function: Any) -> dict[Orders, Any]:
    """tanh v; `function` is numpy's or torch's."""
    zero = next(o for o in jet if not sum(o))
    t = function(jet[zero])
    slope = 1 - t * t
    return through(jet, t, slope, -2 * t * slope)
