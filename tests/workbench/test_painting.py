"""The brush on vector fields, with the mouse: rows leave and join what a field is learnt from."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import engine
from engine.layers import Arrows, Axis, Standing
from engine.vectorfield.rvgp_params import RVGPParams
from workbench.panels.painting import repainted
from workbench.views.stroke import Stroke

pytestmark = pytest.mark.gl
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
SPHERE = "sample:sphere_field?n=400"


@pytest.fixture
def fitted(window, qtbot):
    """The window with RVGP fitted to a small sphere, and the brush in hand."""
    opened(window, qtbot, SPHERE)
    window.actions_by_id["view.brush"].trigger()
    return window


def opened(window, qtbot, spec):
    window.session.open_data(spec, then=window.session.fit)
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    settled(window, qtbot)
    qtbot.wait(100)


def settled(window, qtbot):
    """The picture is the form's."""
    run = window.document.active

    def there():
        return (
            run.state == "finished"
            and run.judgement is not None
            and run.shown == window.document.live_params(run)
            and run.snapshot.coarse == ""
        )

    qtbot.waitUntil(there, timeout=60_000)
    return run


def canvas_of(view):
    """What hears the mouse."""
    return view.surface if view._software else view.scene.canvas.native


def move(target, place, modifier=PLAIN, button=LEFT):
    everywhere = QPointF(target.mapToGlobal(place))
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(place), everywhere, Qt.MouseButton.NoButton, button, modifier
    )
    QApplication.sendEvent(target, event)


def stroke(qtbot, view, *path, modifier=PLAIN, button=LEFT):
    target = canvas_of(view)
    QTest.mousePress(target, button, modifier, path[0])
    for place in path[1:]:
        qtbot.wait(30)  # vispy lets at most one move through in ten milliseconds
        move(target, place, modifier, button)
    QTest.mouseRelease(target, button, modifier, path[-1])


def place(view, row):
    x, y = view.scene.on_canvas(view.positions())[row]
    return QPoint(round(x), round(y))


def nearest(view, rows):
    """Of these rows the one that is nearest to the eye."""
    _, depths, _ = view.scene.with_depth(view.positions())
    return int(rows[np.argmin(depths[rows])])


def said(window, words):
    return [text for text in window.notices.sentences() if words in text]


def standing(window):
    return window.document.active.snapshot.layer("field").standing


def test_the_brush_takes_points_out_and_the_field_follows(fitted, qtbot):
    view, session = fitted.panel.result_view, fitted.session
    run = fitted.document.active
    before, done = run.snapshot.layer("field").vectors, session.undo.count()
    fitted_with = run.snapshot.chosen
    observed = np.flatnonzero(fitted.document.data.observed)
    row = nearest(view, observed)
    stroke(qtbot, view, place(view, row), place(view, row) + QPoint(30, 10))
    run = settled(fitted, qtbot)
    out = fitted.document.params().without
    assert row in out and set(out) <= set(observed.tolist())
    assert fitted.document.params().added == ()
    assert (standing(fitted)[list(out)] == Standing.TAKEN_OUT).all()
    assert np.abs(run.snapshot.layer("field").vectors - before).max() > 1e-3
    assert session.undo.count() == done + 1 and session.undo.undoText().startswith("take out")
    assert run.snapshot.chosen == fitted_with, "left to the method, values stay the fit's"
    assert "taken out. Auto keeps its values from the fit" in fitted.notes.text()
    session.undo.undo()
    run = settled(fitted, qtbot)
    assert fitted.document.params().without == ()
    assert np.array_equal(run.snapshot.layer("field").vectors, before)
    session.undo.redo()
    settled(fitted, qtbot)
    assert fitted.document.params().without == out


def test_while_the_button_is_down_the_picture_follows_and_nothing_is_recorded(fitted, qtbot):
    view, run = fitted.panel.result_view, fitted.document.active
    target, count = canvas_of(view), fitted.session.undo.count()
    lines = fitted.notes.text()
    row = nearest(view, np.flatnonzero(fitted.document.data.observed))
    QTest.mousePress(target, LEFT, PLAIN, place(view, row))
    qtbot.waitUntil(lambda: row in run.shown.without, timeout=20_000)
    assert standing(fitted)[row] == Standing.TAKEN_OUT
    assert fitted.session.undo.count() == count
    assert fitted.notes.text() == lines, "no new line moves the picture away under the hand"
    QTest.mouseRelease(target, LEFT, PLAIN, place(view, row))
    assert fitted.session.undo.count() == count + 1
    qtbot.waitUntil(lambda: "taken out" in fitted.notes.text(), timeout=5_000)


