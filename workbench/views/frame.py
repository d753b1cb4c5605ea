"""What stands around a picture: title, badge, rulers, legend, or a sentence in its place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.layers import Axis
from workbench.views.elided import ElidedLabel
from workbench.views.legend import Legend
from workbench.views.ruler import Ruler

HEADER = 38
"""Pixels of the line with the title."""


class PictureFrame(QWidget):
    """A picture is put in by `frame_picture`; until then, and after `say`, there is a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "heading")
        self._badge = QLabel("", self)
        self._badge.setProperty("role", "warning")
        # As high with a chooser in it as without: pictures side by side begin at one line.
        header = self._head = QWidget(self)
        header.setFixedHeight(HEADER)
        self._header = QHBoxLayout(header)
        self._header.setContentsMargins(12, 0, 12, 0)
        self._header.setSpacing(12)
        self._header.addWidget(self._title)
        self._header.addWidget(self._badge)
        self._header.addStretch(1)
        self.legend = Legend(self)
        self.legend.hide()
        self._empty = QLabel("", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._left = Ruler(Qt.Orientation.Vertical, self)
        self._bottom = Ruler(Qt.Orientation.Horizontal, self)
        self._corner = QFrame(self)
        self._corner.setProperty("role", "canvas")
        self._framed = QWidget(self)
        self._grid = self._lay_out(self._framed)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._framed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addLayout(self._stack, 1)
        self.setMinimumSize(220, 180)

    def _lay_out(self, framed: QWidget) -> QGridLayout:
        grid = QGridLayout(framed)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self._left, 0, 0)
        grid.addWidget(self._corner, 1, 0)
        grid.addWidget(self._bottom, 1, 1)
        grid.addWidget(self.legend, 0, 2, 2, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(0, 1)
        return grid

    def frame_picture(self, picture: QWidget) -> None:
        """Put the picture between its rulers."""
        self._grid.addWidget(picture, 0, 1)

    def add_to_header(self, widget: QWidget) -> None:
        """A chooser at the right of the title."""
        self._header.addWidget(widget)

    def show_header(self, shown: bool) -> None:
        """Whether the line with the title is there."""
        self._head.setVisible(shown)

    def name_rulers(self, axes: tuple[Axis, ...], *, shown: bool) -> None:
        """Names of the two axes; a picture in space has none at its edges."""
        for ruler, axis in ((self._bottom, axes[0]), (self._left, axes[1])):
            ruler.set_name(str(axis))
        for part in (self._bottom, self._left, self._corner):
            part.setVisible(shown)

    def show_picture(self) -> None:
        self._stack.setCurrentIndex(1)

    def say(self, text: str) -> None:
        """A sentence instead of a picture."""
        self._empty.setText(text)
        self._stack.setCurrentIndex(0)

    def set_title(self, text: str) -> None:
        self._title.setText(text)

    def set_badge(self, text: str) -> None:
        self._badge.setText(text)

    def badge(self) -> str:
        return self._badge.text()
