"""A window of 900 pixels: names are cut short, what is used least goes into a menu, and nothing is
cut off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from tests.workbench.test_strength_map import restored, settled
from workbench import theme
from workbench.panels.scores import headed

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


@pytest.fixture
def dressed(window, qtbot):
    """The window in the program's own style, whose buttons are wider than Qt's."""
    application = QApplication.instance()
    before = application.styleSheet()
    theme.apply(application, theme.load("light"))
    yield window
    application.setStyleSheet(before)


def narrowed(window, qtbot, width):
    window.resize(width, 700)
    qtbot.waitUntil(lambda: window.width() == width)
    qtbot.wait(50)


def opened(window, qtbot, address):
    before = window.document.data
    window.requests.open_sample(address)
    qtbot.waitUntil(lambda: window.document.data is not before, timeout=30_000)
    run = settled(window, qtbot)
    assert run.data is window.document.data
    return run


def whole(bar):
    """Whether every button of a bar has the room of its text, beside the others."""
    last = 0
    for part in sorted(bar.findChildren(QWidget, options=DIRECT), key=QWidget.x):
        if part.isHidden() or part.isWindow():
            continue
        assert last <= part.x() and bar.rect().contains(part.geometry()), part
        last = part.geometry().right()
        if isinstance(part, QToolButton | QPushButton):
            assert part.width() >= part.sizeHint().width(), part.text()
    return True


def entries(window):
    """What the menu at the end of the bar says, as when it is opened."""
    window.top.more.menu().aboutToShow.emit()
    return {a.text(): a for a in window.top.more.menu().actions()}


def test_an_embedding_fits_into_900_pixels_and_what_left_is_in_a_menu(dressed, qtbot):
    opened(dressed, qtbot, "sample:swiss_roll")
    narrowed(dressed, qtbot, 1500)
    top = dressed.top
    assert whole(top) and not top.more.isVisible() and top.colours.isVisible()
    narrowed(dressed, qtbot, 900)
    assert whole(top) and top.more.isVisible() and top.fit.isVisible()
    assert not top.colours.isVisible()
    found = entries(dressed)
    assert {"Colour", "Lasso", "Brush", "Switch light and dark"} <= set(found)
    columns = {a.text(): a for a in found["Colour"].menu().actions()}
    chosen = next(a for a in columns.values() if a.isChecked())
    assert chosen.text() == dressed.colour()
    other = next(name for name in columns if name != chosen.text())
    columns[other].trigger()
    assert dressed.document.view["colour_by"] == other
    found["Lasso"].trigger()
    assert dressed.actions_by_id["view.lasso"].isChecked()
    narrowed(dressed, qtbot, 1500)
    assert not top.more.isVisible() and top.colours.currentText() == other


def test_the_least_used_leave_first(dressed, qtbot):
    opened(dressed, qtbot, "sample:iris")
    seen = [("",)]
    for width in (1500, 1300, 1200, 1100, 1000, 900):
        narrowed(dressed, qtbot, width)
        assert whole(dressed.top)
        away = dressed.top.more.away()
        assert set(seen[-1]) - {""} <= set(away)
        assert not away or "view.theme" in away
        assert "view.brush" not in away or "view.lasso" in away
        seen.append(away)
    assert len(set(seen)) > 3


def test_a_photograph_fits_into_900_pixels_with_its_brush_out(dressed, qtbot):
    restored(dressed, qtbot, "noise plane")
    dressed.actions_by_id["view.brush"].trigger()
    narrowed(dressed, qtbot, 900)
    panel, bar = dressed.panel, dressed.panel.bar
    assert whole(dressed.top) and whole(bar) and whole(panel.painting.bar)
    assert panel.painting.bar.name.width() >= panel.painting.bar.name.sizeHint().width()
    assert not bar.modes.button(0).isVisible() and bar.chooser.currentText() == "Split"
    assert bar.chooser.shown() == "Split"
    bar.chooser.setFocus()
    for _ in range(2):
        QTest.keyClick(bar.chooser, Qt.Key.Key_Down)
    assert panel.mode() == "difference" and bar.gain.isVisible() and whole(bar)
    narrowed(dressed, qtbot, 1440)
    assert whole(bar) and bar.modes.button(2).isChecked() and not bar.chooser.isVisible()


def test_names_of_scores_give_way_to_the_numbers(dressed, qtbot):
    opened(dressed, qtbot, "sample:iris")
    table = dressed.panel.scores.table
    narrowed(dressed, qtbot, 1500)
    names = [table.verticalHeaderItem(k).text() for k in range(table.rowCount())]
    assert "Spearman to input distances" in names
    narrowed(dressed, qtbot, 900)
    short = [table.verticalHeaderItem(k).text() for k in range(table.rowCount())]
    assert short != names and all(a.rstrip("…") in b for a, b in zip(short, names, strict=True))
    first = names.index("Spearman to input distances")
    assert "Spearman to input distances: " in table.verticalHeaderItem(first).toolTip()
    cell = table.visualItemRect(table.item(first, 0))
    advance = table.fontMetrics().horizontalAdvance(table.item(first, 0).text())
    assert min(cell.right(), table.viewport().width()) - cell.left() > advance


def test_a_panel_that_was_left_hears_of_nothing_any_more(window, qtbot):
    """pytest-qt fails a test in which a slot raises: one of a deleted panel always does."""
    from shiboken6 import isValid

    restored(window, qtbot, "kernels")
    left = window.panel
    opened(window, qtbot, "sample:iris")
    assert not isValid(left) and window.panel is not left
    opened(window, qtbot, "sample:camera?noise=15")


@pytest.mark.parametrize("width", [1440, 900])
def test_no_tab_is_cut_and_those_without_room_are_in_a_menu(dressed, qtbot, width):
    run = restored(dressed, qtbot, "kernels")
    qtbot.waitUntil(lambda: run.judgement is not None, timeout=30_000)
    narrowed(dressed, qtbot, width)
    tabs = dressed.panel.diagnostics.tabs
    bar = tabs.tabBar()

    def none_cut():
        for k in set(range(tabs.count())) - set(tabs.away()):
            assert bar.tabRect(k).right() <= bar.width()
            text = bar.fontMetrics().horizontalAdvance(tabs.tabText(k))
            assert bar.tabRect(k).width() >= text + 20
        assert bar.width() <= tabs.width() - (tabs.more.width() if tabs.away() else 0)
        return True

    assert none_cut() and tabs.away() and tabs.more.isVisible()
    last = tabs.tabText(tabs.away()[-1])
    tabs.more.menu().aboutToShow.emit()
    found = {a.text(): a for a in tabs.more.menu().actions()}
    assert set(found) == {tabs.tabText(k) for k in tabs.away()}
    found[last].trigger()
    qtbot.wait(50)
    assert tabs.tabText(tabs.currentIndex()) == last and none_cut()
    assert tabs.currentWidget().isVisible() and last not in map(tabs.tabText, tabs.away())
    dressed.session.changed(replace(dressed.document.params(), strength=30.0))
    qtbot.waitUntil(lambda: run.shown.strength == 30.0 and not run.outdated, timeout=30_000)
    assert tabs.tabText(tabs.currentIndex()) == last, "chosen by a hand, it stays"
    narrowed(dressed, qtbot, 1900)
    assert not tabs.away() and not tabs.more.isVisible()


def test_the_frame_of_a_table_in_focus_is_whole_and_moves_nothing(dressed, qtbot):
    run = opened(dressed, qtbot, "sample:iris")
    qtbot.waitUntil(lambda: run.judgement is not None, timeout=30_000)
    qtbot.wait(50)
    table = dressed.panel.scores.table
    room = table.viewport().geometry()
    dressed.activateWindow()
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    qtbot.wait(50)
    assert table.viewport().geometry() == room
    image = table.grab().toImage()
    right, bottom = image.width() - 1, image.height() - 1
    edges = {image.pixelColor(x, y).name() for part in (0.05, 0.3, 0.6, 0.95)
             for x, y in ((0, round(part * bottom)), (right, round(part * bottom)),
                          (round(part * right), 0), (round(part * right), bottom))}  # fmt: skip
    assert edges == {dressed.theme.accent.lower()}


def test_without_data_there_is_nothing_to_colour_or_to_paint_and_nothing_to_save(dressed, qtbot):
    top, rows = dressed.top, ("view.lasso", "view.brush", "view.edges")

    def seen():
        return [n for n in rows if top._small[n].isVisible() or n in top.more.away()]

    narrowed(dressed, qtbot, 1440)
    assert not seen() and not top.colours.isVisible()
    dressed.requests.choose_family("restoration")
    qtbot.wait(50)
    assert (
        not seen() and not top.colours.isVisible() and top.methods.shown() == "Tunable restoration"
    )
    assert "*" not in dressed.windowTitle() and not dressed.document.modified
    dressed.requests.choose_family("embedding")
    opened(dressed, qtbot, "sample:iris")
    narrowed(dressed, qtbot, 1500)
    assert seen() == list(rows) and top.colours.isVisible()
    assert "*" in dressed.windowTitle()
    dressed.requests.choose_family("restoration")
    qtbot.wait(50)
    assert not seen() and not top.colours.isVisible(), "the rows are out of sight"
    dressed.requests.choose_family("embedding")
    qtbot.wait(50)
    assert seen() == list(rows) and top.colours.isVisible()
    dressed.session.choose_method("restoration.tunable")
    opened(dressed, qtbot, "sample:camera?noise=25")
    dressed.session.changed(replace(dressed.document.params(), control="noise plane"))
    dressed.session.fit()
    settled(dressed, qtbot)
    assert seen() == ["view.brush"], "which this panel offers"


@pytest.mark.parametrize(("room", "lines"), [(300, 1), (130, 2), (70, 2)])
def test_the_number_of_a_run_stays_in_its_head(dressed, room, lines):
    metrics = dressed.fontMetrics()
    shown = headed("Tunable restoration 12", room, metrics).split("\n")
    assert len(shown) == lines and shown[-1].endswith("12")
    assert all(metrics.horizontalAdvance(line) <= room for line in shown)


def test_heads_of_compared_runs_are_whole_or_end_in_dots(dressed, qtbot):
    opened(dressed, qtbot, "sample:iris")
    for _ in range(3):
        dressed.document.runs[
            -1
        ].name = f"A method of a very long name {len(dressed.document.runs)}"
        dressed.session.changed(replace(dressed.document.params(), time=2.0 + _))
        dressed.session.fit()
        settled(dressed, qtbot)
    dressed.document.set_compared(tuple(run.id for run in dressed.document.runs))
    narrowed(dressed, qtbot, 1000)
    table = dressed.panel.scores.table
    metrics = table.horizontalHeader().fontMetrics()
    for column, run in enumerate(dressed.document.runs):
        item = table.horizontalHeaderItem(column)
        assert item.text().split()[-1] == run.name.split()[-1] and item.toolTip() == run.name
        widest = max(map(metrics.horizontalAdvance, item.text().split("\n")))
        assert widest <= table.columnWidth(column) - 16
