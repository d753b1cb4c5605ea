"""Gaussian smoothing: what every other way of removing noise is measured against."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.params import LIVE, Bound, Display, Doc, check
from engine.restoration import held_photograph, picture_layers
from engine.restoration.degradations import gaussian_blur


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianParams:
    """Width of the mean, and how the removed part is shown."""

    std: Annotated[float, Bound(0.0, 10.0), LIVE, Doc("Width of the weights.", unit="px")] = 1.0
    gain: Annotated[
        float,
        Bound(1.0, 20.0),
        LIVE,
        Display(),
        Doc("Contrast of the picture of what was removed, and of the difference to the truth."),
    ] = 2.0

    def __post_init__(self) -> None:
        check(self)


class GaussianSmoothing:
    """Nothing is learnt; the photograph is kept."""

    Params: ClassVar[type] = GaussianParams
    Data: ClassVar[type] = Photograph

    def __init__(self, params: GaussianParams) -> None:
        self.params = params
        self._photograph: Photograph | None = None

    def fit(
        self, data: Photograph, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Keep the photograph."""
        self._photograph = data
        yield Step(index=1, total=1, stage="smoothing", snapshot=self.evaluate(self.params))

    def evaluate(self, params: GaussianParams) -> Snapshot:
        """The smoothed picture."""
        photograph = self._ready()
        restored = np.asarray(gaussian_blur(photograph.values, params.std), np.float32)
        return Snapshot(
            layers=(
                *picture_layers.pictures(photograph, restored, params.gain),
                *picture_layers.curves(photograph, restored),
            ),
            params=params,
            metrics=picture_layers.metrics(photograph, restored),
        )

    def state(self) -> dict[str, Array]:
        """The photograph."""
        return held_photograph.to_arrays(self._ready())

    @classmethod
    def from_state(cls, params: GaussianParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._photograph = held_photograph.from_arrays(state)
        return method

    def _ready(self) -> Photograph:
        if self._photograph is None:
            raise DataError("The fit was stopped before there was a picture; run it again.")
        return self._photograph
