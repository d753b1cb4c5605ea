"""t-SNE: neighbour probabilities matched in the plane.

van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9 (2008), in the order of
`tsne_descent`:

    minimise sum_ij p_ij log(p_ij / q_ij),  p from Gaussians of one perplexity around each row,
    q_ij proportional to 1 / (1 + |y_i - y_j|^2)

by scikit-learn's compiled forces and schedule. Starts from principal components, so that the large
arrangement is not left to chance; the map is turned back to them. Only near neighbours mean
something in it: neither the size of a cluster nor the gap between two does.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.table import Table
from engine.embedding import drawing, reading
from engine.embedding import tsne_descent as descent
from engine.layers import Array, Axis, Curves
from engine.method import DataError, Note, Snapshot, Step
from engine.numerics import graphs, neighbours
from engine.numerics.held import from_arrays, to_arrays
from engine.numerics.procrustes import turn
from engine.params import REFIT, STEP, Bound, Doc, check
from engine.stages import Stages, beats

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

FEWEST = 8
SHOWN_EVERY = 10
"""Iterations between two pictures."""


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
        STEP,
        Doc(
            "Factor on attraction during the first 250 iterations, which gather clusters.",
            label="early exaggeration",
        ),
    ] = 12.0
    rate: Annotated[
        float | None,
        Bound(1.0, 1e5, log=True, soft=(10.0, 5000.0)),
        STEP,
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
        Bound(50, 20000, log=True, soft=(500, 20000)),
        REFIT,
        Doc(
            "Largest number of rows computed; others are placed between them.",
            label="rows computed",
        ),
    ] = 10000

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The descent so far: positions (m, d) of the computed rows, and the divergence (nats) at each
    iteration of the `planned`; `over` when it came to its end. `parts` are those of the graph of
    neighbours."""

    positions: Floats
    divergence: Floats
    planned: int
    over: bool
    rows: Rows
    place: sparse.csr_array | None
    parts: int
    duplicates: int
    constant: int


