"""The axis at the edge of a flat cloud, painted by Qt.

Ticks of vispy's own are five more visuals in every frame; these are painted when the camera moves.
"""

from __future__ import annotations

import itertools

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.theme import Theme

HEIGHT, WIDTH = 44, 62
TICK = 5
APART = 80
"""Pixels between two numbers, about."""


class Ruler(QWidget):
    """Numbers and a name along the bottom (horizontal) or the left of a picture."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flat = orientation == Qt.Orientation.Horizontal
        self._theme: Theme | None = None
        self._name = ""
        self._range = (0.0, 1.0)
        fixed, free = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(free if self._flat else fixed, fixed if self._flat else free)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, HEIGHT) if self._flat else QSize(WIDTH, 0)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_name(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self.setAccessibleName(f"Axis: {name}")
            self.update()

    def set_range(self, low: float, high: float) -> None:
        """Values at the left and right, or at the bottom and top, of the picture."""
        if (low, high) != self._range and high > low:
            self._range = (low, high)
            self.update()

    def ticks(self) -> list[float]:
        """Round numbers inside the range."""
        length = self.width() if self._flat else self.height()
        return round_numbers(*self._range, max(2, length // APART))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._theme is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.canvas))
        font = QFont(painter.font())
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QPen(QColor(self._theme.border), 1))
        width, height = self.width(), self.height()
        if self._flat:
            painter.drawLine(QPointF(0, 0.5), QPointF(width, 0.5))
        else:
            painter.drawLine(QPointF(width - 0.5, 0), QPointF(width - 0.5, height))
        values = self.ticks()
        for value, text in zip(values, number_texts(values), strict=True):
            self._draw_tick(painter, value, text)
        self._draw_name(painter)
        painter.end()

    def _draw_tick(self, painter: QPainter, value: float, text: str) -> None:
        assert self._theme is not None
        low, high = self._range
        part = (value - low) / (high - low)
        ink, grid = QColor(self._theme.muted), QPen(QColor(self._theme.border), 1)
        align = Qt.AlignmentFlag
        painter.setPen(grid)
        if self._flat:
            x = part * self.width()
            painter.drawLine(QPointF(x, 0), QPointF(x, TICK))
            painter.setPen(ink)
            painter.drawText(QRectF(x - 40, TICK + 2, 80, 14), align.AlignHCenter, text)
        else:
            y = (1 - part) * self.height()
            right = self.width()
            painter.drawLine(QPointF(right - TICK, y), QPointF(right, y))
            painter.setPen(ink)
            where = QRectF(16, y - 8, right - TICK - 20, 16)
            painter.drawText(where, align.AlignRight | align.AlignVCenter, text)

    def _draw_name(self, painter: QPainter) -> None:
        assert self._theme is not None
        painter.setPen(QColor(self._theme.text))
        middle = Qt.AlignmentFlag.AlignCenter
        if self._flat:
            painter.drawText(QRectF(0, self.height() - 20, self.width(), 16), middle, self._name)
        else:
            painter.translate(10, self.height() / 2)
            painter.rotate(-90)
            painter.drawText(QRectF(-self.height() / 2, -9, self.height(), 16), middle, self._name)


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """At most about `most` multiples of 1, 2 or 5 times a power of ten between low and high."""
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return []
    rough = span / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [k * step for k in range(first, last + 1)]


def number_texts(values: list[float]) -> list[str]:
    """The same number of decimals for all, as few as keep them apart."""
    if not values:
        return []
    step = min((b - a for a, b in itertools.pairwise(values)), default=abs(values[0]))
    if step and not 1e-4 <= step < 1e6:
        return [f"{v:.3g}" for v in values]
    decimals = max(0, -int(np.floor(np.log10(step) + 1e-9))) if step else 0
    return [f"{v:.{decimals}f}".replace("-", "\u2212") for v in values]
