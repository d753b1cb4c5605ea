"""Lines, stems and vertical marks over one abscissa."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QWidget

from engine.layers import Curves
from workbench.theme import Theme
from workbench.views.cuts import Cuts
from workbench.views.marks import Marks
from workbench.views.plot import Plot
from workbench.views.stems import Stems


class CurvesView(Plot):
    """Draws a `Curves` layer; items are kept from one frame to the next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Curves | None = None
        self._lines: dict[str, Any] = {}
        self._marks = Marks(self.item, self)
        self._cuts = Cuts(self.item)
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
        drawn: list[tuple[np.ndarray, np.ndarray]] = []
        for number, (name, values) in enumerate(layer.lines.items()):
            stems = layer.stems and number == 0
            x, y = _drawable(layer, np.asarray(values, float), stems=stems)
            if stems and layer.handles:
                x, y = x[:0], y[:0]  # they are drawn where the hand has them
            # Of a stem's three points only the top has a head.
            heads = {"symbolSize": np.tile([0.0, 5.0, 0.0], len(x) // 3)} if stems else {}
            self._lines[name].setData(x, y, **heads)
            drawn.append(
                (np.log10(x) if layer.axes[0].log else x, np.log10(y) if layer.axes[1].log else y)
            )
        self._show_stems(layer)
        self._tick(layer)
        self._marks.show(layer.marks, log=layer.axes[0].log)
        self._marks.keep_off(drawn)
        self._cuts.show(layer)
        self.show_spots(layer)

    def _show_stems(self, layer: Curves) -> None:
        """Handles on the stems, which a hand moves."""
        if layer.handles and self._stems is None:
            self._stems = Stems(self.item, self)
            self.setToolTip("Drag a head: place and height. With Shift, or by the wheel: its width")
            self._stems.moved.connect(self.steered)
            if self.theme is not None:
                self._stems.set_theme(self.theme)
        if self._stems is not None:
            self._stems.show_layer(layer)

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
        colours = self.theme.categorical if self.theme is not None else ("#2f6fdb",)
        named: list[tuple[str, QPen, bool]] = []
        for number, name in enumerate(layer.lines):
            colour = self._accent() if len(layer.lines) == 1 else colours[number % len(colours)]
            pen = pyqtgraph.mkPen(colour, width=1.6)
            symbol = {"symbol": "o", "symbolSize": 5, "symbolBrush": colour, "symbolPen": None}
            stems = layer.stems and number == 0
            line = pyqtgraph.PlotDataItem(
                pen=pen, name=name, connect="finite", **(symbol if stems else {})
            )
            self.item.addItem(line)
            self._lines[name] = line
            named.append((name, pen, stems))
        self.key.name(named)

    def _accent(self) -> str:
        return self.theme.accent if self.theme is not None else "#2f6fdb"

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

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        layer, self._layer = self._layer, None
        if self._stems is not None:
            self._stems.set_theme(theme)
        self._marks.set_ink(theme.selection)
        self._cuts.set_ink(theme.muted)
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
