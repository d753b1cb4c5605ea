"""A dialog that ends with the choice of a file to write."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QWidget


class SavingDialog(QDialog):
    """Accepted with a path. What is chosen before is for the dialogs that are made of it, which
    say in `wanted` where the file may go and of which kind it is."""

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._path = ""
        self._files: QFileDialog | None = None
        either = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(either.Save | either.Cancel, self)
        self.buttons.button(either.Save).setText("Choose a file…")
        self.buttons.accepted.connect(self._ask_path)
        self.buttons.rejected.connect(self.reject)

    def wanted(self) -> tuple[str, str, str]:
        """A place to begin with, the kind's name and its suffix."""
        raise NotImplementedError

    @Slot()
    def _ask_path(self) -> None:
        place, kind, suffix = self.wanted()
        self._files = QFileDialog(self, self.windowTitle(), place, f"{kind} (*.{suffix})")
        self._files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._files.setDefaultSuffix(suffix)
        if place:
            self._files.selectFile(place)
        self._files.fileSelected.connect(self.save_as)
        self._files.open()

    @Slot(str)
    def save_as(self, path: str) -> None:
        self._path = path
        self.accept()

    def path(self) -> str:
        return self._path
