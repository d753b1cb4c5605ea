"""From positions to the eigenfields of the connection Laplacian, a stage at a time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.vectors import VectorSamples
from engine.method import DataError
from engine.numerics import connection, eigen, graphs, neighbours, tangents
from engine.stages import Stages
from engine.vectorfield.rvgp_params import RVGPParams

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
T = TypeVar("T")
Said = Generator[str, None, T]

TITLE = "RVGP"
SHARE = 5
"""At most one in so many of all eigenfields are computed: Lanczos wants few."""


@dataclass(frozen=True, slots=True, eq=False)
class Eigenfields:
    """The manifold as the method sees it.

    Attributes
    ----------
    frames : T (n, D, d)
    values : (k,) eigenvalues in units of their median
    fields : U (n, d, k), each of mean square 1 / d over points and components
    unit : the median eigenvalue that `values` were divided by
    weights : W (n, n)
    component : (n,) part of the graph each point is in
    cosines : (nnz,) of the largest angle between the planes at the ends of each entry of W
    width : h of the kernel, 0 for unit weights
    reach : typical distance to the last neighbour
    density : (n,) what the weights at each point were divided by
    duplicates : points at distance 0 from another
    """

    frames: Floats
    values: Floats
    fields: Floats
    unit: float
    weights: sparse.csr_array
    component: Rows
    cosines: Floats
    width: float
    reach: float
    density: Floats
    duplicates: int

    @property
    def dimension(self) -> int:
        return int(self.frames.shape[2])

    @property
    def energy(self) -> Floats:
        """Mean square of each eigenfield over points and components (k,)."""
        n, d, _ = self.fields.shape
        return np.asarray(np.einsum("idk,idk->k", self.fields, self.fields) / (n * d))


def said(stage: str, steps: Generator[None, None, T]) -> Said[T]:
    """The stage's name at every breath, and in the end its result."""
    yield stage
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        yield stage


def check_samples(data: VectorSamples, title: str) -> None:
    """Refuse what no vector field can be learnt from.

    Raises
    ------
    DataError
        In one sentence.
    """
    if not np.isfinite(data.positions).all():
        row = int(np.argmin(np.isfinite(data.positions).all(axis=1)))
        raise DataError(f"Row {row} has a missing or infinite position; leave out such rows.")
    if data.positions.shape[1] < 2:
        raise DataError(f"{title} needs positions of at least two coordinates; this data has one.")
    if not np.ptp(data.positions, axis=0).any():
        raise DataError("All points are at the same place, so there is no surface to learn on.")
    if not data.observed.any():
        raise DataError("No row has a vector, so there is nothing to learn from.")
    if not np.isfinite(data.vectors[data.observed]).all():
        bad = data.observed & ~np.isfinite(data.vectors).all(axis=1)
        raise DataError(
            f"Row {int(np.argmax(bad))} has a vector with a missing or infinite component; "
            "leave out such vectors."
        )
    if not np.any(data.vectors[data.observed]):
        raise DataError("All vectors have length zero, so there is no field to learn.")


