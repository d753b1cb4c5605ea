"""Above photographs: how before and after are compared, the loupe, the zoom, what is simulated."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QStandardItemModel
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from workbench import theme
from workbench.forms.groove import Groove
from workbench.theme import Theme
from workbench.views.chooser import Chooser
from workbench.views.elided import ElidedLabel

MODES = {
    "split": (
        "Split",
        "S",
        "Before and after on both sides of a line that can be dragged; hold \\ to see before alone",
    ),
    "side": ("Side by side", "D", "Before and after beside each other, zoomed alike"),
    "difference": ("Difference", "X", "What still differs from the truth, about mid-grey"),
    "removed": ("Removed", "N", "What was taken out of the picture, about mid-grey"),
}
"""Name of a mode: its button, its key, and what it shows."""
HEIGHT = 42
BUTTON = 28
CHOOSER = 118
TENTHS = 10
LEAST = 436
NARROW, ROOMY = 560, 740
"""Below the first width the modes are a chooser; below the second words are short."""


class CompareBar(QWidget):
    """Shows what the panel says and asks for what a person wants; holds nothing."""

    mode_chosen = Signal(str)
    loupe_chosen = Signal(bool)
    zoom_asked = Signal(float)
    """Pixels of the screen for one of the picture; 0 for the whole picture."""
    simulate_asked = Signal()
    gain_moved = Signal(float, bool)

    def __init__(self, dress: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(LEAST)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 12, 0)
        self._row.setSpacing(0)
        self.modes = QButtonGroup(self)
        for number, (text, key, tip) in enumerate(MODES.values()):
            side = {0: "first", len(MODES) - 1: "last"}.get(number, "")
            button = self._button(text, f"{tip} ({key})", segment=side)
            self.modes.addButton(button, number)
            self._row.addWidget(button)
        self.chooser = Chooser(self)
        self.chooser.addItems([text for text, _, _ in MODES.values()])
        self.chooser.setAccessibleName("How before and after are compared")
        self.chooser.setFixedSize(CHOOSER, BUTTON)
        self.chooser.hide()
        self._row.addWidget(self.chooser)
        self._row.addSpacing(10)
        self._place = self._row.count()
        self.gain_word = QLabel("", self)
        self.gain = Groove(self)
        self.gain.setRange(TENTHS, 20 * TENTHS)
        self.gain.setFixedWidth(110)
        self.gain.setAccessibleName("Gain of the difference")
        self._row.addWidget(self.gain)
        self._row.addWidget(self.gain_word)
        self.badge = ElidedLabel("", self)
        self.badge.setProperty("role", "warning")
        self.badge.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._row.addSpacing(8)
        self._row.addWidget(self.badge, 1)
        self._row.addSpacing(8)
        self.simulate = self._button(
            "Simulate…", "Spoil the picture on purpose: its truth is then known"
        )
        self.loupe = self._button("", "Loupe under the pointer (M); or hold the right button")
        self.loupe.setCheckable(True)
        self.loupe.setAccessibleName("Loupe")
        self.whole = self._button("Fit", "The whole picture (0)")
        self.full = self._button("1:1", "One pixel of the screen for each of the picture (1)")
        for button in (self.simulate, self.loupe, self.whole, self.full):
            button.setAutoRaise(True)
            self._row.addWidget(button)
        self._connect()
        self.set_theme(dress)
        self.show_gain(None)

    def _button(self, text: str, tip: str, segment: str | None = None) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setFixedHeight(BUTTON)
        if segment is not None:
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setProperty("side", segment)
        return button

    def _connect(self) -> None:
        self.modes.idClicked.connect(self._on_mode)
        self.chooser.activated.connect(self._on_mode)
        self.loupe.toggled.connect(self.loupe_chosen)
        self.whole.clicked.connect(self._on_whole)
        self.full.clicked.connect(self._on_full)
        self.simulate.clicked.connect(self.simulate_asked)
        self.gain.valueChanged.connect(self._on_gain)
        self.gain.sliderReleased.connect(self._on_gain_end)
        self.gain.stepped.connect(self._on_gain_step)

    def add_chooser(self, chooser: QWidget) -> None:
        """What stands left of the line, right of the modes."""
        chooser.setFixedHeight(BUTTON)
        self._row.insertWidget(self._place, chooser)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window words are short, and what the menu has too is there alone."""
        narrow, least = (event.size().width() < width for width in (ROOMY, NARROW))
        for button in self.modes.buttons():
            button.setVisible(not least)
        self.chooser.setVisible(least)
        self.modes.button(1).setText("Side" if narrow else MODES["side"][0])
        self.gain.setFixedWidth(64 if narrow else 110)
        self.simulate.setVisible(not narrow)
        super().resizeEvent(event)

    # Shown by the panel

    def show_mode(self, mode: str, possible: dict[str, bool], why: str) -> None:
        """Mark a mode; those that are not possible are greyed out and say why."""
        for number, (name, (_, key, tip)) in enumerate(MODES.items()):
            button = self.modes.button(number)
            can = possible.get(name, True)
            button.setEnabled(can)
            button.setToolTip(f"{tip} ({key})" if can else why)
            button.setChecked(name == mode)
            model = self.chooser.model()
            assert isinstance(model, QStandardItemModel)
            model.item(number).setEnabled(can)
            model.item(number).setToolTip(button.toolTip())
            if name == mode:
                self.chooser.setCurrentIndex(number)

    def show_badge(self, text: str) -> None:
        self.badge.setText(text)

    def show_gain(self, gain: float | None) -> None:
        """The gain of a difference; None hides it."""
        for part in (self.gain, self.gain_word):
            part.setVisible(gain is not None)
        if gain is not None:
            self.gain_word.setText(f" gain {gain:.3g}×")
            if not self.gain.isSliderDown():
                blocker = QSignalBlocker(self.gain)
                self.gain.setValue(round(gain * TENTHS))
                blocker.unblock()
                self.gain.update()

    def set_theme(self, dress: Theme) -> None:
        self.loupe.setIcon(theme.icon("loupe", dress))
        self.loupe.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    # Said by the person

    @Slot(int)
    def _on_mode(self, number: int) -> None:
        self.mode_chosen.emit(list(MODES)[number])

    @Slot()
    def _on_whole(self) -> None:
        self.zoom_asked.emit(0.0)

    @Slot()
    def _on_full(self) -> None:
        self.zoom_asked.emit(1.0)

    @Slot(int)
    def _on_gain(self, place: int) -> None:
        self.gain_moved.emit(place / TENTHS, False)

    @Slot()
    def _on_gain_end(self) -> None:
        self.gain_moved.emit(self.gain.value() / TENTHS, True)

    @Slot(int)
    def _on_gain_step(self, count: int) -> None:
        self.gain_moved.emit(self.gain.value() / TENTHS + 0.5 * count, True)
