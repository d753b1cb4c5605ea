"""Arrows, the surface they lie on and the signs of its zeros, drawn into a cloud's scene."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import darts, ellipses
from engine.layers import Arrows, Markers
from engine.numerics.singularities import vertex_normals
from engine.numerics.spacing import nearest_rows
from workbench.theme import Theme
from workbench.views.opengl import Color, scene

Floats = NDArray[np.float32]

MOST = {True: 1000, False: 4000}
"""Arrows drawn at rest, where a processor draws and where hardware does."""
MOST_MOVING = {True: 400, False: 4000}


class Quiver:
    """Follows one cloud. `length` is how long a vector of size 1 is drawn, in units of the axes;
    it stays while the positions stay, so that longer vectors look longer."""

    def __init__(self, parent: Any, *, software: bool) -> None:
        self._software = software
        self._darts = scene.visuals.Mesh(parent=parent, shading=None)
        self._sheet = scene.visuals.Mesh(parent=parent, shading=None)
        self._discs = scene.visuals.Mesh(parent=parent, shading=None)
        self._signs = scene.visuals.Text("", parent=parent, font_size=9, bold=True)
        for order, visual in ((-2, self._sheet), (-1, self._darts), (4, self._discs),
                              (5, self._signs)):  # fmt: skip
            visual.visible = False
            visual.order = order
        self.step_back(1)
        self._darts.set_gl_state("opaque", depth_test=True, cull_face=False)
        self._discs.set_gl_state("translucent", depth_test=True, cull_face=False)
        self._signs.set_gl_state("translucent", depth_test=False)
        self.with_ellipses, self.coloured_sheet = False, True
        self.length = 0.0
        self._places: Any = None
        self._rows = np.empty(0, np.int64)
        self._faces: Any = None
        self._shade: Any = None
        self._normals: Any = None
        self._paper = np.ones(3, np.float32)
        self._ink = np.zeros(3, np.float32)
        self.drawn = 0

    def set_theme(self, theme: Theme) -> None:
        self._paper = np.asarray(Color(theme.canvas).rgb, np.float32)
        self._ink = np.asarray(Color(theme.text).rgb, np.float32)
        self._signs.color = theme.selection
        self._faces = None

    def clear(self) -> None:
        for visual in (self._darts, self._sheet, self._discs, self._signs):
            visual.visible = False
        self.drawn = 0

    def show(self, layer: Arrows, colours: Floats, *, moving: bool) -> None:
        """Draw the arrows of a layer in `colours` (n, 3)."""
        positions = np.asarray(layer.positions, np.float32)
        vectors = np.asarray(layer.vectors, np.float32)
        if self._places is None or not np.array_equal(self._places, layer.positions):
            self._places, self._faces = layer.positions, None
            self._rows = darts.even_rows(positions, vectors, MOST[self._software])
            self.length = darts.drawn_length(positions[self._rows], vectors[self._rows])
        coloured = self.coloured_sheet and bool(np.isfinite(vectors).all())
        self._show_sheet(positions, layer.faces, colours if coloured else None)
        rows = self._rows[: MOST_MOVING[self._software]] if moving else self._rows
        self.drawn = len(rows)
        self._darts.visible = len(rows) > 0
        inked = self._inked(layer, colours) if coloured else colours
        if len(rows):
            self._show_darts(positions[rows], self.length * vectors[rows], inked[rows])
        self._show_discs(layer, rows, inked)

    def _inked(self, layer: Arrows, colours: Floats) -> Floats:
        """Arrows on a coloured surface are drawn in ink: the colour is there already."""
        return np.broadcast_to(self._ink, colours.shape) if len(layer.faces) else colours

    def _show_darts(self, positions: Floats, vectors: Floats, colours: Floats) -> None:
        width = darts.shaft_width(vectors)
        if positions.shape[1] == 2:
            corners, bright = darts.flat(positions, vectors, width), None
        else:
            corners, bright = darts.solid(positions, vectors, width)
        rgb = np.repeat(colours, len(corners) // len(positions), axis=0)
        if bright is not None:
            rgb = rgb * bright[:, None]
        rgba = np.column_stack([rgb, np.ones(len(rgb), np.float32)])
        triangles = np.arange(len(corners), dtype=np.uint32).reshape(-1, 3)
        self._darts.set_data(corners, triangles, vertex_colors=rgba)

    def _show_discs(self, layer: Arrows, rows: NDArray[np.int64], colours: Floats) -> None:
        """Where each arrow's tip may lie."""
        wanted = self.with_ellipses and len(layer.covariance) > 0 and len(rows) > 0
        self._discs.visible = wanted
        if not wanted:
            return
        axes = self.length * ellipses.half_axes(layer.frames[rows], layer.covariance[rows])
        corners = ellipses.discs(layer.positions[rows] + self.length * layer.vectors[rows], axes)
        rgb = np.repeat(colours[rows], len(corners) // len(rows), axis=0)
        rgba = np.column_stack([rgb, np.full(len(rgb), 0.35, np.float32)])
        triangles = np.arange(len(corners), dtype=np.uint32).reshape(-1, 3)
        self._discs.set_data(corners, triangles, vertex_colors=rgba)

    def _show_sheet(self, positions: Floats, faces: Any, colours: Floats | None) -> None:
        """The surface in `colours` (n, 3), in grey without them."""
        self._sheet.visible = len(faces) > 0
        if not len(faces):
            return
        known = self._faces is faces
        if known and colours is None:
            return
        if not known:
            normals = vertex_normals(np.asarray(positions, np.float64), np.asarray(faces))
            bright = np.abs(normals @ darts.LIGHT.astype(np.float64)).clip(0.0, 1.0)
            self._normals, self._shade = normals, bright[:, None].astype(np.float32)
        if colours is not None:
            # What is not kept as known is drawn anew when the surface turns grey again.
            self._faces, rgb = None, colours * (0.7 + 0.3 * self._shade)
        else:
            # Dark colours must stand out from a dark theme's surface too.
            ink = 0.14 if self._paper.mean() > 0.5 else 0.36
            grey = (1 - ink) * self._paper + ink * self._ink
            self._faces, rgb = faces, grey * (0.82 + 0.18 * self._shade)
        rgba = np.column_stack([rgb, np.ones(len(rgb))]).astype(np.float32)
        self._sheet.set_data(positions, np.asarray(faces, np.uint32), vertex_colors=rgba)

    def step_back(self, pixels: float) -> None:
        """The sheet steps back a little: what lies on it, of a radius of so many pixels, must not
        sink into it where it is steep."""
        self._sheet.set_gl_state(
            "opaque", depth_test=True, polygon_offset_fill=True, polygon_offset=(pixels, 1),
            cull_face=False,
        )  # fmt: skip

    def corners(self) -> Any:
        """Corners (m, 3, 3) of the triangles of the surface that is drawn."""
        drawn = self._sheet.visible and self._faces is not None
        return np.asarray(self._places)[self._faces] if drawn else np.empty((0, 3, 3))

    def show_signs(self, markers: Markers | None) -> None:
        """The index of each zero beside it; None hides them."""
        some = markers is not None and len(markers.positions) > 0
        self._signs.visible = some
        if markers is not None and some:
            self._signs.text = list(markers.labels)
            self._signs.pos = np.asarray(self._above_sheet(markers.positions), np.float32)

    def _above_sheet(self, places: Any) -> Any:
        """Places lifted off the surface, which hides those on its other side."""
        on_sheet = bool(self._sheet.visible)
        self._signs.set_gl_state("translucent", depth_test=on_sheet)
        if not on_sheet:
            return places
        nearest = nearest_rows(places, self._places)
        lift = 0.02 * float(np.linalg.norm(np.ptp(self._places, axis=0)))
        return places + lift * self._normals[nearest]
