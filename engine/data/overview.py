"""The data themselves as points: what the eye gets before any method has run."""

from __future__ import annotations

import numpy as np

from engine.data.table import Table
from engine.layers import Axis, Points

FIT_ROWS = 5000
"""Rows that the principal axes are computed from; more do not move them visibly."""


def overview(table: Table) -> Points:
    """The rows in their own coordinates when there are two or three, else on the first three
    principal components (covariance of at most `FIT_ROWS` evenly spaced rows)."""
    columns, units = table.columns, table.units
    if len(columns) in (2, 3):
        positions = np.array(table.values)
        axes = tuple(Axis(c, u) for c, u in zip(columns, units, strict=True))
    else:
        positions = _principal(table.values)
        axes = tuple(Axis(f"PC {k + 1}") for k in range(positions.shape[1]))
    return Points(
        name="data",
        role="data",
        positions=positions,
        axes=axes,
        columns=dict(table.labels),
        colour_by=table.colour_by,
    )


def _principal(values: np.ndarray) -> np.ndarray:
    few = values[:: max(1, len(values) // FIT_ROWS)]
    centre = few.mean(axis=0)
    if values.shape[1] == 1:
        return np.column_stack([values[:, 0], np.zeros(len(values))])
    _, vectors = np.linalg.eigh(np.cov((few - centre).T))
    axes = vectors[:, ::-1][:, :3]
    # The sign of an eigenvector is arbitrary: its largest entry is made positive.
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    projected: np.ndarray = (values - centre) @ (axes * signs)
    return projected
