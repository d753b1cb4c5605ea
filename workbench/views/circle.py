"""The brush's circle, over a picture and not in it: a picture need not be drawn anew because the
pointer moves, which takes a processor that draws a tenth of a second."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

WIDTH = 1.6
EDGE = 4


class Circle(QWidget):
    """Lies over `surface`, lets the mouse through, and shows a circle or nothing."""

    def __init__(self, surface: QWidget) -> None:
        super().__init__(surface)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._surface = surface
        self._centre = QPointF()
        self._radius = 0.0
        self._ink, self._paper = QColor(), QColor()
        self.hide()

    def show_at(self, x: float, y: float, radius: float, ink: str, paper: str) -> None:
        """A circle of that radius in pixels; `paper` is the colour under it, for a rim."""
        before = self._room()
        self._centre, self._radius = QPointF(x, y), radius
        self._ink, self._paper = QColor(ink), QColor(paper)
        self._paper.setAlpha(150)
        if self.geometry() != self._surface.rect():
            self.setGeometry(self._surface.rect())
        if self.isHidden():
            self.show()
            self.raise_()
        self.update(before)
        self.update(self._room())

    def _room(self) -> QRect:
        far = round(self._radius) + EDGE
        return QRect(0, 0, 2 * far, 2 * far).translated(
            round(self._centre.x()) - far, round(self._centre.y()) - far
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((self._paper, WIDTH + 2), (self._ink, WIDTH)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(self._centre, self._radius, self._radius)
        painter.end()
