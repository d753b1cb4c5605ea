"""What to print, at which size and in which format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.io.pictures import before_and_after
from engine.layers import Layer, Network
from workbench.dialogs.saving import SavingDialog

WIDTHS = {"one column (84 mm)": 84.0, "one and a half (129 mm)": 129.0, "two columns (174 mm)": 174}
FORMATS = ("PNG", "SVG", "PDF")


class ExportFigureDialog(SavingDialog):
    """Accepted with a path; `layer()` and `options()` are what `save_figure` takes."""

    def __init__(
        self, layers: Sequence[Layer], columns: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__("Export figure", parent)
        self._layers = [layer for layer in layers if not isinstance(layer, Network)]
        self._together = before_and_after(self._layers)
        self.what = QComboBox(self)
        if self._together:
            self.what.addItem(" | ".join(layer.name for layer in self._together))
        self.what.addItems([layer.name for layer in self._layers])
        self.colour = QComboBox(self)
        self.colour.addItem("as on screen")
        self.colour.addItems(list(columns))
        self.preset = QComboBox(self)
        self.preset.addItems(list(WIDTHS))
        self.width_mm = QDoubleSpinBox(self)
        self.width_mm.setRange(20, 1000)
        self.width_mm.setValue(84)
        self.width_mm.setSuffix(" mm")
        self.dpi = QSpinBox(self)
        self.dpi.setRange(50, 1200)
        self.dpi.setValue(300)
        self.dpi.setSuffix(" dpi")
        self.format = QComboBox(self)
        self.format.addItems(FORMATS)
        self.outlines = QCheckBox("text as outlines (SVG)", self)
        self.dark = QCheckBox("dark background", self)
        self.pixels = QLabel("", self)
        self.pixels.setProperty("role", "muted")
        self._lay_out()
        self.preset.currentTextChanged.connect(self._preset_chosen)
        if self._together:
            self.preset.setCurrentIndex(len(WIDTHS) - 1)
        self.width_mm.valueChanged.connect(self._show_size)
        self.dpi.valueChanged.connect(self._show_size)
        self._show_size()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Picture", self.what)
        form.addRow("Colour by", self.colour)
        # Photographs have no columns to colour by.
        form.setRowVisible(self.colour, self.colour.count() > 1)
        form.addRow("Width", self.preset)
        form.addRow("", self.width_mm)
        form.addRow("Resolution", self.dpi)
        form.addRow("Format", self.format)
        form.addRow("", self.outlines)
        form.addRow("", self.dark)
        form.addRow("", self.pixels)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.buttons)

    @Slot(str)
    def _preset_chosen(self, text: str) -> None:
        self.width_mm.setValue(WIDTHS[text])

    @Slot()
    def _show_size(self) -> None:
        pixels = round(self.width_mm.value() / 25.4 * self.dpi.value())
        self.pixels.setText(f"{pixels} pixels wide")

    def wanted(self) -> tuple[str, str, str]:
        kind = self.format.currentText()
        return "", kind, kind.lower()

    def layer(self) -> Layer | tuple[Layer, ...]:
        """The chosen layer, or those that stand side by side."""
        index = self.what.currentIndex() - bool(self._together)
        return self._layers[index] if index >= 0 else self._together

    def options(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {
            "width_mm": self.width_mm.value(),
            "dpi": self.dpi.value(),
            "text_as_paths": self.outlines.isChecked(),
            "dark": self.dark.isChecked(),
        }
        if self.colour.currentIndex() > 0:
            chosen["colour_by"] = self.colour.currentText()
        return chosen
