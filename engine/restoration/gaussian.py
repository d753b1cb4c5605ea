"""Gaussian smoothing: what every other way of removing noise is measured against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data.photograph import Photograph
from engine.params import LIVE, Bound, Doc, check
from engine.restoration.degradations import gaussian_blur
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained

ROWS = 512
"""Rows that are smoothed between two looks at whether to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianParams:
    """Width of the mean, and how the removed part is shown."""

    std: Annotated[float, Bound(0.0, 10.0), LIVE, Doc("Width of the weights.", unit="px")] = 1.0
    gain: Gain = 2.0

    def __post_init__(self) -> None:
        check(self)


class GaussianSmoothing(Untrained):
    """Nothing is learnt; the photograph is kept."""

    Params: ClassVar[type] = GaussianParams
    doing: ClassVar[str] = "smoothing"

    def restore(self, photograph: Photograph, params: GaussianParams) -> Restoring:
        """The weighted means, row by row of blocks; borders are mirrored."""
        values, reach = photograph.values, self.reach(photograph, params)
        found = np.empty_like(values)
        for top in range(0, len(values), ROWS):
            above = min(top, reach)
            part = gaussian_blur(values[top - above : top + ROWS + reach], params.std)
            found[top : top + ROWS] = part[above : above + ROWS]
            yield
        return Restored(values=found, sigma=None)

    def given(self, photograph: Photograph, params: GaussianParams, sigma: Any) -> Restoring:
        """The same: nothing is ever left open."""
        return self.restore(photograph, params)

    def reach(self, photograph: Photograph, params: GaussianParams) -> int:
        """Where SciPy cuts the weights off."""
        return int(4 * params.std + 0.5)

    def pace(self, photograph: Photograph, params: GaussianParams) -> float:
        return photograph.channels * (0.01 + 0.004 * params.std)

    def coarser(self, params: GaussianParams, level: int) -> GaussianParams:
        return replace(params, std=params.std / 2**level)
