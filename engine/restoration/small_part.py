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
"""So little more counts for nothing: of even pictures the middle is taken."""


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
    inner = most_detailed(photograph.values, part)
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


def most_detailed(values: Array, part: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of the box of `SHAPE` within `part`, or about it where the part is
    smaller, that has most edges; the middle one where there are none. `values` is a picture
    (H, W[, 3])."""
    shape = values.shape[:2]
    sides = [min(side, length) for side, length in zip(SHAPE, shape, strict=True)]
    ends = []
    for begin, end, side, length in zip(part[:2], part[2:], sides, shape, strict=True):
        if end - begin < side:
            begin = min(max((begin + end - side) // 2, 0), length - side)
            end = begin + side
        ends.append((max(0, begin), min(length, end)))
    (top, bottom), (left, right) = ends
    edges = _edges(values[top:bottom, left:right])
    found = _box_sums(edges, [max(1, min(side // STEP - 1, n))
                              for side, n in zip(sides, edges.shape, strict=True)])  # fmt: skip
    places = np.indices(found.shape)
    middle = (np.array(found.shape) - 1)[:, None, None] / 2
    away = np.hypot(*(places - middle)) / max(1.0, float(np.hypot(*found.shape)))
    row, column = np.unravel_index(np.argmax(found - TIE * away), found.shape)
    top = min(top + STEP * int(row), bottom - sides[0])
    left = min(left + STEP * int(column), right - sides[1])
    return top, left, top + sides[0], left + sides[1]


def _edges(values: Array) -> Array:
    """Differences between neighbouring means over squares of `STEP` pixels, which hold little of
    the noise. Their roots: many edges count for more than a high one."""
    grey = np.asarray(values if values.ndim == 2 else values.mean(axis=2), np.float64)
    rows, columns = (max(1, n // STEP) for n in grey.shape)
    grey = grey[: rows * STEP, : columns * STEP]
    means = grey.reshape(rows, grey.shape[0] // rows, columns, -1).mean(axis=(1, 3))
    down, across = np.abs(np.diff(means, axis=0)), np.abs(np.diff(means, axis=1))
    found: Array = np.zeros((max(1, rows - 1), max(1, columns - 1)))
    if rows > 1 and columns > 1:
        found = np.sqrt(down[:, :-1]) + np.sqrt(across[:-1])
    return found


def _box_sums(values: Array, sides: list[int]) -> Array:
    """Sums over boxes of these sides, at every place."""
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    high, wide = sides
    found: Array = sums[high:, wide:] - sums[:-high, wide:]
    return np.asarray(found - sums[high:, :-wide] + sums[:-high, :-wide])


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
