"""Every command that a key gives, by menu; what the pictures answer to; where more is told."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.actions import COMMANDS


class ShortcutsDialog(QDialog):
    """A list to look at beside the window; `about` says what the chosen method is."""

    def __init__(self, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Help")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(600, 560)
        self.about = QLabel(about, self)
        self.about.setWordWrap(True)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        hint = QLabel("Each parameter says what it does when the pointer rests on its name.", self)
        hint.setWordWrap(True)
        hint.setProperty("role", "muted")
        self.list = QTreeWidget(self)
        self.list.setAccessibleName("Keyboard shortcuts")
        self.list.setHeaderLabels(["Command", "Key"])
        self.list.setProperty("role", "framed")
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._fill()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        for widget in (self.about, hint, self.list, buttons):
            column.addWidget(widget)

    def _fill(self) -> None:
        menus: dict[str, QTreeWidgetItem] = {}
        for command in COMMANDS:
            if not command.shortcut:
                continue
            if command.menu not in menus:
                menus[command.menu] = QTreeWidgetItem(self.list, [command.menu])
            keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            item = QTreeWidgetItem(menus[command.menu], [command.text.rstrip("…"), keys])
            item.setToolTip(0, command.tip)
        self.list.expandAll()
