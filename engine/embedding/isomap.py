"""Isomap: classical scaling of shortest paths.

Tenenbaum, de Silva and Langford, A global geometric framework for nonlinear dimensionality
reduction, Science 290 (2000): edges to the k nearest rows weighted by distance, shortest paths
between all pairs, coordinates from the top eigenvectors of the doubly centred squares. The
residual variance 1 - R^2 of map distances against path lengths tells how many are needed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist

from engine.data.table import Table
from engine.embedding import drawing, reading
from engine.layers import Array, Axis, Curves, Network
from engine.method import DataError, Snapshot, Step
from engine.numerics import graphs, mds, neighbours
from engine.numerics.blocks import row_blocks, symmetric_mean
from engine.numerics.held import from_arrays, to_arrays
from engine.params import LIVE, REFIT, Bound, Doc, check
from engine.stages import Stages, beats

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

FEWEST = 5
DIMENSIONS = 6
"""Coordinates that are computed, for the curve of residual variances."""
PAIRED = 500
"""Rows whose pairs the residual variance is estimated from, evenly spaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    dimension: Annotated[
        Literal[2, 3], LIVE, Doc("Dimensions of the map.", symbol="d", label="dimensions")
    ] = 2
    knn: Annotated[
        int,
        Bound(2, 100, soft=(3, 50)),
        REFIT,
        Doc("Nearest rows that each row has an edge to.", symbol="k", label="neighbours"),
    ] = 10
    metric: Annotated[
        Literal["euclidean", "manhattan"],
        REFIT,
        Doc("Distance between rows of the data.", label="data distance"),
    ] = "euclidean"
    pca: Annotated[
        int | None,
        Bound(2, 1000, log=True, soft=(5, 200)),
        REFIT,
        Doc(
            "Principal components kept first. Auto: all columns up to 100, else 100.",
            label="principal components",
        ),
    ] = None
    landmarks: Annotated[
        int,
        Bound(50, 5000, log=True, soft=(200, 5000)),
        REFIT,
        Doc(
            "Largest number of rows computed in full; others are placed between them.",
            label="rows computed",
        ),
    ] = 2500

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Coordinates (m, 6) and residual variances (6,) of the computed rows; see `Reading`."""

    layout: Floats
    residual: Floats
    weights: sparse.csr_array
    rows: Rows
    place: sparse.csr_array | None
    component: Rows
    joined: int
    duplicates: int
    constant: int


class Isomap:
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    Data: ClassVar[type] = Table

    def __init__(self, params: _Params) -> None:
        self.params = params
        self.stages = Stages()
        self._fitted: Fitted | None = None
        self._network: Network | None = None

    def fit(
        self, data: Table, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Neighbours, shortest paths, scaling; `device` is always the CPU."""
        building = _learn(data, self.params, rng, self.stages)
        while True:
            try:
                stage = next(building)
            except StopIteration as stop:
                self._publish(stop.value)
                break
            yield Step(index=0, total=1, stage=stage)
        yield Step(index=1, total=1, stage="done", snapshot=self.evaluate(self.params))

    def _publish(self, fitted: Fitted) -> None:
        self._network = drawing.neighbour_network(fitted.weights, fitted.rows)
        self._fitted = fitted

    def evaluate(self, params: _Params) -> Snapshot:
        """The first `dimension` coordinates."""
        fitted, network = self._ready()
        d = params.dimension
        notes = reading.part_notes(fitted.component, fitted.joined, "")
        notes += reading.row_notes(
            len(fitted.rows) if fitted.place is None else int(fitted.place.shape[0]),
            len(fitted.rows),
            duplicates=fitted.duplicates,
            constant=fitted.constant,
        )
        points = drawing.map_points(fitted.layout[:, :d], fitted.rows, fitted.place, "Isomap")
        return Snapshot(
            layers=(points, network, _residuals(fitted.residual, d)),
            params=params,
            metrics={"residual variance": float(fitted.residual[d - 1])},
            step=1,
            notes=tuple(notes),
        )

    def state(self) -> dict[str, Array]:
        """Coordinates and graph."""
        return to_arrays(self._ready()[0])

    @classmethod
    def from_state(cls, params: _Params, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._publish(from_arrays(Fitted, state))
        return method

    def _ready(self) -> tuple[Fitted, Network]:
        if self._fitted is None or self._network is None:
            raise DataError("The fit was stopped before there was a map; run it again.")
        return self._fitted, self._network


def _learn(
    data: Table, params: _Params, rng: np.random.Generator, stages: Stages
) -> reading.Said[Fitted]:
    read = yield from reading.read(
        data,
        title="Isomap",
        fewest=FEWEST,
        pca=params.pca,
        metric=params.metric,
        most=params.landmarks,
        rng=rng,
        stages=stages,
    )
    m = len(read.values)
    reading.check_neighbours(params.knn, m)
    depth = min(next(k for k in reading.LADDER if k >= params.knn), m - 1)
    near = yield from reading.said(
        "searching neighbours",
        stages.get_by_steps(
            "neighbours",
            (read.source, depth),
            lambda: neighbours.search(read.values, depth, params.metric),
        ),
    )
    key = (read.source, params.knn)
    lengths, component, joined = yield from reading.said(
        "neighbour graph",
        stages.get_with_beats(
            "graph", key, lambda: edge_lengths(read.values, near, params.knn, params.metric)
        ),
    )
    layout, residual = yield from reading.said(
        "shortest paths and scaling",
        stages.get_by_steps("layout", key, lambda: _laid_out(lengths)),
    )
    duplicates = int(np.count_nonzero(near.distances[:, 0] == 0))
    return Fitted(
        layout, residual, _as_weights(lengths), read.rows, read.place, component, joined,
        duplicates, read.constant,
    )  # fmt: skip


def edge_lengths(
    values: Floats, near: neighbours.Neighbours, knn: int, metric: neighbours.Metric
) -> tuple[sparse.csr_array, Rows, int]:
    """Symmetric edge lengths (m, m), the component of each row before parts were joined by their
    shortest edges, and how many such edges there are."""
    m = len(values)
    few = near.first(knn)
    # A stored 0 would be no edge to scipy: coincident rows get the least length that is one.
    tiny = 1e-12 * (float(few.distances.max()) or 1.0)
    starts = np.arange(0, m * knn + 1, knn)
    lengths = np.maximum(few.distances, tiny).ravel()
    directed = sparse.csr_array((lengths, few.indices.ravel(), starts), shape=(m, m))
    both = sparse.csr_array(directed.maximum(directed.T))
    component, sizes = graphs.components(both)
    if len(sizes) == 1:
        return both, component, 0
    edges = graphs.bridges(neighbours.prepared(values, metric), component)
    gaps = values[edges[:, 0]] - values[edges[:, 1]]
    order = 1 if metric == "manhattan" else 2
    bridges = np.maximum(np.linalg.norm(gaps, ord=order, axis=1), tiny)
    extra = sparse.csr_array((bridges, (edges[:, 0], edges[:, 1])), shape=(m, m))
    return sparse.csr_array(both + extra + extra.T), component, len(edges)


def shortest_paths(lengths: sparse.csr_array) -> Generator[None, None, Floats]:
    """Path lengths (m, m) along edges, exactly symmetric, yielding between blocks of rows.

    Dijkstra's algorithm from every row: scipy's holds the interpreter's lock, hence the blocks.
    """
    m = lengths.shape[0]
    paths = np.empty((m, m))
    for part in row_blocks(m, 2e4 * m):
        paths[part] = dijkstra(lengths, indices=np.arange(part.start, part.stop))
        yield None
    return (yield from symmetric_mean(paths))


def _laid_out(lengths: sparse.csr_array) -> Generator[None, None, tuple[Floats, Floats]]:
    paths = yield from shortest_paths(lengths)
    return (yield from beats(lambda: _scaled(paths)))


def _scaled(paths: Floats) -> tuple[Floats, Floats]:
    """Coordinates (m, 6) and the residual variance after 1, ..., 6 of them."""
    layout = mds.classical(paths, DIMENSIONS)
    some = np.linspace(0, len(paths) - 1, min(len(paths), PAIRED)).round().astype(np.int64)
    pairs = np.triu_indices(len(some), 1)
    true = paths[np.ix_(some, some)][pairs]
    residual = np.empty(DIMENSIONS)
    for d in range(1, DIMENSIONS + 1):
        found = cdist(layout[some, :d], layout[some, :d])[pairs]
        residual[d - 1] = 1.0 - np.corrcoef(true, found)[0, 1] ** 2
    return layout, residual


def _as_weights(lengths: sparse.csr_array) -> sparse.csr_array:
    """Edges for drawing: the shorter, the stronger."""
    drawn = lengths.copy()
    scale = float(np.median(drawn.data)) or 1.0
    drawn.data = 1.0 / (1.0 + drawn.data / scale)
    return drawn


def _residuals(residual: Floats, dimension: int) -> Curves:
    return Curves(
        name="residual variance",
        role="diagnostic",
        x=np.arange(1, len(residual) + 1, dtype=np.float64),
        lines={"residual variance": residual},
        axes=(Axis("dimensions"), Axis("1 - R² of map distances against paths")),
        marks={"d": float(dimension)},
    )
