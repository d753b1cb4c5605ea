"""One colour scale for the panels of a figure that show the same quantity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import colour
from engine.layers import Array, Arrows, Field, Layer, Points

Limits = tuple[float, float]


def of_fields(mains: Sequence[Layer]) -> dict[str, Limits]:
    """Common limits of predictions and truths of one unit, when there is more than one."""
    groups: dict[str, list[Field]] = {}
    for item in mains:
        if isinstance(item, Field) and item.role in ("prediction", "truth"):
            groups.setdefault(item.unit, []).append(item)
    return {
        unit: colour.limits(
            np.concatenate([f.values.ravel() for f in found]),
            diverging=any(f.diverging for f in found),
        )
        for unit, found in groups.items()
        if len(found) > 1
    }


def of_columns(mains: Sequence[Layer], wanted: str) -> dict[tuple[str, str], Limits]:
    """Common limits of numbers of one name that are shown with one colour map: an error has a map
    of its own, and so keeps a scale of its own. `wanted` is the column that the person chose."""
    groups: dict[tuple[str, str], list[Array]] = {}
    for item in mains:
        if isinstance(item, Points | Arrows):
            name = wanted if wanted in item.columns else item.colour_by
            column = item.columns.get(name)
            if column is not None and colour.classes(column) is None:
                groups.setdefault((name, colour.colormap_of(item, name)), []).append(column)
    return {
        key: colour.limits(np.concatenate(found), diverging=key[1] == colour.DIVERGING)
        for key, found in groups.items()
        if len(found) > 1
    }
