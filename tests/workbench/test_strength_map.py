"""The soft brush on a photograph, with the mouse: a strength by place, and the picture follows."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.io.scripts import as_python
from engine.params import with_values
from engine.restoration.tunable_params import TunableParams
from tests.workbench.mouse import drag
from workbench.forms.painted import painted
from workbench.panels.map_painting import repainted
from workbench.views.map_brush import SoftStroke

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
BRUSH = "view.brush"


def settled(window, qtbot):
    """The newest run, once its picture is the form's."""
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.active

    def there():
        done = run.state == "finished" and run.snapshot.coarse == ""
        return done and run.shown == window.document.live_params(run)

    qtbot.waitUntil(there, timeout=60_000)
    return run


def restored(window, qtbot, control):
    window.session.choose_method("restoration.tunable")
    window.session.open_data("sample:camera?noise=25")
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    window.session.changed(TunableParams(control=control, strength=20.0, precision="float32"))
    window.session.fit()
    return settled(window, qtbot)


@pytest.fixture
def plane(window, qtbot):
    """The window with a noise plane, and the brush in hand."""
    restored(window, qtbot, "noise plane")
    window.actions_by_id[BRUSH].trigger()
    window.panel.result_view.table.set_split(0.0)
    qtbot.wait(50)  # the bar takes its room
    return window


def on_screen(table, row, column):
    scale = table.devicePixelRatioF()
    x, y = table.seen.to_screen(column + 0.5, row + 0.5)
    return QPoint(round(x / scale), round(y / scale))


def stroke(table, *path, keys=PLAIN):
    QTest.mousePress(table, LEFT, keys, path[0])
    for place in path[1:]:
        drag(table, place, keys)
    QTest.mouseRelease(table, LEFT, keys, path[-1])


def leave(table):
    QApplication.sendEvent(table, QEvent(QEvent.Type.Leave))


def set_to(script, name):
    """What a script sets a parameter to."""
    held = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Dict)]
    found = [value for node in held for key, value in zip(node.keys, node.values, strict=True)
             if isinstance(key, ast.Constant) and key.value == name]  # fmt: skip
    return tuple(ast.literal_eval(found[0]))


def shown(run):
    return run.snapshot.layer("restored").values.copy()


def test_a_stroke_changes_the_picture_under_the_brush_and_nowhere_else(plane, qtbot):
    run, table = plane.document.active, plane.panel.result_view.table
    before, count = shown(run), plane.session.undo.count()
    stroke(table, on_screen(table, 128, 128), on_screen(table, 128, 160))
    assert plane.session.undo.count() == count + 1
    assert plane.session.undo.undoText() == "raise strength by place"
    settled(plane, qtbot)
    after = shown(run)
    changed = np.abs(after - before)
    assert changed[96:160, 96:192].mean() > 2e-3
    assert np.array_equal(after[320:], before[320:])
    assert np.array_equal(after[:, 352:], before[:, 352:])
    factors = np.reshape(plane.document.params().strength_map, (16, 16))
    assert factors.max() == pytest.approx(1.5, abs=0.15) and factors.min() == 1.0
    assert (factors[10:] == 1).all() and (factors[:, 11:] == 1).all()
    assert run.shown.strength_map == tuple(factors.ravel())
    spec = run.current_spec()
    assert tuple(spec.params["strength_map"]) == run.shown.strength_map
    assert "strength_map = 256 numbers" in as_python(spec).splitlines()[0]
    assert set_to(as_python(spec), "strength_map") == run.shown.strength_map
    plane.session.undo.undo()
    settled(plane, qtbot)
    assert plane.document.params().strength_map == ()
    assert np.array_equal(shown(run), before)
    plane.session.undo.redo()
    settled(plane, qtbot)
    assert np.array_equal(shown(run), after)


def test_while_the_button_is_down_the_tint_and_the_picture_follow(plane, qtbot):
    run, view = plane.document.active, plane.panel.result_view
    count, before = plane.session.undo.count(), shown(run)
    at = on_screen(view.table, 200, 300)
    bare = view.table.grab().toImage().pixelColor(at)
    QTest.mousePress(view.table, LEFT, PLAIN, at)
    assert view.brush.factor_at(300, 200) > 1.3 and "painted × 1." in view.told_at(300, 200)
    tinted = view.table.grab().toImage().pixelColor(at)
    assert tinted.blue() - tinted.red() > bare.blue() - bare.red() + 10
    qtbot.waitUntil(lambda: bool(run.shown.strength_map), timeout=20_000)
    assert np.abs(shown(run) - before)[180:220, 280:320].max() > 1e-3
    assert plane.session.undo.count() == count
    QTest.mouseRelease(view.table, LEFT, PLAIN, at)
    assert plane.session.undo.count() == count + 1
    plane.actions_by_id[BRUSH].trigger()
    assert view.brush.factor_at(300, 200) is None and plane.panel.painting.bar.isHidden()


