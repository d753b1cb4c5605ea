"""Factors by place that a hand painted: what they make of the parameter that they are factors on,
and a way to let go of them. Hundreds of numbers are nothing to type."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from engine.params import Bound, Parameter, parameters
from workbench.forms.editor import Editor
from workbench.views.wordings import Wordings

EVEN, PAINTED = "the same everywhere", "painted, "


class PaintedFactors(Editor):
    """A sentence such as "painted, 5 to 32", and a button that clears the map."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self._bound = next(p.bound for p in parameters(owner) if p.name == parameter.factors_on)
        self._factors: tuple[float, ...] = ()
        self._whole: float | None = None
        self.sentence = Wordings((EVEN,), self)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.clear = QToolButton(self)
        self.clear.setText("Clear")
        self.clear.setProperty("role", "auto")
        self.clear.setToolTip("The same everywhere again")
        self.clear.clicked.connect(self._clicked)
        self.row.setSpacing(8)
        self.row.addStretch(1)
        self.row.addWidget(self.sentence)
        self.row.addWidget(self.clear)
        self.named(self.clear)
        self.clear.setAccessibleName(f"Clear {parameter.label}")

    def show_value(self, value: Any) -> None:
        self._factors = tuple(value)
        self._show()

    def show_whole(self, value: Any) -> None:
        """What the parameter is where the factor is 1; None while nobody has chosen it."""
        self._whole = value
        self._show()

    def _show(self) -> None:
        whole = painted(self._factors, self._whole, self._bound)
        self.sentence.say((whole, whole.removeprefix(PAINTED)))
        self.clear.setVisible(bool(self._factors))

    @Slot()
    def _clicked(self) -> None:
        self.changed.emit(())


def painted(factors: tuple[float, ...], whole: float | None, bound: Bound | None) -> str:
    """Factors in words: from what to what they take a parameter, or by themselves where that is
    not known."""
    if not factors:
        return EVEN
    ends = [min(factors), max(factors)]
    if whole is not None:
        ends = [whole * end for end in ends]
        if bound is not None:
            ends = [min(max(end, bound.low), bound.high) for end in ends]
    low, high = (f"{end:.0f}" if end >= 100 else f"{end:.2g}" for end in ends)
    times = "" if whole is not None else "× "
    return f"{PAINTED}{times}{low}" + (f" to {high}" if low != high else "")
