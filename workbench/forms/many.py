"""Several numbers in one parameter: a slider for each that the data name, else a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import make_dataclass
from typing import Annotated, Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.params import LIVE, Bound, Doc, Parameter, parameters
from workbench.forms.editor import Editor

WIDE = 30.0
"""A range over so many times its lower end is crossed in the logarithm."""


class Many(Editor):
    """`line` takes the numbers as text. `set_entries` puts sliders in its place: entries have a
    name, the value that holds when the parameter is empty, and bounds `low` and `high`."""

    below = True

    def __init__(
        self, parameter: Parameter, owner: type, line: Any, parent: QWidget | None = None
    ) -> None:
        super().__init__(parameter, owner, parent)
        self.text = line
        self.line = line.line
        self.rows: dict[str, Any] = {}
        self.last: Any = None
        self._stated: tuple[float, ...] = ()
        self._value: tuple[float, ...] = ()
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(line)
        self.row.addLayout(self._column, 1)
        self.setFocusProxy(line)
        for name in ("changing", "changed"):
            getattr(line, name).connect(getattr(self, name))
        line.refused.connect(self.refused)

    def stops(self) -> list[QWidget]:
        stops = [stop for row in self.rows.values() for stop in row.widget.stops()]
        return stops or list(self.text.stops())

    def set_entries(self, entries: Sequence[Any]) -> None:
        """One slider per entry; none brings the line of text back."""
        from workbench.forms.row import ParameterRow

        for row in self.rows.values():
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows, self.last = {}, None
        self.text.setVisible(not entries)
        self._stated = tuple(float(e.value) for e in entries)
        if not entries:
            return
        owner = make_dataclass(
            "Entries", [(e.name, _annotated(e), float(e.value)) for e in entries], frozen=True
        )
        for parameter in parameters(owner):
            row = self.rows[parameter.name] = ParameterRow(parameter, owner, self)
            row.asked.connect(self._asked)
            self._column.addWidget(row)
        self.show_value(self._value)

    def show_value(self, value: Any) -> None:
        self._value = tuple(value)
        self.text.show_value(value)
        shown = self._value if len(self._value) == len(self._stated) else self._stated
        for row, number in zip(self.rows.values(), shown, strict=False):
            row.show_value(number, stale=False)

    @Slot(str, object, bool)
    def _asked(self, name: str, value: Any, final: bool) -> None:
        now = self._value if len(self._value) == len(self._stated) else self._stated
        self.last = self.rows[name]
        place = list(self.rows).index(name)
        wanted = (*now[:place], float(value), *now[place + 1 :])
        # As stated is said by saying nothing, so that a script stays as short as it was.
        told = () if wanted == self._stated else wanted
        (self.changed if final else self.changing).emit(told)


def _annotated(entry: Any) -> Any:
    low, high = float(entry.low), float(entry.high)
    wide = low > 0 and high > WIDE * low
    said = Doc("A number of the data.", symbol=entry.name, label=entry.name)
    return Annotated[float, Bound(low, high, log=wide), LIVE, said]
