"""The selected rows of the data as a table that can be copied."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

MOST_ROWS = 1000


class SelectionDialog(QDialog):
    """Labels and values of the picked points, at most `MOST_ROWS` of them."""

    def __init__(self, data: Any, ids: np.ndarray, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{len(ids)} selected rows of {data.name}")
        self.resize(760, 420)
        shown = ids[:MOST_ROWS]
        names = [*data.labels, *data.columns]
        table = QTableWidget(len(shown), len(names), self)
        table.setHorizontalHeaderLabels(names)
        table.setVerticalHeaderLabels([str(int(i)) for i in shown])
        for column, cells in enumerate(_cells(data, shown)):
            for row, text in enumerate(cells):
                table.setItem(row, column, QTableWidgetItem(text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(table)
        layout.addWidget(buttons)


def _cells(data: Any, ids: np.ndarray) -> list[list[str]]:
    labels = [[str(v) for v in np.asarray(column)[ids]] for column in data.labels.values()]
    values = [[f"{v:.6g}" for v in data.values[ids, k]] for k in range(len(data.columns))]
    return labels + values


def as_text(data: Any, ids: np.ndarray) -> str:
    """Tab-separated rows with a header, for a spreadsheet."""
    header = "\t".join(["row", *data.labels, *data.columns])
    rows = zip(*_cells(data, ids), strict=True)
    lines = ["\t".join([str(int(i)), *row]) for i, row in zip(ids, rows, strict=True)]
    return "\n".join([header, *lines])
