"""One parameter of the form: its name, its marks, its widget and why a value was refused."""

from __future__ import annotations

from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.params import Bound, Parameter
from workbench.forms.painted import EVEN
from workbench.forms.rows import counted
from workbench.forms.slider import number_text
from workbench.forms.widgets import widget_for


class _Name(QLabel):
    """A parameter's name; a double click resets it."""

    reset = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()


class ParameterRow(QWidget):
    """`asked(name, value, final)` says what the person wants; final is False while dragging."""

    asked = Signal(str, object, bool)

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.widget: Any = widget_for(parameter, owner, self)
        self.widget.setObjectName(f"param.{parameter.name}")
        self.name = _Name(self)
        self.name.setTextFormat(Qt.TextFormat.RichText)
        self.name.setWordWrap(True)
        self.name.setBuddy(self.widget)
        self.stale = QLabel("●", self)
        self.stale.setProperty("role", "warning")
        self.stale.setAccessibleName(f"{parameter.label} waits for Fit")
        self.reset = QToolButton(self)
        self.reset.setText("↺")
        self.reset.setProperty("role", "reset")
        self.reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reset.setAccessibleName(f"Reset {parameter.label}")
        self.reset.setToolTip(f"Back to {shown(parameter, parameter.default)} (double click)")
        self.refusal = QLabel("", self)
        self.refusal.setProperty("role", "error")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        self._bound: Bound | None = None
        self._shown: tuple[Any, bool] | None = None
        self._lay_out()
        self._connect()
        self.set_bound(parameter.bound)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(6)
        head.addWidget(self.name, 1)
        head.addWidget(self.stale)
        head.addWidget(self.reset)
        # The marks keep their place while hidden, so that nothing jumps as they come and go.
        for mark in (self.stale, self.reset):
            policy = mark.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            mark.setSizePolicy(policy)
        for widget in self.widget.beside:
            head.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        if self.widget.below:
            column.addWidget(self.widget)
        else:
            head.addWidget(self.widget)
        column.addWidget(self.refusal)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _connect(self) -> None:
        self.widget.changing.connect(self._changing)
        self.widget.changed.connect(self._changed)
        self.widget.refused.connect(self.refuse)
        self.widget.reset.connect(self._reset)
        self.name.reset.connect(self._reset)
        self.reset.clicked.connect(self._reset)

    @Slot(object)
    def _changing(self, value: Any) -> None:
        self.asked.emit(self.parameter.name, value, False)

    @Slot(object)
    def _changed(self, value: Any) -> None:
        self.asked.emit(self.parameter.name, value, True)

    @Slot()
    def _reset(self) -> None:
        self.refuse("")
        self.asked.emit(self.parameter.name, self.parameter.default, True)

    @Slot(str)
    def refuse(self, sentence: str) -> None:
        """Say why a value was not taken; "" takes the sentence away."""
        self.refusal.setText(sentence)
        self.refusal.setVisible(bool(sentence))

    def set_bound(self, bound: Bound | None) -> None:
        """The range the slider crosses, and the tip that names it."""
        if bound is not None and bound != self._bound:
            self.widget.set_bound(bound)
        if bound != self._bound or not self.name.toolTip():
            self._bound = bound
            for widget in (self.name, self.widget):
                widget.setToolTip(tip(self.parameter, bound))

    def show_value(self, value: Any, *, stale: bool) -> None:
        """Show a value and whether the picture was made with another one."""
        if self._shown == (value, stale) and not self.refusal.text():
            return
        self._shown = (value, stale)
        changed = value != self.parameter.default
        self.widget.show_value(value)
        self.name.setText(title(self.parameter, bold=changed))
        self.reset.setVisible(changed)
        self.stale.setVisible(stale)
        self.stale.setToolTip("Differs from the shown picture; takes effect at the next fit")
        said = self.parameter.doc.text
        self.name.setAccessibleDescription(f"{said} Changed." if changed else said)


def title(parameter: Parameter, *, bold: bool) -> str:
    """Name, symbol and unit as rich text; bold for a value that is not the default."""
    symbol = parameter.doc.symbol == parameter.label
    label = parameter.label if symbol else parameter.label[:1].upper() + parameter.label[1:]
    name = f"<i>{escape(label)}</i>" if symbol else escape(label)
    text = f"<b>{name}</b>" if bold else name
    if parameter.doc.symbol and not symbol:
        text += f" <i>{escape(parameter.doc.symbol)}</i>"
    if parameter.doc.unit:
        text += f" ({escape(parameter.doc.unit)})"
    return text


def tip(parameter: Parameter, bound: Bound | None) -> str:
    """What the parameter means, its range and its default, as a tool tip that wraps."""
    lines = [f"<b>{escape(parameter.label)}</b>"]
    if parameter.doc.symbol:
        lines[0] += f" &nbsp;<i>{escape(parameter.doc.symbol)}</i>"
    if parameter.doc.text:
        lines.append(escape(parameter.doc.text))
    whole, unit = parameter.kind == "int", f" {parameter.doc.unit}" if parameter.doc.unit else ""
    if bound is not None:
        low, high = (number_text(v, whole=whole) for v in (bound.low, bound.high))
        lines.append(f"From {low} to {high}{escape(unit)}.")
    lines.append(f"Default: {escape(shown(parameter, parameter.default))}.")
    return "<div style='width: 300px'>" + "<br>".join(lines) + "</div>"


def shown(parameter: Parameter, value: Any) -> str:
    """A value in words."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if parameter.kind == "rows":
        return counted(value)
    if parameter.factors_on and not value:
        return EVEN
    if isinstance(value, tuple):
        return ", ".join(f"{v:g}" for v in value)
    if isinstance(value, (int, float)):
        return number_text(value, whole=parameter.kind == "int")
    return str(value).replace("_", " ") if parameter.kind == "choice" else str(value)
