"""A parameter of more numbers than a person types: what they are in one sentence, and a button that
takes them away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from workbench.forms.slider import number_text
from workbench.views.elided import ElidedLabel

TYPED = 25
"""As many are still shown one by one."""


class ManyNumbers(QWidget):
    """Stands where the line of text would; `cleared` says that there should be none."""

    cleared = Signal()

    def __init__(self, label: str, *, by_place: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._by_place = by_place
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.sentence = ElidedLabel("", self)
        self.clear = QToolButton(self)
        self.clear.setText("Clear")
        self.clear.setAccessibleName(f"Clear {label}")
        row.addWidget(self.sentence, 1)
        row.addWidget(self.clear)
        self.clear.clicked.connect(self._clicked)

    def show_numbers(self, numbers: Sequence[float]) -> None:
        self.sentence.setText(told(numbers, by_place=self._by_place))

    @Slot()
    def _clicked(self) -> None:
        self.cleared.emit()


def told(numbers: Sequence[float], *, by_place: bool) -> str:
    """How many numbers, or that they are a map, and from where to where."""
    what = "Painted map" if by_place else f"{len(numbers)} numbers"
    low, high = (number_text(end, whole=False) for end in (min(numbers), max(numbers)))
    return f"{what}, {low} to {high}" if low != high else f"{what}, all {low}"
