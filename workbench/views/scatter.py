"""Diagnostic points against two axes, such as map distance against true distance."""

from __future__ import annotations

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from engine.layers import Points
from workbench.theme import Theme
from workbench.views.plot import Plot

MOST_DOTS = 1500
"""More points than this are drawn as their density: dots would hide one another, and pyqtgraph
takes a tenth of a second for ten thousand of them."""
BINS = (130, 80)


class ScatterView(Plot):
    """Dots while they are few, else the density of points in the accent colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Points | None = None
        self._dots = pyqtgraph.ScatterPlotItem(size=5, pen=None, antialias=True)
        self._density = pyqtgraph.ImageItem(axisOrder="row-major")
        for item in (self._density, self._dots):
            item.setZValue(1)
            self.item.addItem(item)

    def show_layer(self, layer: Points) -> None:
        if layer is self._layer:
            return
        self._layer = layer
        self.name_axes(layer.axes)
        places = np.asarray(layer.positions, float)[:, :2]
        places = places[np.isfinite(places).all(axis=1)]
        logarithmic = layer.axes[0].log or layer.axes[1].log
        dense = len(places) > MOST_DOTS and not logarithmic
        self._density.setVisible(dense)
        self._dots.setVisible(not dense)
        if dense:
            self._dots.clear()
            self._draw_density(places)
        else:
            self._dots.setData(pos=places, brush=self._accent(160))

    def _draw_density(self, places: NDArray[np.float64]) -> None:
        low, high = places.min(axis=0), places.max(axis=0)
        span = np.where(high > low, high - low, 1.0)
        counts, _, _ = np.histogram2d(
            places[:, 1],
            places[:, 0],
            bins=(BINS[1], BINS[0]),
            range=[(low[1], low[1] + span[1]), (low[0], low[0] + span[0])],
        )
        share = np.log1p(counts) / np.log1p(counts.max())
        image = np.empty((*counts.shape, 4), np.uint8)
        colour = self._accent(255)
        image[..., :3] = (colour.red(), colour.green(), colour.blue())
        image[..., 3] = np.round(255 * share)
        self._density.setImage(image, autoLevels=False, levels=(0, 255))
        self._density.setRect(QRectF(low[0], low[1], span[0], span[1]))

    def _accent(self, alpha: int) -> QColor:
        colour = QColor(self.theme.accent if self.theme is not None else "#2f6fdb")
        colour.setAlpha(alpha)
        return colour

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        layer, self._layer = self._layer, None
        if layer is not None:
            self.show_layer(layer)
