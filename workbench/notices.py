"""Sentences for the person, inside the window and never in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.method import Note

if TYPE_CHECKING:
    from workbench.document import Document
    from workbench.session import Session

MOST = 3
MOST_WIDE, MARGIN = 640, 8
"""Pixels of a notice at most, and around it."""
CALM_MS = 8000
"""A notice that is not grave leaves by itself after this time."""


class _Notice(QFrame):
    accepted = Signal()

    def __init__(
        self, text: str, grave: bool, details: str, parent: QWidget, offer: str = ""
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "grave" if grave else "notice")
        self.text = text
        self.gone = False
        sentence = QLabel(text, self)
        sentence.setWordWrap(True)
        sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.addWidget(sentence, 1)
        self._details = QPlainTextEdit(details, self)
        self._details.setReadOnly(True)
        self._details.setFixedHeight(160)
        self._details.hide()
        if details:
            more = QToolButton(self)
            more.setText("Details")
            more.setCheckable(True)
            more.setAutoRaise(True)
            more.toggled.connect(self._details.setVisible)
            row.addWidget(more)
        if offer:
            accept = QPushButton(offer, self)
            accept.clicked.connect(self._accept)
            row.addWidget(accept)
        close = QToolButton(self)
        close.setText("✕")
        close.setAutoRaise(True)
        close.setAccessibleName("Close this notice")
        close.clicked.connect(self.leave)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addLayout(row)
        layout.addWidget(self._details)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.timeout.connect(self.leave)
        if not grave and not offer:
            self._calm.start(CALM_MS)

    @Slot()
    def _accept(self) -> None:
        self.accepted.emit()
        self.leave()

    @Slot()
    def leave(self) -> None:
        self._calm.stop()
        self.gone = True
        self.hide()
        self.deleteLater()


class NoticeBar(QWidget):
    """The newest notices, at most `MOST`; a repeated sentence is said once.

    They lie over the lower edge of the pictures, where neither titles nor tools are, so that
    nothing moves under a hand as they come and go. `over` is the widget with the pictures, beside
    this one in their parent, and `edge` says how far below its top they end.
    """

    def __init__(self, over: QWidget, edge: Callable[[], int], parent: QWidget) -> None:
        super().__init__(parent)
        self._over, self._edge = over, edge
        self.heed(over)
        self.hide()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)

    def heed(self, widget: QWidget) -> None:
        """Follow this widget's size and place."""
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _place(self) -> None:
        """In the middle of the lower edge; gone while there is nothing to say."""
        shown = bool(self.notices())
        if shown:
            over = self._over.geometry()
            width = min(MOST_WIDE, over.width() - 2 * MARGIN)
            height = self._layout.heightForWidth(width)
            left = over.left() + (over.width() - width) // 2
            top = over.top() + max(0, self._edge() - MARGIN - height)
            self.setGeometry(left, top, width, height)
            self.raise_()
        self.setVisible(shown)

    def say(self, text: str, *, grave: bool = False, details: str = "") -> None:
        for old in self.notices():
            if old.text == text:
                old.leave()
        self._add(_Notice(text, grave, details, self))
        for old in self.notices()[:-MOST]:
            old.leave()
        self._place()

    def offer(self, text: str, words: str, accept: Callable[[], None]) -> None:
        """A sentence with one button, which stays until it is answered."""
        notice = _Notice(text, False, "", self, words)
        notice.accepted.connect(accept)
        self._add(notice)
        self._place()

    def _add(self, notice: _Notice) -> None:
        self._layout.addWidget(notice)
        notice.show()

    def notices(self) -> list[_Notice]:
        return [n for n in self.findChildren(_Notice) if not n.gone]

    def sentences(self) -> list[str]:
        return [notice.text for notice in self.notices()]


class NoteStrip(QFrame):
    """What must be read beside the picture: the snapshot's own notes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notestrip")
        self._shown: list[Note] = []
        self._label = QLabel("", self)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addWidget(self._label)
        self.hide()

    def follow(self, document: Document, session: Session) -> None:
        """Show the notes of the active run's picture from now on."""
        self._document, self._session = document, session
        for changed in (document.frame_changed, document.active_changed, document.params_changed):
            changed.connect(self._on_change)

    @Slot()
    def _on_change(self) -> None:
        """Not while a hand drags: more lines would move the picture away under it."""
        run = self._document.active
        if not self._session.dragging:
            self.show_notes(run.snapshot.notes if run is not None and run.snapshot else ())

    def show_notes(self, notes: Iterable[Note]) -> None:
        found = list(notes)
        if found == self._shown:
            # Polishing a label lays the whole window out anew: not once a frame.
            return
        self._shown = found
        grave = any(note.grave for note in found)
        self._label.setText("\n".join(f"⚠ {n.text}" if n.grave else n.text for n in found))
        self._label.setProperty("role", "warning" if grave else "muted")
        self._label.style().unpolish(self._label)
        self._label.style().polish(self._label)
        self.setVisible(bool(found))

    def text(self) -> str:
        return self._label.text()
