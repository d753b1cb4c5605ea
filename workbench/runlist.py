"""The list of runs: choose, rename, star, compare, delete."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.document import Document, Run

_STATES = {
    "queued": "queued",
    "started": "fitting",
    "failed": "failed",
    "cancelled": "stopped",
}


class RunList(QWidget):
    """Runs, newest first. A tick puts a run into the comparison."""

    chosen = Signal(int)
    renamed = Signal(int, str)
    starred = Signal(int, bool)
    deleted = Signal(int)
    compared = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.tree = QTreeWidget(self)
        self.tree.setAccessibleName("Runs")
        self.tree.setRootIsDecorated(False)
        self.tree.setColumnCount(3)
        self.tree.setHeaderLabels(["Run", "Data", "Time"])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tree)
        self.tree.itemClicked.connect(self._on_clicked)
        self.tree.itemChanged.connect(self._on_edited)
        self.tree.customContextMenuRequested.connect(self._menu)
        document.runs_changed.connect(self.show_runs)
        document.active_changed.connect(self.show_runs)
        document.compare_changed.connect(self.show_runs)

    @Slot()
    def show_runs(self) -> None:
        self.tree.blockSignals(True)
        self.tree.clear()
        for run in reversed(self._document.visible_runs()):
            item = QTreeWidgetItem([self._title(run), _data(run), self._time(run)])
            item.setData(0, Qt.ItemDataRole.UserRole, run.id)
            item.setFlags(
                item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable
            )
            ticked = run.id in self._document.compared
            state = Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
            item.setCheckState(0, state)
            item.setToolTip(0, run.failed or "Tick to compare; double click to rename.")
            self.tree.addTopLevelItem(item)
            if run is self._document.active:
                self.tree.setCurrentItem(item)
        self.tree.blockSignals(False)

    def _title(self, run: Run) -> str:
        return f"★ {run.name}" if run.starred else run.name

    def _time(self, run: Run) -> str:
        return _STATES.get(run.state) or f"{run.seconds:.1f} s"

    def _run(self, item: QTreeWidgetItem) -> Run | None:
        return self._document.run(int(item.data(0, Qt.ItemDataRole.UserRole)))

    @Slot(QTreeWidgetItem, int)
    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        run = self._run(item)
        ticked = item.checkState(0) == Qt.CheckState.Checked
        if run is not None and ticked == (run.id in self._document.compared):
            self.chosen.emit(run.id)

    @Slot(QTreeWidgetItem, int)
    def _on_edited(self, item: QTreeWidgetItem, column: int) -> None:
        run = self._run(item)
        if run is None or column != 0:
            return
        ticked = item.checkState(0) == Qt.CheckState.Checked
        compared = self._document.compared
        if ticked and run.id not in compared:
            self.compared.emit((*compared, run.id))
        elif not ticked and run.id in compared:
            self.compared.emit(tuple(n for n in compared if n != run.id))
        elif (name := item.text(0).removeprefix("★ ").strip()) and name != run.name:
            self.renamed.emit(run.id, name)

    @Slot(QPoint)
    def _menu(self, where: QPoint) -> None:
        item = self.tree.itemAt(where)
        run = None if item is None else self._run(item)
        if item is None or run is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = menu.addAction("Rename")
        star = menu.addAction("Remove star" if run.starred else "Star")
        delete = menu.addAction("Delete")
        self._menu_for = (run, item)
        rename.triggered.connect(self._rename)
        star.triggered.connect(self._star)
        delete.triggered.connect(self._delete)
        menu.popup(self.tree.viewport().mapToGlobal(where))

    @Slot()
    def _rename(self) -> None:
        self.tree.editItem(self._menu_for[1], 0)

    @Slot()
    def _star(self) -> None:
        run = self._menu_for[0]
        self.starred.emit(run.id, not run.starred)

    @Slot()
    def _delete(self) -> None:
        self.deleted.emit(self._menu_for[0].id)


def _data(run: Run) -> str:
    """The name of the data, and of a picture that was spoilt on purpose how: the clean one has the
    same name."""
    from engine.data.photographs import briefly

    done = briefly(str(run.spec.data_options.get("picture") or ""))
    return f"{run.data_name}, {done}" if done else run.data_name
