"""The bar at the left: one button per family of methods."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine import catalog
from workbench.theme import Theme


class FamilyBar(QWidget):
    """Families of the catalogue, in its order."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("familybar")
        self.setFixedWidth(132)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 12, 8, 8)
        layout.setSpacing(4)
        self._mark = QLabel("Fieldwright", self)
        self._mark.setProperty("role", "brand")
        layout.addWidget(self._mark)
        layout.addSpacing(12)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        for number, (family, title) in enumerate(catalog.FAMILIES.items()):
            button = QPushButton(title, self)
            button.setCheckable(True)
            button.setChecked(number == 0)
            button.setProperty("role", "family")
            button.setAccessibleName(title)
            button.setObjectName(f"family.{family}")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._group.addButton(button, number)
            layout.addWidget(button)
        layout.addStretch(1)
        self._group.idClicked.connect(self._on_clicked)

    @Slot(int)
    def _on_clicked(self, number: int) -> None:
        self.chosen.emit(list(catalog.FAMILIES)[number])

    def show_family(self, family: str) -> None:
        """Mark the family that is shown."""
        button = self._group.button(list(catalog.FAMILIES).index(family))
        if button is not None:
            button.setChecked(True)

    def set_theme(self, theme: Theme) -> None:
        """Colours come from the style sheet; nothing to redraw."""
