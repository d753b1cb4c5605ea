"""From a parameter to its widget: the one table, keyed on kind and markers.

Every widget has `show_value(value)`, the signals `changing`, `changed`, `refused` and `reset`, and
holds nothing but what it shows. `beside` stands at the right of the label; the widget itself
stands there too unless `below` asks for the whole width under it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from engine.params import Bound, Parameter, ParameterError, parse
from workbench.forms.editor import Editor
from workbench.forms.entry import Entry
from workbench.forms.many import Many
from workbench.forms.painted import PaintedFactors
from workbench.forms.rows import RowCount
from workbench.forms.slider import NumberSlider
from workbench.forms.switch import Switch

MOST_SEGMENTS = 3
SHORT = 12
"""Letters of all choices together that fit beside a label."""
LONG = 34
"""Letters of all choices together that fit on a line of their own."""
CONTROL_WIDTH = 150


class Check(Editor):
    """Yes or no."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.box = Switch(self)
        self.named(self.box)
        self.row.addWidget(self.box)
        self.box.clicked.connect(self._clicked)

    def show_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    @Slot(bool)
    def _clicked(self, checked: bool) -> None:
        self.changed.emit(checked)


class _Segment(QToolButton):
    """A segment's arrow keys choose the neighbour, as those of radio buttons do."""

    moved = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
        }.get(Qt.Key(event.key()), 0)
        if step:
            self.moved.emit(step)
        else:
            super().keyPressEvent(event)


