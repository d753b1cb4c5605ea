"""A place in a plot that a hand moves, to set the parameters that the axes stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.layers import Axis
from workbench.theme import Theme


class Handle(QObject):
    """A ring that can be dragged, and that a click anywhere in the picture moves.

    `moved` carries the place in the units of the axes, and whether the hand has let go.
    """

    moved = Signal(object, bool)

    def __init__(self, plot: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._plot = plot
        self._axes: tuple[Axis, ...] = ()
        self._held = False
        self._ring = pyqtgraph.TargetItem(size=14, movable=True, symbol="o")
        self._ring.setZValue(10)
        self._ring.setVisible(False)
        plot.addItem(self._ring, ignoreBounds=True)
        self._ring.sigPositionChanged.connect(self._on_moved)
        self._ring.sigPositionChangeFinished.connect(self._on_let_go)
        plot.scene().sigMouseClicked.connect(self._on_clicked)

    def show_at(self, place: tuple[float, ...] | None, axes: tuple[Axis, ...]) -> None:
        """Where the parameters are now; None hides the handle. A held handle stays in the hand."""
        self._axes = axes
        self._ring.setVisible(place is not None)
        if place is not None and not self._ring.moving:
            self._held = True
            self._ring.setPos(*drawn(place, axes))
            self._held = False

    def set_theme(self, theme: Theme) -> None:
        self._ring.setPen(pyqtgraph.mkPen(theme.selection, width=2.2))
        self._ring.setHoverPen(pyqtgraph.mkPen(theme.text, width=2.2))
        self._ring.setBrush(pyqtgraph.mkBrush(theme.canvas))
        self._ring.setHoverBrush(pyqtgraph.mkBrush(theme.canvas))

    def _told(self, final: bool) -> None:
        place = self._ring.pos()
        values = tuple(
            float(10**value if axis.log else value)
            for value, axis in zip((place.x(), place.y()), self._axes, strict=False)
        )
        self.moved.emit(values, final)

    @Slot(object)
    def _on_moved(self, ring: Any) -> None:
        if not self._held:
            self._told(False)

    @Slot(object)
    def _on_let_go(self, ring: Any) -> None:
        self._told(True)

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        box = self._plot.getViewBox()
        inside = box.sceneBoundingRect().contains(event.scenePos())
        if not self._ring.isVisible() or event.button() != Qt.MouseButton.LeftButton or not inside:
            return
        self._held = True
        self._ring.setPos(box.mapSceneToView(event.scenePos()))
        self._held = False
        self._told(True)


def drawn(place: tuple[float, ...], axes: tuple[Axis, ...]) -> tuple[float, ...]:
    """Where pyqtgraph draws a place: the logarithm along axes that are logarithmic."""
    return tuple(
        float(np.log10(value)) if axis.log else float(value)
        for value, axis in zip(place, axes, strict=False)
    )
