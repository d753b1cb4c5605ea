"""Points in a plot that a hand adds, moves and takes away (`engine.layers.Spots`).

A click on nothing adds one, a drag moves one, a right click or the Delete key takes away the one
under the pointer. The last one stays: no observation is another wish than none set by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent

from engine.layers import Curves, Field, Spots
from workbench.theme import Theme

SIZE = 11
REACH = 9.0
"""Pixels from a point within which a pointer is on it."""
HINT = "Click: a new point. Drag: move it. Right click or Delete: take it away."


class Points(pyqtgraph.ScatterPlotItem):  # type: ignore[misc]
    """Dots that tell a drag from the moving of the picture."""

    def __init__(self, owner: MovablePoints) -> None:
        super().__init__(size=SIZE, pxMode=True)
        self._owner = owner

    def mouseDragEvent(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._owner.dragged(event):
            event.accept()
        else:
            event.ignore()


class MovablePoints(QObject):
    """`changed` carries the parameter's name, its numbers, and whether the hand has let go."""

    changed = Signal(object, bool)

    def __init__(self, plot: Any, widget: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._plot = plot
        self._layer: Curves | Field | None = None
        self._spots: Spots | None = None
        self._held: int | None = None
        self._under: int | None = None
        self._rows, self._shown = np.empty((0, 0)), np.empty((0, 2))
        self._pale = np.empty(0, bool)
        self._theme: Theme | None = None
        self._dots = Points(self)
        self._dots.setZValue(12)
        plot.addItem(self._dots, ignoreBounds=True)
        plot.scene().sigMouseClicked.connect(self._on_clicked)
        plot.scene().sigMouseMoved.connect(self._on_pointed)
        widget.installEventFilter(self)
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show(self, layer: Curves | Field) -> None:
        """The places of a layer; a point in the hand stays where the hand is."""
        self._layer, self._spots = layer, layer.spots
        if layer.spots is None:
            self._dots.setData([], [])
        elif self._held is None:
            self._rows = np.array(layer.spots.rows)
            self._shown = np.array(layer.spots.shown)
            pale = layer.spots.pale
            self._pale = np.array(pale) if len(pale) else np.zeros(len(self._rows), bool)
            self._draw()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._draw()

    def _draw(self) -> None:
        """Those of another slice are hollow."""
        looks = {}
        if (theme := self._theme) is not None:
            full = pyqtgraph.mkPen(theme.canvas, width=1.5), pyqtgraph.mkBrush(theme.selection)
            hollow = pyqtgraph.mkPen(theme.selection, width=1.5), pyqtgraph.mkBrush(None)
            each = [hollow if pale else full for pale in self._pale]
            looks = {"pen": [pen for pen, _ in each], "brush": [brush for _, brush in each]}
        self._dots.setData(pos=self._shown.reshape(-1, 2), **looks)

    # The hand

    def dragged(self, event: Any) -> bool:
        """Whether a drag is of a point; it is moved then."""
        if self._spots is None:
            return False
        if event.isStart():
            self._held = self._near(self._dots.mapToScene(event.buttonDownPos()))
        if self._held is None:
            return False
        self._move(self._held, self._place(self._dots.mapToScene(event.pos())))
        final = bool(event.isFinish())
        if final:
            self._held = None
        self._tell(final)
        return True

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        box = self._plot.getViewBox()
        if self._spots is None or not box.sceneBoundingRect().contains(event.scenePos()):
            return
        near = self._near(event.scenePos())
        if event.button() == Qt.MouseButton.RightButton:
            self._remove(near)
        elif event.button() == Qt.MouseButton.LeftButton and near is None:
            self._add(self._place(event.scenePos()))

    @Slot(object)
    def _on_pointed(self, pos: QPointF) -> None:
        self._under = self._near(pos) if self._spots is not None else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        keys = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() not in keys or self._under is None:
            return False
        self._remove(self._under)
        return True

    # What becomes of the points

    def _add(self, place: np.ndarray) -> None:
        place = self._kept(place)
        layer, spots = self._layer, self._spots
        assert spots is not None and layer is not None
        if isinstance(layer, Curves):
            x, line = np.asarray(layer.x), np.asarray(layer.lines[spots.along])
            some = np.isfinite(x) & np.isfinite(line)
            place = np.append(place, np.interp(place[0], x[some], line[some]))
            row = place
        else:
            row = self._row(place)
        self._rows = np.vstack([self._rows, row])
        self._shown = np.vstack([self._shown, place])
        self._pale = np.append(self._pale, False)
        self._draw()
        self._tell(True)

    def _move(self, number: int, place: np.ndarray) -> None:
        before = self._shown[number].copy()
        if isinstance(self._layer, Field):
            place = self._kept(place)
            self._rows[number] = self._row(place)
            self._pale[number] = False
        else:
            place = np.array([self._kept(place)[0], place[1]])
            # What is drawn has its noise: the row moves by as much as the point.
            self._rows[number, 0] = place[0]
            self._rows[number, -1] += place[1] - before[1]
        self._shown[number] = place
        self._draw()

    def _remove(self, number: int | None) -> None:
        if number is None or len(self._rows) < 2:
            return
        self._rows = np.delete(self._rows, number, axis=0)
        self._shown = np.delete(self._shown, number, axis=0)
        self._pale = np.delete(self._pale, number)
        self._held = self._under = None
        self._draw()
        self._tell(True)

    def _tell(self, final: bool) -> None:
        assert self._spots is not None
        numbers = tuple(round(float(v), 6) for v in self._rows.ravel())
        self.changed.emit({self._spots.sets: numbers}, final)

    # Where things are

    def _place(self, pos: QPointF) -> np.ndarray:
        found = self._plot.getViewBox().mapSceneToView(pos)
        return np.array([found.x(), found.y()])

    def _kept(self, place: np.ndarray) -> np.ndarray:
        """On a curve inside its ends; on a field the middle of the cell, whose value it takes: a
        place half a cell off would be told another place's value."""
        layer = self._layer
        if isinstance(layer, Curves):
            return np.asarray(np.clip(place[:1], np.nanmin(layer.x), np.nanmax(layer.x)))
        assert layer is not None
        low, high = np.array(layer.extent[:2]).T
        return np.asarray(low + (self._cell(place) + 0.5) * (high - low) / layer.values.shape[:2])

    def _row(self, place: np.ndarray) -> np.ndarray:
        """The numbers of a point at the middle of a cell: what comes before, place and values."""
        assert isinstance(self._layer, Field) and self._spots is not None
        own = self._spots.values if self._spots.values.size else self._layer.values
        value = np.atleast_1d(np.asarray(own)[tuple(self._cell(place))])
        return np.concatenate([self._spots.before, place, value])

    def _cell(self, place: np.ndarray) -> np.ndarray:
        assert isinstance(self._layer, Field)
        low, high = np.array(self._layer.extent[:2]).T
        shape = np.array(self._layer.values.shape[:2])
        cell = ((place - low) / (high - low) * shape).astype(int)
        return np.asarray(np.clip(cell, 0, shape - 1))

    def _near(self, pos: QPointF) -> int | None:
        """The point within reach of a place of the scene."""
        if not len(self._shown):
            return None
        box = self._plot.getViewBox()
        spots = [box.mapViewToScene(QPointF(*p)) for p in self._shown]
        away = np.array([np.hypot(s.x() - pos.x(), s.y() - pos.y()) for s in spots])
        return int(away.argmin()) if away.min() <= REACH else None
