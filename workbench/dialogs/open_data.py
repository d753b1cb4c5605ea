"""What was understood of a file, before it becomes the data."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.data import Preview

_MISSING = {
    "leave out rows with gaps": "drop_rows",
    "fill gaps with the column's mean": "mean",
    "open nothing if there are gaps": "refuse",
}


class OpenDataDialog(QDialog):
    """Choose the label column, the columns to use, and what to do about gaps."""

    def __init__(self, preview: Preview, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview = preview
        self.setWindowTitle(f"Open {preview.name}")
        self.resize(760, 560)
        layout = QVBoxLayout(self)
        summary = QLabel(self._summary(), self)
        summary.setWordWrap(True)
        layout.addWidget(summary)
        layout.addWidget(self._table(), 1)
        form = QFormLayout()
        self.label = QComboBox(self)
        self.label.addItem("none", "")
        for name in (*preview.labels, *preview.columns):
            self.label.addItem(name, name)
        self.label.setCurrentIndex(max(0, self.label.findData(preview.label)))
        form.addRow("Classes are in", self.label)
        self.missing = QComboBox(self)
        self.missing.addItems(list(_MISSING))
        self.missing.setEnabled(preview.gaps + preview.infinities > 0)
        form.addRow("Missing values", self.missing)
        self.columns = QListWidget(self)
        self.columns.setMaximumHeight(140)
        for name in preview.columns:
            item = QListWidgetItem(name, self.columns)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
        form.addRow("Columns to use", self.columns)
        layout.addLayout(form)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Open | standard.Cancel, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def _summary(self) -> str:
        found = self._preview
        parts = [f"<b>{found.count} rows, {len(found.columns)} columns of numbers.</b>"]
        parts += found.remarks
        if found.gaps:
            verb = "value is" if found.gaps == 1 else "values are"
            parts.append(f"{found.gaps} {verb} missing.")
        if found.infinities:
            parts.append(f"{found.infinities} values are infinite.")
        return " ".join(parts)

    def _table(self) -> QTableWidget:
        found = self._preview
        table = QTableWidget(len(found.rows), len(found.titles), self)
        table.setHorizontalHeaderLabels(list(found.titles))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        for row, cells in enumerate(found.rows):
            for column, text in enumerate(cells):
                table.setItem(row, column, QTableWidgetItem(text))
        return table

    def spec(self) -> str:
        return self._preview.spec

    def options(self) -> dict[str, Any]:
        """What `open_any` takes beside the path; only what differs from its defaults."""
        chosen: dict[str, Any] = {}
        label = self.label.currentData()
        if label != self._preview.label:
            chosen["label"] = label
        missing = _MISSING[self.missing.currentText()]
        if missing != "drop_rows":
            chosen["missing"] = missing
        items = [self.columns.item(k) for k in range(self.columns.count())]
        dropped = [i.text() for i in items if i.checkState() != Qt.CheckState.Checked]
        if dropped:
            chosen["drop"] = dropped
        return chosen
