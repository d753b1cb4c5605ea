"""What every widget of the form but the slider is made of."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.params import Bound, Parameter


class Editor(QWidget):
    """What all but the slider share: signals, one row, and a place for a name."""

    changing = Signal(object)
    changed = Signal(object)
    refused = Signal(str)
    reset = Signal()
    below = False

    def __init__(self, parameter: Parameter, owner: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter, self.owner = parameter, owner
        self.beside: tuple[QWidget, ...] = ()
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(0)

    def named(self, widget: QWidget) -> None:
        """Give the inner widget the parameter's name, for those who cannot see the label."""
        widget.setAccessibleName(self.parameter.label)
        widget.setAccessibleDescription(self.parameter.doc.text)
        self.setFocusProxy(widget)

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order."""
        proxy = self.focusProxy()
        return [] if proxy is None else [proxy]

    def set_bound(self, bound: Bound) -> None:
        """Only sliders have a range to narrow."""

    def set_quiet(self, quiet: bool) -> None:
        """Only sliders dim."""
