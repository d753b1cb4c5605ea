"""From a column of a cloud to colours, and to what its legend must say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import colour

MOST_CLASSES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """Colours (n, 3) of points, with either classes (names and colours) or limits of numbers."""

    rgb: NDArray[np.float32]
    title: str = ""
    names: tuple[str, ...] = ()
    colours: NDArray[np.float32] | None = None
    limits: tuple[float, float] = (0.0, 1.0)
    colormap: str = ""


def colouring(
    column: Any,
    title: str,
    colormap: str,
    plain: str,
    n: int,
    limits: tuple[float, float] | None = None,
) -> Colouring:
    """Colours of one column; without a column every point has the colour `plain` ("#rrggbb").
    Numbers are coloured between `limits`, their own if there are none."""
    if column is None:
        one = np.array([int(plain[k : k + 2], 16) / 255 for k in (1, 3, 5)], np.float32)
        return Colouring(np.tile(one, (n, 1)))
    found = colour.classes(np.asarray(column))
    if found is not None and len(found[0]) <= MOST_CLASSES:
        names, codes = found
        palette = np.asarray(colour.categorical(len(names)), np.float32)
        return Colouring(palette[codes], title, names, palette)
    if found is not None and np.asarray(column).dtype.kind not in "iu":
        return _most_frequent(np.asarray(column), title)
    values = np.asarray(column, dtype=np.float64)
    limits = limits or robust_limits(values)
    if colormap == colour.DIVERGING:
        limits = (-max(map(abs, limits)), max(map(abs, limits)))
    rgb = np.asarray(colour.rgb(values, colormap, limits), np.float32)
    return Colouring(rgb, title, limits=limits, colormap=colormap)


def _most_frequent(column: NDArray[Any], title: str) -> Colouring:
    """More kinds than colours: the most frequent ones keep theirs, the rest are "other"."""
    kinds, codes, counts = np.unique(column.astype(str), return_inverse=True, return_counts=True)
    kept = np.sort(np.argsort(-counts, kind="stable")[: MOST_CLASSES - 1])
    palette = np.asarray(colour.categorical(len(kept)), np.float32)
    grey = np.full((1, 3), 0.6, np.float32)
    place = np.full(len(kinds), len(kept))
    place[kept] = np.arange(len(kept))
    colours = np.concatenate([palette, grey])
    names = (*(str(kinds[k]) for k in kept), "other")
    return Colouring(colours[place[codes]], title, names, colours)


def robust_limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Least and greatest value, without the outermost half percent when that halves the range."""
    finite = values[np.isfinite(values)]
    low, high = colour.limits(values)
    if len(finite) > 200:
        inner_low, inner_high = np.quantile(finite, [0.005, 0.995])
        if 0 < inner_high - inner_low < 0.5 * (high - low):
            return float(inner_low), float(inner_high)
    return low, high


def same_column(before: Any, now: Any) -> bool:
    """Whether a column still says what it said, so that its colours can stay."""
    return before is now or (before is not None and now is not None and np.array_equal(before, now))
