"""Marked places as a table: where each is, and what is known of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.layers import Markers
from workbench.theme import Theme


class PlacesView(QTableWidget):
    """Draws a `Markers` layer; a click on a title sorts by it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Markers | None = None
        self.setAccessibleName("Marked places")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        across = self.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setHighlightSections(False)
        self.setSortingEnabled(True)
        across.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)

    def show_layer(self, layer: Markers) -> None:
        if layer is self._layer:
            return
        self._layer = layer
        names = [str(axis) for axis in layer.axes[: layer.positions.shape[1]]]
        columns = {name: layer.positions[:, k] for k, name in enumerate(names)}
        columns = {**dict(layer.columns), **columns}
        # Rows that sort themselves while they are filled would mix.
        self.setSortingEnabled(False)
        if self.columnCount() != len(columns):
            self.setColumnCount(len(columns))
        self.setHorizontalHeaderLabels(list(columns))
        self.setRowCount(len(layer.positions))
        for column, values in enumerate(columns.values()):
            for row, value in enumerate(values.tolist()):
                self.setItem(row, column, _cell(value))
        self.setSortingEnabled(True)

    def set_theme(self, theme: Theme) -> None:
        """The style sheet colours tables."""

    def release(self) -> None:
        self._layer = None


def _cell(value: Any) -> QTableWidgetItem:
    """Numbers as numbers, so that they sort as such."""
    item = QTableWidgetItem()
    number = not isinstance(value, str)
    item.setData(Qt.ItemDataRole.DisplayRole, _rounded(value) if number else value)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    item.setTextAlignment(right if number else left)
    return item


def _rounded(value: float) -> float | int:
    return value if isinstance(value, int) else float(f"{value:.3g}")
