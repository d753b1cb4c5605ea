"""The parameter form, built from a parameter class and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.params import Bound, Effect, Parameter, parameters
from workbench.forms.widgets import widget_for

_SECTIONS = {
    Effect.LIVE: ("Live", "the picture follows"),
    Effect.STEP: ("Next step", "the running fit follows"),
    Effect.REFIT: ("Next fit", "press Fit to apply"),
}


class _Label(QLabel):
    """A parameter's name; a double click resets it."""

    reset = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()


class _Row:
    """Label, widget and refusal of one parameter."""

    def __init__(self, form: ParameterForm, parameter: Parameter, owner: type) -> None:
        self._form, self.parameter = form, parameter
        self.label = _Label(form)
        self.label.setToolTip(_tip(parameter))
        self.widget: Any = widget_for(parameter, owner, form)
        self.widget.setToolTip(_tip(parameter))
        self.widget.setObjectName(f"param.{parameter.name}")
        self.refusal = QLabel("", form)
        self.refusal.setProperty("role", "error")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        self.widget.changing.connect(self._changing)
        self.widget.changed.connect(self._changed)
        self.widget.refused.connect(self._refused)
        self.widget.reset.connect(self._reset)
        self.label.reset.connect(self._reset)

    def _changing(self, value: Any) -> None:
        self._form.ask(self.parameter.name, value, final=False)

    def _changed(self, value: Any) -> None:
        self._form.ask(self.parameter.name, value, final=True)

    def _refused(self, sentence: str) -> None:
        self.refusal.setText(sentence)
        self.refusal.setVisible(bool(sentence))

    def _reset(self) -> None:
        self._form.ask(self.parameter.name, self.parameter.default, final=True)

    def show(self, value: Any, *, stale: bool, visible: bool) -> None:
        self.widget.show_value(value)
        self._refused("")
        mark = " ●" if stale else ""
        name = self.parameter.label
        text = f"<b>{name}</b>" if value != self.parameter.default else name
        self.label.setText(text + mark)
        for item in (self.label, self.widget):
            item.setVisible(visible)


class ParameterForm(QWidget):
    """Shows a parameter object and says what the person wants instead. Holds no value."""

    changing = Signal(object)
    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 12, 16, 12)
        self._layout.setSpacing(4)
        self._shown: Any = None
        self._rows: dict[str, _Row] = {}
        self._body: QWidget | None = None
        self._waiting = QLabel("", self)
        self._waiting.setProperty("role", "warning")
        self._waiting.setWordWrap(True)
        self._layout.addWidget(self._waiting)
        self._waiting.hide()
        self._layout.addStretch(1)

    def show_params(
        self, params: Any, *, limits: Mapping[str, Bound] | None = None, fitted: Any = None
    ) -> None:
        """Show `params`; `fitted` are those of the picture, to mark what waits for a fit."""
        if type(params) is not type(self._shown):
            self._build(type(params))
        self._shown = params
        for name, bound in (limits or {}).items():
            self._rows[name].widget.set_bound(bound)
        stale = set()
        for name, row in self._rows.items():
            value = getattr(params, name)
            refit = row.parameter.effect is Effect.REFIT
            if refit and fitted is not None and getattr(fitted, name) != value:
                stale.add(name)
            row.show(value, stale=name in stale, visible=self._applies(row.parameter, params))
        count = len(stale)
        self._waiting.setText(
            f"{count} change{'s' if count > 1 else ''} ● "
            f"{'wait' if count > 1 else 'waits'} for the next fit"
        )
        self._waiting.setVisible(count > 0)

    def show_chosen(self, values: Mapping[str, float]) -> None:
        """What the method chose for parameters left to it."""
        for name, value in values.items():
            row = self._rows.get(name)
            if row is not None and hasattr(row.widget, "show_chosen"):
                row.widget.show_chosen(value)

    def widget(self, name: str) -> Any:
        """The widget of one parameter."""
        return self._rows[name].widget

    @staticmethod
    def _applies(parameter: Parameter, params: Any) -> bool:
        condition = parameter.applies
        return condition is None or getattr(params, condition.name) in condition.values

    def ask(self, name: str, value: Any, *, final: bool) -> None:
        """Say that a person wants this value."""
        wanted = replace(self._shown, **{name: value})
        (self.changed if final else self.changing).emit(wanted)

    def _build(self, owner: type) -> None:
        if self._body is not None:
            self._layout.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._rows.clear()
        self._body = QWidget(self)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        for effect, (title, meaning) in _SECTIONS.items():
            members = [p for p in parameters(owner) if p.effect is effect]
            if members:
                column.addWidget(self._section(title, meaning, members, owner))
        self._layout.insertWidget(1, self._body)

    def _section(self, title: str, meaning: str, members: list[Parameter], owner: type) -> QWidget:
        section = QWidget(self._body)
        grid = QGridLayout(section)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 104)
        grid.setColumnStretch(1, 1)
        heading = QLabel(f"<b>{title}</b>&nbsp;&nbsp;{meaning}", section)
        heading.setProperty("role", "small")
        grid.addWidget(heading, 0, 0, 1, 2)
        for number, parameter in enumerate(members):
            row = self._rows[parameter.name] = _Row(self, parameter, owner)
            grid.addWidget(row.label, 2 * number + 1, 0)
            grid.addWidget(row.widget, 2 * number + 1, 1)
            grid.addWidget(row.refusal, 2 * number + 2, 0, 1, 2)
        return section


def _tip(parameter: Parameter) -> str:
    doc, bound = parameter.doc, parameter.bound
    parts = [doc.text or parameter.label]
    if doc.symbol:
        parts.append(f"Symbol: {doc.symbol}")
    if doc.unit:
        parts.append(f"Unit: {doc.unit}")
    if bound is not None:
        parts.append(f"From {bound.low:g} to {bound.high:g}")
    parts.append(f"Default: {'auto' if parameter.default is None else parameter.default}")
    return "\n".join(parts)
