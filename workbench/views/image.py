"""Pictures, matrices and fields on a plane."""

from __future__ import annotations

import numpy as np
import pyqtgraph
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from engine import colour
from engine.layers import Axis, Field, Matrix, Picture
from workbench.theme import Theme
from workbench.views.plot import Plot


class ImageView(Plot):
    """Row 0 of a picture or matrix is at the top; a field's first axis runs to the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = pyqtgraph.ImageItem(axisOrder="row-major")
        self.item.addItem(self._image)
        self.item.showGrid(x=False, y=False)
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
        self.item.setAspectLocked(isinstance(layer, Picture))
        colours = values.ndim == 3
        self._bar.setVisible(not colours)
        if colours:
            self._image.setImage(values, levels=(0.0, 1.0))
        else:
            diverging = isinstance(layer, Field) and layer.diverging
            low, high = colour.limits(values, diverging=diverging)
            table = (
                np.asarray(colour.colormap(layer.colormap)) if layer.colormap != "gray" else None
            )
            self._image.setImage(values, levels=(low, high))
            if table is not None:
                made = pyqtgraph.ColorMap(np.linspace(0, 1, 256), np.round(table * 255))
                self._bar.setColorMap(made)
            self._bar.setLevels((low, high))
        self._image.setRect(QRectF(*extent))

    def _show_line(self, layer: Field) -> None:
        (low, high), n = layer.extent[0], len(layer.values)
        self._bar.setVisible(False)
        self._image.clear()
        self.name_axes((layer.axes[0], Axis(layer.name, layer.unit)))
        self._line.setData(np.linspace(low, high, n), np.asarray(layer.values, float))

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._line.setPen(pyqtgraph.mkPen(theme.accent, width=1.6))


def _plane(
    layer: Picture | Matrix | Field,
) -> tuple[np.ndarray, tuple[float, float, float, float], tuple[Axis, ...]]:
    """Rows to draw, (left, bottom, width, height), and the axes."""
    values = np.asarray(layer.values, float)
    if isinstance(layer, Field):
        if values.ndim == 3:
            values = values[:, :, values.shape[2] // 2]
        (left, right), (bottom, top) = layer.extent[:2]
        return values.T, (left, bottom, right - left, top - bottom), layer.axes[:2]
    height, width = values.shape[:2]
    axes: tuple[Axis, ...] = (Axis("column", "px"), Axis("row", "px"))
    if isinstance(layer, Matrix):
        axes = (layer.axes[1], layer.axes[0])
    return values, (0.0, 0.0, float(width), float(height)), axes
