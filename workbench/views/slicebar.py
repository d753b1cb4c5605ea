"""A slider through the slices of a field in three coordinates, with play."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from engine.layers import Field

FRAME_MS = 40
ROUND_MS = 4000
"""A whole run through the slices takes about as long, and no frame less than `FRAME_MS`."""


class SliceBar(QWidget):
    """Hidden unless the field has a third coordinate. `moved` asks for the slice to be drawn."""

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field: Field | None = None
        self.play = QToolButton(self)
        self.play.setText("▶")
        self.play.setCheckable(True)
        self.play.setToolTip("Play through")
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Slice")
        self._told = QLabel("", self)
        self._told.setMinimumWidth(96)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self._told)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._step)
        self.slider.valueChanged.connect(self._on_value)
        self.play.toggled.connect(self._on_play)
        self.hide()

    def offer(self, field: Field | None) -> None:
        """Follow the field's third coordinate; the slice stays where it is in number."""
        deep = field is not None and field.values.ndim == 3
        self._field = field if deep else None
        self.setVisible(deep)
        if field is None or not deep:
            self.stop()
            return
        count = field.values.shape[2]
        if self.slider.maximum() != count - 1:
            self.slider.blockSignals(True)
            self.slider.setRange(0, count - 1)
            self.slider.setValue(count - 1)
            self.slider.blockSignals(False)
            self._clock.setInterval(max(FRAME_MS, ROUND_MS // max(count, 1)))
        self._tell()

    def index(self) -> int:
        return self.slider.value()

    def stop(self) -> None:
        self.play.setChecked(False)
        self._clock.stop()

    def _tell(self) -> None:
        if self._field is None:
            return
        (low, high), count = self._field.extent[2], self._field.values.shape[2]
        place = low + (np.float64(self.index()) + 0.5) * (high - low) / count
        axis = self._field.axes[2]
        self._told.setText(f"{axis.name} = {place:.3g} {axis.unit}".rstrip())

    @Slot(int)
    def _on_value(self, value: int) -> None:
        self._tell()
        self.moved.emit()

    @Slot(bool)
    def _on_play(self, playing: bool) -> None:
        if playing:
            self._clock.start()
        else:
            self._clock.stop()

    @Slot()
    def _step(self) -> None:
        self.slider.setValue((self.index() + 1) % (self.slider.maximum() + 1))