def test_the_tint_lies_on_the_results_side_while_the_pointer_is_there(plane, qtbot):
    view = plane.panel.result_view
    table = view.table
    left, right = on_screen(table, 256, 200), on_screen(table, 256, 312)

    def blueness(at):
        ink = table.grab().toImage().pixelColor(at)
        return ink.blue() - ink.red()

    leave(table)
    bare = blueness(left), blueness(right)
    for at in (left, right):
        stroke(table, at)
    settled(plane, qtbot)
    assert blueness(left) > bare[0] + 10 and blueness(right) > bare[1] + 10
    table.set_split((left.x() + right.x()) / 2 / table.width())
    assert abs(blueness(left) - bare[0]) <= 1 < 10 < blueness(right) - bare[1]
    leave(table)
    assert blueness(right) == bare[1], "a picture of grey is grey again"
    drag(table, right)
    assert blueness(right) > bare[1] + 10
    QTest.keyPress(table, Qt.Key.Key_Backslash)
    assert blueness(right) == bare[1], "nothing was painted on what was before"
    QTest.keyRelease(table, Qt.Key.Key_Backslash)
    plane.actions_by_id[BRUSH].trigger()
    assert blueness(right) == bare[1]
    plane.actions_by_id[BRUSH].trigger()
    assert blueness(right) > bare[1] + 10


@pytest.mark.parametrize("width", [1440, 900])
def test_the_bar_says_how_to_paint_in_words_that_are_whole(plane, qtbot, width):
    plane.resize(width, 900)
    bar = plane.panel.painting.bar
    qtbot.waitUntil(lambda: plane.width() <= max(width, plane.minimumSizeHint().width()))
    qtbot.wait(50)
    said, room = bar.hint.shown(), bar.hint.contentsRect().width()
    assert bar.hint.fontMetrics().horizontalAdvance(said) <= room
    assert "right button: move" in said or width < 1440
    for part in bar.findChildren(QWidget):
        assert part is bar.hint or part.width() >= part.minimumSizeHint().width()
        assert bar.rect().contains(part.geometry())


def test_shift_and_the_bar_lower_and_reset_takes_all_away(plane, qtbot):
    run, view, bar = plane.document.active, plane.panel.result_view, plane.panel.painting.bar
    at, before = on_screen(view.table, 256, 256), shown(run)
    assert bar.isVisible() and not bar.reset.isEnabled()
    stroke(view.table, at, keys=SHIFT)
    once = min(plane.document.params().strength_map)
    assert 0.5 <= once < 0.7 and max(plane.document.params().strength_map) == 1.0
    bar.ways.button(1).click()
    for _ in range(4):
        stroke(view.table, at)
    assert min(plane.document.params().strength_map) == 0.0, "not below nothing"
    stroke(view.table, at, keys=SHIFT)
    assert min(plane.document.params().strength_map) > 0.3
    settled(plane, qtbot)
    bar.reset.click()
    settled(plane, qtbot)
    assert plane.document.params().strength_map == () and not bar.reset.isEnabled()
    assert np.array_equal(shown(run), before)
    plane.session.undo.undo()
    assert min(plane.document.params().strength_map) > 0.3


def test_the_form_tells_a_painted_map_in_a_sentence_and_clears_it(plane, qtbot):
    row, table = plane.form.row("strength_map"), plane.panel.result_view.table
    widget = row.widget
    assert widget.sentence.text() == "the same everywhere" and not widget.clear.isVisible()
    assert "the same everywhere" in row.reset.toolTip() and row.isVisible()
    stroke(table, on_screen(table, 256, 256))
    stroke(table, on_screen(table, 128, 128), keys=SHIFT)
    factors = plane.document.params().strength_map
    told = f"painted, {20 * min(factors):.2g} to {20 * max(factors):.2g}"
    assert widget.sentence.text() == told and 20 * min(factors) < 20 < 20 * max(factors)
    plane.session.changed(with_values(plane.document.params(), {"strength": 40.0}))
    assert widget.sentence.text() == f"painted, {40 * min(factors):.2g} to 50", "no more than that"
    qtbot.wait(20)
    assert row.width() <= plane.form.width() and widget.clear.isVisible()
    QTest.mouseClick(widget.clear, LEFT)
    settled(plane, qtbot)
    assert plane.document.params().strength_map == () and not widget.clear.isVisible()
    assert plane.session.undo.undoText() == "change strength map"
    plane.session.undo.undo()
    assert plane.document.params().strength_map == factors


