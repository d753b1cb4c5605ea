"""A cloud of points, or of arrows, that can be turned, hovered, picked and lassoed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QToolTip, QWidget

from engine import colour
from engine.layers import Arrows, Axis, Markers, Network, Points
from workbench.theme import Theme
from workbench.views.brush import Brush
from workbench.views.colouring import Colouring, colouring, same_column
from workbench.views.detail import Detail, disc_size
from workbench.views.hand import Hand, tip
from workbench.views.mainview import MainView
from workbench.views.opengl import draws_in_software, opengl_works
from workbench.views.scene import CloudScene, edge_ends
from workbench.views.surface import surface

REST_MS = 150
Drawn: TypeAlias = Points | Arrows
_NOTHING = np.empty(0, np.int64)


class CloudView(MainView):
    """Shows one layer at a time. Everything it says is about rows of the data set."""

    DRAWS: ClassVar[tuple[type, ...]] = (Points, Arrows)

    _painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: Drawn | None = None
        self._positions = np.empty((0, 2), np.float32)
        self._ids = _NOTHING
        self._columns: dict[str, Any] = {}
        self._colour_by = ""
        self._colouring: Colouring | None = None
        self._limits: tuple[float, float] | None = None
        self._own_limits = (0.0, 1.0)
        self._size = 0.0
        self._network: Network | None = None
        self._selection = _NOTHING
        self._moving = self._fresh = False
        self._home = True
        self._software = draws_in_software()
        self._detail = Detail(software=self._software)
        self.scene = CloudScene() if opengl_works() else None
        if self.scene is not None:
            self.surface = surface(self.scene.canvas, software=self._software, parent=self)
            self.frame_picture(self.surface)
        self._rest = QTimer(self, interval=REST_MS)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._at_rest)
        if self.scene is not None:
            self.hand = Hand(self, self.scene)
            self.brush = Brush(self, self.scene)
            self.scene.canvas.events.draw.connect(self._on_draw)
            self.scene.canvas.events.resize.connect(self._on_resize, position="last")
            self.scene.view.scene.transform.changed.connect(self._on_transform)
        self._painted.connect(self._pass_drawn, Qt.ConnectionType.QueuedConnection)

    # What is shown

    def show_layer(
        self, points: Drawn, extra: Mapping[str, Any] | None = None, *, moving: bool = False
    ) -> None:
        """Draw a layer; `extra` are further columns to colour by. A `moving` picture keeps its
        camera and may be thinned; a still one settles after a moment."""
        if self.scene is None:
            self.clear("This machine offers no OpenGL; figures can still be exported.")
            return
        first = self._points is None
        depth = points.positions.shape[1] == 3
        turned = first or depth != self.scene.depth
        columns = {**dict(extra or {}), **points.columns}
        recolour = self._recolours(points, columns, first)
        self._points = points
        self._positions = np.asarray(points.positions, np.float32)
        self._ids = points.ids if len(points.ids) else np.arange(len(points.positions))
        self._columns = columns
        self.show_picture()
        if turned:
            self.scene.set_depth(depth, equal=points.equal_scale)
        self._name_axes(points.axes, depth)
        if recolour:
            self._recolour()
        self._moving = moving
        self._fresh = True
        self._draw()
        if turned or (self._home and not self.scene.holds(self._positions)):
            self.fit_camera()
        if moving:
            self._rest.start()

    def _name_axes(self, axes: tuple[Axis, ...], depth: bool) -> None:
        assert self.scene is not None
        self.scene.set_axes(axes)
        self.name_rulers(axes, shown=not depth)

    def _on_transform(self, event: Any) -> None:
        if self.scene is not None and not self.scene.depth:
            across, up = self.scene.in_sight()
            self._bottom.set_range(*across)
            self._left.set_range(*up)

    def _recolours(self, points: Drawn, columns: Mapping[str, Any], first: bool) -> bool:
        """Whether colours must be computed again: not while only positions move."""
        if self._colour_by not in columns:
            wanted = points.colour_by if points.colour_by in columns else ""
            self._colour_by = wanted or next(iter(columns), "")
            return True
        same = same_column(self._columns.get(self._colour_by), columns.get(self._colour_by))
        return first or not same or self._colouring is None

    def _recolour(self) -> None:
        before = self._colouring.title if self._colouring is not None else ""
        self._colouring = self._coloured(None)
        self._own_limits = self._colouring.limits
        # A slider's frames keep the common scale until it is seen to have changed.
        if self._limits is not None and before == self._colouring.title:
            self._colouring = self._coloured(self._limits)
        else:
            self._limits = None
        self.legend.show_colouring(self._colouring)

    def _coloured(self, limits: tuple[float, float] | None) -> Colouring:
        column = self._columns.get(self._colour_by)
        shown = self._points
        colormap = colour.colormap_of(shown, self._colour_by) if shown is not None else "viridis"
        plain = self._theme.accent if self._theme is not None else "#2f6fdb"
        n = len(self._positions)
        return colouring(column, self._colour_by, colormap, plain, n, limits)

    def colouring(self) -> Colouring | None:
        """What the colours mean now; None while there is no picture."""
        return self._colouring if self._points is not None else None

    def own_limits(self) -> tuple[float, float]:
        """The range of the numbers shown here alone."""
        return self._own_limits

    def set_limits(self, limits: tuple[float, float]) -> None:
        """Colour numbers between these limits until other numbers come."""
        if self._colouring is None or limits == (self._limits or self._own_limits):
            return
        self._limits = limits
        self._colouring = self._coloured(limits)
        self.legend.show_colouring(self._colouring)
        self._draw()

    def _draw(self) -> None:
        """Upload what should be seen now."""
        if self.scene is None or self._colouring is None:
            return
        rows = self._shown_rows()
        positions, colours = self._positions, self._colouring.rgb
        if rows is not None:
            positions, colours = positions[rows], colours[rows]
        if isinstance(self._points, Arrows) and len(self._points.faces) and not self._size:
            # The surface shows where the points are; dots on it would hide short arrows.
            positions, colours = positions[:0], colours[:0]
        smooth = not (self._moving and self._software)
        self.scene.draw_points(positions, colours, self.point_size(), smooth=smooth)
        self.scene.draw_arrows(self._points, self._colouring.rgb, moving=self._moving)
        if not self._moving:
            self.scene.draw_box(self._positions)
        self._draw_edges()
        self._draw_selection()
        self.brush.follow()

    def _shown_rows(self) -> NDArray[np.int64] | None:
        n = len(self._positions)
        rows = self._detail.rows(n) if self._moving else None
        if rows is not None:
            self.subsampled.emit(f"{len(rows):,} of {n:,} points while moving")
        return rows

    def _draw_edges(self) -> None:
        assert self.scene is not None
        shown = None if self._moving else self._network
        self.scene.draw_edges(*(edge_ends(shown, self._positions) if shown else (None,)))

    def _draw_selection(self) -> None:
        assert self.scene is not None
        rows = self._rows_of(self._selection)
        self.scene.draw_ring(self._positions[rows], self.point_size())

    def _rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        if not len(ids):
            return _NOTHING
        return np.asarray(np.flatnonzero(np.isin(self._ids, ids)))

    def clear(self, text: str) -> None:
        """A sentence instead of a picture."""
        self._points = None
        self.say(text)

    def columns(self) -> list[str]:
        return list(self._columns)

    def colour_by(self) -> str:
        return self._colour_by

    def set_colour_by(self, name: str) -> None:
        if name in self._columns and name != self._colour_by:
            self._colour_by = name
            self._recolour()
            self._draw()

    def point_size(self) -> float:
        """Pixels; by default smaller the more points there are."""
        if self._size:
            return self._size
        return disc_size(len(self._positions), arrows=isinstance(self._points, Arrows))

    def set_point_size(self, pixels: float) -> None:
        self._size = pixels
        self._draw()

    def set_network(self, network: Network | None) -> None:
        if network is not self._network:
            self._network = network
            self._draw()

    def dress_arrows(self, *, ellipses: bool, coloured_sheet: bool) -> None:
        """Ellipses of 95 % at the tips of arrows, and the surface under them in their colours."""
        if self.scene is not None and self.scene.dress_arrows(
            ellipses=ellipses, coloured_sheet=coloured_sheet
        ):
            self._draw()

    def set_markers(self, markers: Markers | None) -> None:
        """Signs of the zeros of a field, or None."""
        if self.scene is not None:
            self.scene.draw_signs(markers)

    def set_selection(self, ids: Any) -> None:
        self._selection = np.asarray(ids, np.int64)
        if self.scene is not None and self._points is not None:
            self._draw_selection()
            self.scene.canvas.update()

    def set_hover(self, row: int) -> None:
        """Mark one row of the data, -1 for none."""
        if self.scene is not None and self._points is not None:
            rows = self._rows_of(np.array([row])) if row >= 0 else _NOTHING
            self.scene.draw_hover(self._positions[rows], self.point_size())
            self.scene.canvas.update()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if self.scene is not None:
            self.scene.set_theme(theme)
            self.brush.set_theme(theme)
            if self._points is not None:
                self._recolour()
                self._draw()

    def set_tool(self, tool: str) -> None:
        """ "navigate", "lasso" or "brush"."""
        if self.scene is not None:
            self.hand.set_tool(tool)
            self.brush.set_on(tool == "brush")
            shape = Qt.CursorShape
            self.surface.setCursor(shape.CrossCursor if tool == "brush" else shape.ArrowCursor)

    # Camera

    def camera(self) -> dict[str, Any]:
        """Where the camera is; "home" when no hand has moved it from showing all."""
        return {**self.scene.camera(), "home": self._home} if self.scene is not None else {}

    def set_camera(self, camera: dict[str, Any]) -> None:
        if self.scene is not None:
            self.scene.set_camera(camera)
            self._home = bool(camera.get("home", False))
            self.scene.canvas.update()

    def follow_camera(self, other: Any) -> None:
        """Take the other cloud's view of itself, whatever the scales of the two."""
        if self.scene is not None and isinstance(other, CloudView) and other.scene is not None:
            self.scene.set_relative_camera(other.scene.relative_camera())
            self._home = False
            self.scene.canvas.update()

    def fit_camera(self) -> None:
        if self.scene is not None and len(self._positions):
            self.scene.fit(self._positions)
            self._home = True
            self.scene.canvas.update()

    def _on_resize(self, event: Any) -> None:
        if self._home:
            self.fit_camera()

    def navigated(self) -> None:
        """The hand moved the camera."""
        assert self.scene is not None
        self._home = False
        if len(self._positions) > self._detail.most and not self._moving:
            self._moving = True
            self._draw()
        self._rest.start()
        self.camera_changed.emit(self.camera())

    @Slot()
    def _at_rest(self) -> None:
        if self._moving and self._points is not None:
            self._moving = False
            self._draw()
            self.subsampled.emit("")

    # Hand

    def positions(self) -> NDArray[np.float32]:
        return self._positions

    def ids_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(self._ids[rows])

    def selection(self) -> NDArray[np.int64]:
        return self._selection

    def hover_at(self, row: int, where: QPoint) -> None:
        """The pointer is over the point of that row of the layer (-1: over none)."""
        found = int(self._ids[row]) if row >= 0 else -1
        self.set_hover(found)
        self.hovered.emit(found)
        if row < 0:
            QToolTip.hideText()
            return
        QToolTip.showText(where, tip(found, row, self._columns), self)

    def leaveEvent(self, event: QEvent) -> None:
        if self.scene is not None:
            self.brush.leave()
        super().leaveEvent(event)

    def _on_draw(self, event: Any) -> None:
        if self._fresh:
            self._fresh = False
            self._painted.emit()

    @Slot()
    def _pass_drawn(self) -> None:
        self.drawn.emit()

    def render(self, width: int, height: int) -> NDArray[np.uint8]:  # type: ignore[override]
        """The picture at a size of its own, (height, width, 4)."""
        if self.scene is None:
            return np.zeros((height, width, 4), np.uint8)
        image = self.scene.canvas.render(size=(width, height), alpha=True)
        return np.asarray(image, np.uint8)

    def shown(self) -> dict[str, Any]:
        """What is drawn now."""
        rows = self._shown_rows() if self.scene is not None and self._points is not None else None
        positions = self._positions if rows is None else self._positions[rows]
        if self._points is None:
            positions = positions[:0]
        return {
            "count": len(positions),
            "subsampled": rows is not None,
            "positions": positions,
            "selection": self._selection,
        }

    def release(self) -> None:
        """Close the canvas; OpenGL must go before the application object does."""
        self._rest.stop()
        if self.scene is not None:
            self.scene.canvas.events.draw.disconnect()
            self.scene.canvas.close()
            self.scene = None
            self._points = None
