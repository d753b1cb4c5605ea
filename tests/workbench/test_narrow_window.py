"""A narrow window: what is above the pictures gives way, and nothing is cut."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from tests.workbench.test_strength_map import restored
from workbench import theme


@pytest.fixture
def dressed(qapp):
    """Buttons as wide as the application's style makes them."""
    theme.apply(QApplication.instance(), theme.load("light"))
    yield
    qapp.setStyleSheet("")


def cut(bar):
    """Parts of a bar that have less room than they need."""
    parts = [part for part in bar.children() if part.isWidgetType() and part.isVisible()]
    return [p for p in parts if p.width() < min(p.minimumSizeHint().width(), p.sizeHint().width())]


def test_without_data_it_can_be_narrow(dressed, window, qtbot):
    window.resize(920, 700)
    qtbot.wait(100)
    assert window.width() <= 920 and not cut(window.top)
    assert window.top.layout().totalMinimumSize().width() <= window.top.width()
    assert window.top.fit.isVisible() and not window.top._small["view.theme"].isVisible()
    window.resize(1500, 700)
    qtbot.wait(100)
    assert all(button.isVisible() for button in window.top._small.values())
    assert not cut(window.top) and window.top.open.text() == "Open"


@pytest.mark.parametrize("mode", ["split", "difference"])
def test_a_photograph_in_it_is_compared_as_ever(dressed, window, qtbot, mode):
    restored(window, qtbot, "kernels")
    window.panel.choose_mode(mode)
    window.resize(920, 700)
    qtbot.wait(100)
    bar = window.panel.bar
    assert window.width() <= 920 and not cut(window.top) and not cut(bar)
    assert bar.layout().totalMinimumSize().width() <= bar.width()
    assert not window.top.colours.isVisible() and not window.top._colour_word.isVisible()
    assert bar.gain.isVisible() == (mode == "difference")
    window.resize(1440, 700)
    qtbot.wait(100)
    assert bar.full.isVisible() and bar.modes.button(2).text() == "Difference"
    assert not cut(bar)
