"""What a hand has painted onto a picture, as a tint over it: where a factor is above 1 and where it
is below. Over the side that the map acts on: what was before the line knows nothing of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from engine.numerics.cells import between_middles, middles
from workbench.views.light_table import LightTable
from workbench.views.pyramid import image_of, to_bytes

RAISED, LOWERED = "#3f86ff", "#ff9a1f"
"""Whatever the theme: a photograph does not change with it."""
SAMPLES = 8
"""Pixels of the tint along a cell; between them Qt interpolates."""
STRONGEST = 0.6
"""Opacity of a factor of 0, and of `FULL` or more."""
FULL = 3.0


class MapTint(QWidget):
    """Lies over `table`, lets the mouse through, and shows factors (n, n) or nothing."""

    def __init__(self, table: LightTable) -> None:
        super().__init__(table)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._table = table
        self._image = QImage()
        self.hide()

    def show_map(self, factors: Any) -> None:
        """Tint the picture; None takes the tint away."""
        if factors is None:
            self.hide()
            return
        self._image = image_of(to_bytes(tinted(factors), None), opaque=False)
        self.spread()
        if self.isHidden():
            self.show()
            self.lower()
        self.update()

    def spread(self) -> None:
        """As large as the table is."""
        self.setGeometry(self._table.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        seen, scale = self._table.seen, self.devicePixelRatioF()
        height, width = seen.size
        left, top = seen.origin()
        painter = QPainter(self)
        painter.setClipRect(self.rect().adjusted(self._table.edge(), 0, 0, 0))
        painter.scale(1 / scale, 1 / scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        whole = QRectF(left, top, width * seen.zoom, height * seen.zoom)
        painter.drawImage(whole, self._image)
        painter.end()


def tinted(factors: Any) -> Any:
    """Red, green, blue and opacity (m, m, 4) in [0, 1] of factors (n, n)."""
    n = len(factors)
    weights = between_middles(middles(SAMPLES * n), n)
    over = weights @ np.asarray(factors) @ weights.T - 1
    above, below = (_rgb(QColor(ink)) for ink in (RAISED, LOWERED))
    found = np.empty((*over.shape, 4))
    found[..., :3] = np.where(over[..., None] >= 0, above, below)
    share = np.where(over >= 0, over / (FULL - 1), -over)
    found[..., 3] = STRONGEST * np.clip(share, 0, 1)
    return found


def _rgb(ink: QColor) -> tuple[float, float, float]:
    return ink.redF(), ink.greenF(), ink.blueF()
