"""Diagnostic points against two axes, such as map distance against true distance."""

from __future__ import annotations

import numpy as np
import pyqtgraph
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from engine.layers import Points
from workbench.theme import Theme
from workbench.views.plot import Plot

MOST = 20_000


class ScatterView(Plot):
    """Faint dots, so that many of them show where most are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Points | None = None
        self._dots = pyqtgraph.ScatterPlotItem(size=3, pen=None, antialias=False)
        self._dots.setZValue(1)
        self.item.addItem(self._dots)

    def show_layer(self, layer: Points) -> None:
        self._layer = layer
        places = np.asarray(layer.positions, float)
        step = max(1, len(places) // MOST)
        self.name_axes(layer.axes)
        self._dots.setData(pos=places[::step, :2], brush=self._brush(len(places)))

    def _brush(self, n: int) -> QColor:
        colour = QColor(self.theme.accent if self.theme is not None else "#2f6fdb")
        colour.setAlphaF(float(np.clip(600 / max(n, 1), 0.12, 0.8)))
        return colour

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if self._layer is not None:
            self.show_layer(self._layer)
