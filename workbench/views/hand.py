"""The hand on a cloud: hover, click, shift-click, lasso, and the camera's own moves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QPolygonF

from workbench.views.scene import CloudScene

if TYPE_CHECKING:
    from workbench.views.cloud import CloudView

REACH = 8.0
"""Pixels within which a point is under the pointer."""
CLICK = 3.0
"""Pixels a press may wander and still be a click."""
MOST_HOVERED = 200_000
GLANCE_S = 0.03


class Hand:
    """Turns vispy's mouse events into what the view says."""

    def __init__(self, view: CloudView, scene: CloudScene) -> None:
        self._view, self._scene = view, scene
        self._tool = "navigate"
        self._pressed: Any = None
        self._path: list[tuple[float, float]] = []
        self._looked = 0.0
        events = scene.canvas.events
        events.mouse_press.connect(self._press)
        events.mouse_move.connect(self._move)
        events.mouse_release.connect(self._release)
        events.mouse_wheel.connect(self._wheel)

    def set_tool(self, tool: str) -> None:
        self._tool = tool
        self._scene.view.camera.interactive = tool != "lasso"

    def _press(self, event: Any) -> None:
        if event.button == 1:
            self._pressed = np.asarray(event.pos, float)
            self._path = [tuple(event.pos)]

    def _move(self, event: Any) -> None:
        lassoing = self._tool == "lasso" and self._pressed is not None
        if lassoing:
            self._path.append(tuple(event.pos))
            self._scene.draw_lasso(np.array(self._path, np.float32))
            self._scene.canvas.update()
        elif event.is_dragging:
            self._view.navigated()
        elif time.monotonic() - self._looked > GLANCE_S:
            self._looked = time.monotonic()
            self._hover(event)

    def _hover(self, event: Any) -> None:
        if len(self._view.positions()) > MOST_HOVERED:
            return
        x, y = (round(float(v)) for v in event.pos)
        where = self._view.surface.mapToGlobal(QPoint(x + 12, y + 12))
        self._view.hover_at(self._under(event.pos), where)

    def _under(self, pos: Any) -> int:
        """The nearest row of the layer within reach, -1 when there is none."""
        positions = self._view.positions()
        if not len(positions):
            return -1
        away = np.linalg.norm(self._scene.on_canvas(positions) - np.asarray(pos)[:2], axis=1)
        row = int(np.nanargmin(away))
        return row if away[row] <= REACH else -1

    def _release(self, event: Any) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None or event.button != 1:
            return
        wandered = np.abs(np.asarray(event.pos) - pressed).max()
        self._path.append(tuple(event.pos))
        if self._tool == "lasso" and len(self._path) > 3:
            self._scene.draw_lasso(None)
            self._view.selected.emit(self.inside(self._path))
        elif wandered <= CLICK:
            self._click(event)

    def _click(self, event: Any) -> None:
        row = self._under(event.pos)
        adding = any(str(m) in ("Shift", "<Key 'Shift'>") for m in event.modifiers)
        before = self._view.selection()
        if row < 0:
            if not adding and len(before):
                self._view.picked.emit(before[:0])
            return
        found = self._view.ids_of(np.array([row]))
        if adding:
            found = np.setxor1d(before, found)
        self._view.picked.emit(found)

    def inside(self, path: list[tuple[float, float]]) -> Any:
        """Rows of the data whose points lie inside a path on the canvas."""
        from PySide6.QtCore import QPointF, Qt

        polygon = QPolygonF([QPointF(x, y) for x, y in path])
        places = self._scene.on_canvas(self._view.positions())
        corners = np.array(path)
        near = ((places >= corners.min(axis=0)) & (places <= corners.max(axis=0))).all(axis=1)
        rule = Qt.FillRule.OddEvenFill
        rows = [
            row
            for row in np.flatnonzero(near)
            if polygon.containsPoint(QPointF(*places[row]), rule)
        ]
        return self._view.ids_of(np.array(rows, np.int64))

    def _wheel(self, event: Any) -> None:
        self._view.navigated()


def tip(number: int, row: int, columns: Mapping[str, Any], most: int = 6) -> str:
    """What the pointer rests on: the row's number in the data and its first columns."""
    lines = [f"row {number}"]
    for name, column in list(columns.items())[:most]:
        value = column[row]
        kind = np.asarray(value).dtype.kind
        lines.append(f"{name}: {value:.4g}" if kind == "f" else f"{name}: {value}")
    return "\n".join(lines)
