"""Vertical marks over an abscissa, whose words do not lie on one another, nor on curves where that
can be helped: equal places share a line of words, near ones stand below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QFontMetricsF

from engine.layers import Array

SPACE = 6
"""Pixels between words that stand beside each other."""
TOP = 2
ROWS = 4
"""From the upper edge, and as many from the lower."""
SEEN = 24
"""Places under a mark's words at which is looked where the curves are."""


class Marks(QObject):
    """Draws marks (name -> value) on a plot, where the theme's ink says."""

    def __init__(self, plot: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._plot = plot
        self._box = plot.getViewBox()
        self._ink = "#d6336c"
        self._lines: list[Any] = []
        self._words: list[Any] = []
        self._shown: tuple[Any, ...] = ()
        self._curves: list[tuple[Array, Array]] = []
        self._box.sigRangeChanged.connect(self._place)
        self._box.sigResized.connect(self._place)

    def set_ink(self, ink: str) -> None:
        self._ink = ink
        self._forget()

    def show(self, marks: Mapping[str, float], *, log: bool) -> None:
        """`log` where the abscissa is drawn in decades: 0 and below have no place there."""
        told: dict[str, tuple[float, list[str]]] = {}
        for name, value in marks.items():
            if np.isfinite(value) and (value > 0 or not log):
                place = float(np.log10(value)) if log else float(value)
                told.setdefault(f"{value:.3g}", (place, []))[1].append(name)
        in_order = sorted(told.items(), key=lambda item: item[1][0])
        shown = tuple((place, f"{', '.join(names)} = {text}") for text, (place, names) in in_order)
        if shown != self._shown:
            self._draw(shown)

    def keep_off(self, curves: Sequence[tuple[Array, Array]]) -> None:
        """Abscissae and ordinates, as drawn, of what words should not hide."""
        self._curves = [(x[told], y[told]) for x, y in curves
                        if (told := np.isfinite(x) & np.isfinite(y)).any()]  # fmt: skip
        self._place()

    def words(self) -> list[Any]:
        """The items with the words, from the left to the right."""
        return list(self._words)

    def _forget(self) -> None:
        for item in (*self._lines, *self._words):
            self._plot.removeItem(item)
        self._lines.clear()
        self._words.clear()
        self._shown = ()

    def _draw(self, shown: tuple[tuple[float, str], ...]) -> None:
        if len(shown) != len(self._shown):
            self._forget()
            pen = pyqtgraph.mkPen(self._ink, width=1.4, style=Qt.PenStyle.DashLine)
            for _ in shown:
                self._lines.append(pyqtgraph.InfiniteLine(angle=90, pen=pen))
                self._words.append(pyqtgraph.TextItem("", color=self._ink))
                for item in (self._lines[-1], self._words[-1]):
                    self._plot.addItem(item, ignoreBounds=True)
        self._shown = shown
        for (place, text), line, words in zip(shown, self._lines, self._words, strict=True):
            line.setValue(place)
            words.setText(text)
        self._place()

    @Slot()
    def _place(self, *_: Any) -> None:
        """Each beside its line, on the side with room, in the first row that is free there."""
        (left, right), (low, high) = self._box.viewRange()
        width, height = self._box.width(), self._box.height()
        if not self._shown or right <= left or high <= low or not width or not height:
            return
        taken: dict[int, list[tuple[float, float]]] = {}
        for (place, text), words in zip(self._shown, self._words, strict=True):
            metrics = QFontMetricsF(words.textItem.font())
            wide, tall = metrics.horizontalAdvance(text) + 2 * SPACE, metrics.height()
            at = (place - left) / (right - left) * width
            before = at + wide > width and at - wide >= 0
            ends = (at - wide, at) if before else (at, at + wide)
            free = [k for k in (*range(ROWS), *range(-1, -ROWS - 1, -1))
                    if _free(taken.get(k, []), ends)]  # fmt: skip
            tops = {k: TOP + k * tall if k >= 0 else height + k * tall for k in free}
            passing = self._heights(ends)
            row = min(free, key=lambda k: _within(passing, tops[k], tall), default=0)
            taken.setdefault(row, []).append(ends)
            words.setAnchor((1.0 if before else 0.0, 0.0))
            words.setPos(place, high - tops.get(row, TOP) / height * (high - low))

    def _heights(self, ends: tuple[float, float]) -> Array:
        """Pixels from the upper edge at which curves run between two abscissae in pixels."""
        (left, right), (low, high) = self._box.viewRange()
        places = left + np.linspace(*ends, SEEN) / self._box.width() * (right - left)
        found = [np.interp(places, x, y, left=np.nan, right=np.nan) for x, y in self._curves]
        values = np.concatenate([*found, np.empty(0)])
        seen: Array = (high - values[np.isfinite(values)]) / (high - low) * self._box.height()
        return seen


def _free(taken: list[tuple[float, float]], ends: tuple[float, float]) -> bool:
    return all(ends[1] <= a or ends[0] >= b for a, b in taken)


def _within(heights: Array, top: float, tall: float) -> int:
    return int(((heights > top) & (heights < top + tall)).sum())
