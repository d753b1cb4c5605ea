"""What stands beside the result: the data, or another layer of arrows, such as the truth."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from engine.layers import Arrows
from engine.method import Snapshot

DATA = "data"


class BesideChooser(QComboBox):
    """Offers the layers of arrows that a snapshot has besides its result."""

    switched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Beside the result")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.addItem(DATA)
        self.hide()
        self.activated.connect(self._on_activated)

    def offer(self, snapshot: Snapshot | None) -> None:
        """Show itself when there is something to choose; a preview leaves it as it is."""
        if snapshot is not None and snapshot.coarse:
            return
        names = [DATA, *_others(snapshot)]
        chosen = self.currentText()
        if names != [self.itemText(k) for k in range(self.count())]:
            blocker = QSignalBlocker(self)
            self.clear()
            self.addItems(names)
            self.setCurrentText(chosen if chosen in names else DATA)
            blocker.unblock()
        self.setVisible(len(names) > 1)

    def chosen(self, snapshot: Snapshot | None) -> Arrows | None:
        """The chosen layer; None for the data themselves."""
        return _others(snapshot).get(self.currentText())

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.switched.emit()


def _others(snapshot: Snapshot | None) -> dict[str, Arrows]:
    layers = snapshot.layers[1:] if snapshot is not None else ()
    return {layer.name: layer for layer in layers if isinstance(layer, Arrows)}
