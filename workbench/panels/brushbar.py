"""Beside the picture's title while the brush is out: which way it paints, and how many rows are
where."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from engine.layers import Standing
from workbench.theme import Theme
from workbench.views.standing import SIGNS, inks

MEANING = {
    Standing.OBSERVED: "observed, and learnt from",
    Standing.TAKEN_OUT: "taken out: observed, but not learnt from",
    Standing.PUT_IN: "put in: not observed, but learnt from",
}
HINT = "Shift paints the other way; the right button moves the camera; [ and ] size the brush"

HEIGHT = 28
"""No taller than the chooser in the header of the picture beside it."""


class BrushBar(QWidget):
    """`way_chosen` says whether the brush should put rows in."""

    way_chosen = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts = np.zeros(len(Standing), np.int64)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.counts = {kind: QLabel("", self) for kind in SIGNS}
        for kind, label in self.counts.items():
            label.setToolTip(f"Rows {MEANING[kind]}")
            label.setContentsMargins(0, 0, 10, 0)
            layout.addWidget(label)
        self.ways = QButtonGroup(self)
        for number, (text, side) in enumerate((("Take out", "first"), ("Put in", "last"))):
            button = QToolButton(self)
            button.setText(text)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setProperty("side", side)
            button.setFixedHeight(HEIGHT)
            button.setToolTip(f"{text} what the brush goes over. {HINT}.")
            button.setAccessibleName(f"Brush: {text.lower()}")
            self.ways.addButton(button, number)
            layout.addWidget(button)
        self.ways.button(0).setChecked(True)
        self.ways.idClicked.connect(self._clicked)

    def show_standing(self, standing: Any) -> None:
        """Count the rows of each standing."""
        self._counts = np.bincount(standing, minlength=len(Standing))
        for kind, label in self.counts.items():
            colour, count = inks(self._theme)[kind], int(self._counts[kind])
            label.setText(f"<span style='color:{colour}'>{SIGNS[kind]}</span> {count}")
            label.setAccessibleName(f"{count} rows {MEANING[kind]}")
            label.setVisible(kind is Standing.OBSERVED or count > 0)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.show_standing(np.repeat(np.arange(len(Standing)), self._counts))

    @Slot(int)
    def _clicked(self, number: int) -> None:
        self.way_chosen.emit(number == 1)
