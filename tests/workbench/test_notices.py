"""Notices come and go over the lower edge of the picture, and nothing moves for them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

from tests.workbench.test_narrow import dressed, narrowed  # noqa: F401
from tests.workbench.test_strength_map import restored


def places(window):
    """Where everything in the middle and at the right is, notices left out."""
    parts = [window.panel.bar, window.panel.result_view.table, window.panel.diagnostics.tabs,
             window.panel.plane.pad, window.panel.scores, window.form, window.tasks]  # fmt: skip
    return [place(window, part) for part in parts]


def place(window, part: QWidget) -> QRect:
    return QRect(part.mapTo(window, QPoint(0, 0)), part.size())


def test_a_notice_moves_nothing_and_hides_no_bar(dressed, qtbot):  # noqa: F811
    window = dressed
    restored(window, qtbot, "kernels")
    for width in (1440, 900):
        narrowed(window, qtbot, width)
        for notice in window.notices.notices():
            notice.leave()
        qtbot.waitUntil(lambda: not window.notices.isVisible())
        before = places(window)
        long = "A sentence that goes on and on, until it needs a second line of its own. " * 3
        window.say("Something is so.")
        window.say(long, grave=True, details="much")
        qtbot.wait(50)
        assert window.notices.isVisible() and places(window) == before
        shown = place(window, window.notices)
        assert place(window, window.panel.result_view).contains(shown)
        # Titles and tools stand above.
        assert shown.top() > place(window, window.panel.result_view).center().y() - 40
        for notice in window.notices.notices():
            assert notice.height() >= notice.heightForWidth(notice.width())
            assert shown.contains(place(window, notice))
        window.notices.notices()[1].leave()
        qtbot.wait(50)
        assert window.notices.sentences() == ["Something is so."]
        assert place(window, window.notices).height() < shown.height()
        window.notices.notices()[0].leave()
        qtbot.waitUntil(lambda: not window.notices.isVisible())
        assert places(window) == before