def test_shift_puts_back_and_puts_in_what_is_known(fitted, qtbot):
    view = fitted.panel.result_view
    row = nearest(view, np.flatnonzero(fitted.document.data.observed))
    stroke(qtbot, view, place(view, row), place(view, row) + QPoint(10, 0))
    settled(fitted, qtbot)
    assert row in fitted.document.params().without
    stroke(qtbot, view, place(view, row), place(view, row) + QPoint(10, 0), modifier=SHIFT)
    settled(fitted, qtbot)
    assert fitted.document.params().without == ()
    assert (standing(fitted)[list(fitted.document.params().added)] == Standing.PUT_IN).all()
    fitted.session.undo.undo()
    rest = nearest(view, np.flatnonzero(~fitted.document.data.observed))
    fitted.panel.painting.bar.ways.button(1).click()
    stroke(qtbot, view, place(view, rest))
    settled(fitted, qtbot)
    assert rest in fitted.document.params().added, "the other way without Shift"
    stroke(qtbot, view, place(view, rest), modifier=SHIFT)
    settled(fitted, qtbot)
    assert rest not in fitted.document.params().added


def test_two_dabs_are_two_edits_and_a_double_click_is_one_of_them(fitted, qtbot):
    view = fitted.panel.result_view
    target, before = canvas_of(view), fitted.session.undo.count()
    observed = np.flatnonzero(fitted.document.data.observed)
    _, depths, _ = view.scene.with_depth(view.positions())
    one, *others = observed[np.argsort(depths[observed])]
    far = max(others[:30], key=lambda r: np.hypot(*(place(view, r) - place(view, one)).toTuple()))
    stroke(qtbot, view, place(view, one))
    QTest.mouseDClick(target, LEFT, PLAIN, place(view, far))
    QTest.mouseRelease(target, LEFT, PLAIN, place(view, far))
    settled(fitted, qtbot)
    assert {int(one), int(far)} <= set(fitted.document.params().without)
    assert fitted.session.undo.count() == before + 2
    assert len(fitted.panel.selection) == 0, "the brush picks nothing"


def test_rows_without_a_known_vector_are_refused_in_one_sentence(window, qtbot, tmp_path):
    data = engine.open_any(SPHERE)
    np.savez(
        tmp_path / "blind.npz", positions=data.positions, vectors=data.vectors, faces=data.faces
    )
    window.exporting.open_path(str(tmp_path / "blind.npz"))
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    window.session.fit()
    settled(window, qtbot)
    window.actions_by_id["view.brush"].trigger()
    view = window.panel.result_view
    before, count = window.document.params(), window.session.undo.count()
    row = nearest(view, np.flatnonzero(~data.observed))
    stroke(qtbot, view, place(view, row), modifier=SHIFT)
    assert window.document.params() == before and window.session.undo.count() == count
    qtbot.waitUntil(lambda: bool(said(window, "no known vector")), timeout=5_000)
    (told,) = said(window, "no known vector")
    assert told.endswith("cannot be put in.")


def test_only_the_near_side_is_painted(fitted, qtbot):
    """From edge to edge of the sphere: half of it, and never the back."""
    view = fitted.panel.result_view
    view.brush.resize(10.0)
    low, high = (f(view.scene.on_canvas(view.positions()), axis=0) for f in (np.min, np.max))
    middle = (low + high) / 2
    stroke(qtbot, view, QPoint(round(low[0]), round(middle[1])),
           QPoint(round(high[0]), round(middle[1])))  # fmt: skip
    out = np.array(fitted.document.params().without)
    _, depths, unit = view.scene.with_depth(view.positions())
    depth = (depths - np.median(depths)) / unit
    observed = np.flatnonzero(fitted.document.data.observed)
    assert depth[out].max() < 0.4
    assert set(observed[depth[observed] < -0.5]) <= set(out.tolist())


