"""A method over every picture of a folder: from where, to where, how far, and what went wrong."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.dialogs.export_picture import FileForm

FORMATS = {"as each picture": "same", "PNG": "png", "TIFF": "tiff", "JPEG": "jpeg"}
BITS = {"as each picture": None, "8 bits": 8, "16 bits": 16}
POLICIES = {"leave them, restore the others": "skip", "keep both, with a number": "rename",
            "replace them": "overwrite"}  # fmt: skip


class FolderDialog(QDialog):
    """Stays open beside the window while it works. `asked` carries `wishes()`; the one who does the
    work calls `begin`, `show_progress` and `finish`."""

    asked = Signal(object)
    cancel_asked = Signal()

    def __init__(self, method: str, folder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Restore a folder")
        self.setMinimumWidth(560)
        self.running = False
        self._files: QFileDialog | None = None
        self._started, self._skipped = 0.0, 0
        self.method = QLabel(method, self)
        self.method.setWordWrap(True)
        self.source, self.target = QLineEdit(self), QLineEdit(self)
        self.source.setPlaceholderText("folder with photographs")
        self.target.setPlaceholderText("folder for the restored pictures")
        self._first = folder
        self.form = FileForm(self, FORMATS, BITS)
        self.exists = QComboBox(self)
        self.exists.addItems(list(POLICIES))
        self.exists.setAccessibleName("Files that exist")
        self.form.addRow("Files that exist", self.exists)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress")
        self.told = QLabel("", self)
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        self.errors = QListWidget(self)
        self.errors.setProperty("role", "framed")
        self.errors.setWordWrap(True)
        self.errors.setAccessibleName("What went wrong")
        self.errors.setMinimumHeight(90)
        self.errors.hide()
        self._lay_out()
        self.source.textChanged.connect(self._source_changed)
        self.target.textChanged.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        places = QGridLayout()
        for layout in (places, self.form):
            layout.setHorizontalSpacing(12)
        label = self.form.labelForField(self.form.depth)
        places.setColumnMinimumWidth(0, label.sizeHint().width())
        self._settings: list[QWidget] = [self.form.format, self.exists]
        for row, (words, line) in enumerate((("From", self.source), ("To", self.target))):
            line.setAccessibleName(words)
            choose = QPushButton("Choose…", self)
            choose.setAutoDefault(False)
            choose.clicked.connect(self._choose_source if row == 0 else self._choose_target)
            self._settings += [line, choose]
            for column, widget in enumerate((QLabel(words, self), line, choose)):
                places.addWidget(widget, row, column)
        self.buttons = QDialogButtonBox(self)
        self.start = self.buttons.addButton("Restore", QDialogButtonBox.ButtonRole.ActionRole)
        self.start.setProperty("role", "primary")
        self.stop = self.buttons.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        self.start.clicked.connect(self._ask)
        self.buttons.rejected.connect(self.reject)
        under = QHBoxLayout()
        under.addLayout(self.form)
        under.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 20, 20, 16)
        whole.setSpacing(12)
        whole.addWidget(self.method)
        whole.addLayout(places)
        whole.addLayout(under)
        whole.addWidget(self.bar)
        whole.addWidget(self.told)
        whole.addWidget(self.errors, 1)
        whole.addWidget(self.buttons)
        self.bar.hide()

    # Folders

    @Slot()
    def _choose_source(self) -> None:
        self._choose("Folder with photographs", self.source)

    @Slot()
    def _choose_target(self) -> None:
        self._choose("Folder for the restored pictures", self.target)

    def _choose(self, title: str, line: QLineEdit) -> None:
        self._files = QFileDialog(self, title, line.text() or self.source.text() or self._first)
        self._files.setFileMode(QFileDialog.FileMode.Directory)
        self._files.setOption(QFileDialog.Option.ShowDirsOnly, True)
        self._files.fileSelected.connect(line.setText)
        self._files.open()

    @Slot(str)
    def _source_changed(self, text: str) -> None:
        """A folder beside it is offered as long as no other was chosen."""
        before = getattr(self, "_offered", "")
        if self.target.text() == before:
            self._offered = f"{text.rstrip('/')}-restored" if text else ""
            self.target.setText(self._offered)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        ready = bool(self.source.text() and self.target.text())
        self.start.setEnabled(ready and not self.running)
        self.stop.setText("Stop" if self.running else "Close")
        for widget in self._settings:
            widget.setEnabled(not self.running)
        self.form.offer(free=not self.running)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self.wishes())

    def wishes(self) -> dict[str, Any]:
        """What `engine.restoration.batch.Batch` takes beside the run."""
        return {
            "source": Path(self.source.text()).expanduser(),
            "target": Path(self.target.text()).expanduser(),
            "format": self.form.chosen(),
            "exists": POLICIES[self.exists.currentText()],
            **self.form.options(),
        }

    # Work

    def begin(self) -> None:
        self.running = True
        self.errors.clear()
        self.errors.hide()
        self.bar.setValue(0)
        self.bar.show()
        self.say("Looking at the folder…")
        self._started, self._skipped = time.monotonic(), 0
        self._refresh()

    def say(self, text: str, role: str = "muted") -> None:
        self.told.setText(text)
        self.told.setProperty("role", role)
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)

    def show_progress(self, at: Any) -> None:
        """One `engine.restoration.batch.Progress`."""
        if at.done is not None:
            if at.done.state == "failed":
                name, message = at.done.source.name, at.done.message
                self.errors.addItem(message if name in message else f"{name}: {message}")
                self.errors.show()
            self._skipped += at.done.state == "skipped"
        done = at.index + (0.0 if at.done is not None else min(at.share, 0.99))
        self.bar.setValue(round(1000 * done / max(1, at.total)))
        words = [f"{at.index} of {at.total} done"]
        if at.index < at.total:
            words.append(f"{at.name}: {at.stage}" if at.stage else at.name)
        # Files that were left alone took no time, and say nothing about the others.
        worked = done - self._skipped
        if worked >= 1 and at.index < at.total:
            left = (time.monotonic() - self._started) / worked * (at.total - done)
            words.append(f"{in_words(left)} left")
        self.say(" · ".join(words))

    def finish(self, text: str, *, grave: bool = False) -> None:
        self.running = False
        if grave:
            self.bar.hide()
        self.say(text, "error" if grave else "muted")
        self._refresh()

    def reject(self) -> None:
        """While it works the button stops it; afterwards it closes."""
        if self.running:
            self.say("Stopping…")
            self.cancel_asked.emit()
        else:
            super().reject()


def in_words(seconds: float) -> str:
    """A time to come, as exact as one can know it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
