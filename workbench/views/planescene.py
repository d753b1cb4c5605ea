"""The vispy side of a plane: an image or a line under a camera that pans and zooms, or a surface
under one that turns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.theme import Theme
from workbench.views.opengl import Color, scene
from workbench.views.relief import Relief

PAD = 0.03
THICK, THIN = 2.0, 1.0
"""Widths of a curve in pixels."""
CROWDED = 8.0
"""Pixels from one turn of a curve to the next, below which thick lines would run into a block."""


class PlaneScene:
    """One image, or one line, and the camera over it."""

    def __init__(self) -> None:
        self.canvas = scene.SceneCanvas(keys=None, show=False, vsync=True)
        self.view = self.canvas.central_widget.add_view()
        self._camera = scene.PanZoomCamera(aspect=1)
        self.view.camera = self._camera
        parts = self.view.scene
        self._image = scene.visuals.Image(
            np.zeros((2, 2, 3), np.float32), parent=parts, interpolation="nearest", method="auto"
        )
        self._line = scene.visuals.Line(
            np.zeros((2, 2), np.float32), parent=parts, width=THICK, method="gl", antialias=True
        )
        self._turns = np.empty(0)
        """Where the curve turns, in ascending order."""
        self._rings = scene.visuals.Line(
            np.zeros((2, 2), np.float32), connect="segments", method="gl", parent=parts
        )
        self._cut = scene.visuals.Line(
            np.zeros((2, 2), np.float32), width=2, parent=parts, method="gl", antialias=True
        )
        for order, visual in enumerate((self._image, self._line, self._rings, self._cut)):
            visual.visible = False
            visual.order = order
        for visual in (self._rings, self._cut):
            visual.set_gl_state("translucent", depth_test=False)
        self._range = (0.0, 1.0, 0.0, 1.0)
        self.relief: Relief | None = None
        """The surface, while the plane is shown as one."""
        self._relief: Relief | None = None
        self._dressed: Theme | None = None

    def raise_relief(self, raised: bool) -> None:
        """Whether what is drawn next is a surface; what lies on the plane is hidden under it."""
        if raised and self._relief is None:
            self._relief = Relief(self.view.scene)
            if self._dressed is not None:
                self._relief.set_theme(self._dressed)
        self.relief = self._relief if raised else None
        if self._relief is not None:
            self._relief.show(raised)
            self.view.camera = self._relief.camera if raised else self._camera
        for part in (self._rings, self._cut):
            part.opacity = 0.0 if raised else 1.0
        if raised:
            self._image.visible = self._line.visible = False

    def set_theme(self, theme: Theme) -> None:
        self.canvas.bgcolor = theme.canvas
        self._line.set_data(color=Color(theme.accent))
        self._cut.set_data(color=Color(theme.selection))
        self._dressed = theme
        if self._relief is not None:
            self._relief.set_theme(theme)
        self.canvas.update()

    def draw_image(self, rgb: NDArray[np.float32], rect: tuple[float, float, float, float]) -> None:
        """Rows from the bottom up, over (left, bottom, width, height)."""
        self._line.visible, self._image.visible = False, True
        self._image.set_data(rgb)
        left, bottom, width, height = rect
        rows, columns = rgb.shape[:2]
        self._image.transform = scene.transforms.STTransform(
            scale=(width / columns, height / rows), translate=(left, bottom)
        )

    def draw_line(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self._image.visible, self._line.visible = False, True
        self._line.set_data(np.column_stack([x, y]).astype(np.float32))
        rises = np.sign(np.diff(y))
        self._turns = x[1:-1][rises[1:] * rises[:-1] < 0]
        finite = y[np.isfinite(y)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        self._range = (float(x[0]), float(x[-1]), low, high if high > low else low + 1.0)

    def thin_line(self) -> None:
        """A curve is as thick as its turns in sight leave room for."""
        if self._line.visible:
            across, width = self.in_sight()[0], float(self.view.size[0])
            seen = np.searchsorted(self._turns, across)
            room = width / max(1, int(seen[1] - seen[0]))
            wanted = THIN if room < CROWDED else THICK
            if wanted != self._line.width:
                self._line.set_data(width=wanted)

    def line_width(self) -> float:
        """Of the curve, in pixels."""
        return float(self._line.width)

    def draw_rings(
        self, outlines: NDArray[np.float32] | None, colours: NDArray[np.float32] | None = None
    ) -> None:
        """Closed outlines (n, s, 2) in colours (n, 3), or None."""
        self._rings.visible = outlines is not None and len(outlines) > 0
        if outlines is None or colours is None or not len(outlines):
            return
        ends = np.stack([outlines, np.roll(outlines, -1, axis=1)], axis=2).reshape(-1, 2)
        rgba = np.column_stack([colours, np.full(len(colours), 0.8, np.float32)])
        self._rings.set_data(ends, connect="segments",
                             color=np.repeat(rgba, 2 * outlines.shape[1], axis=0))  # fmt: skip

    def draw_cut(self, ends: NDArray[np.float64] | None) -> None:
        """A line (2, 2) on the plane, or None."""
        self._cut.visible = ends is not None
        if ends is not None:
            self._cut.set_data(np.asarray(ends, np.float32))

    # Camera

    def fit(self, rect: tuple[float, float, float, float], *, equal: bool) -> None:
        left, bottom, width, height = rect
        self._camera.aspect = 1 if equal else None
        self._camera.rect = (
            left - PAD * width, bottom - PAD * height, (1 + 2 * PAD) * width,
            (1 + 2 * PAD) * height,
        )  # fmt: skip

    def fit_line(self) -> None:
        left, right, low, high = self._range
        self._camera.aspect = None
        across, up = PAD * (right - left), 2 * PAD * (high - low)
        self._camera.rect = (
            left - across,
            low - up,
            right - left + 2 * across,
            high - low + 2 * up,
        )

    def hold(self, held: bool) -> None:
        """The camera stays where it is while another hand is at work."""
        self._camera.interactive = not held

    def camera(self) -> dict[str, Any]:
        if self.relief is not None:
            return self.relief.state()
        rect = self._camera.rect
        return {"rect": [float(v) for v in (rect.left, rect.bottom, rect.width, rect.height)]}

    def set_camera(self, camera: dict[str, Any]) -> None:
        """What `camera` gave; one of the other kind is passed over."""
        if self.relief is not None and "azimuth" in camera:
            self.relief.restore(camera)
        elif self.relief is None and "rect" in camera:
            self._camera.rect = tuple(camera["rect"])
        self.canvas.update()

    def in_sight(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of x and y from edge to edge of the canvas."""
        width, height = self.view.size
        corners = self.view.scene.transform.imap([[0, height], [width, 0]])
        (left, bottom), (right, top) = corners[:, :2]
        return (float(left), float(right)), (float(bottom), float(top))

    def place(self, pos: Any) -> tuple[float, float]:
        """Where a pixel of the canvas is on the plane."""
        x, y = self.view.scene.transform.imap([[*np.asarray(pos, float)[:2]]])[0, :2]
        return float(x), float(y)
