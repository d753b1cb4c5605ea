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
SHAPE = (48, 80)
"""Height and width in pixels of what is shown."""
STEP = 4
"""Pixels between the places that are tried for it."""
TIE = 1e-6
"""So much less variance counts for nothing: of even pictures the middle is taken."""


def on_part(
    method: Any,
    part: tuple[int, int, int, int],
    pick: Callable[[Snapshot], Picture | None],
) -> Callable[[Any], Array] | None:
    """From parameters to the pixels (h, w[, 3]) of the picture that `pick` takes of a snapshot,
    where there is most to see in `part` (top, left, bottom, right), at most of `SHAPE`, by a method
    of the same kind with all it learnt.

    It is an instance of its own and may run beside the other. None where what was learnt is bound
    to the whole picture, or the photograph is not among it.
    """
    state = dict(method.state())
    try:
        photograph = held_photograph.from_arrays(state)
    except KeyError:
        return None
    inner = most_varied(photograph.values, part)
    outer = _with_halo(inner, photograph.values.shape[:2])
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


def most_varied(values: Array, part: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of the box of `SHAPE` within `part`, or about it where the part is
    smaller, whose lightness has the largest variance; near the middle of the part where nothing
    differs. `values` is a picture (H, W[, 3])."""
    shape = values.shape[:2]
    sides = [min(side, length) for side, length in zip(SHAPE, shape, strict=True)]
    firsts, lasts = [], []
    for begin, end, side, length in zip(part[:2], part[2:], sides, shape, strict=True):
        if end - begin < side:
            begin = min(max((begin + end - side) // 2, 0), length - side)
            end = begin + side
        firsts.append(max(0, begin))
        lasts.append(min(length, end))
    inside = values[firsts[0] : lasts[0], firsts[1] : lasts[1]]
    grey = np.asarray(inside if inside.ndim == 2 else inside.mean(axis=2), np.float64)
    variance = _box_means(grey**2, sides) - _box_means(grey, sides) ** 2
    rows, columns = np.indices(variance.shape)
    away = np.hypot(rows - (variance.shape[0] - 1) / 2, columns - (variance.shape[1] - 1) / 2)
    top, left = np.unravel_index(
        np.argmax(variance - TIE * away / max(1.0, float(away.max()))), variance.shape
    )
    row, column = firsts[0] + STEP * int(top), firsts[1] + STEP * int(left)
    return row, column, row + sides[0], column + sides[1]


def _box_means(values: Array, sides: list[int]) -> Array:
    """Means over boxes of these sides, at every `STEP`-th place."""
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    high, wide = sides
    found: Array = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide]
    found = found + sums[:-high, :-wide]
    return found[::STEP, ::STEP] / (high * wide)


def _with_halo(
    inner: tuple[int, int, int, int], shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    top, left, bottom, right = inner
    return (max(0, top - HALO), max(0, left - HALO),
            min(shape[0], bottom + HALO), min(shape[1], right + HALO))  # fmt: skip


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
