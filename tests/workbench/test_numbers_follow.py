"""Numbers and curves of an earlier picture are pale until those of the shown one are there."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QColor

from tests.workbench.test_strength_map import restored


def inks(window):
    """Colours of the numbers in the table of scores, fit time and device left out."""
    table = window.panel.scores.table
    return {table.item(row, 0).foreground().color().name()
            for row in range(table.rowCount() - 2)}  # fmt: skip


def paleness(window):
    return window.panel.diagnostics.tabs.currentWidget().item.opacity()


def test_while_a_slider_is_dragged_numbers_and_curves_are_pale(window, qtbot):
    run = restored(window, qtbot, "kernels")
    qtbot.waitUntil(lambda: run.judgement is not None and not run.outdated, timeout=30_000)
    tabs = window.panel.diagnostics.tabs
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    tabs.setCurrentIndex(titles.index("Histogram"))
    at_rest = inks(window)
    assert paleness(window) == 1
    further = replace(window.document.params(), strength=45.0)
    window.session.changing(further)
    qtbot.waitUntil(lambda: run.shown.strength == 45.0, timeout=10_000)
    assert run.snapshot.coarse and run.outdated
    said = window.tasks.message.text()
    assert run.snapshot.coarse in said and not window.panel.bar.badge.text(), "it is said once"
    pale = inks(window)
    assert not pale & at_rest and paleness(window) < 0.6
    ground = QColor(window.theme.panel).lightness()
    assert abs(QColor(pale.pop()).lightness() - ground) < abs(
        QColor(window.theme.text).lightness() - ground
    )
    window.session.changed(further)
    qtbot.waitUntil(lambda: not run.snapshot.coarse and not run.outdated, timeout=30_000)
    assert inks(window) == at_rest and paleness(window) == 1
    assert not window.tasks.message.text()