def eigenfields(
    data: VectorSamples, params: RVGPParams, rng: np.random.Generator, stages: Stages
) -> Said[Eigenfields]:
    """Graph, tangent frames, parallel transport and spectrum."""
    check_samples(data, TITLE)
    n = len(data)
    in_plane = tangent_neighbours(params)
    most = max(params.knn, in_plane)
    if most > n - 1:
        raise DataError(
            f"Each of the {n} points has only {n - 1} others, fewer than the {most} neighbours "
            "asked for; lower the neighbours or add points."
        )
    source = (data.sha256(),)
    near = yield from said(
        "neighbours",
        stages.get_by_steps(
            "neighbours", (*source, most), lambda: neighbours.search(data.positions, most)
        ),
    )
    directions, variances = yield from said(
        "tangent planes",
        stages.get_with_beats(
            "tangents",
            (*source, in_plane),
            lambda: tangents.local_directions(data.positions, near.first(in_plane).indices),
        ),
    )
    dimension = params.dimension or tangents.estimated_dimension(variances)
    _check_dimension(dimension, data.positions.shape[1], in_plane, bool(params.dimension))
    frames = np.ascontiguousarray(directions[:, :, :dimension])
    graph_key = (*source, params.graph, params.knn, params.width, params.density)
    connected, cosines, density = yield from said(
        "parallel transport",
        stages.get_with_beats(
            "connection",
            (*graph_key, in_plane, dimension),
            lambda: _connection(near, frames, params),
        ),
    )
    most_modes = max(2, n * dimension // SHARE)
    count = min(params.computed, most_modes)
    unit, values, fields = yield from said(
        "eigenfields",
        stages.get_with_beats(
            "spectrum",
            (*graph_key, in_plane, dimension, count),
            lambda: _spectrum(connected, count, params.graph, rng),
        ),
    )
    component, _ = graphs.components(connected.weights)
    reach = float(np.median(near.first(params.knn).distances[:, -1]))
    width = params.width * reach if params.graph == "weighted" else 0.0
    return Eigenfields(
        frames, values, fields, unit, connected.weights, component, cosines, width, reach, density,
        int(np.count_nonzero(near.distances[:, 0] == 0)),
    )  # fmt: skip


def tangent_neighbours(params: RVGPParams) -> int:
    """Neighbours that a tangent plane is fitted to."""
    return params.frame_knn or round((0.8 if params.graph == "weighted" else 1.5) * params.knn)


def _check_dimension(dimension: int, ambient: int, in_plane: int, asked: bool) -> None:
    if dimension > min(ambient, in_plane):
        what = "asked for" if asked else "estimated"
        raise DataError(
            f"A tangent plane of dimension {dimension} was {what}, but there are {ambient} "
            f"coordinates and {in_plane} neighbours to fit it to; set a smaller dimension."
        )


def _connection(
    near: neighbours.Neighbours, frames: Floats, params: RVGPParams
) -> tuple[connection.Connection, Floats, Floats]:
    density = np.ones(len(frames))
    if params.graph == "unit":
        weights = connection.unit_weights(near, params.knn)
    else:
        weights = connection.tangent_weights(near, params.knn, params.width)
        if params.density:
            density = graphs.degrees(weights)
            weights = connection.without_density(weights)
    rows = np.repeat(np.arange(len(frames)), np.diff(weights.indptr))
    carried, cosines = tangents.transports(frames, rows, weights.indices.astype(np.int64))
    return connection.Connection(weights, carried), cosines, density


def _spectrum(
    connected: connection.Connection, count: int, graph: str, rng: np.random.Generator
) -> tuple[float, Floats, Floats]:
    """Eigenvalues over their median, and eigenfields (n, d, k) of mean square 1 / d."""
    normalised = graph == "weighted"
    laplacian = connected.laplacian("normalised" if normalised else "combinatorial")
    size = laplacian.shape[0]
    values, vectors = eigen.smallest_pairs(laplacian, min(count + 1, size - 1), rng)
    # One more than asked for shows whether the cut would fall inside a cluster.
    kept = eigen.whole_clusters(values, min(count, len(values)))
    values, vectors = values[:kept].clip(min=0.0), vectors[:, :kept]
    n, d = connected.weights.shape[0], connected.dimension
    if normalised:
        degree = np.repeat(graphs.degrees(connected.weights), d)
        vectors = vectors / np.sqrt(np.where(degree > 0, degree, 1.0))[:, None]
    vectors = vectors * (np.sqrt(n) / np.linalg.norm(vectors, axis=0))
    unit = float(np.median(values))
    unit = unit if unit > 0 else 1.0
    return unit, values / unit, np.ascontiguousarray(vectors.reshape(n, d, kept))
