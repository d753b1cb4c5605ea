"""Pictures of several runs in a grid: one camera, one legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QWidget

from workbench.theme import Theme
from workbench.views.legend import Legend
from workbench.views.mainview import MainView


class SideBySide(QWidget):
    """`views` by the number of the run. Turning one turns all; what the colours mean stands once,
    at the right, so that every picture has the same room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: dict[int, MainView] = {}
        self._linking = False
        self.legend = Legend(self)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self.hide()

    def arrange(self, numbers: Sequence[int], make: Callable[[], MainView]) -> None:
        """A picture for each run, those that stay keep theirs."""
        for number in [n for n in self.views if n not in numbers]:
            view = self.views.pop(number)
            self._layout.removeWidget(view)
            view.release()
            view.deleteLater()
        for number in numbers:
            if number not in self.views:
                view = self.views[number] = make()
                view.legend.set_wanted(False)
                view.camera_changed.connect(self._on_camera)
        columns = 1 if len(numbers) == 1 else 2 if len(numbers) in (2, 4) else 3
        self._layout.removeWidget(self.legend)
        for place, number in enumerate(numbers):
            self._layout.addWidget(self.views[number], place // columns, place % columns)
        rows = -(-len(numbers) // columns)
        self._layout.addWidget(self.legend, 0, columns, max(rows, 1), 1)
        for column in range(4):
            self._layout.setColumnStretch(column, 1 if column < columns else 0)
        self.setVisible(len(numbers) > 0)

    def show_legend(self) -> None:
        """What the colours of the first picture mean: they are those of all."""
        first = next(iter(self.views.values()), None)
        found = first.colouring() if first is not None else None
        if found is not None:
            self.legend.show_colouring(found)

    def set_theme(self, theme: Theme) -> None:
        self.legend.set_theme(theme)

    @Slot(object)
    def _on_camera(self, camera: dict[str, Any]) -> None:
        if self._linking:
            return
        self._linking = True
        leader = self.sender()
        for view in self.views.values():
            if view is not leader and isinstance(leader, MainView):
                view.follow_camera(leader)
        self._linking = False
