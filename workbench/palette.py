"""The command palette: every command, found by a few of its letters."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)


def score(query: str, text: str) -> int:
    """How well the letters of `query` appear in order in `text`; 0 is not at all.

    Letters at the start of a word and letters that follow one another count more.
    """
    total, place, last = 1, 0, -2
    lower = text.lower()
    for letter in query.lower().replace(" ", ""):
        place = lower.find(letter, place)
        if place < 0:
            return 0
        total += 1 + 3 * (place == last + 1) + 2 * (place == 0 or lower[place - 1] == " ")
        last = place
        place += 1
    return total


class CommandPalette(QDialog):
    """Type, arrows, Enter."""

    def __init__(self, actions: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = [action for action in actions if action.isEnabled()]
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Type a command")
        self.line.setAccessibleName("Command")
        self.list = QTreeWidget(self)
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAccessibleName("Commands")
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.resize(520, 380)
        self.line.textChanged.connect(self._filter)
        self.line.returnPressed.connect(self._run)
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self.line.installEventFilter(self)
        self._filter("")
        self.line.setFocus()
        if parent is not None:
            corner = parent.mapToGlobal(parent.rect().topLeft())
            self.move(corner.x() + (parent.width() - 520) // 2, corner.y() + 80)

    @Slot(str)
    def _filter(self, query: str) -> None:
        self.list.clear()
        found = [(score(query, action.text()), n) for n, action in enumerate(self._actions)]
        for value, number in sorted(found, key=lambda pair: (-pair[0], pair[1])):
            if value:
                self.list.addTopLevelItem(self._item(number))
        self._choose(0)

    def _choose(self, row: int) -> None:
        item = self.list.topLevelItem(row)
        if item is not None:
            self.list.setCurrentItem(item)

    def _item(self, number: int) -> QTreeWidgetItem:
        action = self._actions[number]
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        item = QTreeWidgetItem([action.text(), keys])
        item.setData(0, Qt.ItemDataRole.UserRole, number)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setForeground(1, self.palette().placeholderText())
        return item

    @Slot()
    def _run(self) -> None:
        item = self.list.currentItem()
        # A click may also be an activation, which must not run the command a second time.
        if item is None or self.result():
            return
        action = self._actions[item.data(0, Qt.ItemDataRole.UserRole)]
        self.accept()
        action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            count = self.list.topLevelItemCount()
            if step and count:
                row = self.list.indexOfTopLevelItem(self.list.currentItem()) + step
                self._choose(row % count)
                return True
        return super().eventFilter(watched, event)