class TSNE:
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    Data: ClassVar[type] = Table

    def __init__(self, params: _Params) -> None:
        self.params = params
        self.stages = Stages()
        self._fitted: Fitted | None = None

    def fit(
        self, data: Table, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Probabilities, then the descent, iteration by iteration; `device` is always the CPU.

        What is sent in at a step counts from the next but one: the next may be under way.
        """
        heard = _Heard(self.params)
        building = _prepare(data, self.params, rng, self.stages)
        while True:
            try:
                stage = next(building)
            except StopIteration as stop:
                ready = stop.value
                break
            heard.hear((yield Step(index=0, total=self.params.iterations, stage=stage)))
        yield from self._descend(ready, heard)

    def _descend(self, ready: _Ready, heard: _Heard) -> Generator[Step, Any, None]:
        total, path = self.params.iterations, list[float]()
        for item in descent.descend(ready.joint, ready.first, total, heard.pace):
            stage = _stage(len(path))
            if item is None:
                heard.hear((yield Step(index=len(path), total=total, stage=stage)))
                continue
            path.append(item.divergence)
            heard.turn()
            shown = None
            if item.index % SHOWN_EVERY == 0:
                self._fitted = ready.fitted(item.layout, path, total, over=False)
                shown = replace(self.evaluate(heard.now), coarse="layout still moving")
            step = Step(
                index=item.index,
                total=total,
                stage=stage,
                metrics={"KL divergence": item.divergence},
                snapshot=shown,
            )
            heard.hear((yield step))
            layout = item.layout
        self._fitted = ready.fitted(layout, path, total, over=True)
        done = self.evaluate(heard.coming)
        yield Step(index=len(path), total=len(path), stage="done", snapshot=done)

    def evaluate(self, params: _Params) -> Snapshot:
        """The map; nothing of it is LIVE."""
        fitted = self._ready()
        points = drawing.map_points(fitted.positions, fitted.rows, fitted.place, "t-SNE")
        return Snapshot(
            layers=(points, _divergence(fitted.divergence)),
            params=params,
            metrics={"KL divergence": float(fitted.divergence[-1])},
            step=len(fitted.divergence),
            notes=_notes(fitted),
        )

    def state(self) -> dict[str, Array]:
        """Positions and the course of the divergence."""
        return to_arrays(self._ready())

    @classmethod
    def from_state(cls, params: _Params, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._fitted = from_arrays(Fitted, state)
        return method

    def _ready(self) -> Fitted:
        if self._fitted is None:
            raise DataError("The fit was stopped before there was a map; run it again.")
        return self._fitted


class _Heard:
    """Parameters in use, and those that were sent in since the iteration under way began."""

    def __init__(self, params: _Params) -> None:
        self.now = self.coming = params

    def hear(self, sent: _Params | None) -> None:
        if sent is not None:
            self.coming = sent

    def turn(self) -> None:
        """An iteration has ended: what was heard before counts for the next."""
        self.now = self.coming

    def pace(self) -> descent.Pace:
        return descent.Pace(self.now.exaggeration, self.now.rate)


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """All before the descent: probabilities (m, m), the layout (m, d) to start from."""

    read: reading.Reading
    parts: int
    duplicates: int
    joint: sparse.csr_array
    first: descent.Singles

    def fitted(
        self, layout: descent.Singles, path: list[float], planned: int, *, over: bool
    ) -> Fitted:
        """Positions turned as the start lies, whose axes get unit variance so that the minor one
        holds the map in place as firmly as the first."""
        spread = self.first.std(axis=0, dtype=np.float64)
        reference = self.first / np.where(spread > 0, spread, 1.0)
        return Fitted(
            turn(layout.astype(np.float64), reference), np.array(path), planned, over,
            self.read.rows, self.read.place, self.parts, self.duplicates, self.read.constant,
        )  # fmt: skip


def _prepare(
    data: Table, params: _Params, rng: np.random.Generator, stages: Stages
) -> reading.Said[_Ready]:
    read = yield from reading.read(
        data,
        title="A t-SNE map",
        fewest=FEWEST,
        pca=params.pca,
        metric=params.metric,
        most=params.landmarks,
        rng=rng,
        stages=stages,
    )
    seed, m = int(rng.integers(2**31)), len(read.values)
    _check(m, params.perplexity)
    depth = descent.neighbours_for(m, params.perplexity)
    near = yield from reading.said(
        "searching neighbours",
        stages.get_by_steps(
            "neighbours",
            (read.source, depth),
            lambda: neighbours.search(read.values, depth, params.metric),
        ),
    )
    joint = yield from reading.said(
        "probabilities of neighbours",
        stages.get_by_steps(
            "joint",
            (read.source, params.perplexity),
            lambda: descent.joint_probabilities(near, params.perplexity),
        ),
    )
    rows = neighbours.prepared(read.values, params.metric)
    first = yield from reading.said(
        "principal components", beats(lambda: descent.start(rows, params.dimension, seed))
    )
    parts = len(graphs.components(joint)[1])
    return _Ready(read, parts, int(np.count_nonzero(near.distances[:, 0] == 0)), joint, first)


def _check(computed: int, perplexity: float) -> None:
    if perplexity >= (computed - 1) / 3:
        raise DataError(
            f"Perplexity {perplexity:g} is too much for {computed} rows; it must stay below "
            f"a third of them, {(computed - 1) / 3:.1f}."
        )


def _stage(done: int) -> str:
    return "early exaggeration" if done < descent.EXAGGERATED else "descent"


def _divergence(path: Floats) -> Curves:
    return Curves(
        name="divergence",
        role="diagnostic",
        x=np.arange(1, len(path) + 1, dtype=np.float64),
        lines={"KL divergence": path},
        axes=(Axis("iteration"), Axis("KL divergence", "nat")),
        marks={"exaggeration ends": float(descent.EXAGGERATED)},
    )


def _notes(fitted: Fitted) -> tuple[Note, ...]:
    found = []
    done = len(fitted.divergence)
    if not fitted.over:
        found.append(
            Note(
                f"Stopped after {done} of {fitted.planned} iterations; the map is not settled.",
                grave=True,
            )
        )
    elif done < fitted.planned:
        found.append(Note(f"Nothing was gained any more after {done} iterations."))
    total = len(fitted.rows) if fitted.place is None else int(fitted.place.shape[0])
    found += reading.loose_part_notes(fitted.parts)
    found += reading.row_notes(
        total,
        len(fitted.rows),
        duplicates=fitted.duplicates,
        constant=fitted.constant,
        together=reading.LOOSE_DUPLICATES,
    )
    return tuple(found)
