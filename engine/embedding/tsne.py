"""t-SNE as scikit-learn computes it.

van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9 (2008); Barnes-Hut approximation,
van der Maaten, JMLR 15 (2014). Starts from principal components, so that the large arrangement is
not left to chance.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from engine.data.table import Table
from engine.embedding.placed import Placed, place_rows
from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.params import REFIT, Bound, Doc, check
from engine.stages import Stages

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    perplexity: Annotated[
        float,
        Bound(2.0, 500.0, log=True, soft=(5.0, 100.0)),
        REFIT,
        Doc("About how many neighbours each row attends to; below a third of the rows."),
    ] = 30.0
    exaggeration: Annotated[
        float,
        Bound(1.0, 100.0, log=True, soft=(1.0, 50.0)),
        REFIT,
        Doc("Factor on attraction during the first 250 iterations.", label="early exaggeration"),
    ] = 12.0
    rate: Annotated[
        float | None,
        Bound(1.0, 1e5, log=True, soft=(10.0, 5000.0)),
        REFIT,
        Doc(
            "Step of the gradient descent. Auto: rows / exaggeration / 4, at least 50.",
            label="learning rate",
        ),
    ] = None
    iterations: Annotated[
        int, Bound(250, 10000, log=True, soft=(250, 3000)), REFIT, Doc("Descent steps.")
    ] = 750
    dimension: Annotated[
        Literal[2, 3], REFIT, Doc("Dimensions of the map.", symbol="d", label="dimensions")
    ] = 2
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
        Bound(50, 50000, log=True, soft=(500, 50000)),
        REFIT,
        Doc(
            "Largest number of rows computed; others are placed between them.",
            label="rows computed",
        ),
    ] = 10000

    def __post_init__(self) -> None:
        check(self)


class TSNE:
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
        _check(min(len(data), params.landmarks), params)
        placing = place_rows(
            data,
            lambda values, seed: _embed(values, seed, params),
            title="t-SNE",
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
        return self._ready().snapshot(params, "t-SNE", "KL divergence")

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


def _check(computed: int, params: _Params) -> None:
    if params.perplexity >= (computed - 1) / 3:
        raise DataError(
            f"Perplexity {params.perplexity:g} is too much for {computed} rows; it must stay below "
            f"a third of them, {(computed - 1) / 3:.1f}."
        )


def _embed(values: Floats, seed: int, params: _Params) -> tuple[Floats, float]:
    from sklearn.manifold import TSNE as Library

    made = Library(
        n_components=params.dimension,
        perplexity=params.perplexity,
        early_exaggeration=params.exaggeration,
        learning_rate="auto" if params.rate is None else params.rate,
        max_iter=params.iterations,
        metric=params.metric,
        # Principal components, unless there are fewer columns than the map has dimensions.
        init="pca" if values.shape[1] >= params.dimension else "random",
        random_state=seed,
        method="barnes_hut",
    )
    return made.fit_transform(values), float(made.kl_divergence_)
