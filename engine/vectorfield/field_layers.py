"""Layers that every vector-field method shows: field, truth, error, surface and zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array, Arrows, Axis, Layer, Markers
from engine.numerics import singularities
from engine.vectorfield import training

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Where a field lives: positions (n, D), faces (f, 3), the truth (n, D) if known, and what each
    row is to it (n,) (`engine.layers.Standing`)."""

    positions: Floats
    faces: NDArray[np.int64]
    truth: Floats | None
    standing: Array


def layers(
    field: Field, vectors: Floats, std: Floats | None, noise: float, *, tangent_dimension: int
) -> list[Layer]:
    """The field (n, D) with its standard deviation (n,); `noise` is that of an observation's.

    Without `std` only the arrows are made, for a preview.
    """
    found: list[Layer] = [_field(field, vectors, std, noise)]
    if std is None:
        return found
    found += _truth(field, vectors)
    if len(field.faces) and field.positions.shape[1] == 3 and tangent_dimension == 2:
        found += _zeros(field, vectors)
    return found


def _drawn_faces(field: Field) -> NDArray[np.int64]:
    """The mesh where it is drawn in its own three coordinates."""
    return field.faces if field.positions.shape[1] == 3 else field.faces[:0]


def axes(dimension: int) -> tuple[Axis, ...]:
    """Names of the coordinates that are drawn."""
    if dimension <= 3:
        return tuple(Axis(name) for name in "xyz"[:dimension])
    return tuple(Axis(f"PC {k + 1}") for k in range(3))


def shown(positions: Floats, *vectors: Floats) -> tuple[Floats, ...]:
    """Positions and vectors (n, 2 or 3), on three principal components when there are more."""
    if positions.shape[1] <= 3:
        return (positions, *vectors)
    centred = positions - positions.mean(axis=0)
    _, turned = np.linalg.eigh(centred.T @ centred)
    main = turned[:, ::-1][:, :3]
    return (centred @ main, *(v @ main for v in vectors))


def _field(field: Field, vectors: Floats, std: Floats | None, noise: float) -> Arrows:
    columns: dict[str, Array] = {"magnitude": np.linalg.norm(vectors, axis=1)}
    if std is not None:
        columns["standard deviation"] = std
        columns["with noise"] = np.sqrt(std**2 + noise**2)
    columns["row is"] = training.words(field.standing)
    positions, drawn = shown(field.positions, vectors)
    return Arrows(
        name="field", role="prediction", positions=positions, vectors=drawn,
        axes=axes(field.positions.shape[1]), columns=columns, faces=_drawn_faces(field),
        colour_by="magnitude", standing=field.standing, paints=training.PAINTS,
    )  # fmt: skip


def _truth(field: Field, vectors: Floats) -> list[Layer]:
    if field.truth is None:
        return []
    difference = vectors - field.truth
    positions, true, wrong = shown(field.positions, field.truth, difference)
    named = axes(field.positions.shape[1])
    return [
        Arrows(
            name="truth", role="truth", positions=positions, vectors=true, axes=named,
            columns={"magnitude": np.linalg.norm(field.truth, axis=1)}, colour_by="magnitude",
            faces=_drawn_faces(field),
        ),
        Arrows(
            name="error", role="error", positions=positions, vectors=wrong, axes=named,
            columns={"magnitude": np.linalg.norm(difference, axis=1)}, colour_by="magnitude",
            colormap="magma", faces=_drawn_faces(field),
        ),
    ]  # fmt: skip


def _zeros(field: Field, vectors: Floats) -> list[Layer]:
    """Sources, vortices and saddles on a mesh, with their index."""
    found = singularities.find(field.positions, field.faces, vectors)
    if not len(found.faces):
        return []
    return [
        Markers(
            name="singularities", role="diagnostic", positions=found.places,
            labels=tuple("+1" if index > 0 else "\u22121" for index in found.index),
            axes=axes(3),
        )
    ]  # fmt: skip
