"""Above the pictures: data, method, Fit, and what the points are coloured by."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from engine import catalog

SMALL = (
    "view.lasso", "view.brush", "view.edges", "view.fit", "compare.all", "export.figure",
    "view.theme",
)  # fmt: skip
"""Commands with an icon alone."""
OF_ROWS = ("view.lasso", "view.brush", "view.edges")


class TopBar(QWidget):
    """Choosers and the few commands used all the time."""

    method_chosen = Signal(str)
    sample_chosen = Signal(str)
    colour_chosen = Signal(str)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topbar")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        self.open = self._button(actions["open"], "Open…")
        self.samples = QToolButton(self)
        self.samples.setText("Samples")
        self.samples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.samples.setMenu(self._sample_menu())
        self.methods = QComboBox(self)
        self.methods.setAccessibleName("Method")
        # As wide as its longest name where there is room for it.
        self.methods.setMinimumWidth(164)
        self.methods.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._family = ""
        self.fit = self._button(actions["fit"], "Fit")
        self.fit.setProperty("role", "primary")
        self.colours = QComboBox(self)
        self.colours.setAccessibleName("Colour by")
        self.colours.setMinimumWidth(140)
        self.colours.setMaximumWidth(200)
        short = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.colours.setSizeAdjustPolicy(short)
        colour = self._colour_word = QLabel("Colour", self)
        for widget in (self.open, self.samples):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.methods)
        layout.addWidget(self.fit)
        layout.addWidget(colour)
        layout.addWidget(self.colours)
        self._small = {name: self._button(actions[name]) for name in SMALL}
        for button in self._small.values():
            layout.addWidget(button)
        self.methods.activated.connect(self._on_method)
        self.colours.activated.connect(self._on_colour)

    def _button(self, action: QAction, text: str = "") -> QToolButton:
        button = QToolButton(self)
        if text:
            action.setIconText(text.rstrip("…"))
        button.setDefaultAction(action)
        button.setAutoRaise(not text)
        if text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        else:
            button.setAccessibleName(action.toolTip())
        return button

    def _sample_menu(self) -> QMenu:
        from engine.data.samples import samples

        menu = QMenu(self)
        shown = ""
        for sample in samples():
            if sample.family != shown:
                shown = sample.family
                menu.addSection(catalog.FAMILIES[shown])
            action = menu.addAction(sample.title)
            action.setData(sample.spec)
            action.setToolTip(sample.sentence)
        menu.triggered.connect(self._on_sample)
        return menu

    def follow(self, panel: Any) -> None:
        """The tools that work on rows of a data set, where a panel has rows; the brush also where
        its painting offers it."""
        for name in OF_ROWS:
            self._small[name].setVisible(panel.HAS_ROWS)
        panel.painting.offered.connect(self._small["view.brush"].setVisible)

    def _fill_methods(self, family: str) -> None:
        """The methods of one family, once."""
        if family == self._family:
            return
        self._family = family
        self.methods.clear()
        for card in catalog.cards().values():
            if card.family != family:
                continue
            self.methods.addItem(card.title, card.id)
            row = self.methods.count() - 1
            reason = card.missing()
            tip = reason or card.summary
            self.methods.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
            model = self.methods.model()
            if reason and isinstance(model, QStandardItemModel):
                item = model.item(row)
                item.setEnabled(False)
                item.setText(f"{card.title} (not installed)")

    # Shown by the window

    def show_method(self, method_id: str) -> None:
        blocker = QSignalBlocker(self.methods)
        self._fill_methods(catalog.card(method_id).family)
        row = self.methods.findData(method_id)
        if row < 0:
            self._add_missing(method_id)
            row = self.methods.findData(method_id)
        self.methods.setCurrentIndex(row)
        blocker.unblock()

    def _add_missing(self, method_id: str) -> None:
        card = catalog.card(method_id)
        self.methods.addItem(card.title, card.id)

    def show_columns(self, names: list[str], chosen: str) -> None:
        blocker = QSignalBlocker(self.colours)
        if names != [self.colours.itemText(k) for k in range(self.colours.count())]:
            self.colours.clear()
            self.colours.addItems(names)
        self.colours.setCurrentText(chosen)
        self.colours.setEnabled(bool(names))
        for widget in (self.colours, self._colour_word):
            widget.setVisible(bool(names))
        blocker.unblock()

    @Slot(int)
    def _on_method(self, row: int) -> None:
        self.method_chosen.emit(self.methods.itemData(row))

    @Slot(int)
    def _on_colour(self, row: int) -> None:
        self.colour_chosen.emit(self.colours.itemText(row))

    @Slot(QAction)
    def _on_sample(self, action: QAction) -> None:
        self.sample_chosen.emit(action.data())
