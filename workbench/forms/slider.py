"""A slider over a bounded number, linear or logarithmic, with its number box."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QSlider, QStyle, QWidget

from engine.params import Bound, Parameter, ParameterError, parse

POSITIONS = 2000
"""Places of a continuous slider: finer than its pixels."""


class _Groove(QSlider):
    """A slider that jumps to a click, and lets the wheel scroll the panel."""

    reset = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            place = QStyle.sliderValueFromPosition(
                self.minimum(),
                self.maximum(),
                round(event.position().x()) - 7,
                max(1, self.width() - 14),
            )
            self.setValue(place)
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class NumberSlider(QWidget):
    """`changing` while the hand drags, `changed` when it lets go or a number is typed."""

    changing = Signal(object)
    changed = Signal(object)
    refused = Signal(str)
    reset = Signal()

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parameter, self._owner = parameter, owner
        self._whole = parameter.kind == "int"
        self._bound = parameter.bound or Bound(0, 1)
        self._value: Any = None
        self._held = False
        self.slider = _Groove(Qt.Orientation.Horizontal, self)
        self.slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box = QLineEdit(self)
        self.box.setFixedWidth(76)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        for widget in (self.slider, self.box):
            widget.setAccessibleName(parameter.label)
            widget.setAccessibleDescription(parameter.doc.text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.box)
        self.setFocusProxy(self.slider)
        self.set_bound(self._bound)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderPressed.connect(self._pressed)
        self.slider.sliderReleased.connect(self._released)
        self.slider.reset.connect(self.reset)
        self.box.editingFinished.connect(self._typed)

    def set_bound(self, bound: Bound) -> None:
        """Narrow the slider, for limits that follow from the data."""
        self._bound = bound
        low, high = self._span()
        count = POSITIONS
        if not bound.log and (self._whole or bound.step):
            count = max(1, round((high - low) / self._step()))
        blocker = QSignalBlocker(self.slider)
        self.slider.setRange(0, count)
        self.slider.setSingleStep(1 if count < 200 else count // 100)
        self.slider.setPageStep(max(1, count // 10))
        blocker.unblock()
        if self._value is not None:
            self.show_value(self._value)

    def _span(self) -> tuple[float, float]:
        return self._bound.soft or (self._bound.low, self._bound.high)

    def _step(self) -> float:
        return self._bound.step or 1.0

    def _at(self, place: int) -> Any:
        low, high = self._span()
        part = place / max(1, self.slider.maximum())
        value = low * (high / low) ** part if self._bound.log else low + (high - low) * part
        if self._whole:
            return round(value)
        return float(f"{value:.4g}") if 0 < place < self.slider.maximum() else float(value)

    def _place(self, value: float) -> int:
        low, high = self._span()
        value = min(max(value, low), high)
        if self._bound.log:
            part = math.log(value / low) / math.log(high / low)
        else:
            part = (value - low) / (high - low)
        return round(part * self.slider.maximum())

    def show_value(self, value: Any) -> None:
        """Show without saying anything."""
        self._value = value
        if not self._held:
            blocker = QSignalBlocker(self.slider)
            self.slider.setValue(self._place(value))
            blocker.unblock()
        if not self.box.hasFocus() or not self.box.isModified():
            self.box.setText(f"{value:d}" if self._whole else f"{value:.4g}")
        self._mark(False)

    def _mark(self, wrong: bool) -> None:
        self.box.setProperty("wrong", wrong)
        self.box.style().unpolish(self.box)
        self.box.style().polish(self.box)

    @Slot()
    def _pressed(self) -> None:
        self._held = True

    @Slot()
    def _released(self) -> None:
        self._held = False
        self.changed.emit(self._at(self.slider.value()))

    @Slot(int)
    def _moved(self, place: int) -> None:
        value = self._at(place)
        if value == self._value:
            return
        self._value = value
        self.box.setText(f"{value:d}" if self._whole else f"{value:.4g}")
        if self._held or self.slider.isSliderDown():
            self.changing.emit(value)
        else:
            self.changed.emit(value)

    @Slot()
    def _typed(self) -> None:
        text = self.box.text()
        if not self.box.isModified():
            return
        try:
            value = parse(self._owner, self._parameter.name, text)
            if value is None:
                raise ParameterError(self._parameter.name, "Type a number.")
        except ParameterError as error:
            self._mark(True)
            self.refused.emit(str(error))
            return
        self.box.setModified(False)
        self.refused.emit("")
        self.changed.emit(value)
