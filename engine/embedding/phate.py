"""PHATE: potential distances of a diffusion, laid out.

Moon et al., Visualizing structure and transitions in high-dimensional biological data, Nature
Biotechnology 37 (2019):

    P = Deg^-1 K,   U = -log(P^t + 1e-7),   d_ij = |U_i - U_j|,   t at the knee of the von Neumann
    entropy; classical, then metric scaling of d.

Changed from the paper: the layout is turned to a fixed reference without changing its scale, so
that it glides while t moves; scaling is by SMACOF in any dimension. Beyond `landmarks` rows the
diffusion runs between clusters of rows, as in the paper; beyond 50 000 rows, of a random subset.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np

from engine.data.table import Table
from engine.embedding import phate_layout, phate_picture
from engine.embedding.phate_layout import Fitted, learn
from engine.layers import Array, Network
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.params import LIVE, REFIT, Bound, Doc, check
from engine.stages import Stages, finish

SHOWN_EVERY = 5
"""Sweeps between two pictures of the moving layout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    time: Annotated[
        float | None,
        Bound(1.0, 1000.0, log=True, soft=(1.0, 150.0)),
        LIVE,
        Doc(
            "Steps of the random walk. Auto: the knee of the von Neumann entropy.",
            symbol="t",
            label="diffusion time",
        ),
    ] = None
    gamma: Annotated[
        float,
        Bound(-1.0, 1.0),
        LIVE,
        Doc(
            "What is compared: 1 the logarithm of probabilities, 0 their square root, -1 "
            "themselves.",
            symbol="γ",
            label="potential",
        ),
    ] = 1.0
    dimension: Annotated[
        Literal[2, 3], LIVE, Doc("Dimensions of the map.", symbol="d", label="dimensions")
    ] = 2
    knn: Annotated[
        int,
        Bound(1, 200, soft=(3, 50)),
        REFIT,
        Doc(
            "Neighbours that set the width of the kernel around each point.",
            symbol="k",
            label="neighbours",
        ),
    ] = 5
    decay: Annotated[
        float,
        Bound(1.0, 100.0, log=True),
        REFIT,
        Doc("How steeply the kernel falls beyond the k-th neighbour.", symbol="α"),
    ] = 40.0
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
    components: Annotated[
        Literal["keep", "connect"],
        REFIT,
        Doc(
            "When the graph falls apart: keep the parts, or connect them by their shortest edges.",
            label="separate parts",
        ),
    ] = "keep"
    landmarks: Annotated[
        int,
        Bound(50, 4000, log=True, soft=(200, 4000)),
        REFIT,
        Doc("More rows than this are stood for by so many clusters.", label="landmarks"),
    ] = 2000

    def __post_init__(self) -> None:
        check(self)


class Phate:
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    Data: ClassVar[type] = Table

    def __init__(self, params: _Params) -> None:
        self.params = params
        self.stages = Stages()
        self._fitted: Fitted | None = None
        self._network: Network | None = None
        # The frame last settled: kept for speed, equal to what computing again would give.
        self._last: Snapshot | None = None

    def fit(
        self, data: Table, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Kernel, walk, entropy, then the layout; `device` is always the CPU."""
        params, total = self.params, phate_layout.SWEEPS
        building = learn(data, params, rng, self.stages)
        while True:
            try:
                stage = next(building)
            except StopIteration as stop:
                self._publish(stop.value)
                break
            yield Step(index=0, total=total, stage=stage)
        fitted, network = self._ready()
        settling = phate_layout.settle(fitted, params)
        index = 0
        while True:
            try:
                sweep = next(settling)
            except StopIteration as stop:
                layout = stop.value
                break
            if sweep is None:
                yield Step(index=index, total=total, stage="potential and layout")
                continue
            index = sweep.index
            shown = None
            if index % SHOWN_EVERY == 0:
                shown = phate_picture.moving(fitted, sweep.layout, params, index)
            yield Step(
                index=index,
                total=total,
                stage="layout",
                metrics={"stress": sweep.normalised},
                snapshot=shown,
            )
        self._fitted = phate_layout.with_layout(fitted, layout, params)
        self._last = phate_picture.settled(self._fitted, network, layout, params)
        yield Step(index=index, total=index, stage="done", snapshot=self._last)

    def _publish(self, fitted: Fitted) -> None:
        self._network = phate_picture.network(fitted)
        self._last = None
        self._fitted = fitted

    def evaluate(self, params: _Params) -> Snapshot:
        """The settled map at other LIVE parameters, whatever was shown before."""
        fitted, network = self._ready()
        if self._last is None or self._last.params != params:
            layout = finish(phate_layout.settle(fitted, params))
            self._last = phate_picture.settled(fitted, network, layout, params)
        return self._last

    def refine(self, params: _Params) -> Iterator[Snapshot | None]:
        """A preview of some points which the others follow, then the settled map."""
        fitted, network = self._ready()
        quick = phate_layout.preview(fitted, params)
        yield phate_picture.coarse(fitted, network, quick, params)
        if self._last is None or self._last.params != params:
            settling = phate_layout.settle(fitted, params)
            while True:
                try:
                    next(settling)
                except StopIteration as stop:
                    self._last = phate_picture.settled(fitted, network, stop.value, params)
                    break
                yield None
        yield self._last

    def state(self) -> dict[str, Array]:
        """Walk, reference and layout; about 8 m^2 bytes for m landmarks."""
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
