"""Above the pictures: data, method, Fit, and what the points are coloured by.

In a narrow window names are cut short, and what is used least goes into a menu.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from engine import catalog
from workbench.overflow import Overflow
from workbench.views.chooser import Chooser

SMALL = (
    "view.lasso", "view.brush", "view.edges", "view.fit", "compare.all", "export.figure",
    "view.theme",
)  # fmt: skip
"""Commands with an icon alone."""
OF_ROWS = ("view.lasso", "view.brush", "view.edges")
COLOURS = "colours"
LEAVING = (
    "view.theme", "export.figure", "compare.all", "view.fit", COLOURS, "view.edges", "view.lasso",
    "view.brush",
)  # fmt: skip
"""What goes into the menu, in this order."""
MARGIN = SPACING = 8
USUAL, LEAST = 150, 112
"""Width of the chooser of methods while others still can leave, and at least."""
TIGHT = 520
"""Below this width of the bar its first button is an icon alone."""


class TopBar(QWidget):
    """Choosers and the few commands used all the time."""

    method_chosen = Signal(str)
    sample_chosen = Signal(str)
    colour_chosen = Signal(str)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topbar")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(SPACING)
        self.open = self._button(actions["open"], "Open…")
        self.samples = QToolButton(self)
        self.samples.setText("Samples")
        self.samples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.samples.setMenu(self._sample_menu())
        self.methods = Chooser(self)
        self.methods.setAccessibleName("Method")
        # As wide as its longest name where there is room for it.
        self.methods.setMinimumWidth(LEAST)
        self.methods.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._family = ""
        self._seen = self._brush = False
        self.fit = self._button(actions["fit"], "Fit")
        self.fit.setProperty("role", "primary")
        self.colours = Chooser(self)
        self.colours.setAccessibleName("Colour by")
        self.colours.setMinimumWidth(120)
        self.colours.setMaximumWidth(200)
        short = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.colours.setSizeAdjustPolicy(short)
        colour = QLabel("Colour", self)
        for widget in (self.open, self.samples):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.methods)
        layout.addWidget(self.fit)
        layout.addWidget(colour)
        layout.addWidget(self.colours)
        self._small = {name: self._button(actions[name]) for name in SMALL}
        self.more = Overflow(SPACING, self)
        self.more.add(COLOURS, (colour, self.colours), LEAVING.index(COLOURS), self._into_menu)
        for name, button in self._small.items():
            layout.addWidget(button)
            into = partial(_add_action, actions[name])
            self.more.add(name, (button,), LEAVING.index(name), into)
        layout.addWidget(self.more)
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
        self._brush = panel.HAS_ROWS
        panel.painting.offered.connect(self._offer_brush)
        self.show_panel(panel)

    def show_panel(self, panel: Any) -> None:
        """The tools for the panel that is seen; for None, where there is nothing to work on, none
        of them."""
        self._seen = panel is not None
        for name in OF_ROWS:
            self.more.want(name, wanted=self._seen and panel.HAS_ROWS)
        self.more.want(COLOURS, wanted=self._seen and self.colours.count() > 0)
        self._offer_brush(self._brush)

    @Slot(bool)
    def _offer_brush(self, offered: bool) -> None:
        self._brush = offered
        self.more.want("view.brush", wanted=offered and self._seen)
        self._arrange()

    # Room

    def minimumSizeHint(self) -> QSize:
        """As wide as what never leaves."""
        icon = self._small["view.theme"].sizeHint().width()
        kept = (icon, self.samples.sizeHint().width(), LEAST, self.fit.sizeHint().width(), icon)
        height = super().minimumSizeHint().height()
        return QSize(sum(kept) + SPACING * len(kept) + 2 * MARGIN, height)

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.LayoutRequest):
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        """Hide what has no room, which the menu then offers."""
        style = Qt.ToolButtonStyle
        tight = self.width() < TIGHT
        self.open.setToolButtonStyle(
            style.ToolButtonIconOnly if tight else style.ToolButtonTextBesideIcon
        )
        kept = sum(w.sizeHint().width() + SPACING for w in (self.open, self.samples, self.fit))
        usual = min(USUAL, self.methods.sizeHint().width())
        self.more.fit_into(self.width() - 2 * MARGIN - kept - usual - SPACING)

    def _into_menu(self, menu: QMenu) -> None:
        """The columns as a menu of their own."""
        columns = menu.addMenu("Colour")
        for k in range(self.colours.count()):
            action = columns.addAction(self.colours.itemText(k))
            action.setCheckable(True)
            action.setChecked(k == self.colours.currentIndex())
            action.triggered.connect(partial(self._on_colour, k))

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
        self.more.want(COLOURS, wanted=bool(names) and self._seen)
        blocker.unblock()
        self._arrange()

    @Slot(int)
    def _on_method(self, row: int) -> None:
        self.method_chosen.emit(self.methods.itemData(row))

    @Slot(int)
    def _on_colour(self, row: int, *_: object) -> None:
        self.colour_chosen.emit(self.colours.itemText(row))

    @Slot(QAction)
    def _on_sample(self, action: QAction) -> None:
        self.sample_chosen.emit(action.data())


def _add_action(action: QAction, menu: QMenu) -> None:
    menu.addAction(action)
