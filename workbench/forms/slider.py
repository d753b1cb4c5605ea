"""A slider over a bounded number, linear or logarithmic, with its number box."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.params import Bound, Parameter, ParameterError, parse
from workbench.forms.entry import Entry
from workbench.forms.groove import Groove

POSITIONS = 2000
"""Places of a continuous slider: finer than its pixels."""
BOX_WIDTH = 80


def number_text(value: float, *, whole: bool) -> str:
    """A number as a person would write it: four digits that count, no exponent without need."""
    if whole:
        return f"{value:d}" if isinstance(value, int) else f"{value:.0f}"
    short = f"{value:.4g}"
    if "e" in short and 1e-3 <= abs(value) < 1e7:
        return f"{float(short):.0f}"
    # Without the zero of an exponent it fits its box.
    return short.replace("e-0", "e-").replace("e+0", "e+")


class NumberSlider(QWidget):
    """`changing` while the hand drags, `changed` when it lets go or a number is typed.

    The slider spans the soft range, the box takes all that is legal. `box` stands beside the
    label, so the slider has the whole width below.
    """

    changing = Signal(object)
    changed = Signal(object)
    refused = Signal(str)
    reset = Signal()
    below = True

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert parameter.bound is not None
        self._parameter, self._owner = parameter, owner
        self._whole = parameter.kind == "int"
        self._bound = parameter.bound
        self._value: Any = None
        self._moved_since = False
        self.slider = Groove(self)
        self.box = Entry(self, steps=True)
        self.box.setFixedWidth(BOX_WIDTH)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.beside: tuple[QWidget, ...] = (self.box,)
        for widget, part in ((self.slider, "slider"), (self.box, "number")):
            widget.setAccessibleName(f"{parameter.label} {part}")
            widget.setAccessibleDescription(parameter.doc.text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider)
        self.setFocusProxy(self.slider)
        self.set_bound(self._bound)
        self._connect()

    def _connect(self) -> None:
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self._settle)
        self.slider.reset.connect(self.reset)
        self.slider.end_asked.connect(self._go_to_end)
        for widget in (self.slider, self.box):
            widget.stepped.connect(self._step)
            widget.stepping_ended.connect(self._settle)
        self.box.entered.connect(self._typed)
        self.box.left.connect(self._forgive)

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order."""
        return [self.slider, self.box]

    def set_quiet(self, quiet: bool) -> None:
        """Dim it while the method chooses the value."""
        self.slider.set_quiet(quiet)

    # Range

    def set_bound(self, bound: Bound) -> None:
        """Narrow the slider, for limits that follow from the data."""
        self._bound = bound
        blocker = QSignalBlocker(self.slider)
        self.slider.setRange(0, self._count())
        blocker.unblock()
        low, high = self._span()
        zero_inside = not bound.log and low < 0 < high
        default = self._parameter.default
        self.slider.set_marks(
            origin=self._part(0.0) if zero_inside else 0.0,
            default=self._part(default) if default is not None else None,
        )
        if self._value is not None:
            self.show_value(self._value)

    def _span(self) -> tuple[float, float]:
        low, high = self._bound.soft or (self._bound.low, self._bound.high)
        return max(low, self._bound.low), min(high, self._bound.high)

    def _count(self) -> int:
        low, high = self._span()
        if self._bound.log:
            return POSITIONS
        if self._whole or self._bound.step:
            return max(1, round((high - low) / (self._bound.step or 1.0)))
        return POSITIONS

    def _part(self, value: float) -> float:
        low, high = self._span()
        value = min(max(value, low), high)
        if self._bound.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def _at(self, place: int) -> Any:
        """The value at a place of the slider, rounded to what a place can tell apart."""
        low, high = self._span()
        if place <= 0 or place >= self.slider.maximum():
            return self._legal(low if place <= 0 else high)
        part = place / self.slider.maximum()
        if self._bound.log:
            return self._legal(float(f"{low * (high / low) ** part:.4g}"))
        places = max(0, 1 - math.floor(math.log10((high - low) / self.slider.maximum())))
        return self._legal(round(low + (high - low) * part, places))

    def _legal(self, value: float) -> Any:
        value = min(max(value, self._bound.low), self._bound.high)
        return round(value) if self._whole else float(value)

    # Shown by the form

    def show_value(self, value: Any) -> None:
        """Show without saying anything."""
        self._value = value
        if not self.slider.isSliderDown():
            blocker = QSignalBlocker(self.slider)
            self.slider.setValue(round(self._part(value) * self.slider.maximum()))
            blocker.unblock()
            self.slider.update()
        self.box.show_text(number_text(value, whole=self._whole))

    # Said by the person

    @Slot(int)
    def _moved(self, place: int) -> None:
        if (value := self._at(place)) != self._value:
            self._preview(value)

    def _preview(self, value: Any) -> None:
        self._value = value
        self._moved_since = True
        self.box.replace_text(number_text(value, whole=self._whole))
        self.refused.emit("")
        self.changing.emit(value)

    @Slot()
    def _settle(self) -> None:
        if self._moved_since and not self.slider.isSliderDown():
            self._moved_since = False
            self.changed.emit(self._value)

    @Slot(int)
    def _step(self, count: int) -> None:
        self._walk(self._stepped(count))

    @Slot(int)
    def _go_to_end(self, end: int) -> None:
        self._walk(self._legal(self._span()[0 if end < 0 else 1]))

    def _walk(self, value: Any) -> None:
        if self._value is not None and value != self._value:
            self._preview(value)
            self.show_value(value)

    def _stepped(self, count: int) -> Any:
        """The value `count` steps on. A step is the bound's, else 1 for whole numbers, else a
        hundredth of the slider; on a logarithmic slider steps grow with the value."""
        low, high = self._span()
        if self._bound.log and not self._bound.step:
            value = float(f"{self._value * (high / low) ** (count / 100):.4g}")
            if self._whole and abs(round(value) - self._value) < abs(count):
                value = self._value + count
        else:
            step = self._bound.step or (1.0 if self._whole else (high - low) / 100)
            value = round(self._value + count * step, 10)
        return self._legal(value)

    @Slot(str)
    def _typed(self, text: str) -> None:
        name = self._parameter.name
        try:
            value = parse(self._owner, name, text)
            if value is not None and not self._bound.low <= value <= self._bound.high:
                raise ParameterError(
                    name,
                    f"With this data it must be between {self._bound.low:g} and "
                    f"{self._bound.high:g}. Got {text.strip()}.",
                )
        except ParameterError as error:
            self.box.mark(wrong=True)
            self.refused.emit(str(error))
            return
        self.box.setModified(False)
        self.box.mark(wrong=False)
        self.refused.emit("")
        self.changed.emit(value)

    @Slot()
    def _forgive(self) -> None:
        self.refused.emit("")
