"""Layers and notes of a heat-geodesic map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.embedding.heat_layout import Layout, eigenvectors_kept, floor_of, time_of
from engine.embedding.heat_params import Params
from engine.embedding.heat_stages import Counts, Fitted
from engine.layers import Axis, Curves, Network, Points
from engine.method import Note, Snapshot
from engine.numerics import graphs
from engine.numerics.entropy import ALL_ROWS, rows_for
from engine.numerics.heat import Spectrum, tail_bound

Floats = NDArray[np.float64]

SHOWN_EIGENVALUES = 200
WORRYING_FLOOR = 0.05
HOPELESS_CLIPPED = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """What no LIVE parameter moves: made once per fit."""

    network: Network
    spectrum: Curves
    degree: Floats
    component: NDArray[np.int64]

    @classmethod
    def of(cls, fitted: Fitted) -> Fixed:
        pairs, weights = graphs.edges(fitted.weights)
        network = Network(
            name="neighbours",
            role="diagnostic",
            over="map",
            edges=fitted.rows[pairs].astype(np.int32),
            weights=weights,
        )
        few = fitted.values[:SHOWN_EIGENVALUES]
        spectrum = Curves(
            name="spectrum",
            role="diagnostic",
            x=np.arange(len(few), dtype=np.float64),
            lines={"eigenvalue of the Laplacian": few},
            axes=(Axis("number"), Axis("eigenvalue")),
            stems=True,
        )
        degree = graphs.degrees(fitted.weights)
        component = fitted.component
        if fitted.place is not None:
            component = component[nearest_landmark(fitted.place)]
        return cls(network, spectrum, _everywhere(fitted, degree), component.astype(np.int64))


def nearest_landmark(place: sparse.csr_array) -> NDArray[np.int64]:
    """Column of each row's greatest entry (n,); no row is empty."""
    starts = place.indptr[:-1]
    greatest = np.repeat(np.maximum.reduceat(place.data, starts), np.diff(place.indptr))
    found = np.flatnonzero(place.data == greatest)
    rows = np.repeat(np.arange(place.shape[0]), np.diff(place.indptr))[found]
    _, first = np.unique(rows, return_index=True)
    return np.asarray(place.indices[found[first]], dtype=np.int64)


def _everywhere(fitted: Fitted, values: Floats) -> Floats:
    """Values of the computed points (m,) or (m, d) at all rows."""
    return values if fitted.place is None else np.asarray(fitted.place @ values)


def settled(fitted: Fitted, fixed: Fixed, layout: Layout, params: Params, step: int) -> Snapshot:
    """The full frame."""
    layers = (
        _points(fitted, fixed, layout),
        fixed.network,
        entropy_layer(fitted, params),
        spectrum_layer(fitted, fixed, params),
        stress_layer(layout.stresses),
    )
    return Snapshot(
        layers=layers,
        params=params,
        metrics=metrics(fitted, layout, params),
        step=step,
        notes=notes(fitted, layout, params),
        chosen=chosen(fitted, params),
    )


def coarse(fitted: Fitted, fixed: Fixed, layout: Layout, params: Params) -> Snapshot:
    """The frame of a preview."""
    return Snapshot(
        layers=(
            _points(fitted, fixed, layout),
            fixed.network,
            entropy_layer(fitted, params),
            spectrum_layer(fitted, fixed, params),
        ),
        params=params,
        metrics=metrics(fitted, layout, params),
        notes=notes(fitted, layout, params),
        chosen=chosen(fitted, params),
        coarse=f"{len(fitted.preview)} of {fitted.total} points",
    )


def moving(fitted: Fitted, positions: Floats, params: Params, step: int) -> Snapshot:
    """The layout on its way, during a fit."""
    points = Points(
        name="map",
        role="prediction",
        positions=_everywhere(fitted, positions),
        axes=_axes(positions.shape[1]),
    )
    return Snapshot(layers=(points,), params=params, step=step, coarse="layout still moving")


def _axes(dimension: int) -> tuple[Axis, ...]:
    # No unit: weights of the graph have none, so neither has the distance that heat gives.
    return tuple(Axis(f"heat geodesic {k + 1}") for k in range(dimension))


def _points(fitted: Fitted, fixed: Fixed, layout: Layout) -> Points:
    columns: dict[str, NDArray[np.generic]] = {
        "distortion": _everywhere(fitted, layout.distortion),
        "heat entropy": _everywhere(fitted, layout.entropy),
        "graph degree": fixed.degree,
    }
    if fixed.component.max(initial=0) > 0:
        columns["component"] = fixed.component
    if fitted.place is not None:
        computed = np.zeros(fitted.total, np.int64)
        computed[fitted.rows] = 1
        columns["computed"] = computed
    return Points(
        name="map",
        role="prediction",
        positions=_everywhere(fitted, layout.positions),
        axes=_axes(layout.positions.shape[1]),
        columns=columns,
        colour_by="distortion",
    )


