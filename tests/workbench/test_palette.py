"""The command palette: found by letters, chosen by keys, run once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from workbench.palette import CommandPalette, score


def test_letters_must_appear_in_order_and_word_starts_count_more():
    assert score("xyz", "Export figure") == 0
    assert score("gif", "Export figure") == 0
    assert score("ef", "Export figure") > score("ef", "Reset cameras after")
    assert score("fig", "Export figure") > score("fig", "Fit again")


@pytest.fixture
def asked(qtbot):
    ran = []
    actions = [QAction(text) for text in ("Open data…", "Export figure…", "Switch theme")]
    for action in actions:
        action.triggered.connect(lambda _=False, action=action: ran.append(action.text()))
    off = QAction("Fit")
    off.setEnabled(False)
    palette = CommandPalette([*actions, off])
    palette.show()
    yield palette, ran, actions
    if ran:  # a command that has run closes and deletes its palette
        return
    palette.close()


def shown(palette):
    tree = palette.list
    return [tree.topLevelItem(k).text(0) for k in range(tree.topLevelItemCount())]


def test_typing_filters_and_enter_runs_the_best(asked):
    palette, ran, _ = asked
    assert shown(palette) == ["Open data…", "Export figure…", "Switch theme"]
    QTest.keyClicks(palette.line, "exf")
    assert shown(palette) == ["Export figure…"]
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert ran == ["Export figure…"]


def test_arrows_go_round(asked):
    palette, ran, _ = asked
    QTest.keyClick(palette.line, Qt.Key.Key_Up)
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert ran == ["Switch theme"]
