"""The data themselves as points: what the eye gets before any method has run."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.photograph import Photograph
from engine.data.table import Table
from engine.data.vectors import VectorSamples
from engine.layers import Array, Arrows, Axis, Layer, Picture, Points

FIT_ROWS = 5000
"""Rows that the principal axes are computed from; more do not move them visibly."""


def overview(data: Any) -> Layer:
    """The data as a picture. Raises `DataError` for a problem without a reference."""
    if isinstance(data, Photograph):
        return Picture(name="input", role="data", values=data.values)
    if not isinstance(data, Table | VectorSamples):
        from engine.pde.overview import overview as reference

        return reference(data)
    return _observed(data) if isinstance(data, VectorSamples) else _rows(data)


def _observed(data: VectorSamples) -> Arrows:
    """The vectors that are known; other positions are points."""
    positions, vectors = np.array(data.positions), np.array(data.vectors)
    vectors[~data.observed] = np.nan
    named = tuple(Axis(name, data.unit) for name in data.axes)
    faces = data.faces
    if positions.shape[1] > 3:
        centred = positions - positions.mean(axis=0)
        main = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :3]
        positions, vectors, faces = centred @ main, vectors @ main, faces[:0]
        named = tuple(Axis(f"PC {k + 1}") for k in range(3))
    columns: dict[str, Array] = {"magnitude": np.linalg.norm(vectors, axis=1)}
    columns.update(data.labels)
    return Arrows(
        name="data", role="data", positions=positions, vectors=vectors, axes=named,
        columns=columns, faces=np.asarray(faces), unit=data.vector_unit, colour_by="magnitude",
    )  # fmt: skip


def _rows(table: Table) -> Points:
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
