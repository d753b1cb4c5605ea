"""In which format and depth a restored picture is written."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.data import camera_notes
from workbench.dialogs.saving import SavingDialog

SUFFIXES = {"PNG": "png", "TIFF": "tif", "JPEG": "jpg"}
BITS = {"8 bits": 8, "16 bits": 16}
QUALITY = 92


class FileForm(QFormLayout):
    """Format, bits per channel and quality; only what the format has can be chosen."""

    def __init__(self, parent: QWidget, formats: dict[str, str], bits: dict[str, Any]) -> None:
        super().__init__()
        self._formats, self._bits = formats, bits
        self.format, self.depth = QComboBox(parent), QComboBox(parent)
        self.format.addItems(list(formats))
        self.depth.addItems(list(bits))
        self.quality = QSpinBox(parent)
        self.quality.setRange(1, 100)
        self.quality.setValue(QUALITY)
        for words, widget in (("Format", self.format), ("Bits per channel", self.depth),
                              ("Quality of JPEG", self.quality)):  # fmt: skip
            widget.setAccessibleName(words)
            self.addRow(words, widget)
        self.format.currentTextChanged.connect(self._chose)
        self.offer()

    @Slot(str)
    def _chose(self, text: str) -> None:
        self.offer()

    def offer(self, *, free: bool = True) -> None:
        """Bits and quality where the format has them, and nothing while they are in use."""
        text = self.format.currentText()
        self.depth.setEnabled(free and text != "JPEG")
        self.quality.setEnabled(free and text not in ("PNG", "TIFF"))

    def options(self) -> dict[str, Any]:
        """Depth, None for that of the photograph, and quality."""
        deep = self._bits[self.depth.currentText()]
        deep = None if self.format.currentText() == "JPEG" else deep
        return {"depth": deep, "quality": self.quality.value()}

    def chosen(self) -> str:
        return self._formats[self.format.currentText()]


class ExportPictureDialog(SavingDialog):
    """Accepted with a path and `options()`, what `engine.io.pictures.save_picture` takes."""

    def __init__(self, photograph: Any, folder: str, parent: QWidget | None = None) -> None:
        super().__init__("Export picture", parent)
        self._folder = folder
        self._stem = photograph.name.rpartition(".")[0] or photograph.name
        self.form = FileForm(self, SUFFIXES, BITS)
        self.form.depth.setCurrentIndex(0 if photograph.depth <= 8 else 1)
        self._see_through = photograph.alpha is not None
        self._profiled = bool(photograph.profile)
        notes = camera_notes.of_block(photograph.exif)
        self._noted, self._placed = bool(notes), bool(notes.place)
        self.told = QLabel("", self)
        self.told.setWordWrap(True)
        self.told.setProperty("role", "muted")
        self.told.setMinimumWidth(320)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addLayout(self.form)
        column.addWidget(self.told)
        column.addWidget(self.buttons)
        self.form.format.currentTextChanged.connect(self._tell)
        self._tell()

    @Slot()
    def _tell(self) -> None:
        """What of the photograph goes into the file."""
        kept = ["its colour profile"] if self._profiled else []
        jpeg = self.form.format.currentText() == "JPEG"
        if self._see_through and not jpeg:
            kept.insert(0, "its opacity")
        if self._noted:
            where = ", with the place where it was taken (GPS)" if self._placed else ""
            kept.append(f"the notes of its camera or scanner{where}")
        text = f"The file keeps {' and '.join(kept)}, and says" if kept else "The file says"
        text += " which method made it, with all parameters."
        if self._see_through and jpeg:
            text += " JPEG has no opacity: the picture is laid on white."
        self.told.setText(text)

    def wanted(self) -> tuple[str, str, str]:
        suffix = self.form.chosen()
        place = f"{self._folder}/{self._stem}-restored.{suffix}"
        return place, self.form.format.currentText(), suffix

    def options(self) -> dict[str, Any]:
        return self.form.options()
