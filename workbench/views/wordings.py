"""One thing said at several lengths: the longest wording that there is room for is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget


class Wordings(QLabel):
    """As a label, but it gives way word by word and never cuts one; the longest is its tool tip."""

    def __init__(self, wordings: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.say(wordings)

    def say(self, wordings: Sequence[str]) -> None:
        """Other wordings, the longest first."""
        self._wordings = tuple(wordings)
        self.setText(wordings[0])
        self.setToolTip(wordings[0])

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def shown(self) -> str:
        """What there is room for; "" for nothing."""
        room, metrics = self.contentsRect().width(), self.fontMetrics()
        fitting = (text for text in self._wordings if metrics.horizontalAdvance(text) <= room)
        return next(fitting, "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown())
        painter.end()
