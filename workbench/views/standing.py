"""Marks that tell the rows a picture was learnt from: by their shape as well as by their colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Standing
from workbench.theme import Theme
from workbench.views.opengl import Color, scene
from workbench.views.scene import CloudScene

DISC, RING, DIAMOND = "●", "○", "◆"
SIGNS = {Standing.OBSERVED: DISC, Standing.TAKEN_OUT: RING, Standing.PUT_IN: DIAMOND}
SIZES = {Standing.OBSERVED: 5.5, Standing.TAKEN_OUT: 8.0, Standing.PUT_IN: 9.0}


def inks(theme: Theme) -> dict[Standing, str]:
    """The colour of each mark."""
    return {
        Standing.OBSERVED: theme.text,
        Standing.TAKEN_OUT: theme.warning,
        Standing.PUT_IN: theme.accent,
    }


class StandingMarks:
    """Marks over the points of one cloud."""

    def __init__(self, canvas: CloudScene) -> None:
        self._scene = canvas
        self._marks = scene.visuals.Markers(parent=canvas.view.scene, antialias=1)
        # vispy cannot tell the bounds of markers that never had a point.
        self._marks.set_data(np.zeros((1, 3), np.float32))
        self._marks.order = 4
        self._marks.visible = False
        self._drawn: tuple[Any, Any, str] = ((), (), "")

    def hide(self) -> None:
        self._marks.visible = False
        self._scene.lift_marks(1)

    def show(self, positions: NDArray[np.float32], standing: Any, theme: Theme) -> None:
        """Mark the points (n, d) whose `standing` (n,) has a sign."""
        rows = np.flatnonzero(np.isin(standing, list(SIGNS)))
        self._marks.visible = len(rows) > 0
        if not len(rows):
            return
        self._scene.lift_marks(max(SIZES.values()) / 2)
        before = self._drawn
        same = before[2] == theme.name and np.array_equal(before[1], standing)
        if same and np.array_equal(before[0], positions):
            return
        self._drawn = (positions, standing, theme.name)
        kinds = np.asarray(standing)[rows]
        colours, sizes = np.zeros((len(Standing), 4)), np.zeros(len(Standing))
        for kind, colour in inks(theme).items():
            colours[kind], sizes[kind] = Color(colour).rgba, SIZES[kind]
        paper, hollow = Color(theme.canvas).rgba, (kinds == Standing.TAKEN_OUT)[:, None]
        self._marks.set_data(
            positions[rows],
            face_color=np.where(hollow, paper, colours[kinds]),
            edge_color=np.where(hollow, colours[kinds], paper),
            edge_width=np.where(hollow[:, 0], 1.8, 0.8),
            size=sizes[kinds],
            symbol=np.where(kinds == Standing.PUT_IN, "diamond", "disc"),
        )
        # As near as the point that it marks, and before it.
        self._marks.set_gl_state("translucent", depth_test=self._scene.depth, depth_func="lequal")
