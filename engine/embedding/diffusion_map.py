"""Diffusion map: the slow directions of a random walk on the data.

Coifman and Lafon, Diffusion maps, Applied and Computational Harmonic Analysis 21 (2006):

    K_a = Q^-a K Q^-a,   P = Deg^-1 K_a,   P psi_k = mu_k psi_k,   1 = mu_0 >= mu_1 >= ...
    Psi_t(i) = (mu_1^t psi_1(i), ..., mu_d^t psi_d(i))
    |Psi_t(i) - Psi_t(j)|^2 = sum_l (P^t_il - P^t_jl)^2 / pi_l        (with all k)

psi_0 is constant and left out; psi_k are orthonormal under the stationary distribution pi. The
kernel is that of the other graph methods (a width per point) with unit diagonal.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.table import Table
from engine.embedding import drawing, reading
from engine.layers import Array, Axis, Curves, Network
from engine.method import DataError, Note, Snapshot, Step
from engine.numerics import walks
from engine.numerics.held import from_arrays, to_arrays
from engine.params import LIVE, REFIT, Applies, Bound, Doc, check
from engine.stages import Stages

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

KEPT = 60
"""Eigenpairs that are computed: enough for the spectrum to be seen."""
FEWEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    time: Annotated[
        float,
        Bound(0.0, 1e4, soft=(0.0, 100.0)),
        LIVE,
        Doc("Steps of the random walk: more let fast directions fade.", symbol="t",
            label="diffusion time"),
    ] = 1.0  # fmt: skip
    first: Annotated[
        int,
        Bound(1, 20, soft=(1, 10)),
        LIVE,
        Doc("Eigenvector on the first axis; the next ones follow.", symbol="k",
            label="first eigenvector"),
    ] = 1  # fmt: skip
    dimension: Annotated[
        Literal[2, 3], LIVE, Doc("Dimensions of the map.", symbol="d", label="dimensions")
    ] = 2
    density: Annotated[
        float,
        Bound(0.0, 1.0),
        REFIT,
        Doc("How much of the sampling density is divided out: 1 leaves the geometry alone.",
            symbol="a", label="density removal"),
    ] = 1.0  # fmt: skip
    knn: Annotated[
        int,
        Bound(1, 200, soft=(3, 50)),
        REFIT,
        Doc("Neighbours that set the width of the kernel around each point.", symbol="k",
            label="neighbours"),
    ] = 10  # fmt: skip
    graph: Annotated[
        Literal["alpha decay", "gaussian"],
        REFIT,
        Doc("A kernel width per point, or one Gaussian width for all.", label="kernel"),
    ] = "alpha decay"
    decay: Annotated[
        float,
        Bound(1.0, 100.0, log=True),
        REFIT,
        Doc("How steeply the kernel falls beyond the k-th neighbour: 2 is a Gaussian.",
            symbol="α"),
        Applies("graph", ("alpha decay",)),
    ] = 2.0  # fmt: skip
    metric: Annotated[
        Literal["euclidean", "cosine", "manhattan"],
        REFIT,
        Doc("Distance between rows of the data.", label="data distance"),
    ] = "euclidean"
    pca: Annotated[
        int | None,
        Bound(2, 1000, log=True, soft=(5, 200)),
        REFIT,
        Doc("Principal components kept first. Auto: all columns up to 100, else 100.",
            label="principal components"),
    ] = None  # fmt: skip
    components: Annotated[
        Literal["keep", "connect"],
        REFIT,
        Doc("When the graph falls apart: keep the parts, or connect them by their shortest edges.",
            label="separate parts"),
    ] = "keep"  # fmt: skip
    landmarks: Annotated[
        int,
        Bound(50, 20000, log=True, soft=(200, 20000)),
        REFIT,
        Doc("Largest number of rows computed in full; others are placed between them.",
            label="rows computed"),
    ] = 5000  # fmt: skip

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a fit learns: the walk's eigenpairs and where the rows are (see `Reading`)."""

    values: Floats
    vectors: Floats
    stationary: Floats
    weights: sparse.csr_array
    rows: Rows
    place: sparse.csr_array | None
    component: Rows
    joined: int
    duplicates: int
    constant: int

    @property
    def walk(self) -> walks.Walk:
        return walks.Walk(self.values, self.vectors, self.stationary)

    @property
    def total(self) -> int:
        return len(self.rows) if self.place is None else int(self.place.shape[0])


class DiffusionMap:
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
        """Neighbours, graph, eigenvectors; `device` is always the CPU."""
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
        """Columns of eigenvectors scaled by mu^t: as fast as drawing them."""
        fitted, network = self._ready()
        walk = fitted.walk
        count = len(walk.values) - 1
        axes = [1 + (params.first - 1 + k) % count for k in range(params.dimension)]
        left = walk.powers(params.time)
        positions = walk.right()[:, axes] * left[axes]
        return Snapshot(
            layers=(
                drawing.map_points(
                    positions, fitted.rows, fitted.place, "diffusion coordinate", _density(fitted)
                ),
                network,
                drawing.spectrum_stems({"eigenvalue μ": walk.values, "left after t: μ^t": left}),
                _decay_curve(walk, axes, params.time),
            ),
            params=params,
            metrics={"mu_1": float(walk.values[1])},
            step=1,
            notes=_notes(fitted, params),
        )

    def state(self) -> dict[str, Array]:
        """Eigenpairs and graph."""
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
        title="A diffusion map",
        fewest=FEWEST,
        pca=params.pca,
        metric=params.metric,
        most=params.landmarks,
        rng=rng,
        stages=stages,
    )
    graph = yield from reading.neighbour_graph(
        read,
        stages,
        metric=params.metric,
        kind=params.graph,
        knn=params.knn,
        decay=params.decay,
        connect=params.components == "connect",
    )
    key = (read.source, params.graph, params.knn, params.decay, params.components, params.density)
    walk = yield from reading.said(
        "eigenvectors of the walk",
        stages.get_with_beats(
            "walk",
            key,
            lambda: walks.decompose(walks.with_diagonal(graph.weights, params.density), KEPT),
        ),
    )
    return Fitted(
        walk.values, walk.vectors, walk.stationary, graph.weights, read.rows, read.place,
        graph.component, graph.joined, graph.duplicates, read.constant,
    )  # fmt: skip


def _density(fitted: Fitted) -> dict[str, Array]:
    return {"stationary probability": fitted.stationary}


def _decay_curve(walk: walks.Walk, axes: list[int], t: float) -> Curves:
    """mu^t of the shown eigenvectors against t, with the slider's t."""
    times = np.linspace(0.0, max(2.0 * t, 10.0), 120)
    lines = {f"μ{k}^t": np.maximum(walk.values[k], 0.0) ** times for k in dict.fromkeys(axes)}
    return Curves(
        name="fading",
        role="diagnostic",
        x=times,
        lines=lines,
        axes=(Axis("diffusion time t"), Axis("share left of a coordinate")),
        marks={"t": t},
    )


def _notes(fitted: Fitted, params: _Params) -> tuple[Note, ...]:
    found = reading.part_notes(
        fitted.component, fitted.joined, "the leading coordinates only tell the parts apart."
    )
    count = len(fitted.values) - 1
    if params.first - 1 + params.dimension > count:
        found.append(Note(f"There are {count} eigenvectors; the axes begin again with the first."))
    found += reading.row_notes(
        fitted.total,
        len(fitted.rows),
        duplicates=fitted.duplicates,
        constant=fitted.constant,
    )
    return tuple(found)
