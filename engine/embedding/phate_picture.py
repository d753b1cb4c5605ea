"""Layers and notes of a PHATE map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.embedding import drawing, reading
from engine.embedding.phate_layout import Fitted, Layout
from engine.layers import Axis, Curves, Network, Points
from engine.method import Note, Snapshot

if TYPE_CHECKING:
    from engine.embedding.phate import _Params as Params

Floats = NDArray[np.float64]


def network(fitted: Fitted) -> Network:
    """The kernel's edges between rows."""
    return drawing.neighbour_network(fitted.weights, fitted.rows)


def settled(fitted: Fitted, edges: Network, layout: Layout, params: Params) -> Snapshot:
    """The full frame."""
    return Snapshot(
        layers=(
            _points(fitted, layout.positions),
            edges,
            _entropy(fitted, params),
            _spectrum(fitted, params),
            _stress(layout),
        ),
        params=params,
        metrics={"stress": layout.stresses[-1], "t": fitted.time(params)},
        step=len(layout.stresses) - 1,
        notes=_notes(fitted),
        chosen={"time": fitted.time(params)},
    )


def coarse(fitted: Fitted, edges: Network, layout: Layout, params: Params) -> Snapshot:
    """The frame of a preview."""
    return Snapshot(
        layers=(
            _points(fitted, layout.positions),
            edges,
            _entropy(fitted, params),
            _spectrum(fitted, params),
        ),
        params=params,
        metrics={"stress": layout.stresses[-1], "t": fitted.time(params)},
        notes=_notes(fitted),
        chosen={"time": fitted.time(params)},
        coarse=f"{len(fitted.preview)} of {fitted.total} points",
    )


def moving(fitted: Fitted, positions: Floats, params: Params, step: int) -> Snapshot:
    """The layout on its way, during a fit."""
    return Snapshot(
        layers=(_points(fitted, positions),),
        params=params,
        step=step,
        coarse="layout still moving",
    )


def _points(fitted: Fitted, positions: Floats) -> Points:
    return drawing.map_points(positions, None, fitted.place, "PHATE")


def _entropy(fitted: Fitted, params: Params) -> Curves:
    return Curves(
        name="entropy",
        role="diagnostic",
        x=fitted.times,
        lines={"von Neumann entropy": fitted.curve},
        axes=(Axis("diffusion time t"), Axis("entropy", "nat")),
        marks={"t": fitted.time(params), "knee": fitted.knee},
    )


def _spectrum(fitted: Fitted, params: Params) -> Curves:
    walk = fitted.walk
    left = walk.powers(fitted.time(params))
    return drawing.spectrum_stems({"eigenvalue μ": walk.values, "left after t: μ^t": left})


def _stress(layout: Layout) -> Curves:
    return Curves(
        name="stress",
        role="diagnostic",
        x=np.arange(len(layout.stresses), dtype=np.float64),
        lines={"stress": np.array(layout.stresses)},
        axes=(Axis("sweep"), Axis("stress, relative to the distances")),
    )


def _notes(fitted: Fitted) -> tuple[Note, ...]:
    found = reading.part_notes(
        fitted.component, fitted.joined, "distances between parts mean nothing."
    )
    points, in_graph = len(fitted.values), len(fitted.rows)
    if points < in_graph:
        found.append(
            Note(
                f"Diffusion runs between {points} landmarks, clusters of {in_graph} rows; each row "
                "lies at the mean of its landmarks and cannot leave their hull."
            )
        )
    found += reading.row_notes(
        fitted.total,
        fitted.total if points < in_graph and in_graph == fitted.total else in_graph,
        duplicates=fitted.duplicates,
        constant=fitted.constant,
    )
    return tuple(found)