class Segments(Editor):
    """Two or three choices side by side."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.below = _letters(parameter) > SHORT
        self.group = QButtonGroup(self)
        last = len(parameter.choices) - 1
        for number, choice in enumerate(parameter.choices):
            button = _Segment(self)
            button.setText(_words(choice))
            button.setCheckable(True)
            button.setProperty("role", "segment")
            side = {0: "first", last: "last"}.get(number, "middle")
            button.setProperty("side", side)
            button.setAccessibleName(f"{parameter.label}: {_words(choice)}")
            button.setAccessibleDescription(parameter.doc.text)
            if self.below:
                button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.moved.connect(self._move)
            self.group.addButton(button, number)
            self.row.addWidget(button)
        self.group.idClicked.connect(self._clicked)

    def stops(self) -> list[QWidget]:
        return [self.group.checkedButton() or self.group.button(0)]

    def show_value(self, value: Any) -> None:
        chosen = self.group.button(self.parameter.choices.index(value))
        chosen.setChecked(True)
        for button in self.group.buttons():
            # One Tab stop for the group; the arrow keys move inside it.
            here = button is chosen
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if here else Qt.FocusPolicy.ClickFocus)
        self.setFocusProxy(chosen)

    @Slot(int)
    def _move(self, step: int) -> None:
        number = self.group.checkedId() + step
        if 0 <= number < len(self.parameter.choices):
            self.group.button(number).setFocus(Qt.FocusReason.TabFocusReason)
            self.changed.emit(self.parameter.choices[number])

    @Slot(int)
    def _clicked(self, number: int) -> None:
        self.changed.emit(self.parameter.choices[number])


class _Combo(QComboBox):
    """Leaves the wheel to the panel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Choice(Editor):
    """One of many."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.combo = _Combo(self)
        self.combo.setMinimumWidth(CONTROL_WIDTH)
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


class Line(Editor):
    """Text, a path, several numbers, or a number without bounds."""

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.below = parameter.kind in ("path", "floats")
        self.line = Entry(self)
        self.line.setMinimumWidth(CONTROL_WIDTH)
        self.named(self.line)
        self.row.setSpacing(8)
        self.row.addWidget(self.line, 1)
        if parameter.kind == "path":
            self._add_browse()
        elif parameter.kind == "floats":
            self.line.setPlaceholderText("numbers, separated by commas")
        self.line.entered.connect(self._typed)
        self.line.left.connect(self._forgive)

    def _add_browse(self) -> None:
        self.line.setPlaceholderText("no folder" if self.parameter.folder else "no file")
        browse = QToolButton(self)
        browse.setText("Browse…")
        kind = "folder" if self.parameter.folder else "file"
        browse.setAccessibleName(f"Choose a {kind} for {self.parameter.label}")
        browse.clicked.connect(self._ask)
        self.row.addWidget(browse)

    def show_value(self, value: Any) -> None:
        if isinstance(value, tuple):
            text = ", ".join(f"{v:g}" for v in value)
        elif isinstance(value, Path):
            text = "" if value == Path() else str(value)
        else:
            text = "" if value is None else str(value)
        self.line.show_text(text)

    @Slot(str)
    def _typed(self, text: str) -> None:
        try:
            value = parse(self.owner, self.parameter.name, text)
        except ParameterError as error:
            self.line.mark(wrong=True)
            self.refused.emit(str(error))
            return
        self.line.setModified(False)
        self.line.mark(wrong=False)
        self.refused.emit("")
        self.changed.emit(value)

    @Slot()
    def _forgive(self) -> None:
        self.refused.emit("")

    @Slot()
    def _ask(self) -> None:
        dialog = QFileDialog(self, f"Choose a place for {self.parameter.label}")
        if self.parameter.folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chose)
        dialog.open()

    @Slot(str)
    def _chose(self, path: str) -> None:
        self.refused.emit("")
        self.changed.emit(Path(path))


class Optional(Editor):
    """Another widget with an "auto" switch that stands for None.

    While the switch is on the inner widget is dimmed and shows what the method chose, or its
    middle; moving it takes over from the method.
    """

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parameter, owner, parent)
        self.inner: Any = _widget(parameter, owner, self)
        self.below = self.inner.below
        self.auto = QToolButton(self)
        self.auto.setText("auto")
        self.auto.setCheckable(True)
        self.auto.setProperty("role", "auto")
        self.auto.setAccessibleName(f"{parameter.label}: choose for me")
        self.auto.setToolTip("Let the method choose this value from the data")
        self.row.setSpacing(8)
        self.row.addWidget(self.inner, 1)
        if self.below:
            self.beside = (self.auto, *self.inner.beside)
        else:
            self.row.addWidget(self.auto)
        self.setFocusProxy(self.inner)
        self.inner.changing.connect(self.changing)
        self.inner.changed.connect(self.changed)
        self.inner.refused.connect(self.refused)
        self.inner.reset.connect(self.reset)
        self.auto.clicked.connect(self._clicked)
        self._last: Any = _middle(parameter)
        if self._last is not None:
            self.inner.show_value(self._last)

    def stops(self) -> list[QWidget]:
        return [*self.inner.stops(), self.auto]

    def show_value(self, value: Any) -> None:
        self.auto.setChecked(value is None)
        self.auto.setEnabled(value is not None or self._last is not None)
        self.set_quiet(value is None)
        if value is not None:
            self._last = value
            self.inner.show_value(value)

    def show_chosen(self, value: Any) -> None:
        """What the method chose, shown while the switch is on."""
        if self.parameter.kind == "int":
            value = round(value)
        self._last = value
        if self.auto.isChecked():
            self.inner.show_value(value)

    def set_bound(self, bound: Bound) -> None:
        self.inner.set_bound(bound)

    def set_quiet(self, quiet: bool) -> None:
        self.inner.set_quiet(quiet)

    @Slot(bool)
    def _clicked(self, checked: bool) -> None:
        self.changed.emit(None if checked else self._last)


def _middle(parameter: Parameter) -> Any:
    """A value to begin with when the person leaves "auto" before anything was chosen."""
    if parameter.default is not None:
        return parameter.default
    if parameter.kind == "choice":
        return parameter.choices[0]
    if parameter.kind == "bool":
        return False
    if parameter.bound is None:
        return None
    low, high = parameter.bound.soft or (parameter.bound.low, parameter.bound.high)
    value = (low * high) ** 0.5 if parameter.bound.log else (low + high) / 2
    return round(value) if parameter.kind == "int" else float(f"{value:.3g}")


def _words(choice: Any) -> str:
    return str(choice).replace("_", " ")


def _letters(parameter: Parameter) -> int:
    return sum(len(_words(choice)) for choice in parameter.choices)


def _widget(parameter: Parameter, owner: type, parent: QWidget) -> Any:
    if parameter.kind in ("float", "int") and parameter.bound is not None:
        return NumberSlider(parameter, owner, parent)
    if parameter.kind == "choice":
        few = len(parameter.choices) <= MOST_SEGMENTS and _letters(parameter) <= LONG
        return (Segments if few else Choice)(parameter, owner, parent)
    if parameter.factors_on:
        return PaintedFactors(parameter, owner, parent)
    if parameter.kind == "floats":
        return Many(parameter, owner, Line(parameter, owner, parent), parent)
    kinds: dict[str, type[Editor]] = {"bool": Check, "rows": RowCount}
    return kinds.get(parameter.kind, Line)(parameter, owner, parent)


def widget_for(parameter: Parameter, owner: type, parent: QWidget) -> Any:
    """The widget of one parameter of the class `owner`."""
    if parameter.optional:
        return Optional(parameter, owner, parent)
    return _widget(parameter, owner, parent)
