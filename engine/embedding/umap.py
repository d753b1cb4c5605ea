"""UMAP as umap-learn computes it; an optional library.

McInnes, Healy and Melville, UMAP: Uniform manifold approximation and projection for dimension
reduction, arXiv 1802.03426. Neighbours are searched here, exactly, and handed to the library, which
would search approximately beyond 4096 rows. With a fixed seed it runs on one thread, and is
repeatable. The map is turned to the principal components of the data.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.table import Table
from engine.embedding import drawing, reading
from engine.layers import Array, Network
from engine.method import DataError, Snapshot, Step
from engine.numerics import graphs, neighbours
from engine.numerics.held import from_arrays, to_arrays
from engine.numerics.principal import project
from engine.numerics.procrustes import turn
from engine.params import REFIT, Bound, Doc, check
from engine.stages import Stages, beats

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

FEWEST = 8
LIBRARY_NOISE = "umap|pynndescent|numba"
"""Modules whose warnings are about choices that are meant, such as one thread for a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    knn: Annotated[
        int,
        Bound(2, 200, soft=(5, 100)),
        REFIT,
        Doc("Neighbours of each row in the fuzzy graph.", symbol="k", label="neighbours"),
    ] = 15
    nearest: Annotated[
        float,
        Bound(0.0, 0.99),
        REFIT,
        Doc("How near points may come in the map.", label="least distance"),
    ] = 0.1
    dimension: Annotated[
        Literal[2, 3], REFIT, Doc("Dimensions of the map.", symbol="d", label="dimensions")
    ] = 2
    epochs: Annotated[
        int | None,
        Bound(10, 5000, log=True, soft=(100, 2000)),
        REFIT,
        Doc("Passes over the edges. Auto: 500 below 10 000 rows, else 200."),
    ] = None
    metric: Annotated[
        Literal["euclidean", "cosine", "manhattan"],
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
        Bound(50, 200000, log=True, soft=(500, 200000)),
        REFIT,
        Doc(
            "Largest number of rows computed; others are placed between them.",
            label="rows computed",
        ),
    ] = 50000

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Positions (m, d) of the computed rows and the fuzzy graph (m, m) between them."""

    positions: Floats
    weights: sparse.csr_array
    rows: Rows
    place: sparse.csr_array | None
    parts: int
    duplicates: int
    constant: int


class UMAP:
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
        """Neighbours, then one call of the library; `device` is always the CPU."""
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
        """The map; nothing of it is LIVE."""
        fitted, network = self._ready()
        notes = reading.loose_part_notes(fitted.parts)
        notes += reading.row_notes(
            len(fitted.rows) if fitted.place is None else int(fitted.place.shape[0]),
            len(fitted.rows),
            duplicates=fitted.duplicates,
            constant=fitted.constant,
            together=reading.LOOSE_DUPLICATES,
        )
        points = drawing.map_points(fitted.positions, fitted.rows, fitted.place, "UMAP")
        return Snapshot(layers=(points, network), params=params, step=1, notes=tuple(notes))

    def state(self) -> dict[str, Array]:
        """Positions and graph."""
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
        title="UMAP",
        fewest=FEWEST,
        pca=params.pca,
        metric=params.metric,
        most=params.landmarks,
        rng=rng,
        stages=stages,
    )
    seed, m = int(rng.integers(2**31)), len(read.values)
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
    first = "" if "umap" in sys.modules else "; its first run compiles it, for half a minute or so"
    positions, graph = yield from reading.said(
        f"the library at work{first}", beats(lambda: _embed(read.values, near, seed, params))
    )
    duplicates = int(np.count_nonzero(near.distances[:, 0] == 0))
    parts = len(graphs.components(graph)[1])
    return Fitted(positions, graph, read.rows, read.place, parts, duplicates, read.constant)


def _embed(
    values: Floats, near: neighbours.Neighbours, seed: int, params: _Params
) -> tuple[Floats, sparse.csr_array]:
    """Positions (m, d) and the fuzzy graph (m, m)."""
    # Not `catch_warnings`, which would take warnings from the other threads too.
    warnings.filterwarnings("ignore", module=LIBRARY_NOISE)
    from umap import UMAP as Library

    distances = near.distances**2 / 2 if params.metric == "cosine" else near.distances
    # The library counts a row as its own first neighbour.
    own = np.arange(len(values))[:, None]
    known = (
        np.hstack([own, near.indices])[:, : params.knn],
        np.hstack([np.zeros_like(own, np.float64), distances])[:, : params.knn],
    )
    made = Library(
        n_neighbors=params.knn,
        min_dist=params.nearest,
        n_components=params.dimension,
        n_epochs=params.epochs,
        metric=params.metric,
        precomputed_knn=known,
        random_state=seed,
        n_jobs=1,
    )
    found = np.asarray(made.fit_transform(values), dtype=np.float64)
    return turn(found, _reference(values, params.dimension, seed)), sparse.csr_array(made.graph_)


def _reference(values: Floats, dimension: int, seed: int) -> Floats:
    """Principal components (m, d) of unit variance, so that the minor ones hold the map as firmly
    as the first; 0 where the data have fewer columns."""
    count = min(dimension, values.shape[1])
    found = np.zeros((len(values), dimension))
    found[:, :count] = project(values, count, seed)
    spread = found.std(axis=0)
    return np.asarray(found / np.where(spread > 0, spread, 1.0))
