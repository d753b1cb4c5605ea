"""The soft brush on a photograph: the left button raises a factor by place, or lowers it.

Shift paints the other way; the right button moves the picture; Ctrl and the wheel size the circle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent, QWheelEvent

from engine.numerics.cells import between_middles, middles
from workbench.theme import Theme
from workbench.views.circle import Circle
from workbench.views.light_table import LightTable
from workbench.views.map_tint import LOWERED, RAISED, MapTint
from workbench.views.stroke import from_segment

if TYPE_CHECKING:
    from workbench.views.photo import PhotoView

RADIUS = 60.0
SMALLEST, LARGEST = 8.0, 400.0
FLOOR = 1.25
"""The brush reaches so many cells at least: a finer one would miss the middles of all."""
_NONE = np.empty((0, 0))


class SoftStroke:
    """How much of each of n by n cells a soft brush has gone over since the button went down."""

    def __init__(self, n: int, size: tuple[int, int]) -> None:
        height, width = size
        across, down = np.meshgrid(width * middles(n), height * middles(n))
        self._middles = np.stack([across.ravel(), down.ravel()], axis=1)
        self._last: Any = None
        self.share = np.zeros((n, n))
        """1 where the middle of the brush has been, 0 where it never reached."""

    def reach(self, at: Any, radius: float) -> Any:
        """The share (n, n), the brush having come to `at` (x, y) in pixels of the picture."""
        end = np.asarray(at, float)
        start = end if self._last is None else self._last
        self._last = end
        away = from_segment(self._middles, start, end) / radius
        soft = np.clip(1 - away**2, 0, 1) ** 2
        self.share = np.maximum(self.share, soft.reshape(self.share.shape))
        return self.share


class MapBrush(QObject):
    """Hears the mouse on a table before the table does."""

    def __init__(self, view: PhotoView, table: LightTable) -> None:
        super().__init__(view)
        self._view, self._table = view, table
        self.on = False
        self.radius = RADIUS
        self.putting = True
        self.factors: Any = None
        self._theme: Theme | None = None
        self._stroke: SoftStroke | None = None
        self._way = True
        self._at: QPointF | None = None
        self._tint, self._circle = MapTint(table), Circle(table)
        table.installEventFilter(self)

    # What the view says

    def set_on(self, on: bool) -> None:
        if self.on != on:
            self._end()
            self.on = on
            self._show()

    def set_way(self, *, putting: bool) -> None:
        """Whether the brush raises factors or lowers them."""
        self.putting = putting
        self._draw_circle(putting)

    def resize(self, factor: float) -> None:
        self.radius = float(np.clip(self.radius * factor, SMALLEST, LARGEST))
        self._draw_circle(self.putting)

    def set_factors(self, factors: Any) -> None:
        """The factors (n, n) over the picture; None when nothing can be painted."""
        if self.factors is not None and np.shape(factors) != np.shape(self.factors):
            self._end()
        self.factors = factors
        self._show()

    def paints(self) -> bool:
        """Whether what is shown can be painted."""
        return self.factors is not None

    def factor_at(self, column: int, row: int) -> float | None:
        """The factor at a pixel, while the brush is out."""
        if not (self.on and self.paints()):
            return None
        height, width = self._table.seen.size
        n = len(self.factors)
        down, across = (
            between_middles(np.array([(place + 0.5) / side]), n)
            for place, side in ((row, height), (column, width))
        )
        return float((down @ self.factors @ across.T)[0, 0])

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._show()

    def _show(self) -> None:
        # As editors of photographs do: the tint is there while a hand paints or is about to, and
        # gone when it leaves for a slider, so that the picture itself can be judged.
        shown = self.on and self.paints() and (self._at is not None or self._stroke is not None)
        self._tint.show_map(self.factors if shown else None)
        self._draw_circle(self._way if self._stroke else self.putting)

    # The hand

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self._tint.spread()
        if kind == QEvent.Type.Leave and self._stroke is None:
            self._go(None)
        elif isinstance(event, (QEnterEvent, QMouseEvent)):
            self._go(event.position())
        if not (self.on and self.paints()):
            return False
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QMouseEvent):
            if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
                return self._press(event)
            if kind == QEvent.Type.MouseButtonRelease:
                return self._release(event)
            self._move(event)
        return False

    def _go(self, at: QPointF | None) -> None:
        """The pointer is there; None for away from the picture."""
        came, self._at = (self._at is None) != (at is None), at
        if came:
            self._show()

    def _press(self, event: QMouseEvent) -> bool:
        at = event.position()
        if event.button() == Qt.MouseButton.RightButton:
            self._table.grasp(at)
        elif event.button() == Qt.MouseButton.LeftButton and self._stroke is None:
            if self._table.on_line(at.toPoint()):
                return False
            self._way = self.putting != _shift(event)
            self._stroke = SoftStroke(len(self.factors), self._table.seen.size)
            self._paint(at)
        return True

    def _move(self, event: QMouseEvent) -> None:
        if self._stroke is not None:
            self._paint(event.position())
        else:
            self._draw_circle(self.putting != _shift(event))

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() == Qt.MouseButton.LeftButton and self._stroke is not None:
            self._end()
            return True
        return False

    def _wheel(self, event: QWheelEvent) -> bool:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        self.resize(1.15 ** (event.angleDelta().y() / 120))
        return True

    def _paint(self, at: QPointF) -> None:
        assert self._stroke is not None
        self._at = at
        self._draw_circle(self._way)
        scale = self._table.devicePixelRatioF()
        place = self._table.seen.to_picture(at.x() * scale, at.y() * scale)
        share = self._stroke.reach(place, self._reach())
        self._view.painted.emit(share, self._way, False)

    def _end(self) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            self._view.painted.emit(_NONE, self._way, True)

    def _reach(self) -> float:
        """Pixels of the picture from the brush's middle to its rim."""
        seen = self._table.seen
        widest = FLOOR * max(seen.size) / len(self.factors)
        return max(self.radius * self._table.devicePixelRatioF() / seen.zoom, widest)

    def _draw_circle(self, putting: bool) -> None:
        theme = self._theme
        if not (self.on and self.paints()) or self._at is None or theme is None:
            self._circle.hide()
            return
        radius = self._reach() * self._table.seen.zoom / self._table.devicePixelRatioF()
        ink = RAISED if putting else LOWERED
        self._circle.show_at(self._at.x(), self._at.y(), radius, ink, theme.canvas)


def _shift(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
