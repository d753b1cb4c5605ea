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
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.data import OpenError, Preview
from workbench.dialogs.field_columns import FieldColumnsForm

_MISSING = {
    "leave out rows with gaps": "drop_rows",
    "fill gaps with the column's mean": "mean",
    "open nothing if there are gaps": "refuse",
}


class OpenDataDialog(QDialog):
    """A table of measurements: its label column, the columns to use, what to do about gaps. Or
    positions with vectors: which columns are which. `as_field` is what it is at first."""

    def __init__(
        self, preview: Preview, parent: QWidget | None = None, *, as_field: bool = False
    ) -> None:
        super().__init__(parent)
        self._preview = preview
        self.setWindowTitle(f"Open {preview.name}")
        self.resize(760, 560)
        layout = QVBoxLayout(self)
        summary = QLabel(self._summary(), self)
        summary.setWordWrap(True)
        layout.addWidget(summary)
        layout.addWidget(self._table(), 1)
        self.kind = QComboBox(self)
        self.kind.setAccessibleName("Use as")
        self.kind.addItems(["a table of measurements", "positions with vectors"])
        self.kind.setCurrentIndex(int(as_field))
        kind = QFormLayout()
        kind.addRow("Use as", self.kind)
        layout.addLayout(kind)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._table_form())
        every = (*preview.columns, *preview.labels)
        self.field = FieldColumnsForm(every, preview.fields, self)
        self._pages.addWidget(self.field)
        self._pages.setCurrentIndex(int(as_field))
        self.kind.currentIndexChanged.connect(self._pages.setCurrentIndex)
        layout.addWidget(self._pages)
        self.complaint = QLabel("", self)
        self.complaint.setProperty("role", "warning")
        self.complaint.setWordWrap(True)
        self.complaint.hide()
        layout.addWidget(self.complaint)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Open | standard.Cancel, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def _table_form(self) -> QWidget:
        preview = self._preview
        page = QWidget(self)
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
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
        return page

    def accept(self) -> None:
        """Close, unless the mapping cannot be: then say why."""
        try:
            self.options()
        except OpenError as error:
            self.complaint.setText(str(error))
            self.complaint.show()
            return
        super().accept()

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
        """What `open_any` takes beside the path; only what differs from its defaults. Raises
        `OpenError` for a mapping that cannot be."""
        if self.kind.currentIndex():
            return {"fields": self.field.fields()}
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
