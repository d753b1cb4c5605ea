"""A pyqtgraph plot dressed in the theme; curves and scatters are drawn on it."""

from __future__ import annotations

import pyqtgraph
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.layers import Axis
from workbench.theme import Theme

pyqtgraph.setConfigOptions(antialias=True)


class Plot(QWidget):
    """Axes with names and units on the theme's canvas. `steered` carries parameters that a hand set
    in the picture (name -> value), and whether it has let go."""

    steered = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme | None = None
        self.widget = pyqtgraph.PlotWidget(self)
        self.item = self.widget.getPlotItem()
        self.item.showGrid(x=True, y=True, alpha=0.15)
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 4)
        layout.addWidget(self.widget)

    def name_axes(self, axes: tuple[Axis, ...]) -> None:
        for side, axis in zip(("bottom", "left"), axes, strict=False):
            drawn = self.item.getAxis(side)
            # Turned off alone, pyqtgraph still scales once: numbers a thousand times too large.
            drawn.setSIPrefixEnableRanges(())
            drawn.enableAutoSIPrefix(False)
            drawn.setLabel(str(axis))
            # Numbers between powers of ten would run into each other.
            drawn.setStyle(maxTextLevel=0 if axis.log else 2)
        self.item.setLogMode(x=axes[0].log, y=axes[1].log)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.widget.setBackground(theme.canvas)
        for side in ("bottom", "left"):
            axis = self.item.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(theme.border))
            axis.setTextPen(pyqtgraph.mkPen(theme.muted))

    def release(self) -> None:
        """May be called twice; pyqtgraph's own `close` may not."""
        if self.widget.plotItem is not None:
            self.widget.close()
