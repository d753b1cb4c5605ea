"""A fitted method on a part of its photograph, for small pictures of what its sliders would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Array, Picture
from engine.method import DataError, Snapshot
from engine.restoration import held_photograph

HALO = 32
"""Pixels around the part that are computed with it, and left out."""
SIDE = 64


def on_part(
    method: Any,
    part: tuple[int, int, int, int],
    pick: Callable[[Snapshot], Picture | None],
) -> Callable[[Any], Array] | None:
    """From parameters to the pixels (h, w[, 3]) of the picture that `pick` takes of a snapshot, in
    the middle of `part` (top, left, bottom, right), at most `SIDE` a side, by a method of the same
    kind with all it learnt.

    It is an instance of its own and may run beside the other. None where what was learnt is bound
    to the whole picture, or the photograph is not among it.
    """
    state = dict(method.state())
    try:
        photograph = held_photograph.from_arrays(state)
    except KeyError:
        return None
    inner, outer = _places(part, photograph.values.shape[:2])
    cut = _cut(photograph, outer)
    rest = {k: v for k, v in state.items() if not k.startswith(held_photograph.PREFIX)}
    try:
        small = type(method).from_state(method.params, {**rest, **held_photograph.to_arrays(cut)})
        first = pick(small.evaluate(method.params))
    except (DataError, ValueError, KeyError, RuntimeError):
        return None
    if first is None or first.values.shape[:2] != cut.values.shape[:2]:
        return None
    top, left = inner[0] - outer[0], inner[1] - outer[1]
    high, wide = inner[2] - inner[0], inner[3] - inner[1]

    def shown(params: Any) -> Array:
        found = pick(small.evaluate(params))
        assert found is not None
        return np.ascontiguousarray(found.values[top : top + high, left : left + wide])

    return shown


def _places(
    part: tuple[int, int, int, int], shape: tuple[int, ...]
) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """The middle of the part, and the same with its halo, within the picture."""
    firsts, lasts = [], []
    for begin, end, length in zip(part[:2], part[2:], shape, strict=True):
        side = min(SIDE, length)
        first = min(max((begin + end - side) // 2, 0), length - side)
        firsts.append(first)
        lasts.append(first + side)
    outer = [max(0, first - HALO) for first in firsts]
    outer += [min(length, last + HALO) for last, length in zip(lasts, shape, strict=True)]
    return (*firsts, *lasts), tuple(outer)  # type: ignore[return-value]


def _cut(photograph: Photograph, part: tuple[int, int, int, int]) -> Photograph:
    top, left, bottom, right = part

    def inside(values: Array | None) -> Array | None:
        return None if values is None else np.ascontiguousarray(values[top:bottom, left:right])

    return replace(
        photograph,
        values=photograph.values[top:bottom, left:right],
        alpha=inside(photograph.alpha),
        truth=inside(photograph.truth),
    )
