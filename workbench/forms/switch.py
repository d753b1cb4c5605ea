"""A yes or no as a switch: the knob's side tells it without colour."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

WIDTH, HEIGHT, RING = 34, 18, 3


class Switch(QCheckBox):
    """A check box drawn as a switch."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(self.sizeHint())
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH + 2 * RING, HEIGHT + 2 * RING)

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role, colours = QPalette.ColorRole, self.palette()
        on = self.isChecked()
        body = QRectF(RING, RING, WIDTH, HEIGHT)
        if self.hasFocus():
            painter.setPen(QPen(colours.color(role.Highlight), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = body.adjusted(-2, -2, 2, 2)
            painter.drawRoundedRect(ring, ring.height() / 2, ring.height() / 2)
        edge = colours.color(role.Highlight if on else role.PlaceholderText)
        painter.setPen(QPen(edge, 1.5))
        painter.setBrush(edge if on else colours.color(role.Base))
        inner = body.adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(inner, inner.height() / 2, inner.height() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color(role.HighlightedText) if on else edge)
        size = HEIGHT - 8
        left = body.right() - size - 4 if on else body.left() + 4
        painter.drawEllipse(QRectF(left, body.top() + 4, size, size))
        painter.end()
