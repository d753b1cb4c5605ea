"""Layers that every vector-field method shows: field, truth, error, surface and zeros."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array, Arrows, Axis, Layer, Markers
from engine.vectorfield import training
from engine.vectorfield.calculus import Calculus, Draw

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Where a field lives: positions (n, D), faces (f, 3), the truth (n, D) if known, and what each
    row is to it (n,) (`engine.layers.Standing`)."""

    positions: Floats
    faces: NDArray[np.int64]
    truth: Floats | None
    standing: Array


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How uncertain the field is: the covariance (n, d, d) of its components along `frames`
    (n, D, d), and the standard deviation of the noise on each component of an observation."""

    frames: Floats
    covariance: Floats
    noise: float

    @property
    def latent(self) -> Floats:
        """Standard deviation of the field (n,): the root of the covariance's trace."""
        return np.asarray(np.sqrt(np.einsum("naa->n", self.covariance)))

    @property
    def predictive(self) -> Floats:
        """Standard deviation of a new observation (n,)."""
        return np.asarray(np.sqrt(self.latent**2 + self.covariance.shape[1] * self.noise**2))


def layers(
    field: Field,
    vectors: Floats,
    spread: Spread | None,
    columns: Mapping[str, Array] | None = None,
) -> list[Layer]:
    """The field (n, D) with its spread, and further columns (n,) to colour it by.

    Without `spread` only the arrows are made, for a preview.
    """
    found: list[Layer] = [_field(field, vectors, spread, columns or {})]
    return found if spread is None else found + _truth(field, vectors)


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
    centred, main = positions - positions.mean(axis=0), main_directions(positions)
    return (centred @ main, *(v @ main for v in vectors))


def main_directions(positions: Floats) -> Floats:
    """The three principal components (D, 3) of positions in more dimensions."""
    centred = positions - positions.mean(axis=0)
    _, turned = np.linalg.eigh(centred.T @ centred)
    return np.asarray(turned[:, ::-1][:, :3])


def _field(
    field: Field, vectors: Floats, spread: Spread | None, further: Mapping[str, Array]
) -> Arrows:
    columns: dict[str, Array] = {"magnitude": np.linalg.norm(vectors, axis=1)}
    if spread is not None:
        columns["standard deviation"] = spread.latent
        columns["with noise"] = spread.predictive
    columns |= further
    columns["row is"] = training.words(field.standing)
    positions, drawn = shown(field.positions, vectors)
    told = _uncertain(field, vectors, spread) if spread is not None else {}
    return Arrows(
        name="field", role="prediction", positions=positions, vectors=drawn,
        axes=axes(field.positions.shape[1]), columns=columns, faces=_drawn_faces(field),
        colour_by="magnitude", diverging=("divergence", "curl"), standing=field.standing,
        paints=training.PAINTS, **told,
    )  # fmt: skip


def _uncertain(field: Field, vectors: Floats, spread: Spread) -> dict[str, Any]:
    """Frames and covariance as they are drawn, with the arrays of all coordinates attached where
    only three principal components are."""
    if field.positions.shape[1] <= 3:
        return {"frames": spread.frames, "covariance": spread.covariance}
    return {
        "frames": np.einsum("Dc,nDa->nca", main_directions(field.positions), spread.frames),
        "covariance": spread.covariance,
        "attached": {
            "position": field.positions, "vector": vectors, "frame in space": spread.frames,
        },
    }  # fmt: skip


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


def zeros(field: Field, vectors: Floats, calculus: Calculus, draw: Draw) -> list[Layer]:
    """Sources, sinks, vortices and saddles, with the share of posterior draws that keep them."""
    found = calculus.zeros(vectors)
    if found is None or not len(found.faces):
        return []
    places = found.places
    if field.positions.shape[1] > 3:
        centred = places - field.positions.mean(axis=0)
        places = centred @ main_directions(field.positions)
    return [
        Markers(
            name="singularities", role="diagnostic", positions=places,
            labels=tuple("+1" if index > 0 else "\u22121" for index in found.index),
            axes=axes(field.positions.shape[1]),
            columns={
                "index": found.index, "kind": found.kinds,
                "stability": calculus.stability(found, draw),
            },
        )
    ]  # fmt: skip
