"""Whitened principal components: the README's example of a method, whole.

y = (x - mean) V diag(s)^-w
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from engine.data.table import Table
from engine.layers import Array, Axis, Curves, Points
from engine.method import Snapshot, Step
from engine.params import LIVE, REFIT, Bound, Doc, check


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    whitening: Annotated[float, Bound(0.0, 1.0), LIVE, Doc("Share of scale removed.")] = 0.0
    centre: Annotated[bool, REFIT, Doc("Whether the mean is taken away.")] = True

    def __post_init__(self) -> None:
        check(self)


class WhitenedComponents:
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    Data: ClassVar[type] = Table

    def __init__(self, params: _Params) -> None:
        self.params = params
        self._scores, self._scale = np.empty((0, 2)), np.empty(0)

    def fit(self, data: Table, *, rng: Any, device: str) -> Generator[Step, Any, None]:
        """Singular value decomposition of the rows."""
        yield Step(index=0, total=1, stage="decomposing")
        values = data.values - data.values.mean(axis=0) * self.params.centre
        left, scale, _ = np.linalg.svd(values, full_matrices=False)
        self._scores, self._scale = left[:, :2] * scale[:2], scale
        yield Step(index=1, total=1, stage="done", snapshot=self.evaluate(self.params))

    def evaluate(self, params: _Params) -> Snapshot:
        """The map and the singular values."""
        y = self._scores * self._scale[:2] ** -params.whitening
        axes = (Axis("PC 1"), Axis("PC 2"))
        points = Points(name="map", role="prediction", positions=y, axes=axes)
        number = np.arange(len(self._scale), dtype=np.float64)
        axes = (Axis("number"), Axis("singular value"))
        lines = {"singular value": self._scale}
        spectrum = Curves(name="spectrum", role="diagnostic", x=number, lines=lines, axes=axes)
        return Snapshot(layers=(points, spectrum), params=params)

    def state(self) -> dict[str, Array]:
        return {"scores": self._scores, "scale": self._scale}

    @classmethod
    def from_state(cls, params: _Params, state: Mapping[str, Array]) -> Self:
        made = cls(params)
        made._scores, made._scale = state["scores"], state["scale"]
        return made
