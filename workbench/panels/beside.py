"""What stands beside the result: the data, or where they are known the truth and the error."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from engine.layers import Arrows
from engine.method import Snapshot

DATA = "data"
ROLES = ("truth", "error")


class BesideChooser(QComboBox):
    """Offers the layers of a snapshot that have another role than the result's."""

    switched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Beside the result")
        self.addItems([DATA, *ROLES])
        self.hide()
        self.activated.connect(self._on_activated)

    def offer(self, snapshot: Snapshot | None) -> None:
        """Show itself when there is something to choose; a preview leaves it as it is."""
        if snapshot is not None and snapshot.coarse:
            return
        some = any(self._find(snapshot, role) is not None for role in ROLES)
        self.setVisible(some)
        if not some:
            self.setCurrentText(DATA)

    def chosen(self, snapshot: Snapshot | None) -> Arrows | None:
        """The chosen layer; None for the data themselves."""
        return self._find(snapshot, self.currentText())

    def _find(self, snapshot: Snapshot | None, role: str) -> Arrows | None:
        layers = snapshot.layers if snapshot is not None else ()
        found = (x for x in layers if isinstance(x, Arrows) and x.role == role)
        return next(found, None)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.switched.emit()
