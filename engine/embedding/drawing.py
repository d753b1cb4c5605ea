"""Layers that every map of rows shares: the map, the neighbour graph, a spectrum."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.layers import Array, Axis, Curves, Network, Points
from engine.numerics import graphs

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

SHOWN_EIGENVALUES = 100


def map_points(
    positions: Floats,
    rows: Rows | None,
    place: sparse.csr_array | None,
    axis: str,
    columns: Mapping[str, Array] | None = None,
) -> Points:
    """The map: positions (m, d) of the computed rows, the other rows placed between them.

    With `rows` None the computed points are clusters and no rows of the data.

    `columns` hold (m,) numbers of the computed rows.
    """
    everywhere = positions if place is None else np.asarray(place @ positions)
    found: dict[str, Array] = {}
    for name, values in (columns or {}).items():
        found[name] = values if place is None else np.asarray(place @ values)
    if place is not None and rows is not None:
        computed = np.zeros(place.shape[0], np.int64)
        computed[rows] = 1
        found["computed"] = computed
    return Points(
        name="map",
        role="prediction",
        positions=everywhere,
        axes=tuple(Axis(f"{axis} {k + 1}") for k in range(positions.shape[1])),
        columns=found,
        colour_by=next(iter(found), ""),
    )


def neighbour_network(weights: sparse.csr_array, rows: Rows) -> Network:
    """The graph that the method works on, between rows of the data."""
    pairs, strengths = graphs.edges(weights)
    return Network(
        name="neighbours",
        role="diagnostic",
        over="map",
        edges=rows[pairs].astype(np.int32),
        weights=strengths,
    )


def spectrum_stems(lines: Mapping[str, Floats], name: str = "spectrum") -> Curves:
    """Eigenvalues by number, the first hundred."""
    shown = {key: values[:SHOWN_EIGENVALUES] for key, values in lines.items()}
    count = min(len(values) for values in shown.values())
    return Curves(
        name=name,
        role="diagnostic",
        x=np.arange(count, dtype=np.float64),
        lines=shown,
        axes=(Axis("number"), Axis("eigenvalue")),
        stems=True,
    )
