"""An equation of one's own, as text that is read while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from engine.data.opening import EQUATION

FIRST = """\
t in [0, 1]; x in [-1, 1] periodic
a = 0.01 in [0.001, 0.1]
u_t = a*u_xx + u - u^3
u(0, x) = x^2 * cos(pi*x)
"""
WORDS = (
    "A line for each thing: coordinates with their ends, numbers with the range of their slider, "
    "the equation, what holds at the start and on the boundary, and if it is known the exact "
    "solution."
)
PAUSE_MS = 400

Reading = Callable[[str, Callable[[Any], None], Callable[[str], None]], None]


class EquationDialog(QDialog):
    """`read` opens an address aside and calls back with the problem or with a sentence.

    `chosen` carries the address of an equation that can be read.
    """

    chosen = Signal(str)

    def __init__(self, read: Reading, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Type an equation")
        self.resize(640, 460)
        self._read = read
        self._asked = ""
        words = QLabel(WORDS, self)
        words.setWordWrap(True)
        words.setProperty("role", "muted")
        self.text = QPlainTextEdit(text or FIRST, self)
        self.text.setAccessibleName("Equation")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTabChangesFocus(True)
        self.told = QLabel("", self)
        self.told.setWordWrap(True)
        self.told.setMinimumHeight(44)
        self.told.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox(self)
        self.solve = buttons.addButton("Solve", QDialogButtonBox.ButtonRole.AcceptRole)
        self.solve.setProperty("role", "primary")
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        for widget in (words, self.text, self.told, buttons):
            layout.addWidget(widget)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self.text.textChanged.connect(self._changed)
        self._changed()

    def address(self) -> str:
        return EQUATION + self.text.toPlainText()

    @Slot()
    def _changed(self) -> None:
        self.solve.setEnabled(False)
        self._pause.start()

    @Slot()
    def _look(self) -> None:
        asked = self._asked = self.address()
        self._read(
            asked,
            lambda problem: self._understood(asked, problem),
            lambda message: self._refused(asked, message),
        )

    def _understood(self, asked: str, problem: Any) -> None:
        if asked == self._asked == self.address():
            numbers = ", ".join(c.name for c in problem.coefficients)
            kind = "linear" if problem.linear else "not linear"
            over = ", ".join(axis.name for axis in problem.axes)
            said = f"Understood: {', '.join(problem.unknowns)} over {over}, {kind}"
            said += f"; sliders for {numbers}." if numbers else "."
            self._say("\n".join([said, *problem.remarks]), "muted")
            self.solve.setEnabled(True)

    def _refused(self, asked: str, message: str) -> None:
        if asked == self._asked:
            self._say(message, "error")

    def _say(self, text: str, role: str) -> None:
        self.told.setText(text)
        self.told.setProperty("role", role)
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)

    @Slot()
    def _accept(self) -> None:
        self.chosen.emit(self.address())
        self.accept()
