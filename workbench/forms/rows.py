"""Rows that a hand painted: how many there are, and a way to let go of them. Thousands of numbers
are nothing to type."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from engine.params import Parameter
from workbench.forms.editor import Editor


class RowCount(Editor):
    """The number of rows, and a button that clears them."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.count = QLabel("", self)
        self.clear = QToolButton(self)
        self.clear.setText("Clear")
        self.clear.setProperty("role", "auto")
        self.clear.clicked.connect(self._clicked)
        self.row.setSpacing(8)
        self.row.addStretch(1)
        self.row.addWidget(self.count)
        self.row.addWidget(self.clear)
        self.named(self.clear)
        self.clear.setAccessibleName(f"Clear the rows {parameter.label}")

    def show_value(self, value: Any) -> None:
        self.count.setText(counted(value))
        self.clear.setVisible(bool(value))

    @Slot()
    def _clicked(self) -> None:
        self.changed.emit(())


def counted(rows: tuple[int, ...]) -> str:
    """A set of rows in words."""
    if not rows:
        return "none"
    return f"{len(rows):,} row".replace(",", "\u2009") + ("s" if len(rows) != 1 else "")
