"""Pictures, matrices and fields on a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtWidgets import QGraphicsPathItem, QWidget

from engine import colour
from engine.layers import Axis, Field, Matrix, Picture
from workbench.theme import Theme
from workbench.views.plot import Plot
from workbench.views.steering import Handle, drawn

ROOM = 0.85
"""Share of a picture's width beyond which a place's name stands to its left."""


class ImageView(Plot):
    """Row 0 of a picture or matrix is at the top; a field's first axis runs to the right.

    Where a field steers parameters, its first mark is a handle: `steered` says where it went.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._contours: list[Any] = []
        self._marks: dict[str, Any] = {}
        self._paths: dict[str, Any] = {}
        self._steers: tuple[str, ...] = ()
        self._handle: Handle | None = None
        self._image = pyqtgraph.ImageItem(axisOrder="row-major")
        self.item.addItem(self._image)
        self.item.showGrid(x=False, y=False)
        self.item.getViewBox().setDefaultPadding(0.0)
        # A number at the upper end stands half above it.
        self.item.layout.setContentsMargins(0, 8, 0, 0)
        self._bar = pyqtgraph.ColorBarItem(interactive=False, width=12)
        self._bar.setImageItem(self._image, insert_in=self.item)
        self._line = pyqtgraph.PlotDataItem()
        self.item.addItem(self._line)

    def show_layer(self, layer: Picture | Matrix | Field) -> None:
        if isinstance(layer, Field) and layer.values.ndim == 1:
            self._show_line(layer)
            return
        values, extent, axes = _plane(layer)
        self.name_axes(axes)
        self.item.invertY(not isinstance(layer, Field))
        pixels = isinstance(layer, Matrix) and {axis.unit for axis in axes} == {"px"}
        self.item.setAspectLocked(isinstance(layer, Picture) or pixels)
        colours = values.ndim == 3
        self._bar.setVisible(not colours)
        if colours:
            self._image.setImage(values, levels=(0.0, 1.0))
        else:
            diverging = isinstance(layer, Field) and layer.diverging
            suggested = layer.limits if isinstance(layer, Field) else None
            low, high = suggested or colour.limits(values, diverging=diverging)
            table = (
                np.asarray(colour.colormap(layer.colormap)) if layer.colormap != "gray" else None
            )
            self._image.setImage(values, levels=(low, high))
            if table is not None:
                made = pyqtgraph.ColorMap(np.linspace(0, 1, 256), np.round(table * 255))
                self._bar.setColorMap(made)
            self._bar.setLevels((low, high))
        self._image.setRect(QRectF(*extent))
        if isinstance(layer, Field):
            for side, axis, ends in zip(("bottom", "left"), axes, layer.extent, strict=False):
                self.set_ticks(side, ends if axis.log else None)
            self._show_contours(values, layer.contours)
            self._show_paths(layer)
            self._show_marks(layer)
            self.show_spots(layer)

    def _show_contours(self, values: np.ndarray, levels: tuple[float, ...]) -> None:
        while len(self._contours) > len(levels):
            self._contours.pop().setParentItem(None)
        while len(self._contours) < len(levels):
            line = pyqtgraph.IsocurveItem(axisOrder="row-major", pen=self._line_pen())
            line.setParentItem(self._image)
            line.setZValue(5)
            self._contours.append(line)
        for line, level in zip(self._contours, levels, strict=True):
            line.setData(values, level)

    def _show_paths(self, layer: Field) -> None:
        """Lines over the colours, light on dark or dark on light, told from both by their edge."""
        for name in [n for n in self._paths if n not in layer.paths]:
            for line in self._paths.pop(name):
                self.item.removeItem(line)
        for k, (name, places) in enumerate(layer.paths.items()):
            if name not in self._paths:
                self._paths[name] = self._new_path(broken=k > 0)
            at = np.array([drawn(place, layer.axes) for place in places.tolist()])
            for line in self._paths[name]:
                line.setPath(pyqtgraph.arrayToQPath(at[:, 0], at[:, 1]))

    def _new_path(self, *, broken: bool) -> tuple[Any, Any]:
        """The edge and the line over it."""
        ink, paper = self._inks()
        dashes = Qt.PenStyle.DashLine if broken else Qt.PenStyle.SolidLine
        edge, line = QGraphicsPathItem(), QGraphicsPathItem()
        edge.setPen(pyqtgraph.mkPen(paper, width=2.6 if broken else 4.0))
        line.setPen(pyqtgraph.mkPen(ink, width=1.2 if broken else 1.8, style=dashes))
        for part in (edge, line):
            part.setZValue(6)
            self.item.addItem(part, ignoreBounds=True)
        return edge, line

    def _inks(self) -> tuple[str, str]:
        """Colours of what is written over the picture, and of what it is written on."""
        if self.theme is None:
            return "#222222", "#ffffff"
        return self.theme.text, self.theme.canvas

    def _show_marks(self, layer: Field) -> None:
        """The first mark of a field that steers is the handle; the others are crosses."""
        places = dict(layer.marks)
        self._steers = layer.steers
        if layer.steers:
            if self._handle is None:
                self._handle = Handle(self.item, self)
                self._handle.moved.connect(self._on_moved)
                if self.theme is not None:
                    self._handle.set_theme(self.theme)
                self.setToolTip("Drag the ring, or click, to set " + " and ".join(layer.steers))
            first = next(iter(places), "")
            self._handle.show_at(places.pop(first, None), layer.axes)
        elif self._handle is not None:
            self._handle.show_at(None, layer.axes)
        for name in [n for n in self._marks if n not in places]:
            for part in self._marks.pop(name):
                self.item.removeItem(part)
        for name, place in places.items():
            if name not in self._marks:
                self._marks[name] = self._new_mark(name)
            cross, label = self._marks[name]
            x, y = drawn(place, layer.axes)
            cross.setData([x], [y])
            # Near the right edge there is no room to the right of a place.
            right = drawn((layer.extent[0][1],), layer.axes)[0]
            left = drawn((layer.extent[0][0],), layer.axes)[0]
            label.setAnchor((float(x > left + ROOM * (right - left)), 1.2))
            label.setPos(x, y)

    def _new_mark(self, name: str) -> tuple[Any, Any]:
        ink, paper = self._inks()
        cross = pyqtgraph.ScatterPlotItem(
            symbol="+", size=13, pen=pyqtgraph.mkPen(ink), brush=pyqtgraph.mkBrush(ink)
        )
        label = pyqtgraph.TextItem(name, color=ink, fill=pyqtgraph.mkBrush(paper), anchor=(0, 1.2))
        for part in (cross, label):
            part.setZValue(8)
            self.item.addItem(part, ignoreBounds=True)
        return cross, label

    @Slot(object, bool)
    def _on_moved(self, place: tuple[float, ...], final: bool) -> None:
        self.steered.emit(dict(zip(self._steers, place, strict=False)), final)

    def _line_pen(self) -> Any:
        return pyqtgraph.mkPen(self.theme.text if self.theme is not None else "#222222", width=1.1)

    def _show_line(self, layer: Field) -> None:
        (low, high), n = layer.extent[0], len(layer.values)
        self._bar.setVisible(False)
        self._image.clear()
        self.name_axes((layer.axes[0], Axis(layer.name, layer.unit)))
        self._line.setData(np.linspace(low, high, n), np.asarray(layer.values, float))

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._line.setPen(pyqtgraph.mkPen(theme.accent, width=1.6))
        for line in self._contours:
            line.setPen(self._line_pen())
        if self._handle is not None:
            self._handle.set_theme(theme)
        for parts in self._marks.values():
            for part in parts:
                self.item.removeItem(part)
        self._marks.clear()
        for lines in self._paths.values():
            for line in lines:
                self.item.removeItem(line)
        self._paths.clear()


def _plane(
    layer: Picture | Matrix | Field,
) -> tuple[np.ndarray, tuple[float, float, float, float], tuple[Axis, ...]]:
    """Rows to draw, (left, bottom, width, height), and the axes."""
    values = np.asarray(layer.values, float)
    if isinstance(layer, Field):
        if values.ndim == 3:
            values = values[:, :, values.shape[2] // 2]
        across, up = layer.extent[:2]
        left, bottom = drawn((across[0], up[0]), layer.axes)
        right, top = drawn((across[1], up[1]), layer.axes)
        return values.T, (left, bottom, right - left, top - bottom), layer.axes[:2]
    height, width = values.shape[:2]
    axes: tuple[Axis, ...] = (Axis("column", "px"), Axis("row", "px"))
    if isinstance(layer, Matrix):
        axes = (layer.axes[1], layer.axes[0])
    return values, (0.0, 0.0, float(width), float(height)), axes
