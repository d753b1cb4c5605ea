"""From a parameter to its widget: the one table, keyed on kind and markers.

Every widget has `show_value(value)`, the signals `changing`, `changed`, `refused` and `reset`, and
holds nothing but what it shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QWidget,
)

from engine.params import Bound, Parameter, ParameterError, parse
from workbench.forms.slider import NumberSlider

MOST_SEGMENTS = 3


class _Asking(QWidget):
    changing = Signal(object)
    changed = Signal(object)
    refused = Signal(str)
    reset = Signal()

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter, self.owner = parameter, owner
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(0)

    def named(self, widget: QWidget) -> None:
        widget.setAccessibleName(self.parameter.label)
        widget.setAccessibleDescription(self.parameter.doc.text)
        self.setFocusProxy(widget)

    def set_bound(self, bound: Bound) -> None:
        """Only numbers have bounds."""


class Check(_Asking):
    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.box = QCheckBox(self)
        self.named(self.box)
        self.row.addWidget(self.box)
        self.row.addStretch(1)
        self.box.clicked.connect(self._clicked)

    def show_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    @Slot(bool)
    def _clicked(self, checked: bool) -> None:
        self.changed.emit(checked)


class Segments(_Asking):
    """Two or three choices side by side."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.group = QButtonGroup(self)
        for number, choice in enumerate(parameter.choices):
            button = QToolButton(self)
            button.setText(_words(choice))
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(f"{parameter.label}: {_words(choice)}")
            self.group.addButton(button, number)
            self.row.addWidget(button)
        self.row.addStretch(1)
        self.setFocusProxy(self.group.button(0))
        self.group.idClicked.connect(self._clicked)

    def show_value(self, value: Any) -> None:
        self.group.button(self.parameter.choices.index(value)).setChecked(True)

    @Slot(int)
    def _clicked(self, number: int) -> None:
        self.changed.emit(self.parameter.choices[number])


class _Combo(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Choice(_Asking):
    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.combo = _Combo(self)
        self.combo.addItems([_words(c) for c in parameter.choices])
        self.named(self.combo)
        self.row.addWidget(self.combo, 1)
        self.combo.activated.connect(self._chosen)

    def show_value(self, value: Any) -> None:
        blocker = QSignalBlocker(self.combo)
        self.combo.setCurrentIndex(self.parameter.choices.index(value))
        blocker.unblock()

    @Slot(int)
    def _chosen(self, number: int) -> None:
        self.changed.emit(self.parameter.choices[number])


class Line(_Asking):
    """Text, several numbers, or a number without bounds."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.line = QLineEdit(self)
        self.named(self.line)
        self.row.addWidget(self.line, 1)
        self.line.editingFinished.connect(self._typed)

    def show_value(self, value: Any) -> None:
        if isinstance(value, tuple):
            self.line.setText(", ".join(f"{v:g}" for v in value))
        else:
            self.line.setText("" if value is None else str(value))

    @Slot()
    def _typed(self) -> None:
        if not self.line.isModified():
            return
        self.line.setModified(False)
        try:
            value = parse(self.owner, self.parameter.name, self.line.text())
        except ParameterError as error:
            self.refused.emit(str(error))
            return
        self.refused.emit("")
        self.changed.emit(value)


class File(Line):
    """A path, typed or chosen."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.browse = QToolButton(self)
        self.browse.setText("…")
        self.browse.setAccessibleName(f"Choose {parameter.label}")
        self.row.addWidget(self.browse)
        self.browse.clicked.connect(self._ask)

    @Slot()
    def _ask(self) -> None:
        self._dialog = QFileDialog(self)
        self._dialog.fileSelected.connect(self._chose)
        self._dialog.open()

    @Slot(str)
    def _chose(self, path: str) -> None:
        self.changed.emit(Path(path))


class Optional(_Asking):
    """Another widget beside an "auto" switch that stands for None."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.inner: Any = _widget(parameter, owner, self)
        self.auto = QToolButton(self)
        self.auto.setText("auto")
        self.auto.setCheckable(True)
        self.auto.setProperty("role", "auto")
        self.auto.setAccessibleName(f"{parameter.label}: choose for me")
        self.auto.setToolTip("Let the method choose this value from the data")
        self.row.setSpacing(8)
        self.row.addWidget(self.inner, 1)
        self.row.addWidget(self.auto)
        self.setFocusProxy(self.inner)
        self.inner.changing.connect(self.changing)
        self.inner.changed.connect(self.changed)
        self.inner.refused.connect(self.refused)
        self.inner.reset.connect(self.reset)
        self.auto.clicked.connect(self._clicked)
        self._last: Any = _middle(parameter)
        self.inner.show_value(self._last)

    def show_value(self, value: Any) -> None:
        self.auto.setChecked(value is None)
        if value is not None:
            self._last = value
            self.inner.show_value(value)

    def show_chosen(self, value: Any) -> None:
        """What the method chose, shown while the switch is on."""
        self._last = value
        if self.auto.isChecked():
            self.inner.show_value(value)

    def set_bound(self, bound: Bound) -> None:
        self.inner.set_bound(bound)

    @Slot(bool)
    def _clicked(self, checked: bool) -> None:
        self.changed.emit(None if checked else self._last)


def _middle(parameter: Parameter) -> Any:
    if parameter.default is not None or parameter.bound is None:
        return parameter.default if parameter.default is not None else ""
    low, high = parameter.bound.soft or (parameter.bound.low, parameter.bound.high)
    value = (low * high) ** 0.5 if parameter.bound.log else (low + high) / 2
    return round(value) if parameter.kind == "int" else float(f"{value:.3g}")


def _words(choice: Any) -> str:
    return str(choice).replace("_", " ")


def _widget(parameter: Parameter, owner: type, parent: QWidget) -> Any:
    if parameter.kind in ("float", "int") and parameter.bound is not None:
        return NumberSlider(parameter, owner, parent)
    if parameter.kind == "choice":
        few = len(parameter.choices) <= MOST_SEGMENTS
        short = sum(len(str(c)) for c in parameter.choices) <= 18
        return (Segments if few and short else Choice)(parameter, owner, parent)
    kinds: dict[str, type[_Asking]] = {"bool": Check, "path": File}
    return kinds.get(parameter.kind, Line)(parameter, owner, parent)


def widget_for(parameter: Parameter, owner: type, parent: QWidget) -> Any:
    """The widget of one parameter of the class `owner`."""
    if parameter.optional:
        return Optional(parameter, owner, parent)
    return _widget(parameter, owner, parent)
