"""A problem in three coordinates through the real window: one slider under the pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.layers import Field
from engine.pde.stating import state

pytestmark = pytest.mark.gl
# Its solution is linear in time, so that a slice says which one it is.
HEATED = """\
t in [0, 2]; x in [0, 1]; y in [0, 1]
q = 1 in [0, 5]
u_t - u_xx - u_yy + q*(u - s) = x + y
s = (x + y)*t
exact u = s
u(0, x, y) = exact
boundary u = exact
"""
COUNT = 11


@pytest.fixture
def heated(window, qtbot):
    """The window with a plate that is heated, solved by a few Gaussians."""
    window.session.show_data(state(HEATED, name="Plate", shape=(COUNT, 9, 7)))
    wanted = replace(window.document.params(), gaussians=40, interior=200, boundary=40)
    window.session.changed(wanted)
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    return window


def true_time(window):
    """The time whose slice the truth beside the result is."""
    return float(window.panel.data_view._layer.values[-1, -1]) / 2


def settled(window):
    run = window.document.active
    return run.shown.at == window.document.params().at and not run.snapshot.coarse


def test_a_slider_under_both_pictures_tells_the_time(heated):
    bar = heated.panel.slices
    assert bar.isVisibleTo(heated) and bar.index() == COUNT - 1
    assert bar._told.text() == "t = 2"
    assert true_time(heated) == pytest.approx(2)
    pictures = heated.panel._pictures
    assert bar.y() >= pictures.y() + pictures.height(), "below them, not over them"
    assert bar.width() == pictures.width()


def test_a_drag_is_one_edit_and_moves_result_and_truth(heated, qtbot):
    bar, count = heated.panel.slices, heated.session.undo.count()
    y = bar.slider.height() // 2
    places = [QPoint(round(bar.slider.width() * part), y) for part in (0.9, 0.6, 0.4)]
    QTest.mousePress(bar.slider, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(bar.slider, place)
    assert heated.session.undo.count() == count
    QTest.mouseRelease(bar.slider, Qt.MouseButton.LeftButton, pos=places[-1])
    assert heated.session.undo.count() == count + 1
    at = heated.document.params().at
    assert at == pytest.approx(bar.index() / (COUNT - 1)) and 0.2 < at < 0.6
    qtbot.waitUntil(lambda: settled(heated), timeout=20_000)
    assert true_time(heated) == pytest.approx(2 * at)
    assert heated.form.widget("at").box.text() == f"{at:g}"
    heated.session.undo.undo()
    qtbot.waitUntil(lambda: settled(heated), timeout=20_000)
    assert bar.index() == COUNT - 1 and true_time(heated) == pytest.approx(2)


def test_the_bar_follows_the_form_and_the_keys(heated, qtbot):
    bar = heated.panel.slices
    heated.session.changed(replace(heated.document.params(), at=0.5))
    assert bar.index() == 5 and bar._told.text() == "t = 1"
    QTest.keyClick(bar.slider, Qt.Key.Key_Left)
    assert bar.index() == 4 and heated.document.params().at == pytest.approx(0.4)
    qtbot.waitUntil(lambda: settled(heated), timeout=20_000)


def test_playing_runs_through_time_and_is_one_edit(heated, qtbot):
    bar, count = heated.panel.slices, heated.session.undo.count()
    seen = set()
    heated.document.frame_changed.connect(lambda run: seen.add(run.shown.at))
    QTest.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(seen) > 3, timeout=20_000)
    assert heated.session.undo.count() == count
    QTest.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert heated.session.undo.count() == count + 1
    qtbot.waitUntil(lambda: settled(heated), timeout=20_000)
    assert true_time(heated) == pytest.approx(2 * bar.index() / (COUNT - 1))


def test_a_colour_means_the_same_at_all_times(heated, qtbot):
    view = heated.panel.data_view
    before = view.colouring().limits
    assert before == pytest.approx((0, 4)), "the truth's range, over all slices"
    heated.session.changed(replace(heated.document.params(), at=0.0))
    qtbot.waitUntil(lambda: settled(heated), timeout=20_000)
    assert np.ptp(view._layer.values) == 0, "nothing is heated yet"
    assert view.colouring().limits == pytest.approx(before)


def test_the_whole_reference_is_stepped_by_the_same_slider(heated, qtbot):
    panel = heated.panel
    panel.beside_result.setCurrentText("data")
    panel.beside_result.activated.emit(panel.beside_result.currentIndex())
    own = panel.data_view.slices
    qtbot.waitUntil(lambda: panel.data_view._layer.values.ndim == 3, timeout=20_000)
    assert not own.isVisibleTo(heated)
    panel.slices.slider.setValue(3)
    assert own.index() == 3
    assert panel.data_view.values()[-1, -1] == pytest.approx(2 * 2 * 3 / (COUNT - 1))


def test_a_plane_has_no_such_slider(heated):
    heated.session.show_data(state("x in [0, 1]\nu_xx = 2\nexact u = x^2\nboundary u = exact"))
    assert not heated.panel.slices.isVisibleTo(heated)


def test_a_project_keeps_of_what_a_field_is_a_slice(heated, qtbot, tmp_path):
    path, saved = str(tmp_path / "plate.wbproj"), []
    heated.exporting.save_to(path, lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=20_000)
    heated.exporting.open_project(path)
    qtbot.waitUntil(lambda: heated.document.path == path, timeout=20_000)
    layer = heated.document.active.snapshot.layer("truth")
    assert isinstance(layer, Field) and layer.slice_of == "at"
    assert layer.slice_places == pytest.approx(np.linspace(0, 2, COUNT))
    assert heated.panel.slices.isVisibleTo(heated)