def test_a_map_stays_with_its_picture(plane, qtbot):
    """However it is spoilt; over another one it means nothing."""
    drafted = plane.document.params()
    plane.session.changed(replace(drafted, strength_map=(1.5, 1.0, 1.0, 1.0)))
    for spec, kept in (("sample:camera?noise=15", True), ("sample:out_of_focus", False)):
        before = plane.document.data
        plane.session.open_data(spec)
        qtbot.waitUntil(lambda old=before: plane.document.data is not old, timeout=20_000)
        assert bool(plane.document.params().strength_map) == kept


def test_a_strength_that_is_left_open_is_told_once_it_is_known(plane, qtbot):
    sentence = plane.form.widget("strength_map").sentence
    wanted = {"strength": None, "strength_map": (0.5, 1.0, 1.0, 1.5)}
    plane.session.changed(replace(plane.document.params(), **wanted))
    chosen = settled(plane, qtbot).snapshot.chosen["strength"]
    assert sentence.text() == f"painted, {0.5 * chosen:.2g} to {1.5 * chosen:.2g}"
    assert painted((0.5, 2.0), None, None) == "painted, × 0.5 to 2"
    assert painted((2.0,), 10.0, None) == "painted, 20"


def test_the_right_button_moves_the_picture_and_the_brush_has_a_size(plane):
    view = plane.panel.result_view
    plane.panel.zoom_to(2.0)
    centre, at = view.seen().centre, QPoint(200, 150)
    QTest.mousePress(view.table, RIGHT, PLAIN, at)
    drag(view.table, at + QPoint(40, 20))
    QTest.mouseRelease(view.table, RIGHT, PLAIN, at + QPoint(40, 20))
    assert np.subtract(centre, view.seen().centre) * 2 == pytest.approx([40, 20], abs=1)
    assert plane.document.params().strength_map == ()
    radius = view.brush.radius
    plane.requests.larger_points()
    assert view.brush.radius == 1.25 * radius


def test_the_brush_is_offered_where_a_run_takes_a_map(window, qtbot):
    restored(window, qtbot, "kernels")
    button = window.top._small[BRUSH]
    assert not button.isVisibleTo(window.top)
    window.actions_by_id[BRUSH].trigger()
    said = window.notices.sentences
    qtbot.waitUntil(lambda: any("Nothing here can be painted" in s for s in said()), timeout=5000)
    table = window.panel.result_view.table
    window.panel.zoom_to(2.0)
    centre = table.seen.centre
    stroke(table, QPoint(100, 100), QPoint(130, 100))
    assert table.seen.centre != centre, "the hand moves the picture as ever"
    first = window.document.active
    window.session.changed(TunableParams(control="noise plane"))
    window.session.fit()
    qtbot.waitUntil(lambda: window.document.active is not first, timeout=20_000)
    settled(window, qtbot)
    assert button.isVisibleTo(window.top) and window.panel.painting.bar.isVisible()
    window.document.activate(first)
    assert not button.isVisibleTo(window.top) and window.panel.painting.bar.isHidden()


def test_a_stroke_is_soft_and_counts_once_however_long_it_dwells():
    stroke = SoftStroke(16, (160, 320))
    first = stroke.reach((165.0, 85.0), 40.0)
    assert first[8, 8] == pytest.approx((1 - (5 / 40) ** 2) ** 2, abs=0.02)
    assert np.array_equal(stroke.reach((165.0, 85.0), 40.0), first)
    along = stroke.reach((285.0, 85.0), 40.0)
    assert (along >= first).all() and along[8, 7] == first[8, 7] > 0
    assert along[8, 10:13].min() > 0.9 and not along[14].any()


def test_a_map_that_was_raised_and_lowered_again_is_none():
    share = np.zeros((16, 16))
    share[3, 4] = 0.5
    raised = repainted(TunableParams(), "strength_map", share, putting=True)
    assert raised.strength_map[3 * 16 + 4] == 1.25 and len(raised.strength_map) == 256
    assert repainted(raised, "strength_map", share, putting=False) == TunableParams()
    top = TunableParams(strength_map=(9.9,))
    assert max(repainted(top, "strength_map", share, putting=True).strength_map) == 10.0


def test_beside_its_result_the_input_can_be_painted_too(plane, qtbot):
    run, panel = plane.document.active, plane.panel
    assert not panel.data_view.brush.paints(), "it is not seen"
    panel.choose_mode("side")
    qtbot.wait(50)
    table, before = panel.data_view.table, shown(run)
    assert table.isVisible() and panel.data_view.brush.paints()
    at = on_screen(table, 128, 128)
    QTest.mousePress(table, LEFT, PLAIN, at)
    QTest.mouseRelease(table, LEFT, PLAIN, at)
    assert plane.session.undo.undoText() == "raise strength by place"
    settled(plane, qtbot)
    changed = np.abs(shown(run) - before)
    assert changed[112:144, 112:144].mean() > 2e-3 and not changed[320:].any()
    panel.choose_mode("split")
    assert not panel.data_view.brush.paints()