def test_the_right_button_turns_and_the_wheel_sizes_the_brush(fitted, qtbot):
    view = fitted.panel.result_view
    before, camera = fitted.document.params(), view.camera()
    middle = view.surface.rect().center()
    stroke(qtbot, view, middle, middle + QPoint(40, 20), button=RIGHT)
    assert view.camera()["azimuth"] == pytest.approx(camera["azimuth"] - 20)
    assert view.camera()["elevation"] == pytest.approx(camera["elevation"] + 10)
    assert fitted.document.params() == before
    radius, target = view.brush.radius, canvas_of(view)
    wheel = QWheelEvent(
        QPointF(middle), QPointF(target.mapToGlobal(middle)), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    scale = view.camera()["scale"]
    QApplication.sendEvent(target, wheel)
    assert view.brush.radius > radius and view.camera()["scale"] == scale
    radius = view.brush.radius
    size = view.point_size()
    fitted.actions_by_id["view.smaller"].trigger()
    assert view.brush.radius < radius and view.point_size() == size


def test_one_tool_at_a_time_and_none_brings_the_camera_back(fitted, qtbot):
    act, view = fitted.actions_by_id, fitted.panel.result_view
    act["view.lasso"].trigger()
    assert not act["view.brush"].isChecked() and not view.brush.on
    assert not fitted.panel.painting.bar.isVisibleTo(fitted)
    act["view.brush"].trigger()
    assert not act["view.lasso"].isChecked() and view.brush.on
    act["view.brush"].trigger()
    camera, middle = view.camera(), view.surface.rect().center()
    stroke(qtbot, view, middle, middle + QPoint(30, 0))
    assert view.camera()["azimuth"] != camera["azimuth"]
    assert fitted.document.params().without == ()


def test_marks_are_drawn_over_observed_and_painted_rows(fitted, qtbot):
    view = fitted.panel.result_view
    row = nearest(view, np.flatnonzero(fitted.document.data.observed))
    view.brush.leave()

    def shows(colour):
        """Whether that colour is drawn within four pixels of the row."""
        qtbot.wait(150)
        image, centre = fitted.grab().toImage(), view.surface.mapTo(fitted, place(view, row))
        wanted = np.array(QColor(colour).toTuple()[:3])
        around = [centre + QPoint(x, y) for x in range(-4, 5) for y in range(-4, 5)]
        found = np.array([image.pixelColor(spot).toTuple()[:3] for spot in around])
        return bool((np.abs(found - wanted).max(axis=1) < 30).any())

    theme = fitted.theme
    assert shows(theme.text) and not shows(theme.warning), "observed: a disc"
    fitted.session.changed(RVGPParams(without=(row,)))
    settled(fitted, qtbot)
    assert shows(theme.warning), "taken out: a ring"
    bar = fitted.panel.painting.bar
    assert bar.counts[Standing.OBSERVED].text().endswith(" 119")
    assert bar.counts[Standing.TAKEN_OUT].text().endswith(" 1")
    fitted.actions_by_id["view.brush"].trigger()
    assert not shows(theme.warning), "put away, it leaves no mark"


def test_fit_learns_from_the_painted_rows_and_the_script_repeats_both(fitted, qtbot):
    view = fitted.panel.result_view
    row = nearest(view, np.flatnonzero(fitted.document.data.observed))
    stroke(qtbot, view, place(view, row), place(view, row) + QPoint(25, 0))
    held = settled(fitted, qtbot)
    out = fitted.document.params().without
    repeats(fitted, held)
    fitted.session.fit()
    again = settled(fitted, qtbot)
    assert again is not held and again.fitted.without == out
    assert again.snapshot.held == {} and again.current_spec().params["length"] is None
    assert again.snapshot.chosen["length"] != held.snapshot.chosen["length"]
    repeats(fitted, again)


def repeats(window, run):
    """The script of a frame, run anew, gives its arrays."""
    window.actions_by_id["copy.python"].trigger()
    script = QGuiApplication.clipboard().text()
    assert '"without": [' in script
    space = {}
    exec(compile(script.split("fit = engine")[0], "script", "exec"), space)
    other = engine.run(space["spec"]).result()
    for one, two in zip(run.snapshot.layers, other.layers, strict=True):
        for name, array in one.arrays().items():
            np.testing.assert_array_equal(array, two.arrays()[name])


def test_a_project_keeps_what_was_painted(fitted, qtbot, tmp_path):
    view = fitted.panel.result_view
    row = nearest(view, np.flatnonzero(fitted.document.data.observed))
    stroke(qtbot, view, place(view, row))
    run = settled(fitted, qtbot)
    wanted, spec = fitted.document.params(), run.current_spec()
    path, saved = str(tmp_path / "painted.wbproj"), []
    fitted.exporting.save_to(path, lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=20_000)
    fitted.exporting.open_project(path)
    qtbot.waitUntil(lambda: fitted.document.active not in (None, run), timeout=20_000)
    back = fitted.document.active
    assert fitted.document.params() == wanted and back.shown == wanted
    assert back.current_spec().params == spec.params
    assert standing(fitted)[row] == Standing.TAKEN_OUT
    view = fitted.panel.result_view
    qtbot.wait(200)
    stroke(qtbot, view, place(view, row), modifier=SHIFT)
    qtbot.waitUntil(lambda: row not in back.shown.without, timeout=20_000)


def test_rows_painted_in_one_data_set_mean_nothing_in_the_next(fitted, qtbot):
    row = int(np.flatnonzero(fitted.document.data.observed)[0])
    painted = RVGPParams(without=(row,), noise=0.2)
    fitted.session.changed(painted)
    settled(fitted, qtbot)
    fitted.session.open_data("sample:sphere_field?n=200")
    qtbot.waitUntil(lambda: len(fitted.document.data) == 200, timeout=20_000)
    assert fitted.document.params() == RVGPParams(noise=0.2)
    assert fitted.form.widget("without").count.text() == "none"
    fitted.session.undo.undo()
    assert fitted.document.params() == painted


def test_the_form_counts_the_rows_and_clears_them(fitted, qtbot):
    rows = tuple(np.flatnonzero(fitted.document.data.observed)[:30].tolist())
    fitted.session.changed(RVGPParams(without=rows))
    settled(fitted, qtbot)
    widget = fitted.form.widget("without")
    assert widget.count.text() == "30 rows" and widget.clear.isVisibleTo(fitted.form)
    QTest.mouseClick(widget.clear, LEFT)
    assert fitted.document.params().without == ()
    assert not widget.clear.isVisibleTo(fitted.form)
    settled(fitted, qtbot)
    assert (standing(fitted) != Standing.TAKEN_OUT).all()


def test_the_picture_of_the_data_can_be_painted_as_well(fitted, qtbot):
    view = fitted.panel.data_view
    row = nearest(view, np.flatnonzero(fitted.document.data.observed))
    stroke(qtbot, view, place(view, row))
    settled(fitted, qtbot)
    assert row in fitted.document.params().without


def test_the_peer_is_painted_in_a_comparison_by_its_own_parameters(fitted, qtbot):
    fitted.session.choose_method("vectorfield.ambient_gpr")
    fitted.session.fit()
    peer = settled(fitted, qtbot)
    fitted.session.choose_method("vectorfield.rvgp")
    fitted.requests.compare_all()
    qtbot.wait(200)
    view = fitted.panel.beside[peer.id]
    assert view.brush.on, "a picture that came later has the tool in hand"
    row = nearest(view, np.flatnonzero(fitted.document.data.observed))
    stroke(qtbot, view, place(view, row))
    settled(fitted, qtbot)
    assert fitted.document.method_id == "vectorfield.ambient_gpr"
    assert row in peer.shown.without
    other = next(run for run in fitted.document.runs if run is not peer)
    assert other.shown.without == ()


def test_where_nothing_can_be_painted_that_is_said(window, qtbot):
    window.session.open_data("sample:swiss_roll?n=200")
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    window.actions_by_id["view.brush"].trigger()
    qtbot.waitUntil(lambda: bool(said(window, "Nothing here can be painted")), timeout=5_000)
    view = window.panel.data_view
    before = window.document.params()
    stroke(qtbot, view, view.surface.rect().center())
    assert window.document.params() == before


# Without a window


def layer(kinds):
    n = len(kinds)
    return Arrows(
        name="field", role="prediction", positions=np.zeros((n, 2)), vectors=np.ones((n, 2)),
        axes=(Axis("x"), Axis("y")), standing=np.array(kinds, np.uint8),
        paints=("without", "added"),
    )  # fmt: skip


def test_a_stroke_over_all_kinds_of_rows():
    field = layer([Standing.UNKNOWN, Standing.KNOWN, Standing.PUT_IN, Standing.TAKEN_OUT,
                   Standing.OBSERVED])  # fmt: skip
    params = RVGPParams(without=(3,), added=(2,))
    everything = np.arange(5)
    put, refused = repainted(params, field, everything, putting=True)
    assert (put.without, put.added, refused) == ((), (1, 2), 1)
    out, refused = repainted(params, field, everything, putting=False)
    assert (out.without, out.added, refused) == ((3, 4), (), 0)
    same, _ = repainted(params, field, np.empty(0, np.int64), putting=True)
    assert same == params


class Flat:
    """A canvas whose pixels are the units of its axes."""

    depth = False

    class view:
        size = (100, 100)

    def camera(self):
        return {}

    def with_depth(self, positions):
        return np.asarray(positions, float), np.zeros(len(positions)), 1.0

    def sheet_corners(self):
        return np.empty((0, 3, 3))


def test_a_fast_stroke_leaves_no_gaps():
    line = np.column_stack([np.arange(0, 101, 5.0), np.zeros(21)])
    found = Stroke(line, Flat(), putting=False)
    assert found.reach(np.array([0.0, 3.0]), 4.0).tolist() == [0]
    assert found.reach(np.array([100.0, 3.0]), 4.0).tolist() == list(range(1, 21))
    assert found.reach(np.array([0.0, 3.0]), 4.0).tolist() == [], "each is touched once"
