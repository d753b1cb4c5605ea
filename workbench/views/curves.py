"""Lines, stems and vertical marks over one abscissa."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QWidget

from engine.layers import Curves
from workbench.theme import Theme
from workbench.views.plot import Plot
from workbench.views.stems import Stems


class CurvesView(Plot):
    """Draws a `Curves` layer; items are kept from one frame to the next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Curves | None = None
        self._lines: dict[str, Any] = {}
        self._marks: dict[str, Any] = {}
        self._legend: Any = None
        self._stems: Stems | None = None

    def show_layer(self, layer: Curves) -> None:
        if layer is self._layer:
            return
        if layer.steers and self._layer is None:
            self.item.scene().sigMouseClicked.connect(self._on_clicked)
            self.setToolTip(f"Click to set {layer.steers.replace('_', ' ')}")
        fresh = self._layer is None or set(self._layer.lines) != set(layer.lines)
        self._layer = layer
        if fresh:
            self._rebuild(layer)
        self.name_axes(layer.axes)
        for number, (name, values) in enumerate(layer.lines.items()):
            stems = layer.stems and number == 0
            x, y = _drawable(layer, np.asarray(values, float), stems=stems)
            if stems and layer.handles:
                x, y = x[:0], y[:0]  # they are drawn where the hand has them
            # Of a stem's three points only the top has a head.
            heads = {"symbolSize": np.tile([0.0, 5.0, 0.0], len(x) // 3)} if stems else {}
            self._lines[name].setData(x, y, **heads)
        self._show_stems(layer)
        self._tick(layer)
        self._show_marks(layer)
        self.show_spots(layer)

    def _show_stems(self, layer: Curves) -> None:
        """Handles on the stems, which a hand moves."""
        if layer.handles and self._stems is None:
            self._stems = Stems(self.item, self)
            self.setToolTip("Drag a head: place and height. With Shift, or by the wheel: its width")
            self._stems.moved.connect(self.steered)
            self._stems.attended.connect(self._on_attended)
            if self.theme is not None:
                self._stems.set_theme(self.theme)
        if self._stems is not None:
            self._stems.show_layer(layer)

    @Slot(bool)
    def _on_attended(self, attended: bool) -> None:
        """What a hand is at must not lie under the legend."""
        if self._legend is not None:
            self._legend.setVisible(not attended)

    def _tick(self, layer: Curves) -> None:
        drawn = (np.asarray(layer.x, float), np.concatenate([*layer.lines.values(), np.empty(0)]))
        for side, axis, values in zip(("bottom", "left"), layer.axes, drawn, strict=True):
            some = values[np.isfinite(values) & (values > 0)]
            ends = (float(some.min()), float(some.max())) if axis.log and len(some) else None
            self.set_ticks(side, ends)

    def _rebuild(self, layer: Curves) -> None:
        for line in self._lines.values():
            self.item.removeItem(line)
        self._lines.clear()
        if self._legend is not None:
            self._legend.clear()
        elif len(layer.lines) > 1:
            columns = len(layer.lines) if layer.handles else 1
            self._legend = self.item.addLegend(offset=(-10, 10), colCount=columns)
            self._dress_legend()
        if self._legend is not None and layer.spots is not None:
            # In one row above the curves, so that it hides no point from the hand.
            self._legend.setColumnCount(len(layer.lines))
            self._legend.setParentItem(self.item)
            self._legend.anchor((1, 0), (1, 0), offset=(-6, -4))
            self.item.layout.setRowFixedHeight(0, 26)
        colours = self.theme.categorical if self.theme is not None else ("#2f6fdb",)
        for number, name in enumerate(layer.lines):
            colour = self._accent() if len(layer.lines) == 1 else colours[number % len(colours)]
            pen = pyqtgraph.mkPen(colour, width=1.6)
            symbol = {"symbol": "o", "symbolSize": 5, "symbolBrush": colour, "symbolPen": None}
            stems = layer.stems and number == 0
            line = pyqtgraph.PlotDataItem(
                pen=pen, name=name, connect="finite", **(symbol if stems else {})
            )
            if stems and layer.handles and self.theme is not None:
                # For the legend alone, which asks the empty item.
                line.scatter.setBrush(pyqtgraph.mkBrush(self.theme.canvas))
                line.scatter.setPen(pen)
                line.scatter.setSize(8)
            self.item.addItem(line)
            self._lines[name] = line

    def _dress_legend(self) -> None:
        """On a ground of its own, so that curves under it do not strike it through."""
        if self._legend is not None and self.theme is not None:
            ground = pyqtgraph.mkColor(self.theme.canvas)
            ground.setAlpha(225)
            self._legend.setBrush(pyqtgraph.mkBrush(ground))
            self._legend.setLabelTextColor(self.theme.text)

    def _accent(self) -> str:
        return self.theme.accent if self.theme is not None else "#2f6fdb"

    def _show_marks(self, layer: Curves) -> None:
        for name in [n for n in self._marks if n not in layer.marks]:
            self.item.removeItem(self._marks.pop(name))
        for name, value in layer.marks.items():
            if name not in self._marks:
                self._marks[name] = self._new_mark(name)
                self.item.addItem(self._marks[name], ignoreBounds=True)
            place = np.log10(value) if layer.axes[0].log and value > 0 else value
            self._marks[name].setValue(place)
            self._marks[name].label.setFormat(f"{name} = {value:.3g}")

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        """The abscissa nearest to a click becomes the parameter that it stands for."""
        layer, box = self._layer, self.item.getViewBox()
        left = event.button() == Qt.MouseButton.LeftButton
        if layer is None or not layer.steers or not left or not len(layer.x):
            return
        if box.sceneBoundingRect().contains(event.scenePos()):
            place = box.mapSceneToView(event.scenePos()).x()
            x = np.asarray(layer.x, float)
            nearest = x[np.argmin(np.abs((np.log10(x) if layer.axes[0].log else x) - place))]
            self.steered.emit({layer.steers: float(nearest)}, True)

    def _new_mark(self, name: str) -> Any:
        colour = self.theme.selection if self.theme is not None else "#d6336c"
        pen = pyqtgraph.mkPen(colour, width=1.4, style=Qt.PenStyle.DashLine)
        options = {"position": 0.92, "color": colour, "movable": False}
        return pyqtgraph.InfiniteLine(angle=90, pen=pen, label=name, labelOpts=options)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        layer, self._layer = self._layer, None
        if self._stems is not None:
            self._stems.set_theme(theme)
        for mark in self._marks.values():
            self.item.removeItem(mark)
        self._marks.clear()
        self._dress_legend()
        if layer is not None:
            self.show_layer(layer)


def _drawable(layer: Curves, values: np.ndarray, *, stems: bool) -> tuple[np.ndarray, np.ndarray]:
    """Abscissa and ordinate as pyqtgraph draws them: stems rise from the floor, and what has no
    logarithm is left out."""
    x, y = np.asarray(layer.x, float), values
    keep = np.ones(len(x), bool)
    if layer.axes[0].log:
        keep &= x > 0
    if layer.axes[1].log:
        y = np.where(y > 0, y, np.nan)
    x, y = x[keep], y[keep]
    if not stems:
        return x, y
    floor = 0.0 if not layer.axes[1].log else np.nanmin(y, initial=1.0)
    stems_x = np.repeat(x, 3)
    stems_y = np.column_stack([np.full(len(y), floor), y, np.full(len(y), np.nan)]).ravel()
    return stems_x, stems_y
