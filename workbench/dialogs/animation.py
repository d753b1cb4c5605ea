"""Which slider an animation plays, from where to where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.params import LIVE, parameters


class AnimationDialog(QDialog):
    """Accepted with `sweep()`: name, first and last value, number of frames."""

    def __init__(self, shown: Any, idle: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export animation")
        self._found = [
            p for p in parameters(type(shown))
            if p.effect is LIVE and p.bound is not None and p.name not in idle
        ]  # fmt: skip
        self.names = QComboBox(self)
        self.names.addItems([p.label for p in self._found])
        self.low, self.high = QDoubleSpinBox(self), QDoubleSpinBox(self)
        self.frames = QSpinBox(self)
        self.frames.setRange(2, 500)
        self.frames.setValue(60)
        form = QFormLayout()
        for words, widget in (("Slider", self.names), ("From", self.low), ("To", self.high),
                              ("Frames", self.frames)):  # fmt: skip
            widget.setAccessibleName(words)
            form.addRow(words, widget)
        either = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(either.Save | either.Cancel, self)
        buttons.button(either.Save).setText("Choose a file…")
        buttons.button(either.Save).setEnabled(bool(self._found))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(buttons)
        self.names.currentIndexChanged.connect(self._offer)
        self._offer(0)

    @Slot(int)
    def _offer(self, number: int) -> None:
        """The whole way of the slider."""
        if not self._found:
            return
        bound = self._found[number].bound
        assert bound is not None
        ends = bound.soft or (bound.low, bound.high)
        for box, value in zip((self.low, self.high), ends, strict=True):
            box.setDecimals(6)
            box.setRange(bound.low, bound.high)
            box.setValue(value)

    def sweep(self) -> tuple[str, float, float, int]:
        name = self._found[self.names.currentIndex()].name
        return name, self.low.value(), self.high.value(), self.frames.value()
