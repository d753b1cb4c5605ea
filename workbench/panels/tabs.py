"""Tabs that are never cut: those that there is no room for are in a menu at the end."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QTabBar, QTabWidget, QToolButton, QWidget

LEAST = 80


class _Bar(QTabBar):
    def wide(self, index: int) -> int:
        """Pixels that a tab takes."""
        return self.tabSizeHint(index).width()

    def minimumSizeHint(self) -> QSize:
        """Of one tab: what is in the bar now must not keep the window from growing narrower."""
        return QSize(LEAST, super().minimumSizeHint().height())


class Tabs(QTabWidget):
    """As a tab widget without arrows: the chosen tab is always in the bar, the last ones leave
    first, and what left is chosen in the menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = _Bar(self)
        self.setTabBar(self._bar)
        self.setDocumentMode(True)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self._arranging = False
        self.more = QToolButton(self)
        self.more.setText("⋯")
        self.more.setToolTip("Further diagnostics")
        self.more.setAccessibleName("Further diagnostics")
        self.more.setAutoRaise(True)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        menu.aboutToShow.connect(self._fill)
        self.more.setMenu(menu)
        self.setCornerWidget(self.more, Qt.Corner.TopRightCorner)
        self.more.hide()
        self.currentChanged.connect(self._arrange)

    def away(self) -> list[int]:
        """The tabs that are in the menu."""
        return [k for k in range(self.count()) if not self._bar.isTabVisible(k)]

    def tabInserted(self, index: int) -> None:
        super().tabInserted(index)
        self._arrange()

    def tabRemoved(self, index: int) -> None:
        super().tabRemoved(index)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._arrange()

    @Slot()
    def _arrange(self, *_: int) -> None:
        if self._arranging:
            return
        self._arranging = True
        here = self._fitting()
        for k in range(self.count()):
            if self._bar.isTabVisible(k) != (k in here):
                self._bar.setTabVisible(k, k in here)
        away = len(here) < self.count()
        if self.more.isHidden() == away:
            self.more.setVisible(away)
        self._arranging = False

    def _fitting(self) -> set[int]:
        """The tabs in the bar: the chosen one, and the first of the others that have room."""
        wide = [self._bar.wide(k) for k in range(self.count())]
        if sum(wide) <= self.width():
            return set(range(self.count()))
        room = self.width() - self.more.sizeHint().width()
        here = {self.currentIndex()} if self.currentIndex() >= 0 else set()
        room -= sum(wide[k] for k in here)
        for k in range(self.count()):
            if k in here:
                continue
            room -= wide[k]
            if room < 0:
                break
            here.add(k)
        return here

    @Slot()
    def _fill(self) -> None:
        menu = self.more.menu()
        menu.clear()
        for k in self.away():
            menu.addAction(self.tabText(k)).triggered.connect(partial(self._choose, k))

    def _choose(self, index: int, *_: bool) -> None:
        """As a click on the tab."""
        self._bar.setTabVisible(index, True)
        self.setCurrentIndex(index)
        self.tabBarClicked.emit(index)
