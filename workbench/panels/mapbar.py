"""Above a photograph while the brush is out: which way it paints, and away with what it painted."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from workbench.theme import Theme
from workbench.views.elided import ElidedLabel
from workbench.views.map_tint import LOWERED, RAISED
from workbench.views.wordings import Wordings

HINT = (
    "Shift paints the other way; the right button moves the picture; Ctrl and the wheel, or [ "
    "and ], size the brush"
)
SHORTER = (
    "Shift: the other way · right button: move · Ctrl and wheel, or [ ]: size",
    "Shift: other way · right button: move · [ ]: size",
    "Shift: other way · [ ]: size",
)
WAYS = (("Raise", "first", True, RAISED), ("Lower", "last", False, LOWERED))
HEIGHT, BUTTON = 40, 28
SQUARE, GAP = 10, 5


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
        self.name = ElidedLabel("", self)
        row.addWidget(self.name)
        row.addSpacing(8)
        self.ways = QButtonGroup(self)
        for number, (text, side, _, ink) in enumerate(WAYS):
            button = self._button(text, f"{text} it under the brush. {HINT}.")
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setProperty("side", side)
            button.setIcon(_square(ink, button.devicePixelRatioF()))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(SQUARE + GAP, SQUARE))
            button.setAccessibleName(f"Brush: {text.lower()}")
            self.ways.addButton(button, number)
            row.addWidget(button)
        self.ways.button(0).setChecked(True)
        row.addSpacing(8)
        self.reset = self._button("Reset map", "The same everywhere again")
        row.addWidget(self.reset)
        self.hint = Wordings((HINT, *SHORTER), self)
        self.hint.setProperty("role", "small")
        self.hint.setContentsMargins(14, 0, 0, 0)
        # It has what the rest leaves, and takes nothing from it.
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
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


def _square(ink: str, scale: float) -> QIcon:
    """What a stroke will look like."""
    pixels = QPixmap(round((SQUARE + GAP) * scale), round(SQUARE * scale))
    pixels.setDevicePixelRatio(scale)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.fillRect(0, 0, SQUARE, SQUARE, QColor(ink))
    painter.end()
    return QIcon(pixels)
