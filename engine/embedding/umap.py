"""UMAP as umap-learn computes it; an optional library.

McInnes, Healy and Melville, UMAP: Uniform manifold approximation and projection for dimension
reduction, arXiv 1802.03426. With a fixed seed the library runs on one thread, and is repeatable.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from engine.data.table import Table
from engine.embedding.placed import Placed, place_rows
from engine.embedding.reading import check_neighbours
from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.params import REFIT, Bound, Doc, check
from engine.stages import Stages

Floats = NDArray[np.float64]


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


class UMAP:
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    Data: ClassVar[type] = Table

    def __init__(self, params: _Params) -> None:
        self.params = params
        self.stages = Stages()
        self._placed: Placed | None = None

    def fit(
        self, data: Table, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """One call of the library; `device` is always the CPU."""
        params = self.params
        check_neighbours(params.knn, min(len(data), params.landmarks))
        placing = place_rows(
            data,
            lambda values, seed: _embed(values, seed, params),
            title="UMAP",
            pca=params.pca,
            metric=params.metric,
            most=params.landmarks,
            rng=rng,
            stages=self.stages,
        )
        while True:
            try:
                stage = next(placing)
            except StopIteration as stop:
                self._placed = stop.value
                break
            yield Step(index=0, total=1, stage=stage)
        yield Step(index=1, total=1, stage="done", snapshot=self.evaluate(params))

    def evaluate(self, params: _Params) -> Snapshot:
        """The map; nothing of it is LIVE."""
        return self._ready().snapshot(params, "UMAP", "cross-entropy")

    def state(self) -> dict[str, Array]:
        """Positions."""
        return to_arrays(self._ready())

    @classmethod
    def from_state(cls, params: _Params, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._placed = from_arrays(Placed, state)
        return method

    def _ready(self) -> Placed:
        if self._placed is None:
            raise DataError("The fit was stopped before there was a map; run it again.")
        return self._placed


def _embed(values: Floats, seed: int, params: _Params) -> tuple[Floats, float]:
    with warnings.catch_warnings():
        # The library announces that a seed means one thread; that is what is wanted.
        warnings.simplefilter("ignore")
        from umap import UMAP as Library

        made = Library(
            n_neighbors=params.knn,
            min_dist=params.nearest,
            n_components=params.dimension,
            n_epochs=params.epochs,
            metric=params.metric,
            random_state=seed,
            n_jobs=1,
        )
        return made.fit_transform(values), float("nan")
