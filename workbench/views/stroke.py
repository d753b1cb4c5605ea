"""A stroke of the brush: which points a circle goes over, on the side that is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.numerics.near_side import near_side
from engine.numerics.spacing import typical_spacing
from workbench.views.scene import CloudScene

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Sight:
    """Where points are on a canvas, and which of them can be seen, until the camera moves."""

    def __init__(self, canvas: CloudScene) -> None:
        self._canvas = canvas
        self._from: Any = None
        self._positions: Any = None
        self.places = np.empty((0, 2))
        self.seen: Mask = np.empty(0, bool)

    def look(self, positions: NDArray[np.float32]) -> None:
        """Look again if the points or the camera are others than before."""
        canvas = self._canvas
        here = (canvas.camera(), tuple(canvas.view.size))
        if here == self._from and np.array_equal(positions, self._positions):
            return
        self._from, self._positions = here, positions
        self.places, depths, unit = canvas.with_depth(positions)
        self.seen = np.ones(len(positions), bool)
        if not canvas.depth:
            return
        spacing, between = typical_spacing(positions), None
        corners = canvas.sheet_corners()
        if len(corners):
            between = canvas.with_depth(corners.mean(axis=1))[:2]
            spacing = float(np.median(np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)))
        self.seen = near_side(self.places, depths, spacing * unit, between)


class Stroke:
    """What a circle has gone over since the button went down."""

    def __init__(self, sight: Sight, *, putting: bool) -> None:
        self.putting = putting
        self._sight = sight
        self._touched = np.zeros(len(sight.places), bool)
        self._last: Any = None

    def reach(self, at: Floats, radius: float) -> NDArray[np.int64]:
        """Rows of the layer that the circle touches for the first time on its way to `at`."""
        start = at if self._last is None else self._last
        self._last = at
        away = from_segment(self._sight.places, start, at)
        found = (away <= radius) & self._sight.seen & ~self._touched
        self._touched |= found
        return np.flatnonzero(found)


def from_segment(places: Floats, start: Floats, end: Floats) -> Floats:
    """Distance of places (n, 2) from the segment between two others."""
    along = end - start
    across, up = places[:, 0] - start[0], places[:, 1] - start[1]
    share = (across * along[0] + up * along[1]) / max(float(along @ along), 1e-12)
    share = share.clip(0.0, 1.0)
    return np.asarray(np.hypot(across - share * along[0], up - share * along[1]))
