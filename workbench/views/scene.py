"""The vispy side of a cloud: canvas, cameras, axes, points, edges. No Qt layout, no document."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Arrows, Axis, Markers, Network, Points
from workbench.theme import Theme
from workbench.views.opengl import Color, FontManager, draws_in_software, scene
from workbench.views.quiver import Quiver

MOST_EDGES = 60_000
FILL = 1.12
"""Height of the 3-D picture in diagonals of the cloud's bounding box."""
SMALLEST, LARGEST = 0.6, 1.1
"""Between these shares of the fitted extent a moving cloud keeps the camera still."""
_CORNERS = np.array([[k & 1, k >> 1 & 1, k >> 2] for k in range(8)], np.float32)
_EDGES = np.array(
    [_CORNERS[k | bit] if end else _CORNERS[k]
     for k in range(8) for bit in (1, 2, 4) if not k & bit for end in (0, 1)]
)  # fmt: skip
"""The twelve edges of the unit cube as pairs of ends (24, 3)."""


def edge_ends(network: Network, positions: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Ends (2 m, d) of the heaviest edges, and of those that something is wrong with."""
    edges = network.edges[np.argsort(-network.weights, kind="stable")[:MOST_EDGES]]
    grave = network.edges[network.grave] if len(network.grave) else network.edges[:0]
    return [positions[some[(some < len(positions)).all(axis=1)].ravel()] for some in (edges, grave)]


class CloudScene:
    """Points with edges under them and marks above them, in 2-D or 3-D."""

    def __init__(self) -> None:
        self.canvas = scene.SceneCanvas(keys=None, show=False, vsync=True)
        self.depth = False
        self.view = self.canvas.central_widget.add_view()
        self._flat = scene.PanZoomCamera(aspect=1)
        self._turning = scene.TurntableCamera(fov=30, elevation=25, azimuth=35)
        self.view.camera = self._flat
        parts = self.view.scene
        self._edges = scene.visuals.Line(
            np.zeros((2, 3), np.float32), connect="segments", method="gl", parent=parts
        )
        self._grave = scene.visuals.Line(
            np.zeros((2, 3), np.float32), connect="segments", method="gl", width=2, parent=parts
        )
        self._edges.visible = self._grave.visible = False
        self._points = scene.visuals.Markers(parent=parts, antialias=1)
        self._ring = scene.visuals.Markers(parent=parts, antialias=1)
        self._hover = scene.visuals.Markers(parent=parts, antialias=1)
        self._box = scene.visuals.Line(np.zeros((2, 3), np.float32), parent=parts, method="gl")
        # One for all: a letter takes ten milliseconds to be drawn for the first time.
        letters = FontManager()
        self._names = [
            scene.visuals.Text("", parent=parts, font_size=8, anchor_x="left", font_manager=letters)
            for _ in range(3)
        ]
        self._lasso = scene.visuals.Line(np.zeros((2, 2), np.float32), parent=self.canvas.scene)
        for visual in (self._ring, self._hover, self._box, self._lasso, *self._names):
            visual.visible = False
        for order, visual in enumerate((self._edges, self._points, self._ring, self._hover)):
            visual.order = order
        for visual in (self._points, self._ring, self._hover):
            # vispy cannot tell the bounds of markers that never had a point.
            visual.set_data(np.zeros((1, 3), np.float32))
            visual.visible = False
        self._points.set_gl_state("translucent", depth_test=True)
        for visual in (self._edges, self._grave):
            visual.set_gl_state("translucent", depth_test=False)
        self._quiver: Quiver | None = None
        self._theme: Theme | None = None
        self._middle = np.zeros(3)
        self._extent = 1.0
        self.set_depth(False)

    # Look

    def set_theme(self, theme: Theme) -> None:
        self.canvas.bgcolor = theme.canvas
        self._theme = theme
        if self._quiver is not None:
            self._quiver.set_theme(theme)
        self._edge_colour = Color(theme.muted, alpha=0.22)
        self._grave_colour = Color(theme.error, alpha=0.9)
        self._selection = Color(theme.selection)
        self._text = Color(theme.text)
        self._canvas_colour = Color(theme.canvas)
        self._box.set_data(color=Color(theme.muted, alpha=0.35))
        for name in self._names:
            name.color = theme.muted
        self._edges.set_data(color=self._edge_colour)
        self.canvas.update()

    def set_axes(self, axes: tuple[Axis, ...]) -> None:
        """Names with units, at the ends of the box's edges in 3-D."""
        for visual, axis in zip(self._names, axes, strict=False):
            visual.text = str(axis)

    def set_depth(self, depth: bool, *, equal: bool = True) -> None:
        """3-D with a turntable, or 2-D with pan and zoom."""
        self.depth = depth
        self.view.camera = self._turning if depth else self._flat
        self._flat.aspect = 1 if equal else None
        self._box.visible = depth
        for name in self._names:
            name.visible = depth
        self._points.set_gl_state("translucent", depth_test=depth)

    # Data

    def draw_points(
        self,
        positions: NDArray[np.float32],
        colours: NDArray[np.float32],
        size: float,
        *,
        smooth: bool = True,
    ) -> None:
        """Discs of `size` pixels. Rough edges take a processor that draws half the time."""
        few = len(positions) <= 5000
        self._points.visible = len(positions) > 0
        if not len(positions):
            return
        self._points.antialias = 1 if smooth else 0
        self._points.set_data(
            positions,
            face_color=np.column_stack([colours, np.full(len(colours), 0.92, np.float32)]),
            edge_color=self._canvas_colour if few else None,
            edge_width=0.6 if few else 0,
            size=size,
        )

    def draw_arrows(
        self, layer: Points | Arrows | None, colours: NDArray[np.float32], *, moving: bool
    ) -> None:
        """The vectors of a layer of arrows; of any other none."""
        if isinstance(layer, Arrows):
            if self._quiver is None:
                self._quiver = Quiver(self.view.scene, software=draws_in_software())
                if self._theme is not None:
                    self._quiver.set_theme(self._theme)
            self._quiver.show(layer, colours, moving=moving)
        elif self._quiver is not None:
            self._quiver.clear()

    def dress_arrows(self, *, ellipses: bool, coloured_sheet: bool) -> bool:
        """Whether arrows come with ellipses and their surface in colour; True if that is new."""
        if self._quiver is None:
            return False
        before = (self._quiver.with_ellipses, self._quiver.coloured_sheet)
        self._quiver.with_ellipses, self._quiver.coloured_sheet = ellipses, coloured_sheet
        return before != (ellipses, coloured_sheet)

    def draw_signs(self, markers: Markers | None) -> None:
        """Labels at places of the field, or None."""
        if self._quiver is not None:
            self._quiver.show_signs(markers)
            self.canvas.update()

    def draw_box(self, positions: NDArray[np.float32]) -> None:
        """The bounding box; the edges from its low corner are named after their axes."""
        if not self.depth or not len(positions):
            return
        low, high = positions.min(axis=0), positions.max(axis=0)
        self._box.set_data(low + _EDGES * (high - low), connect="segments")
        for k, name in enumerate(self._names):
            place = low.copy()
            place[k] = high[k] + 0.04 * (high - low).max()
            name.pos = place

    def draw_edges(
        self, ends: NDArray[np.float32] | None, grave: NDArray[np.float32] | None = None
    ) -> None:
        """Segments (2 m, d), and those that something is wrong with; None hides them."""
        self._draw_segments(self._edges, ends, self._edge_colour)
        self._draw_segments(self._grave, grave, self._grave_colour)

    @staticmethod
    def _draw_segments(line: Any, ends: NDArray[np.float32] | None, colour: Any) -> None:
        line.visible = ends is not None and len(ends) > 0
        if ends is not None and len(ends):
            # A vispy line keeps the number of coordinates that it began with.
            solid = np.pad(ends, ((0, 0), (0, 3 - ends.shape[1])))
            line.set_data(solid, connect="segments", color=colour)

    def draw_ring(self, positions: NDArray[np.float32], size: float) -> None:
        self._draw_marks(self._ring, positions, size + 4, self._selection, 1.6)

    def draw_hover(self, positions: NDArray[np.float32], size: float) -> None:
        self._draw_marks(self._hover, positions, size + 5, self._text, 1.5)

    def _draw_marks(
        self, visual: Any, positions: NDArray[np.float32], size: float, colour: Any, width: float
    ) -> None:
        visual.visible = len(positions) > 0
        if len(positions):
            clear = Color("#000000", alpha=0.0)
            visual.set_data(
                positions, face_color=clear, edge_color=colour, edge_width=width, size=size
            )
            visual.set_gl_state("translucent", depth_test=False)

    def draw_lasso(self, path: NDArray[np.float32] | None) -> None:
        """A path (n, 2) in canvas pixels, or None."""
        self._lasso.visible = path is not None and len(path) > 1
        if path is not None and len(path) > 1:
            self._lasso.set_data(path, color=self._selection)

    # Cameras

    def fit(self, positions: NDArray[np.float32]) -> None:
        """The whole cloud in sight."""
        if not len(positions):
            return
        low = positions.min(axis=0).astype(float)
        high = positions.max(axis=0).astype(float)
        span = np.where(high > low, high - low, 1.0)
        self._middle = (low + high) / 2
        self._extent = float(np.linalg.norm(span))
        if self.depth:
            self._turning.center = tuple(self._middle)
            self._turning.scale_factor = FILL * self._extent
        else:
            pad = 0.05 * span
            self._flat.rect = (
                *(low - pad)[:2],
                *(span + 2 * pad)[:2],
            )

    def holds(self, positions: NDArray[np.float32]) -> bool:
        """Whether the cloud is in sight and fills a good part of what the last `fit` showed."""
        low, high = positions.min(axis=0), positions.max(axis=0)
        extent = float(np.linalg.norm(high - low))
        moved = float(np.linalg.norm((low + high) / 2 - self._middle[: len(low)]))
        return SMALLEST * self._extent < extent and extent + 2 * moved < LARGEST * self._extent

    def camera(self) -> dict[str, Any]:
        if self.depth:
            turning = self._turning
            return {
                "azimuth": float(turning.azimuth),
                "elevation": float(turning.elevation),
                "scale": float(turning.scale_factor),
                "center": [float(c) for c in turning.center],
            }
        rect = self._flat.rect
        return {"rect": [float(v) for v in (rect.left, rect.bottom, rect.width, rect.height)]}

    def set_camera(self, camera: dict[str, Any]) -> None:
        """What `camera` gave; a state of the other dimension is passed over."""
        if self.depth and "azimuth" in camera:
            self._turning.azimuth = camera["azimuth"]
            self._turning.elevation = camera["elevation"]
            self._turning.scale_factor = camera["scale"]
            self._turning.center = tuple(camera["center"])
        elif not self.depth and "rect" in camera:
            self._flat.rect = tuple(camera["rect"])

    def relative_camera(self) -> dict[str, Any]:
        """The camera in units of the cloud that was last fitted, to turn another cloud by."""
        camera = self.camera()
        if self.depth:
            centre = (np.array(camera["center"]) - self._middle) / self._extent
            scale = camera["scale"] / self._extent
            return {**camera, "center": [float(c) for c in centre], "scale": scale}
        left, bottom, width, height = camera["rect"]
        corner = (np.array([left, bottom]) - self._middle[:2]) / self._extent
        size = np.array([width, height]) / self._extent
        return {"rect": [float(v) for v in (*corner, *size)]}

    def set_relative_camera(self, camera: dict[str, Any]) -> None:
        if self.depth and "azimuth" in camera:
            centre = self._middle + np.array(camera["center"]) * self._extent
            scale = camera["scale"] * self._extent
            self.set_camera({**camera, "center": centre.tolist(), "scale": scale})
        elif not self.depth and "rect" in camera:
            rect = np.array(camera["rect"]) * self._extent
            rect[:2] += self._middle[:2]
            self.set_camera({"rect": rect.tolist()})

    def in_sight(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of x and y from edge to edge of the canvas; only in 2-D."""
        width, height = self.view.size
        corners = self.view.scene.transform.imap([[0, height], [width, 0]])
        (left, bottom), (right, top) = corners[:, :2]
        return (float(left), float(right)), (float(bottom), float(top))

    def drag_camera(self, start: dict[str, Any], moved: NDArray[np.float64]) -> None:
        """The camera as a hand leaves it that took it at `start` and moved by pixels (2,)."""
        if self.depth:
            azimuth, elevation = start["azimuth"] - 0.5 * moved[0], start["elevation"]
            tilt = float(np.clip(elevation + 0.5 * moved[1], -90, 90))
            self.set_camera({**start, "azimuth": azimuth, "elevation": tilt})
        else:
            left, bottom, width, height = start["rect"]
            across, up = np.array([width, height]) / np.array(self.view.size)
            self.set_camera(
                {"rect": [left - moved[0] * across, bottom + moved[1] * up, width, height]}
            )

    def with_depth(
        self, positions: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Where positions (n, d) are on the canvas in pixels (n, 2), how far from the eye in the
        same unit (n,), and how many pixels one unit of the axes has in their middle."""
        transform = self._points.get_transform("visual", "canvas")
        mapped = np.asarray(transform.map(positions), np.float64)
        places = mapped[:, :2] / mapped[:, 3:4]
        if not self.depth or not len(positions):
            return places, np.zeros(len(places)), 1.0
        # The map is linear in homogeneous coordinates; its last row measures the way to the eye.
        corners = np.asarray(transform.map(np.vstack([np.zeros(3), np.eye(3)])), np.float64)
        slope = (corners[1:] - corners[0]).T
        away = float(np.linalg.norm(slope[3]))
        across = slope[0] - slope[3] * float(slope[0] @ slope[3]) / away**2
        unit = float(np.linalg.norm(across)) / float(np.median(mapped[:, 3]))
        return places, mapped[:, 3] / away * unit, unit

    def lift_marks(self, pixels: float) -> None:
        """Keep marks of that radius out of the surface that is drawn."""
        if self._quiver is not None:
            self._quiver.step_back(pixels)

    def sheet_corners(self) -> NDArray[np.float64]:
        """Corners (m, 3, 3) of the triangles of the surface that is drawn."""
        return np.empty((0, 3, 3)) if self._quiver is None else self._quiver.corners()

    def on_canvas(self, positions: NDArray[np.float32]) -> NDArray[np.float64]:
        """Where positions (n, d) are on the canvas, in pixels (n, 2)."""
        mapped = self._points.get_transform("visual", "canvas").map(positions)
        return np.asarray(mapped[:, :2] / mapped[:, 3:4])
