"""A field or an image on a plane (or a curve over a line), with pan, zoom and the value under the
pointer; a field in three coordinates is shown slice by slice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QToolTip, QWidget

from engine import colour, ellipses
from engine.layers import Axis, Field, Picture, Points
from workbench.theme import Theme
from workbench.views.colouring import Colouring, robust_limits
from workbench.views.mainview import MainView
from workbench.views.opengl import draws_in_software, opengl_works
from workbench.views.planescene import PlaneScene
from workbench.views.slicebar import SliceBar
from workbench.views.surface import surface

Floats = NDArray[np.float64]
MOST_RINGS = 150
CLICK = 3.0
"""Pixels a press may wander and still be a click."""
PIXELS = (Axis("column", "px"), Axis("row", "px"))


class PlaneView(MainView):
    """Shows one `Field` or `Picture` at a time."""

    DRAWS: ClassVar[tuple[type, ...]] = (Field, Picture)

    cut = Signal(object)
    """Ends (2, 2) of a line drawn with Shift and the left button, or None for a click."""
    _painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Field | Picture | None = None
        self._limits: tuple[float, float] | None = None
        self._colouring: Colouring | None = None
        self._home, self._fresh = True, False
        self._raised = False
        self._cutting: Any = None
        self.slices = SliceBar(self)
        self.slices.moved.connect(self._on_slice)
        self.scene = PlaneScene() if opengl_works() else None
        if self.scene is not None:
            canvas = self.scene.canvas
            self.surface = surface(canvas, software=draws_in_software(), parent=self)
            self.frame_picture(self.surface)
            self._grid.addWidget(self.slices, 2, 1)
            canvas.events.draw.connect(self._on_draw)
            canvas.events.resize.connect(self._on_resize, position="last")
            canvas.events.mouse_press.connect(self._on_press)
            canvas.events.mouse_release.connect(self._on_release)
            canvas.events.mouse_move.connect(self._on_move, position="last")
            canvas.events.mouse_wheel.connect(self._on_navigated, position="last")
            canvas.events.mouse_double_click.connect(self._on_double_click)
            self.scene.view.scene.transform.changed.connect(self._on_transform)
        self._painted.connect(self._pass_drawn, Qt.ConnectionType.QueuedConnection)

    # What is shown

    def show_layer(
        self, layer: Any, extra: Mapping[str, Any] | None = None, *, moving: bool = False
    ) -> None:
        if self.scene is None:
            self.clear("This machine offers no OpenGL; figures can still be exported.")
            return
        before, self._layer = self._layer, layer
        self.show_picture()
        self.slices.offer(layer if isinstance(layer, Field) else None)
        self._fresh = True
        turned = self._raise()
        self._draw()
        if turned or self._home or before is None or _extent(before) != _extent(layer):
            self.fit_camera()

    def set_relief(self, raised: bool) -> None:
        """Whether a field on a plane is shown as a surface whose height is the value."""
        if raised != self._raised:
            self._raised = raised
            if self.scene is not None and self._layer is not None and self._raise():
                self._draw()
                self.fit_camera()

    def _raise(self) -> bool:
        """The scene as the wish and the layer want it; True when that changed it. A surface has
        its names at its box, not at the edges of the view."""
        layer = self._layer
        raised = self._raised and isinstance(layer, Field) and layer.values.ndim > 1
        assert self.scene is not None
        before = self.scene.relief is not None
        if raised != before:
            self.scene.raise_relief(raised)
        self.name_rulers(self._axes(), shown=not raised)
        return raised != before

    def _axes(self) -> tuple[Axis, Axis]:
        layer = self._layer
        assert layer is not None
        if isinstance(layer, Picture):
            return PIXELS
        if layer.values.ndim == 1:
            return layer.axes[0], Axis(layer.name, layer.unit)
        return layer.axes[0], layer.axes[1]

    def values(self) -> Floats:
        """What is drawn now: (n,), (nx, ny), or (h, w) with channels."""
        layer = self._layer
        assert layer is not None
        if isinstance(layer, Field) and layer.values.ndim == 3:
            return np.asarray(layer.values[:, :, self.slices.index()])
        return np.asarray(layer.values)

    def _draw(self) -> None:
        layer = self._layer
        if self.scene is None or layer is None:
            return
        values = self.values()
        if isinstance(layer, Field) and values.ndim == 1:
            self._colouring = None
            self.legend.hide()
            low, high = layer.extent[0]
            x = low + (np.arange(len(values)) + 0.5) * (high - low) / len(values)
            self.scene.draw_line(x, values)
            self.scene.thin_line()
        else:
            self._colouring = self._coloured(layer, values)
            if self._colouring is not None:
                self.legend.show_colouring(self._colouring)
            rgb = self._rgb(layer, values)
            if self.scene.relief is not None and self._colouring is not None:
                self.scene.relief.draw(
                    values, rgb, self._colouring.limits, _rect(layer), self._axes()
                )
            else:
                self.scene.draw_image(rgb, _rect(layer))
        self.scene.canvas.update()

    def _coloured(self, layer: Field | Picture, values: Floats) -> Colouring | None:
        """None for a picture, whose colours are its own."""
        if isinstance(layer, Picture):
            self.legend.hide()
            return None
        colormap = colour.DIVERGING if layer.diverging else layer.colormap
        limits = self._limits or self.own_limits()
        empty = np.empty((0, 3), np.float32)
        said = layer.quantity or layer.unit or "value"
        return Colouring(empty, said, limits=limits, colormap=colormap)

    def _rgb(self, layer: Field | Picture, values: Floats) -> NDArray[np.float32]:
        """Rows from the bottom up (h, w, 3)."""
        if isinstance(layer, Picture):
            whole = values if values.ndim == 3 else np.repeat(values[:, :, None], 3, axis=2)
            return np.asarray(whole[::-1].clip(0.0, 1.0), np.float32)
        assert self._colouring is not None
        found = self._colouring
        return np.asarray(colour.rgb(values.T, found.colormap, found.limits), np.float32)

    def colouring(self) -> Colouring | None:
        return self._colouring if self._layer is not None else None

    def own_limits(self) -> tuple[float, float]:
        layer = self._layer
        if not isinstance(layer, Field):
            return (0.0, 1.0)
        if layer.diverging:
            return colour.limits(layer.values, diverging=True)
        return layer.limits or robust_limits(np.asarray(layer.values, np.float64).ravel())

    def set_limits(self, limits: tuple[float, float]) -> None:
        if self._layer is not None and limits != self._limits:
            self._limits = limits
            self._draw()

    def set_overlay(self, points: Points | None) -> None:
        """Ellipses around points, the strongest by what colours them, red and blue by sign."""
        if self.scene is None:
            return
        if points is None or not len(points.half_axes):
            self.scene.draw_rings(None)
        else:
            weight = np.asarray(points.columns.get("weight", np.ones(len(points.positions))))
            rows = np.argsort(-np.abs(weight), kind="stable")[:MOST_RINGS]
            outlines = ellipses.outlines(points.positions[rows], points.half_axes[rows])
            limits = colour.limits(weight[rows], diverging=True)
            rgb = colour.rgb(weight[rows], colour.DIVERGING, limits)
            self.scene.draw_rings(np.asarray(outlines, np.float32), np.asarray(rgb, np.float32))
        self.scene.canvas.update()

    def set_cut(self, ends: Any) -> None:
        """A line over the picture, or None."""
        if self.scene is not None:
            self.scene.draw_cut(ends)
            self.scene.canvas.update()

    def clear(self, text: str) -> None:
        self._layer = None
        self.say(text)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if self.scene is not None:
            self.scene.set_theme(theme)
            self._draw()

    @Slot()
    def _on_slice(self) -> None:
        self._draw()

    # Camera

    def fit_camera(self) -> None:
        if self.scene is None or self._layer is None:
            return
        if self.scene.relief is not None:
            self.scene.relief.fit()
        elif isinstance(self._layer, Field) and self._layer.values.ndim == 1:
            self.scene.fit_line()
        else:
            self.scene.fit(_rect(self._layer), equal=_equal(self._layer))
        self._home = True
        self.scene.canvas.update()

    def camera(self) -> dict[str, Any]:
        return {**self.scene.camera(), "home": self._home} if self.scene is not None else {}

    def set_camera(self, camera: dict[str, Any]) -> None:
        if self.scene is not None and ("rect" in camera or "azimuth" in camera):
            self.scene.set_camera(camera)
            self._home = bool(camera.get("home", False))

    def follow_camera(self, other: Any) -> None:
        """The same part of the plane as the other picture shows."""
        if self.scene is not None and isinstance(other, PlaneView) and other.scene is not None:
            self.scene.set_camera(other.scene.camera())
            self._home = False

    def _on_transform(self, event: Any) -> None:
        if self.scene is not None and self.scene.relief is None:
            across, up = self.scene.in_sight()
            self.scene.thin_line()
            self._bottom.set_range(*across)
            # Rows of an image are counted from its top.
            height = len(self._layer.values) if isinstance(self._layer, Picture) else 0
            self._left.set_range(*((up[0] - height, up[1] - height) if height else up))

    def _on_resize(self, event: Any) -> None:
        if self._home:
            self.fit_camera()

    def _on_navigated(self, event: Any) -> None:
        self._home = False
        self.camera_changed.emit(self.camera())

    def _on_double_click(self, event: Any) -> None:
        self.fit_camera()
        self.camera_changed.emit(self.camera())

    # The pointer

    def _on_press(self, event: Any) -> None:
        flat = self.scene is not None and self.scene.relief is None
        if event.button == 1 and flat and self.scene is not None and _with_shift(event):
            self._cutting = self.scene.place(event.pos)
            self.scene.hold(True)

    def _on_release(self, event: Any) -> None:
        start, self._cutting = self._cutting, None
        if start is not None and self.scene is not None:
            self.scene.hold(False)
            ends = np.array([start, self.scene.place(event.pos)])
            moved = np.abs(np.asarray(event.pos, float) - np.asarray(event.press_event.pos)).max()
            self.cut.emit(ends if moved > CLICK else None)

    def _on_move(self, event: Any) -> None:
        if self._cutting is not None and self.scene is not None:
            self.cut.emit(np.array([self._cutting, self.scene.place(event.pos)]))
            return
        if event.is_dragging:
            self._on_navigated(event)
            return
        flat = self.scene is not None and self.scene.relief is None
        told = self.told_at(*self.scene.place(event.pos)) if self.scene and flat else ""
        if not told:
            QToolTip.hideText()
            return
        x, y = (round(float(v)) for v in event.pos)
        QToolTip.showText(self.surface.mapToGlobal(QPoint(x + 12, y + 12)), told, self)

    def told_at(self, x: float, y: float) -> str:
        """The place and the value there, "" outside."""
        layer = self._layer
        if layer is None:
            return ""
        values = self.values()
        if isinstance(layer, Field) and values.ndim == 1:
            (low, high), n = layer.extent[0], len(values)
            k = math.floor((x - low) / (high - low) * n)
            return f"{layer.axes[0].name} = {x:.4g}\n{values[k]:.5g}" if 0 <= k < n else ""
        left, bottom, width, height = _rect(layer)
        shape = values.shape[:2] if isinstance(layer, Field) else values.shape[1::-1]
        i = math.floor((x - left) / width * shape[0])
        j = math.floor((y - bottom) / height * shape[1])
        if not (0 <= i < shape[0] and 0 <= j < shape[1]):
            return ""
        if isinstance(layer, Picture):
            row = shape[1] - 1 - j
            shown = ", ".join(f"{v:.3f}" for v in np.atleast_1d(values[row, i]))
            return f"column {i}, row {row}\n{shown}"
        one, two = layer.axes[:2]
        return (
            f"{one.name} = {x:.4g}, {two.name} = {y:.4g}\n{values[i, j]:.5g} {layer.unit}".rstrip()
        )

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
        return np.asarray(self.scene.canvas.render(size=(width, height), alpha=True), np.uint8)

    def release(self) -> None:
        self.slices.stop()
        if self.scene is not None:
            self.scene.canvas.events.draw.disconnect()
            self.scene.canvas.close()
            self.scene = None
            self._layer = None


def _with_shift(event: Any) -> bool:
    return any("Shift" in str(modifier) for modifier in event.modifiers)


def _extent(layer: Field | Picture) -> Any:
    return layer.values.shape[:2] if isinstance(layer, Picture) else layer.extent


def _rect(layer: Field | Picture) -> tuple[float, float, float, float]:
    """Left, bottom, width and height in the units of the axes; pixels of a picture are unit squares
    above zero."""
    if isinstance(layer, Picture):
        return 0.0, 0.0, float(layer.values.shape[1]), float(layer.values.shape[0])
    (left, right), (bottom, top) = layer.extent[:2]
    return left, bottom, right - left, top - bottom


def _equal(layer: Field | Picture) -> bool:
    """Pixels are square, and so is a plane whose two axes have one unit and neither is time."""
    if isinstance(layer, Picture):
        return True
    one, two = layer.axes[:2]
    return one.unit == two.unit and "t" not in (one.name, two.name)
