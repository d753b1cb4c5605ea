"""A slider that moves by itself, to and fro, until it is stopped."""

from __future__ import annotations

import math
import time
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.params import LIVE
from workbench.forms.form import ParameterForm

FRAME_MS = 40
ROUND_S = 6.0
"""Seconds from one end of the slider to the other and back."""


class Player(QObject):
    """Plays the slider that a hand moved last, as if a hand moved it: the picture follows, and when
    it stops there is one edit to undo. `stopped` says that it did."""

    stopped = Signal()

    def __init__(self, form: ParameterForm, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._form = form
        self._row: Any = None
        self._value: Any = None
        self._began = 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(FRAME_MS)
        self._clock.timeout.connect(self._step)

    def play(self) -> str:
        """Begin; a sentence where there is nothing to play."""
        row = self._form.last_row()
        if row is None or row.parameter.effect is not LIVE or row.parameter.bound is None:
            return "Move a slider under Live first: it is the one that plays."
        self._row, self._began = row, time.monotonic()
        self._clock.start()
        return ""

    def playing(self) -> bool:
        return self._clock.isActive()

    def stop(self) -> None:
        if self.playing():
            self._clock.stop()
            if self._value is not None and self._row.isVisibleTo(self._form):
                self._row.asked.emit(self._row.parameter.name, self._value, True)
            self._row = self._value = None
            self.stopped.emit()

    @Slot()
    def _step(self) -> None:
        if not self._row.isVisibleTo(self._form):
            self._value = None
            self.stop()
            return
        share = ((time.monotonic() - self._began) / ROUND_S) % 1.0
        self._value = place(self._row.parameter, 1.0 - abs(2.0 * share - 1.0))
        self._row.asked.emit(self._row.parameter.name, self._value, False)


def place(parameter: Any, share: float) -> float | int:
    """The value at a share of the slider's way."""
    low, high = parameter.bound.soft or (parameter.bound.low, parameter.bound.high)
    if parameter.bound.log:
        value = math.exp(math.log(low) + share * math.log(high / low))
    else:
        value = low + share * (high - low)
    value = min(max(value, low), high)
    return round(value) if parameter.kind == "int" else float(f"{value:.6g}")
