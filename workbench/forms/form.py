"""The parameter form, built from a parameter class and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.params import Bound, Effect, Parameter, ParameterError, parameters
from workbench.forms.row import ParameterRow

SECTIONS = {
    Effect.LIVE: ("Live", "moves the picture"),
    Effect.STEP: ("Next step", "the running fit follows"),
    Effect.REFIT: ("Refit", "takes effect at the next fit"),
}
NO_LIMITS: Mapping[str, Bound] = MappingProxyType({})


class ParameterForm(QWidget):
    """Shows a parameter object and says what the person wants instead. Holds no value.

    `changing` carries the wanted parameters while a hand drags, `changed` when it lets go.
    """

    changing = Signal(object)
    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 16, 16, 16)
        self._layout.setSpacing(0)
        self._shown: Any = None
        self._rows: dict[str, ParameterRow] = {}
        self._sections: dict[Effect, list[QWidget]] = {}
        self._body: QWidget | None = None
        self._waiting: QLabel | None = None
        self._data: Any = None
        self._last = ""
        self._chosen: dict[str, Any] = {}
        self._without: tuple[str, ...] = ()
        self._layout.addStretch(1)

    def show_params(
        self, params: Any, *, limits: Mapping[str, Bound] = NO_LIMITS, fitted: Any = None
    ) -> None:
        """Show `params`; `fitted` are those of the picture, to mark what waits for a fit.

        `limits` narrow bounds for the data at hand. Emits nothing.
        """
        if type(params) is not type(self._shown):
            self._build(type(params))
        self._shown = params
        comparable, self._without = type(fitted) is type(params), ()
        stale = 0
        for name, row in self._rows.items():
            value = getattr(params, name)
            waits = (
                comparable
                and row.parameter.effect is Effect.REFIT
                and getattr(fitted, name) != value
            )
            row.set_bound(limits.get(name, row.parameter.bound))
            row.show_value(value, stale=waits)
            row.setVisible(self._applies(row.parameter) and name not in self._idle())
            stale += waits
        self._tell_wholes()
        self._hide_empty()
        self._show_waiting(stale)

    def show_data(self, data: Any) -> None:
        """Parameters that hold several numbers ask the data for their names and bounds: an
        attribute called as the parameter, of entries with name, value, low and high."""
        self._data = data
        self._name_entries()
        self._show_rows()

    def _show_rows(self) -> None:
        for name, row in self._rows.items():
            row.setVisible(self._applies(row.parameter) and name not in self._idle())
        self._hide_empty()

    def _hide_empty(self) -> None:
        """A section none of whose parameters matter now has no heading either."""
        for effect, parts in self._sections.items():
            rows = (r for r in self._rows.values() if r.parameter.effect is effect)
            seen = any(not row.isHidden() for row in rows)
            for part in parts:
                part.setVisible(seen)

    def _name_entries(self) -> None:
        for name, row in self._rows.items():
            if hasattr(row.widget, "set_entries"):
                row.widget.set_entries(getattr(self._data, name, ()))
        self._order()

    def show_chosen(self, values: Mapping[str, Any], idle: tuple[str, ...] = ()) -> None:
        """What the method chose for parameters left to it, and those that mean nothing to it."""
        if idle != self._without:
            self._without = idle
            self._show_rows()
        for name, value in values.items():
            row = self._rows.get(name)
            if row is not None and hasattr(row.widget, "show_chosen"):
                row.widget.show_chosen(value)
        self._chosen = {**self._chosen, **values}
        self._tell_wholes()

    def _tell_wholes(self) -> None:
        """Factors on a parameter are shown with what it is, stated or chosen."""
        for row in self._rows.values():
            name = row.parameter.factors_on
            if name:
                stated = getattr(self._shown, name)
                row.widget.show_whole(self._chosen.get(name) if stated is None else stated)

    def row(self, name: str) -> ParameterRow:
        """The row of one parameter."""
        return self._rows[name]

    def widget(self, name: str) -> Any:
        """The widget of one parameter."""
        return self._rows[name].widget

    def last_row(self) -> ParameterRow | None:
        """The row that a hand moved last, also one of several in a parameter."""
        row = self._rows.get(self._last)
        if row is None or not hasattr(row.widget, "rows"):
            return row
        inner: ParameterRow | None = row.widget.last
        return inner

    def waiting(self) -> str:
        """The sentence about changes that the next fit will take up, or ""."""
        return "" if self._waiting is None else self._waiting.text()

    def _idle(self) -> tuple[str, ...]:
        """Parameters that mean nothing for the data at hand, as these say themselves, or for what
        was fitted."""
        return (*getattr(self._data, "idle", ()), *self._without)

    def _applies(self, parameter: Parameter) -> bool:
        """Whether it matters now: its condition holds, and so does that of what it hangs on."""
        condition = parameter.applies
        if condition is None:
            return True
        if getattr(self._shown, condition.name) not in condition.values:
            return False
        return self._applies(self._rows[condition.name].parameter)

    def _show_waiting(self, count: int) -> None:
        if self._waiting is not None:
            verb = "changes wait" if count > 1 else "change waits"
            self._waiting.setText(f"● {count} {verb} for Fit" if count else "")
            self._waiting.setVisible(count > 0)
            self._meaning.setVisible(count == 0)

    @Slot(str, object, bool)
    def _ask(self, name: str, value: Any, final: bool) -> None:
        """Say that a person wants this value."""
        self._last = name
        try:
            wanted = replace(self._shown, **{name: value})
        except ParameterError as error:
            row = self._rows[name]
            row.widget.show_value(getattr(self._shown, name))
            row.refuse(str(error))
            return
        if final and wanted != self._shown:
            self._rows[name].refuse("")
        (self.changed if final else self.changing).emit(wanted)

    # Building

    def _build(self, owner: type) -> None:
        if self._body is not None:
            self._layout.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._rows, self._sections, self._waiting = {}, {}, None
        self._chosen = {}
        self._body = QWidget(self)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        for effect in SECTIONS:
            members = [p for p in parameters(owner) if p.effect is effect]
            members.sort(key=lambda p: p.display)  # what changes only the look stands last
            if members:
                parts = [self._section(effect, members, owner)]
                if column.count():
                    parts.insert(0, self._rule())
                for part in parts:
                    column.addWidget(part)
                self._sections[effect] = parts
        self._layout.insertWidget(0, self._body)
        self._name_entries()
        self._body.show()

    def _rule(self) -> QFrame:
        rule = QFrame(self._body)
        rule.setProperty("role", "line")
        rule.setFixedHeight(1)
        return rule

    def _section(self, effect: Effect, members: list[Parameter], owner: type) -> QWidget:
        section = QWidget(self._body)
        column = QVBoxLayout(section)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._heading(effect, section))
        for parameter in members:
            row = self._rows[parameter.name] = ParameterRow(parameter, owner, section)
            row.asked.connect(self._ask)
            column.addWidget(row)
        return section

    def _heading(self, effect: Effect, section: QWidget) -> QHBoxLayout:
        title, meaning = SECTIONS[effect]
        line = QHBoxLayout()
        line.setSpacing(8)
        heading = QLabel(title, section)
        heading.setProperty("role", "heading")
        words = QLabel(meaning, section)
        words.setProperty("role", "small")
        line.addWidget(heading)
        line.addWidget(words)
        if effect is Effect.REFIT:
            self._meaning = words
            self._waiting = QLabel("", section)
            self._waiting.setProperty("role", "waiting")
            self._waiting.hide()
            line.addWidget(self._waiting)
        line.addStretch(1)
        return line

    def _order(self) -> None:
        """The Tab key goes down the form, inside a row from the slider to its number."""
        stops = [stop for row in self._rows.values() for stop in row.widget.stops()]
        for first, second in itertools.pairwise(stops):
            QWidget.setTabOrder(first, second)
