"""Above a photograph while the brush is out: which way it paints, and away with what it painted."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from workbench.theme import Theme
from workbench.views.elided import ElidedLabel
from workbench.views.map_tint import LOWERED, RAISED

HINT = (
    "Shift paints the other way; the right button moves the picture; Ctrl and the wheel, or [ "
    "and ], size the brush"
)
WAYS = (("Raise", "first", True), ("Lower", "last", False))
HEIGHT, BUTTON = 40, 28


class MapBar(QWidget):
    """`way_chosen` says whether the brush should raise; `reset_asked` that the map should go."""

    way_chosen = Signal(bool)
    reset_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 6)
        row.setSpacing(0)
        self.name = QLabel("", self)
        row.addWidget(self.name)
        row.addSpacing(10)
        self.ways = QButtonGroup(self)
        for number, (text, side, _) in enumerate(WAYS):
            button = self._button(text, f"{text} it under the brush. {HINT}.")
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setProperty("side", side)
            button.setAccessibleName(f"Brush: {text.lower()}")
            self.ways.addButton(button, number)
            row.addWidget(button)
        self.ways.button(0).setChecked(True)
        row.addSpacing(10)
        self.reset = self._button("Reset map", "The same everywhere again")
        row.addWidget(self.reset)
        row.addSpacing(14)
        for ink, word in ((RAISED, "raised"), (LOWERED, "lowered")):
            row.addWidget(QLabel(f"<span style='color:{ink}'>■</span> {word}", self))
            row.addSpacing(12)
        self.hint = ElidedLabel(HINT, self)
        self.hint.setProperty("role", "small")
        row.addWidget(self.hint, 1)
        self.ways.idClicked.connect(self._clicked)
        self.reset.clicked.connect(self.reset_asked)

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setFixedHeight(BUTTON)
        return button

    def show_map(self, label: str, *, painted: bool) -> None:
        """Which parameter is painted, and whether there is a map to take away."""
        self.name.setText(label[:1].upper() + label[1:])
        self.reset.setEnabled(painted)

    def set_theme(self, theme: Theme) -> None:
        """The style sheet colours it; tints are alike in all themes."""

    @Slot(int)
    def _clicked(self, number: int) -> None:
        self.way_chosen.emit(WAYS[number][2])
