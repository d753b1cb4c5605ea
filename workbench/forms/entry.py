"""A line to type in that is read at Enter or when the cursor leaves, and never half-way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

_STEPS = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_PageDown: -10,
}


class Entry(QLineEdit):
    """`entered` says what was typed; Escape brings back what was shown.

    `left` follows when the cursor leaves after typing that was not accepted. With `steps`, the
    arrow and page keys ask for `stepped`.
    """

    entered = Signal(str)
    left = Signal()
    stepped = Signal(int)
    stepping_ended = Signal()

    def __init__(self, parent: QWidget | None = None, *, steps: bool = False) -> None:
        super().__init__(parent)
        self._steps = steps
        self._shown = ""

    def show_text(self, text: str) -> None:
        """Show without saying anything; typing that is under way is not disturbed."""
        self._shown = text
        if not (self.hasFocus() and self.isModified()):
            self._restore()

    def replace_text(self, text: str) -> None:
        """Show even over something typed."""
        self._shown = text
        self._restore()

    def mark(self, *, wrong: bool) -> None:
        """A red edge around typing that was refused."""
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            self.style().unpolish(self)
            self.style().polish(self)

    def _restore(self) -> None:
        self.setText(self._shown)
        self.setCursorPosition(0)
        self.setModified(False)
        self.mark(wrong=False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._commit()
            self.selectAll()
        elif key == Qt.Key.Key_Escape and self.isModified():
            self._restore()
            self.left.emit()
        elif self._steps and key in _STEPS:
            self.stepped.emit(_STEPS[key])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if self._steps and Qt.Key(event.key()) in _STEPS and not event.isAutoRepeat():
            self.stepping_ended.emit()
        super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() == Qt.FocusReason.PopupFocusReason:
            return
        self._commit()
        # What is still modified was refused: the old value stands, so the old text returns.
        if self.isModified():
            self._restore()
        self.stepping_ended.emit()

    def _commit(self) -> None:
        if self.isModified():
            self.entered.emit(self.text())