def entropy_layer(fitted: Fitted, params: Params) -> Curves:
    m = len(fitted.values)
    line = "entropy per point"
    if m > ALL_ROWS:
        line += f" (mean of {len(rows_for(m))} of {m} points)"
    marks = {"t": time_of(fitted, params)}
    if np.isfinite(fitted.knee):
        marks["knee"] = fitted.knee
    return Curves(
        name="entropy",
        role="diagnostic",
        x=fitted.times,
        lines={line: fitted.curve},
        axes=(Axis("diffusion time t", log=True), Axis("entropy", "nat")),
        marks=marks,
    )


def spectrum_layer(fitted: Fitted, fixed: Fixed, params: Params) -> Curves:
    """Eigenvalues, with the place where they pass 1 / t: those left of it keep their heat."""
    kept = int(np.searchsorted(fitted.values, 1.0 / time_of(fitted, params)))
    inside = 0 < kept < len(fixed.spectrum.x)
    return replace(fixed.spectrum, marks={"1/t passed at": float(kept)} if inside else {})


def stress_layer(stresses: tuple[float, ...]) -> Curves:
    return Curves(
        name="stress",
        role="diagnostic",
        x=np.arange(len(stresses), dtype=np.float64),
        lines={"stress": np.array(stresses)},
        axes=(Axis("sweep"), Axis("stress, relative to the distances")),
    )


def metrics(fitted: Fitted, layout: Layout, params: Params) -> dict[str, float]:
    found = {
        "stress": layout.stresses[-1],
        "t": time_of(fitted, params),
        "floor fraction": layout.floor,
        "clipped fraction": layout.clipped,
        "components": float(fitted.component.max(initial=0) + 1),
    }
    if params.kernel == "lowrank":
        spectrum = Spectrum(fitted.values, fitted.vectors)
        found["kernel error bound"] = tail_bound(
            spectrum, eigenvectors_kept(fitted, params), found["t"]
        )
    return found


def chosen(fitted: Fitted, params: Params) -> dict[str, float]:
    """What stands for the parameters that were left to the method."""
    return {"time": time_of(fitted, params), "floor": floor_of(params)}


def notes(fitted: Fitted, layout: Layout, params: Params) -> tuple[Note, ...]:
    """Everything that must be read beside the picture, gravest first."""
    counts = Counts.of(fitted.counts)
    found = _heat_notes(layout, params) + _graph_notes(fitted, counts)
    if fitted.place is not None:
        found.append(
            Note(
                f"Computed on {len(fitted.rows)} landmarks of {fitted.total} rows; "
                "the others are placed between their nearest landmarks."
            )
        )
    if params.time is None and not np.isfinite(fitted.knee):
        found.append(Note("The entropy curve has no knee; the time is the middle of its range."))
    if counts.duplicates:
        found.append(
            Note(f"{counts.duplicates} rows coincide with another row; they share one place.")
        )
    if counts.constant_columns:
        number = counts.constant_columns
        what = "column is" if number == 1 else "columns are"
        found.append(Note(f"{number} {what} constant and say nothing about distances."))
    return tuple(sorted(found, key=lambda note: not note.grave))


def _heat_notes(layout: Layout, params: Params) -> list[Note]:
    found = []
    if layout.clipped > HOPELESS_CLIPPED:
        found.append(
            Note(
                f"{layout.clipped:.0%} of the distances came out as 0: the heat is nearly even, "
                "and this map means nothing. Shorten the diffusion time or lower the volume "
                "correction.",
                grave=True,
            )
        )
    elif layout.clipped > 0.01:
        found.append(Note(f"{layout.clipped:.0%} of the distances came out as 0."))
    if layout.floor > WORRYING_FLOOR:
        advice = (
            "Lengthen the diffusion time or lower the heat floor."
            if params.kernel == "euler"
            else "Lengthen the diffusion time or take the Euler kernel."
        )
        found.append(
            Note(
                f"{layout.floor:.0%} of the pairs receive too little heat to be told apart; "
                f"their distances are a floor. {advice}",
                grave=True,
            )
        )
    return found


def _graph_notes(fitted: Fitted, counts: Counts) -> list[Note]:
    found = []
    sizes = np.bincount(fitted.component)
    if len(sizes) > 1:
        shown = ", ".join(str(s) for s in sizes[:4]) + (", ..." if len(sizes) > 4 else "")
        parts = f"The graph falls into {len(sizes)} parts of {shown} points"
        if counts.joined:
            found.append(Note(f"{parts}; {counts.joined} shortest edges were added to join them."))
        else:
            found.append(
                Note(
                    f"{parts}; distances between parts mean nothing. Raise the number of "
                    "neighbours, or set separate parts to connect.",
                    grave=True,
                )
            )
    if counts.truncated > 0:
        found.append(
            Note(
                f"At {counts.truncated:.0%} of the points the kernel reaches beyond the "
                "neighbours searched and is cut there; a steeper decay avoids it."
            )
        )
    return found
