"""What a bar has no room for goes into a menu at its end, the least needed first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QMenu, QToolButton, QWidget


@dataclass(slots=True)
class _Part:
    """Widgets that come and go together, and what stands for them in the menu."""

    widgets: tuple[QWidget, ...]
    into: Callable[[QMenu], None]
    rank: int
    wanted: bool = True


class Overflow(QToolButton):
    """The button with the menu; seen while something is in it."""

    def __init__(self, spacing: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("⋯")
        self.setToolTip("What there is no room for")
        self.setAccessibleName("More")
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._spacing = spacing
        self._parts: dict[str, _Part] = {}
        self._away: tuple[str, ...] = ()
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.hide()

    def add(
        self, name: str, widgets: Sequence[QWidget], rank: int, into: Callable[[QMenu], None]
    ) -> None:
        """Widgets of the bar, in its order; those of the lowest `rank` leave first."""
        self._parts[name] = _Part(tuple(widgets), into, rank)

    def want(self, name: str, *, wanted: bool) -> None:
        """Whether a part is of use now, in the bar or in the menu."""
        self._parts[name].wanted = wanted
        for widget in self._parts[name].widgets:
            widget.setVisible(wanted and name not in self._away)

    def away(self) -> tuple[str, ...]:
        """The parts that are in the menu."""
        return self._away

    def fit_into(self, room: int) -> None:
        """Show as much as has room in so many pixels, each widget with the space beside it."""
        here = sorted((n for n, p in self._parts.items() if p.wanted),
                      key=lambda name: self._parts[name].rank)  # fmt: skip
        away: list[str] = []
        while here and self._needed(here) + (self._cost(self) if away else 0) > room:
            away.append(here.pop(0))
        self._away = tuple(name for name in self._parts if name in away)
        for name, part in self._parts.items():
            for widget in part.widgets:
                if widget.isHidden() == (name in here):
                    widget.setVisible(name in here)
        if self.isHidden() == bool(away):
            self.setVisible(bool(away))

    def _needed(self, names: list[str]) -> int:
        return sum(self._cost(widget) for name in names for widget in self._parts[name].widgets)

    def _cost(self, widget: QWidget) -> int:
        return max(widget.sizeHint().width(), widget.minimumWidth()) + self._spacing

    @Slot()
    def _fill(self) -> None:
        self.menu().clear()
        for old in self.menu().findChildren(QMenu):
            old.deleteLater()
        for name in self._away:
            self._parts[name].into(self.menu())
