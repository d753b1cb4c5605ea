"""Heat-geodesic embedding: a map whose distances are read off heat diffusion on a graph.

"A Heat Diffusion Perspective on Geodesic Preserving Dimensionality Reduction" (arXiv 2305.19043):

    d(x, y)^2 = lim_{t -> 0} -4 t log h_t(x, y)                        (Varadhan)
    S_ij = -4 t log(H_ij + eps) - sigma 4 t log V_ij,  d_ij = sqrt(max(S_ij, 0))
    minimise sum_{i<j} w_ij (d_ij - |y_i - y_j|)^2                     (metric scaling)

with H = exp(-t L) of the neighbour graph's Laplacian L, V_ij = 2 / (H_ii + H_jj) and sigma the
volume correction of the parabolic Harnack inequality. In `Params`: t `time`, sigma `volume`, w
`weights`, H `kernel`.

Changed from the paper: the knee of the entropy is sought on 40 geometric times; classical scaling
starts from V sqrt(lambda); the layout is turned to a fixed reference without changing its scale;
denoising brings both kinds of distance to one mean unless asked otherwise; more rows than
`landmarks` are placed between a random subset.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from engine.data.table import Table
from engine.embedding import heat_layout, heat_picture
from engine.embedding.heat_distance import dissimilarity
from engine.embedding.heat_params import Params as _Params
from engine.embedding.heat_stages import Fitted, prepare
from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.stages import Stages

__all__ = ["HeatGeodesic", "dissimilarity"]

SHOWN_EVERY = 5
"""Sweeps between two pictures of the moving layout."""


class HeatGeodesic:
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    Data: ClassVar[type] = Table

    def __init__(self, params: _Params) -> None:
        self.params = params
        self.stages = Stages()
        self._fitted: Fitted | None = None
        self._fixed: heat_picture.Fixed | None = None
        # The kernel last used and the frame last settled: kept for speed, equal to what
        # computing again would give.
        self._kernels = Stages()
        self._last: Snapshot | None = None

    def fit(
        self, data: Table, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Learn the graph and its spectrum, then lay out; `device` is always the CPU."""
        building = prepare(data, self.params, rng, self.stages)
        while True:
            try:
                stage = next(building)
            except StopIteration as stop:
                self._publish(stop.value)
                break
            yield Step(index=0, total=heat_layout.SWEEPS, stage=stage)
        yield from self._lay_out()

    def _publish(self, fitted: Fitted) -> None:
        self._fixed = heat_picture.Fixed.of(fitted)
        self._kernels = Stages()
        self._last = None
        self._fitted = fitted

    def _lay_out(self) -> Generator[Step, Any, None]:
        fitted, fixed = self._ready()
        params, total = self.params, heat_layout.SWEEPS
        index = 0
        settling = heat_layout.settle(fitted, params, self._kernels)
        while True:
            try:
                sweep = next(settling)
            except StopIteration as stop:
                layout = stop.value
                break
            if sweep is None:
                yield Step(index=index, total=total, stage="heat kernel and layout")
                continue
            index = sweep.index
            shown = None
            if index % SHOWN_EVERY == 0:
                positions = heat_layout.aligned(fitted, sweep.layout)
                shown = heat_picture.moving(fitted, positions, params, index)
            yield Step(
                index=index,
                total=total,
                stage="layout",
                metrics={"stress": sweep.normalised},
                snapshot=shown,
            )
        yield Step(index=index, total=total, stage="preparing previews")
        before = heat_layout.preview(fitted, params)
        self._fitted = replace(fitted, layout=layout.positions, previewed=before.points)
        self._last = heat_picture.settled(self._fitted, fixed, layout, params, index)
        yield Step(index=index, total=index, stage="done", snapshot=self._last)

    def _ready(self) -> tuple[Fitted, heat_picture.Fixed]:
        if self._fitted is None or self._fixed is None:
            raise DataError("The fit was stopped before there was a map; run it again.")
        return self._fitted, self._fixed

    def evaluate(self, params: _Params) -> Snapshot:
        """The settled map at other LIVE parameters; starts anew from classical scaling, so that it
        does not depend on what was shown before."""
        for frame in self._settle(params):
            if frame is not None:
                return frame
        raise AssertionError("unreachable")

    def refine(self, params: _Params) -> Iterator[Snapshot | None]:
        """A preview of some points which the others follow, then the settled map."""
        fitted, fixed = self._ready()
        layout = heat_layout.preview(fitted, params)
        yield heat_picture.coarse(fitted, fixed, layout, params)
        yield from self._settle(params)

    def _settle(self, params: _Params) -> Iterator[Snapshot | None]:
        fitted, fixed = self._ready()
        last = self._last
        if last is None or last.params != params:
            settling = heat_layout.settle(fitted, params, self._kernels)
            while True:
                try:
                    next(settling)
                except StopIteration as stop:
                    layout = stop.value
                    break
                yield None
            sweeps = len(layout.stresses) - 1
            last = heat_picture.settled(fitted, fixed, layout, params, sweeps)
            self._last = last
        yield last

    def state(self) -> dict[str, Array]:
        """Graph, spectrum, reference and landmarks; about 8 m^2 bytes for m computed rows."""
        return self._ready()[0].state()

    @classmethod
    def from_state(cls, params: _Params, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._publish(Fitted.from_state(state))
        return method
