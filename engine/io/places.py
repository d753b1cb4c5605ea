"""Points of a file, at which a fitted method is asked what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.data import open_any
from engine.data.table import Table
from engine.layers import Array, Layer
from engine.method import DataError, Predicts

AXES = ("x", "y", "z")


def answer(method: Any, params: Any, path: str | Path) -> Layer:
    """What a fitted method says at the points of a file.

    Raises
    ------
    DataError
        For a method that knows its own points only, or a file that does not hold points of its
        space.
    """
    if not isinstance(method, Predicts):
        raise DataError("This method knows its own points only; it cannot be asked at others.")
    return method.at(_points(path), params)


def _points(path: str | Path) -> Array:
    """The columns called x, y and z where a file has them, else all its numbers (q, D)."""
    name = Path(path).name
    table = open_any(str(path))
    if not isinstance(table, Table):
        raise DataError(f"'{name}' holds no table of points.")
    titles = [title.lower() for title in table.columns]
    named = [titles.index(axis) for axis in AXES if axis in titles]
    return np.asarray(table.values[:, named] if len(named) > 1 else table.values, np.float64)
