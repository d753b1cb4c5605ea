"""What stands beside the result: the data, or another layer, such as the truth."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from engine.layers import Layer
from engine.method import Snapshot

DATA = "data"


class BesideChooser(QComboBox):
    """Offers the layers of these kinds that a snapshot has besides its result."""

    switched = Signal()

    with_data = True
    """Whether the data are offered beside the layers; not where a layer is the data anyway."""

    def __init__(
        self, kinds: tuple[type, ...], preferred: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kinds, self._preferred = kinds, preferred
        self._by_hand = False
        self.setAccessibleName("Beside the result")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.addItem(DATA)
        self.hide()
        self.activated.connect(self._on_activated)

    def offer(self, snapshot: Snapshot | None) -> None:
        """Show itself when there is something to choose; a preview leaves it as it is."""
        if snapshot is not None and snapshot.coarse:
            return
        names = [*([DATA] if self.with_data else []), *self._others(snapshot)]
        chosen = self.currentText() if self._by_hand else self._preferred
        if names != [self.itemText(k) for k in range(self.count())]:
            blocker = QSignalBlocker(self)
            self.clear()
            self.addItems(names)
            self.setCurrentText(chosen if chosen in names else (names[0] if names else ""))
            blocker.unblock()
        self.setVisible(len(names) > 1)

    def chosen(self, snapshot: Snapshot | None) -> Any:
        """The chosen layer; None for the data themselves."""
        return self._others(snapshot).get(self.currentText())

    def _others(self, snapshot: Snapshot | None) -> dict[str, Layer]:
        """What the pictures can draw, but for the result, which comes first."""
        layers = snapshot.layers if snapshot is not None else ()
        return {x.name: x for x in layers if isinstance(x, self._kinds) and x is not layers[0]}

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self._by_hand = True
        self.switched.emit()
