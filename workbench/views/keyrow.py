"""Above the curves and never over them: which line is which, in as many rows as it takes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.theme import Theme

ROW = 20
SAMPLE = 20
GAP = 6
"""Pixels between a sample and its name; between two names there is twice as much."""
EDGE = 12


class KeyRow(QWidget):
    """Samples of lines with their names, painted by hand. One line alone needs no name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[tuple[str, QPen, bool], ...] = ()
        self._title = ""
        self._theme: Theme | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def name(self, lines: Sequence[tuple[str, QPen, bool]]) -> None:
        """Name, pen, and whether it is drawn as heads on stems."""
        self._lines = tuple(lines)
        self.setAccessibleName(", ".join(name for name, _, _ in lines))
        self._show()

    def set_title(self, title: str) -> None:
        """What the ordinate is, where it has no room beside the curves; "" where it has."""
        if title != self._title:
            self._title = title
            self._show()

    def title(self) -> str:
        return self._title

    def _show(self) -> None:
        self.setVisible(len(self._lines) > 1 or bool(self._title))
        self._take_height()
        self.update()

    def names(self) -> tuple[str, ...]:
        """What is said, if anything is."""
        return tuple(name for name, _, _ in self._lines) if len(self._lines) > 1 else ()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, ROW * max(1, len(self._rows())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._take_height()

    def _take_height(self) -> None:
        height = ROW * max(1, len(self._rows()))
        if self.minimumHeight() != height:
            self.setFixedHeight(height)

    def _rows(self) -> list[list[int]]:
        """The lines of every row, from above."""
        rows: list[list[int]] = []
        room = 0.0
        for k in range(len(self.names())):
            needed = self._width(k)
            if not rows or needed > room:
                taken = 0 if rows else self.fontMetrics().horizontalAdvance(self._title)
                rows.append([])
                room = self.width() - 2 * EDGE + 2 * GAP - taken
            rows[-1].append(k)
            room -= needed
        return rows

    def _width(self, k: int) -> int:
        return SAMPLE + 3 * GAP + self.fontMetrics().horizontalAdvance(self._lines[k][0])

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._theme is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.canvas))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(self._theme.canvas))
        painter.setPen(QColor(self._theme.muted))
        start = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(EDGE, 0, self.width() - 2 * EDGE, ROW, start, self._title)
        for number, row in enumerate(self._rows()):
            right = self.width() - EDGE + 2 * GAP
            x, y = right - sum(map(self._width, row)), (number + 0.5) * ROW
            for k in row:
                name, pen, stems = self._lines[k]
                painter.setPen(pen)
                if stems:
                    painter.drawEllipse(QPointF(x + SAMPLE / 2, y), 4, 4)
                else:
                    painter.drawLine(QPointF(x, y), QPointF(x + SAMPLE, y))
                painter.setPen(QColor(self._theme.text))
                painter.drawText(x + SAMPLE + GAP, number * ROW, self._width(k), ROW, start, name)
                x += self._width(k)
        painter.end()
