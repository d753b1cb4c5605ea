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


class Stroke:
    """What a circle has gone over since the button went down."""

    def __init__(self, positions: NDArray[np.float32], canvas: CloudScene, putting: bool) -> None:
        self.putting = putting
        self._positions, self._canvas = positions, canvas
        self._touched = np.zeros(len(positions), bool)
        self._last: Any = None
        self._seen_from: Any = None

    def reach(self, at: Floats, radius: float) -> NDArray[np.int64]:
        """Rows of the layer that the circle touches for the first time on its way to `at`."""
        self._look()
        start = at if self._last is None else self._last
        self._last = at
        away = _from_segment(self._places, start, at)
        found = (away <= radius) & ~self._touched
        if self._spacing > 0 and found.any():
            found &= self._near(away, start, at, radius)
        self._touched |= found
        return np.flatnonzero(found)

    def _look(self) -> None:
        """Where everything is on the canvas; a wheel may have moved the camera on the way."""
        canvas = self._canvas
        seen_from = (canvas.camera(), tuple(canvas.view.size))
        if seen_from == self._seen_from:
            return
        self._seen_from = seen_from
        self._places, self._depths, unit = canvas.with_depth(self._positions)
        self._spacing = typical_spacing(self._positions) * unit if canvas.depth else 0.0
        self._between: tuple[Floats, Floats] | None = None
        corners = canvas.sheet_corners()
        if canvas.depth and len(corners):
            places, depths, unit = canvas.with_depth(corners.mean(axis=1))
            self._between = places, depths
            edges = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
            self._spacing = float(np.median(edges)) * unit

    def _near(self, away: Floats, start: Floats, end: Floats, radius: float) -> Mask:
        """Which of the points around the way are on the near side."""
        around = radius + 2 * self._spacing
        rows = np.flatnonzero(away <= around)
        between = None
        if self._between is not None:
            places, depths = self._between
            close = _from_segment(places, start, end) <= around
            between = places[close], depths[close]
        seen = np.zeros(len(away), bool)
        seen[rows] = near_side(self._places[rows], self._depths[rows], self._spacing, between)
        return seen


def _from_segment(places: Floats, start: Floats, end: Floats) -> Floats:
    """Distance of places (n, 2) from the segment between two others."""
    along = end - start
    share = (places - start) @ along / max(float(along @ along), 1e-12)
    return np.asarray(
        np.linalg.norm(places - (start + share.clip(0.0, 1.0)[:, None] * along), axis=1)
    )
