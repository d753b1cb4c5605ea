"""The table of scores: one column per run, the best of each row in bold."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.judgement import Score
from workbench.document import Run
from workbench.stylesheet import blend
from workbench.theme import Theme

COLUMN, NAME = 84, 76
"""Pixels that a run's numbers and the names of the scores have at least."""
MARGIN = 20
LOW, HIGH = 28, 44
"""Pixels of the heads, of one line and of two."""
PALE = 0.5
EARLIER = "Of the picture before; the number follows."


class ScoreTable(QWidget):
    """Scores of the shown runs, with what each number means in its tool tip."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.table = QTableWidget(self)
        self.table.setAccessibleName("Scores")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.verticalHeader().setDefaultSectionSize(24)
        across = self.table.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setMinimumSectionSize(COLUMN)
        across.setDefaultAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag(Qt.TextFlag.TextWordWrap)
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        self._runs: list[Run] = []
        self._names: dict[str, str] = {}
        self._dim: list[bool] = []

    def show_outdated(self) -> None:
        """Numbers of an earlier picture than the shown one are pale until they follow."""
        dim = [run.outdated for run in self._runs]
        if dim != self._dim:
            self.show_runs(self._runs)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._leave_room()
        super().resizeEvent(event)

    def _leave_room(self) -> None:
        """Names give way to numbers: three dots say that there is more of a name, nothing would say
        that there is a number."""
        bar = self.table.verticalScrollBar().sizeHint().width()
        room = max(NAME, self.width() - max(1, len(self._runs)) * COLUMN - bar)
        header = self.table.verticalHeader()
        header.setMaximumWidth(room)
        cut, metrics = Qt.TextElideMode.ElideRight, header.fontMetrics()
        for row, (name, text) in enumerate(self._names.items()):
            item = self.table.verticalHeaderItem(row)
            shown = metrics.elidedText(name, cut, room - MARGIN)
            if item is not None and (item.text() != shown or not item.toolTip()):
                item.setText(shown)
                item.setToolTip(text if shown == name else f"{name}: {text}")
        self._name_runs(self.width() - min(room, header.sizeHint().width()) - bar)

    def _name_runs(self, room: int) -> None:
        """Over so many pixels: names give way, and the numbers that tell runs apart do not."""
        across = self.table.horizontalHeader()
        metrics = across.fontMetrics()
        wide = max(COLUMN, room // max(1, len(self._runs))) - MARGIN
        for column, run in enumerate(self._runs):
            item = self.table.horizontalHeaderItem(column)
            shown = headed(run.name, wide, metrics)
            if item is not None and (item.text() != shown or not item.toolTip()):
                item.setText(shown)
                item.setToolTip(run.name)
        across.setMinimumHeight(
            HIGH if any(_wraps(r.name, wide, metrics) for r in self._runs) else LOW
        )

    def show_runs(self, runs: list[Run]) -> None:
        self._runs = runs
        self._dim = [run.outdated for run in runs]
        names: dict[str, Score] = {}
        for run in runs:
            for score in _scores(run):
                names.setdefault(score.name, score)
        self.table.setColumnCount(len(runs))
        self.table.setRowCount(len(names) + 2 if runs else 0)
        self.table.setHorizontalHeaderLabels([run.name for run in runs])
        self.table.setVerticalHeaderLabels([*names, "fit time (s)", "device"])
        for row, (name, score) in enumerate(names.items()):
            self._fill(row, name, score)
        for column, run in enumerate(runs):
            self.table.setItem(len(names), column, _cell(f"{run.seconds:.2f}"))
            self.table.setItem(len(names) + 1, column, _cell(run.spec.device))
        self._names = {name: score.text for name, score in names.items()}
        self._leave_room()

    def _fill(self, row: int, name: str, score: Score) -> None:
        values = [_value(run, name) for run in self._runs]
        known = [v for v in values if math.isfinite(v)]
        best = None
        if len(known) > 1 and score.better and min(known) < max(known):
            best = max(known) if score.better > 0 else min(known)
        for column, value in enumerate(values):
            item = _cell(number(value))
            item.setToolTip(score.text)
            if self._dim[column]:
                item.setForeground(QColor(blend(self._theme.muted, self._theme.panel, PALE)))
                item.setToolTip(f"{score.text} {EARLIER}")
            elif best is not None and value == best:
                font = item.font()
                font.setBold(True)
                item.setFont(font)
                item.setForeground(QColor(self._theme.accent))
                item.setToolTip(f"{score.text} Best of the compared runs.")
            self.table.setItem(row, column, item)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.show_runs(self._runs)


def headed(name: str, room: int, metrics: QFontMetrics) -> str:
    """A run's name over its column of so many pixels: its number on a line of its own where both
    have no room, and the rest cut short where that has none."""
    if not _wraps(name, room, metrics):
        return name
    rest, _, last = name.rpartition(" ")
    lines = [part for part in (rest, last) if part]
    return "\n".join(metrics.elidedText(p, Qt.TextElideMode.ElideRight, room) for p in lines)


def _wraps(name: str, room: int, metrics: QFontMetrics) -> bool:
    return metrics.horizontalAdvance(name) > room


def number(value: float) -> str:
    """Three decimals where they say something, else the exponent."""
    if not math.isfinite(value):
        return "–"
    if 100 <= abs(value) < 1e7 and value == round(value):
        return f"{value:.0f}"
    plain = value == 0 or 5e-3 <= abs(value) < 1e5
    return f"{value:.3f}" if plain else f"{value:.2e}"


def _cell(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


def _scores(run: Run) -> tuple[Score, ...]:
    return () if run.judgement is None else run.judgement.scores


def _value(run: Run, name: str) -> float:
    return next((s.value for s in _scores(run) if s.name == name), math.nan)
