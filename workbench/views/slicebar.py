"""A slider through slices along a further coordinate, with play."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from engine.layers import Axis, Field
from workbench.forms.groove import Groove

FRAME_MS = 40
ROUND_MS = 4000
"""A whole run through the slices takes about as long, and no frame less than `FRAME_MS`."""
NONE = Axis("")


class SliceBar(QWidget):
    """Hidden unless there are slices. `moved` asks for the slice to be drawn; `settled` says that
    the hand has let go, or that playing has stopped."""

    moved = Signal()
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis, self._places = NONE, np.empty(0)
        self.play = QToolButton(self)
        self.play.setText("▶")
        self.play.setCheckable(True)
        self.play.setToolTip("Play through")
        self.play.setAccessibleName("Play through the slices")
        self.slider = Groove(self)
        self.slider.setAccessibleName("Slice")
        self._told = QLabel("", self)
        self._told.setMinimumWidth(96)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self._told)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._step)
        self.slider.valueChanged.connect(self._on_value)
        self.slider.stepped.connect(self._on_stepped)
        self.slider.end_asked.connect(self._on_end)
        self.slider.sliderPressed.connect(self.stop)
        self.slider.sliderReleased.connect(self.settled)
        self.play.toggled.connect(self._on_play)
        self.hide()

    def offer(self, field: Field | None) -> None:
        """Follow the field's third coordinate; the slice stays where it is in number."""
        if field is None or field.values.ndim != 3:
            self.offer_places(NONE, ())
            return
        (low, high), count = field.extent[2], field.values.shape[2]
        middles = low + (np.arange(count) + 0.5) * (high - low) / max(count, 1)
        self.offer_places(field.axes[2], middles.tolist())

    def offer_places(self, axis: Axis, places: Sequence[float]) -> None:
        """Slices at these places along the axis, in its unit; none hide the bar."""
        count = len(places)
        if not count:
            self.stop()
        self._axis, self._places = axis, np.asarray(places, np.float64)
        self.setVisible(count > 0)
        if not count:
            return
        if self.slider.maximum() != count - 1:
            self.slider.blockSignals(True)
            self.slider.setRange(0, count - 1)
            self.slider.setValue(count - 1)
            self.slider.blockSignals(False)
            self._clock.setInterval(max(FRAME_MS, ROUND_MS // count))
        self._tell()

    def axis(self) -> Axis:
        return self._axis

    def index(self) -> int:
        return self.slider.value()

    def show_index(self, index: int) -> None:
        """The slice that is drawn already."""
        self.slider.blockSignals(True)
        self.slider.setValue(index)
        self.slider.blockSignals(False)
        self._tell()

    def held(self) -> bool:
        """Whether a hand or the clock moves it."""
        return self.slider.isSliderDown() or self._clock.isActive()

    @Slot()
    def stop(self) -> None:
        self.play.setChecked(False)

    def _tell(self) -> None:
        if self.index() < len(self._places):
            place = self._places[self.index()]
            self._told.setText(f"{self._axis.name} = {place:.3g} {self._axis.unit}".rstrip())

    @Slot(int)
    def _on_value(self, value: int) -> None:
        self._tell()
        self.moved.emit()
        if not self.held():
            self.settled.emit()

    @Slot(int)
    def _on_stepped(self, by: int) -> None:
        self.stop()
        self.slider.setValue(self.index() + by)

    @Slot(int)
    def _on_end(self, end: int) -> None:
        self.stop()
        self.slider.setValue(self.slider.maximum() if end > 0 else 0)

    @Slot(bool)
    def _on_play(self, playing: bool) -> None:
        self.play.setText("❚❚" if playing else "▶")
        if playing:
            self._clock.start()
        elif self._clock.isActive():
            self._clock.stop()
            self.settled.emit()

    @Slot()
    def _step(self) -> None:
        self.slider.setValue((self.index() + 1) % (self.slider.maximum() + 1))
