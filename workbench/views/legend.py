"""Beside a cloud: names of classes, or a colour bar with its numbers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine import colour
from workbench.theme import Theme
from workbench.views.colouring import Colouring

ROW = 20
WIDTH = 116


class Legend(QWidget):
    """Painted by hand: a stack of labels would be slower to rebuild at every frame."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colouring: Colouring | None = None
        self._theme: Theme | None = None
        self._wanted = True
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def show_colouring(self, found: Colouring) -> None:
        self._colouring = found
        described = bool(found.names) or bool(found.colormap)
        self.setVisible(described and self._wanted)
        words = ", ".join(found.names) or f"{found.limits[0]:.3g} to {found.limits[1]:.3g}"
        self.setAccessibleName(f"{found.title}: {words}" if described else "")
        self.update()

    def set_wanted(self, wanted: bool) -> None:
        """Of pictures side by side in the same colours one legend is enough."""
        self._wanted = wanted
        if self._colouring is not None:
            self.show_colouring(self._colouring)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 160)

    def paintEvent(self, event: QPaintEvent) -> None:
        found, theme = self._colouring, self._theme
        if found is None or theme is None or not (found.names or found.colormap):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.canvas))
        metrics = QFontMetricsF(painter.font())
        painter.setPen(QColor(theme.muted))
        self._title(painter, metrics, found.title)
        if found.names:
            self._classes(painter, metrics, found, theme)
        else:
            self._bar(painter, found, theme)
        painter.end()

    def _title(self, painter: QPainter, metrics: QFontMetricsF, title: str) -> None:
        """On two lines when it is too long for one."""
        lines = [title]
        if metrics.horizontalAdvance(title) > WIDTH - 20 and " " in title:
            first, _, rest = title.partition(" ")
            lines = [first, rest]
        height = metrics.height()
        for k, line in enumerate(lines):
            short = metrics.elidedText(line, Qt.TextElideMode.ElideRight, WIDTH - 20)
            where = QRectF(10, 20 + (k - len(lines) / 2) * height, WIDTH - 14, height)
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, short)

    def _classes(
        self, painter: QPainter, metrics: QFontMetricsF, found: Colouring, theme: Theme
    ) -> None:
        room = max(1, (self.height() - 44) // ROW)
        assert found.colours is not None
        for row, name in enumerate(found.names[:room]):
            top = 36 + row * ROW
            red, green, blue = (round(float(c) * 255) for c in found.colours[row])
            painter.setBrush(QColor(red, green, blue))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QRectF(11, top + 5, 10, 10))
            last = row == room - 1 and len(found.names) > room
            text = f"… {len(found.names) - row} more" if last else name
            painter.setPen(QColor(theme.text))
            short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, WIDTH - 34)
            painter.drawText(QRectF(28, top, WIDTH - 30, ROW), Qt.AlignmentFlag.AlignVCenter, short)

    def _bar(self, painter: QPainter, found: Colouring, theme: Theme) -> None:
        height = float(min(180, max(40, self.height() - 70)))
        table = np.ascontiguousarray(
            np.round(np.asarray(colour.colormap(found.colormap))[::-1] * 255).astype(np.uint8)
        )
        image = QImage(table.tobytes(), 1, 256, 3, QImage.Format.Format_RGB888)
        painter.drawImage(QRectF(12, 40, 12, height), image)
        painter.setPen(QColor(theme.text))
        low, high = found.limits
        for part in (0.0, 0.5, 1.0):
            value = low + (high - low) * part
            if abs(value) < 1e-6 * (high - low):
                value = 0.0
            y = 40 + height * (1 - part)
            where = QRectF(32, y - ROW / 2, WIDTH - 34, ROW)
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, f"{value:.3g}")
