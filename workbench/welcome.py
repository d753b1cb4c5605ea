"""The first thing a person sees: samples, each one click from a live picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

PICTURE = (208, 132)
MARGIN = 32
_WORDS = {
    "embedding": (
        "What does your data look like from inside?",
        "Choose a sample for a live picture, or open a table of your own.",
        "CSV, TSV, NPY, NPZ, safetensors, h5ad or an image",
    ),
    "vectorfield": (
        "Where does your field go between the points you know?",
        "Choose a sample for a live picture, or open positions with vectors of your own.",
        "CSV, TSV or NPZ with columns of positions and vectors, or a mesh",
    ),
    "pde": (
        "What does the equation do?",
        "Choose a problem for a live solution, or type an equation of your own.",
        "u_t = 0.01*u_xx + u - u^3, with a box, a start and what holds at its ends",
    ),
    "restoration": (
        "What did it look like before it was spoilt?",
        "Choose a sample for a live picture, or open a photograph of your own.",
        "PNG, TIFF, JPEG or WebP, grey or colour, 8 or 16 bits",
    ),
}
"""For each family: a question, what to do, and the files that it reads."""


@dataclass(frozen=True, slots=True)
class Card:
    """A sample: its id, title, one sentence, a file with a picture, and the family it is for."""

    id: str
    title: str
    sentence: str
    thumbnail: Path | None = None
    family: str = ""


class _CardView(QFrame):
    chosen = Signal(str)

    def __init__(self, card: Card, parent: QWidget) -> None:
        super().__init__(parent)
        self._id = card.id
        self.family = card.family
        self.setProperty("role", "card")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(card.title)
        self.setAccessibleDescription(card.sentence)
        self.setFixedWidth(PICTURE[0] + 26)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(6)
        self._thumbnail = card.thumbnail
        self._picture = QLabel(self)
        self._picture.setFixedSize(*PICTURE)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._picture)
        title = QLabel(card.title, self)
        title.setProperty("role", "heading")
        layout.addWidget(title)
        sentence = QLabel(card.sentence, self)
        sentence.setProperty("role", "small")
        sentence.setWordWrap(True)
        sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        sentence.setMinimumHeight(36)
        layout.addWidget(sentence, 1)

    def showEvent(self, event: QShowEvent) -> None:
        """The picture is read when its family is first looked at, not as the window opens."""
        if self._thumbnail is not None:
            scaled = QPixmap(str(self._thumbnail)).scaled(
                *PICTURE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._picture.setPixmap(scaled)
            self._thumbnail = None
        super().showEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self._id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._id)
        else:
            super().keyPressEvent(event)


class Welcome(QScrollArea):
    """Sample cards, a button for one's own file, and recent files."""

    sample_chosen = Signal(str)
    open_asked = Signal()
    equation_asked = Signal()
    recent_chosen = Signal(str)

    def __init__(self, cards: list[Card], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget(self)
        page.setObjectName("form")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN, 28, MARGIN, 28)
        column.setSpacing(8)
        self._title = QLabel("", page)
        self._title.setProperty("role", "title")
        column.addWidget(self._title)
        self._text = QLabel("", page)
        self._text.setProperty("role", "muted")
        column.addWidget(self._text)
        column.addSpacing(12)
        column.addLayout(self._cards(cards, page))
        column.addSpacing(16)
        self._column, self._bar = column, QWidget(page)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(0, 0, 0, 0)
        self._opening = QPushButton("", page)
        self._opening.setProperty("role", "primary")
        self._opening.clicked.connect(self._on_opening)
        row.addWidget(self._opening)
        self._formats = QLabel("", page)
        self._formats.setProperty("role", "muted")
        row.addWidget(self._formats)
        row.addStretch(1)
        column.addWidget(self._bar)
        self._recent = QVBoxLayout()
        column.addLayout(self._recent)
        column.addStretch(1)
        self.setWidget(page)

    def _cards(self, cards: list[Card], page: QWidget) -> QGridLayout:
        self._grid = QGridLayout()
        self._grid.setSpacing(16)
        self._views = [_CardView(card, page) for card in cards]
        for view in self._views:
            view.chosen.connect(self.sample_chosen)
        self._columns = 0
        self._across = 4
        return self._grid

    def show_family(self, family: str) -> None:
        """The samples of one family, and what it asks for."""
        title, text, formats = _WORDS.get(family, _WORDS["embedding"])
        self._title.setText(title)
        self._text.setText(text)
        self._formats.setText(formats)
        # What is typed stands above the cards, what is opened below them.
        self._typing = family == "pde"
        self._opening.setText("Type an equation…" if self._typing else "Open a file…")
        self._column.removeWidget(self._bar)
        self._column.insertWidget(3 if self._typing else 5, self._bar)
        for view in self._views:
            view.setVisible(view.family == family)
        self._columns = 0
        self._arrange(self._across)

    @Slot()
    def _on_opening(self) -> None:
        (self.equation_asked if self._typing else self.open_asked).emit()

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
        self._columns = self._across = columns
        shown = [view for view in self._views if not view.isHidden()]
        for view in self._views:
            self._grid.removeWidget(view)
        for number, view in enumerate(shown):
            self._grid.addWidget(view, number // columns, number % columns)
        self._grid.setColumnStretch(columns, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many cards in a row as there is room for."""
        room = event.size().width() - 2 * MARGIN + 16
        self._arrange(max(1, room // (PICTURE[0] + 26 + 16)))
        super().resizeEvent(event)

    def show_recent(self, paths: list[str]) -> None:
        """Files opened last, newest first."""
        while (item := self._recent.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        if paths:
            title = QLabel("Opened before", self)
            title.setProperty("role", "heading")
            self._recent.addSpacing(16)
            self._recent.addWidget(title)
        for path in paths[:5]:
            link = QPushButton(Path(path).name, self)
            link.setToolTip(path)
            link.setProperty("path", path)
            link.setProperty("role", "family")
            link.clicked.connect(self._on_recent)
            self._recent.addWidget(link)

    @Slot()
    def _on_recent(self) -> None:
        self.recent_chosen.emit(str(self.sender().property("path")))
