"""A pyqtgraph plot dressed in the theme; curves and scatters are drawn on it."""

from __future__ import annotations

import numpy as np
import pyqtgraph
from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.layers import Axis, Curves, Field
from workbench.theme import Theme
from workbench.views.keyrow import KeyRow
from workbench.views.spots import HINT, MovablePoints

DIM = 0.4

pyqtgraph.setConfigOptions(antialias=True)


class Plot(QWidget):
    """Axes with names and units on the theme's canvas. `steered` carries parameters that a hand set
    in the picture (name -> value), and whether it has let go."""

    steered = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme | None = None
        self.movable: MovablePoints | None = None
        self._ordinate = ""
        self.widget = pyqtgraph.PlotWidget(self)
        self.item = self.widget.getPlotItem()
        self.item.showGrid(x=True, y=True, alpha=0.15)
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 4)
        layout.setSpacing(0)
        self.key = KeyRow(self)
        layout.addWidget(self.key)
        layout.addWidget(self.widget)
        self.item.getViewBox().sigResized.connect(self._seat_title)

    def name_axes(self, axes: tuple[Axis, ...]) -> None:
        for side, axis in zip(("bottom", "left"), axes, strict=False):
            drawn = self.item.getAxis(side)
            # Turned off alone, pyqtgraph still scales once: numbers a thousand times too large.
            drawn.setSIPrefixEnableRanges(())
            drawn.enableAutoSIPrefix(False)
            drawn.setLabel(str(axis))
        self._ordinate = str(axes[1]) if len(axes) > 1 else ""
        self._seat_title()
        self.item.setLogMode(x=axes[0].log, y=axes[1].log)

    def _seat_title(self, *_: object) -> None:
        """Beside the axis upwards where it is as high as its title is long, else above it."""
        axis = self.item.getAxis("left")
        fits = QFontMetricsF(axis.label.font()).horizontalAdvance(self._ordinate) <= axis.height()
        axis.showLabel(fits)
        self.key.set_title("" if fits else self._ordinate)

    def show_spots(self, layer: Curves | Field) -> None:
        """The points of a layer that a hand may move, if it has any."""
        if self.movable is None and layer.spots is not None:
            self.movable = MovablePoints(self.item, self.widget, self)
            self.movable.changed.connect(self.steered)
            self.setToolTip(HINT)
            if self.theme is not None:
                self.movable.set_theme(self.theme)
        if self.movable is not None:
            self.movable.show(layer)

    def set_ticks(self, side: str, ends: tuple[float, float] | None) -> None:
        """Ticks of a logarithmic axis between `ends`; None leaves them to the plot."""
        good = ends is not None and 0 < ends[0] < ends[1] < float("inf")
        self.item.getAxis(side).setTicks([log_ticks(*ends)] if ends and good else None)

    def set_dimmed(self, dimmed: bool) -> None:
        """Whether what is drawn is about an earlier picture than the one that is shown."""
        self.item.setOpacity(DIM if dimmed else 1.0)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.widget.setBackground(theme.canvas)
        self.key.set_theme(theme)
        for side in ("bottom", "left"):
            axis = self.item.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(theme.border))
            axis.setTextPen(pyqtgraph.mkPen(theme.muted))
        if self.movable is not None:
            self.movable.set_theme(theme)

    def release(self) -> None:
        """May be called twice; pyqtgraph's own `close` may not."""
        if self.widget.plotItem is not None:
            self.widget.close()


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Places (in decades) and names of ticks: powers of ten, with 2 and 5 between them where there
    is room, and only some of them where there is little."""
    span = np.log10(high / low)
    decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1, np.ceil(span / 7))
    steps = (1, 2, 5) if span <= 3 else (1,)
    values = [float(f"{step}e{int(decade)}") for decade in decades for step in steps]
    return [(float(np.log10(v)), f"{v:g}") for v in values if low <= v <= high]
