"""The equation family through the real window: open, solve, drag a coefficient, compare, type."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.layers import Axis, Field, Picture
from workbench.panels.plane import PlanePanel
from workbench.views.plane import PlaneView

pytestmark = pytest.mark.gl
OWN = """\
x in [0, 1]
q = 2 in [0, 5]
u_xx - q*u = -(q + pi^2)*sin(pi*x)
exact u = sin(pi*x)
u(0) = 0
u(1) = 0
"""


@pytest.fixture
def solved(window, qtbot):
    """The window with Helmholtz's equation solved by Gaussians."""
    window.requests.open_sample("problem:helmholtz")
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    return window


def grid(values, **options):
    return Field(name="f", role="prediction", values=values, extent=((0.0, 4.0), (-1.0, 1.0)),
                 axes=(Axis("x", "m"), Axis("y", "m")), **options)  # fmt: skip


def test_a_problem_brings_planes_and_a_table_brings_clouds_back(solved, qtbot):
    assert isinstance(solved.panel, PlanePanel)
    assert solved.centre.currentWidget() is solved.panel
    assert not solved.top._small["view.brush"].isVisibleTo(solved.top)
    solved.session.open_data("sample:iris")
    qtbot.waitUntil(lambda: solved.document.method_id.startswith("embedding."), timeout=20_000)
    assert not isinstance(solved.panel, PlanePanel)
    assert solved.centre.currentWidget() is solved.panel
    assert solved.top._small["view.brush"].isVisibleTo(solved.top)
    solved.session.undo.undo()
    solved.session.undo.undo()
    assert isinstance(solved.panel, PlanePanel)


def test_the_truth_stands_beside_the_solution_on_one_scale(solved):
    panel = solved.panel
    assert panel.beside_result.currentText() == "truth"
    run = solved.document.active
    assert panel.data_view._layer is run.snapshot.layer("truth")
    assert panel.result_view._layer is run.snapshot.layer("prediction")
    assert panel.data_view.colouring().limits == panel.result_view.colouring().limits
    scores = run.judgement.values()
    assert scores["relative error"] < 1e-5
    texts = [solved.panel.scores.table.item(row, 0).text() for row in range(3)]
    assert "e-" in texts[0], "small errors are told by their exponent"


def test_a_dragged_coefficient_moves_solution_and_truth(solved, qtbot):
    many = solved.form.widget("coefficients")
    assert list(many.rows) == ["a1", "a2", "k2"]
    run = solved.document.active
    before = run.snapshot.layer("prediction").values.copy()
    wanted = replace(solved.document.params(), coefficients=(3.0, 2.0, 1.0))
    solved.session.changing(wanted)
    solved.session.changed(wanted)
    qtbot.waitUntil(lambda: run.shown == wanted and not run.snapshot.coarse, timeout=30_000)
    x, y = np.meshgrid(*(np.linspace(-1, 1, n) for n in before.shape), indexing="ij")
    exact = np.sin(3 * np.pi * x) * np.sin(2 * np.pi * y)
    assert np.abs(run.snapshot.layer("prediction").values - exact).max() < 1e-3
    assert np.abs(run.snapshot.layer("truth").values - exact).max() < 1e-9
    assert many.rows["a1"].widget.box.text() == "3"
    solved.session.undo.undo()
    qtbot.waitUntil(
        lambda: np.array_equal(run.snapshot.layer("prediction").values, before), timeout=30_000
    )


def test_two_solutions_side_by_side_share_one_view(solved, qtbot):
    solved.session.changed(replace(solved.document.params(), gaussians=60))
    run = solved.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    solved.requests.compare_all()
    one, two = solved.panel.beside.values()
    one.set_camera({"rect": [0.0, 0.0, 0.5, 0.5]})
    one.camera_changed.emit(one.camera())
    assert two.camera()["rect"] == pytest.approx(one.camera()["rect"])


def test_a_project_keeps_the_problem(solved, qtbot, tmp_path):
    path = str(tmp_path / "waves.wbproj")
    saved = []
    solved.exporting.save_to(path, lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=20_000)
    before = solved.document.active.snapshot.layer("prediction").values.copy()
    solved.exporting.open_project(path)
    qtbot.waitUntil(lambda: solved.document.path == path and bool(solved.document.runs),
                    timeout=20_000)  # fmt: skip
    run = solved.document.runs[0]
    assert run.data.spec == "problem:helmholtz"
    assert np.array_equal(run.snapshot.layer("prediction").values, before)
    assert np.array_equal(run.method.evaluate(run.shown).layer("prediction").values, before)


def test_an_equation_is_read_while_it_is_typed(window, qtbot):
    window.requests.type_equation()
    dialog = window.exporting._dialog
    qtbot.waitUntil(dialog.solve.isEnabled, timeout=10_000)
    dialog.text.setPlainText(OWN.replace("q = 2 in [0, 5]\n", ""))
    assert not dialog.solve.isEnabled()
    qtbot.waitUntil(lambda: "'q' is not known" in dialog.told.text(), timeout=10_000)
    dialog.text.setPlainText(OWN)
    qtbot.waitUntil(dialog.solve.isEnabled, timeout=10_000)
    assert "sliders for q" in dialog.told.text()
    dialog._accept()
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    assert run.judgement.values()["relative error"] < 1e-6
    assert list(window.form.widget("coefficients").rows) == ["q"]


NASTY = {
    "": "No axis",
    "~%!q" * 2500: "8000 characters",
    OWN + "q^1000 = u_x": "at most 20",
    OWN + "boundary u = 0; boundary u = 1": "given twice",
    "u_xx = 1/x; x in [-1, 1]; boundary u = 0": "no finite value near x = 0",
    "u_xx = eval(x); x in [0, 1]; boundary u = 0": "no function 'eval'",
    "u_xx = x.__class__; x in [0, 1]; boundary u = 0": "'.' has no meaning",
    "q = 9 in [0, 5]; u_xx = q; x in [0, 1]; boundary u = 0": "between its bounds",
}


def test_nasty_equations_are_refused_while_they_are_typed(window, qtbot):
    window.requests.type_equation()
    dialog = window.exporting._dialog
    for text, reason in NASTY.items():
        dialog.text.setPlainText(text)
        qtbot.waitUntil(lambda reason=reason: reason in dialog.told.text(), timeout=10_000)
        assert dialog.told.text().startswith(("Place", "Line"))
        assert not dialog.solve.isEnabled() and dialog.text.toPlainText() == text
    for text, said in (
        ("u_t = u_xx; t in [0, 1]; x in [0, 1]; u(0, x) = 1; boundary u = 0", "the start says u"),
        ("u_t = -u_xx; t in [0, 1]; x in [0, 1]; u(0, x) = 0; boundary u = 0", "backwards"),
    ):
        dialog.text.setPlainText(text)
        qtbot.waitUntil(dialog.solve.isEnabled, timeout=10_000)
        assert dialog.told.text().startswith("Understood") and said in dialog.told.text()
    dialog.reject()


@pytest.fixture
def plane(qtbot):
    from workbench import theme

    view = PlaneView()
    qtbot.addWidget(view)
    view.set_theme(theme.load("dark"))
    view.resize(500, 400)
    view.show()
    yield view
    view.release()


def test_a_field_lies_where_its_axes_say(plane, qtbot):
    values = np.arange(8.0).reshape(4, 2)
    plane.show_layer(grid(values))
    assert plane.told_at(0.5, -0.5) == "x = 0.5, y = -0.5\n0"
    assert plane.told_at(3.9, 0.9) == "x = 3.9, y = 0.9\n7"
    assert plane.told_at(4.1, 0.0) == ""
    qtbot.wait(50)
    picture = plane.render(320, 240).astype(int)
    middle = picture[120, [60, 260], :3]
    assert np.abs(middle[0] - middle[1]).max() > 60, "low on the left, high on the right"


def test_an_image_has_its_first_row_on_top(plane):
    values = np.zeros((3, 5, 3))
    values[0] = (1.0, 0.0, 0.0)
    plane.show_layer(Picture(name="p", role="data", values=values))
    assert plane.told_at(2.5, 2.5) == "column 2, row 0\n1.000, 0.000, 0.000"
    assert plane.told_at(2.5, 0.5) == "column 2, row 2\n0.000, 0.000, 0.000"
    assert plane.colouring() is None


def test_slices_are_stepped_and_played(plane, qtbot):
    values = np.zeros((4, 2, 6)) + np.arange(6.0)
    layer = Field(name="f", role="prediction", values=values,
                  extent=((0.0, 4.0), (-1.0, 1.0), (0.0, 3.0)),
                  axes=(Axis("x"), Axis("y"), Axis("t", "s")))  # fmt: skip
    plane.show_layer(layer)
    assert plane.slices.isVisibleTo(plane) and plane.values().max() == 5
    plane.slices.slider.setValue(2)
    assert plane.values().max() == 2
    assert plane.slices._told.text() == "t = 1.25 s"
    plane.slices.play.setChecked(True)
    qtbot.waitUntil(lambda: plane.slices.index() != 2, timeout=5000)
    plane.slices.stop()
    plane.show_layer(grid(np.ones((3, 3))))
    assert not plane.slices.isVisibleTo(plane)


def test_a_double_click_shows_all_again(plane, qtbot):
    plane.show_layer(grid(np.ones((4, 4))))
    home = plane.camera()["rect"]
    plane.set_camera({"rect": [1.0, 0.0, 0.5, 0.5]})
    assert not plane.camera()["home"]
    QTest.mouseDClick(plane.surface, Qt.MouseButton.LeftButton,
                      Qt.KeyboardModifier.NoModifier, QPoint(100, 100))  # fmt: skip
    assert plane.camera()["rect"] == pytest.approx(home) and plane.camera()["home"]


def test_a_cut_is_drawn_and_follows(solved, qtbot):
    view = solved.panel.result_view
    shift = Qt.KeyboardModifier.ShiftModifier
    home = view.camera()["rect"]
    QTest.mousePress(view.surface, Qt.MouseButton.LeftButton, shift, QPoint(120, 150))
    QTest.mouseMove(view.surface, QPoint(180, 150))
    QTest.mouseRelease(view.surface, Qt.MouseButton.LeftButton, shift, QPoint(260, 150))
    tabs = solved.panel.diagnostics.tabs
    qtbot.waitUntil(lambda: tabs.tabText(tabs.currentIndex()) == "Cut", timeout=5000)
    assert view.camera()["rect"] == pytest.approx(home), "the picture stays where it is"
    layer = tabs.currentWidget()._layer
    assert set(layer.lines) == {"prediction", "truth"}
    assert np.abs(layer.lines["prediction"] - layer.lines["truth"]).max() < 1e-4
    before = layer.lines["truth"].copy()
    run = solved.document.active
    wanted = replace(solved.document.params(), coefficients=(2.0, 2.0, 1.0))
    solved.session.changed(wanted)
    qtbot.waitUntil(lambda: run.shown == wanted and not run.snapshot.coarse, timeout=30_000)
    assert np.abs(tabs.currentWidget()._layer.lines["truth"] - before).max() > 0.1
    QTest.mouseClick(view.surface, Qt.MouseButton.LeftButton, shift, QPoint(200, 200))
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    assert "Cut" not in titles


def test_gaussians_lie_over_the_picture(solved):
    scene = solved.panel.result_view.scene
    assert not scene._rings.visible
    solved.actions_by_id["view.ellipses"].trigger()
    assert scene._rings.visible
    assert len(scene._rings.pos) == 2 * 24 * 150
    solved.session.undo.undo()
    assert not scene._rings.visible


def test_the_error_is_told_by_frequency(solved):
    layer = next(x for x in solved.document.active.judgement.layers if "frequency" in x.name)
    wave = layer.x[layer.lines["reference"].argmax()]
    # sin(4 pi x) sin(pi y) has 2 and 1/2 cycles per unit.
    assert wave == pytest.approx(np.hypot(2.0, 0.5), abs=0.5)


def test_losses_that_fall_through_decades_are_drawn_so(window, qtbot):
    window.session.open_data("problem:poisson", then=window.session.fit)
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=90_000)
    tabs = window.panel.diagnostics.tabs
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    for title in ("Progress", "Progress in time"):
        tabs.setCurrentIndex(titles.index(title))
        layer = tabs.currentWidget()._layer
        assert layer.axes[1].log is True
        assert (np.diff(layer.x) >= 0).all() and len(layer.x) == len(run.history)


class Growing(list):
    """The reports of a fit that writes the next one whenever somebody has read them."""

    def __iter__(self):
        read = list(super().__iter__())
        self.append((float(len(read)), len(read), {"loss": 1.0}))
        return iter(read)


def test_progress_is_drawn_while_the_fit_writes_on(solved):
    run = solved.document.active
    run.history = Growing([(0.0, 0, {"loss": 3.0}), (1.0, 1, {"loss": 2.0})])
    solved.panel.diagnostics.show_run(run)
    tabs = solved.panel.diagnostics.tabs
    assert {"Progress", "Progress in time"} <= {tabs.tabText(k) for k in range(tabs.count())}


def test_what_is_reported_now_and_then_is_a_line_in_progress(solved):
    run = solved.document.active
    run.history = [(float(k), k, {"loss": 9.0 - k}) for k in range(9)]
    for k, error in ((2, 4.0), (6, 2.0)):
        run.history[k][2]["relative error"] = error
    solved.panel.diagnostics.show_run(run)
    tabs = solved.panel.diagnostics.tabs
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    tabs.setCurrentIndex(titles.index("Progress"))
    line = tabs.currentWidget()._layer.lines["relative error"]
    assert np.allclose(line[2:7], [4.0, 3.5, 3.0, 2.5, 2.0])
    assert np.isnan(line[:2]).all() and np.isnan(line[7:]).all()


def test_a_cut_is_seen_in_pictures_that_come_later_and_not_over_other_data(solved, qtbot):
    panel = solved.panel
    panel.result_view.cut.emit(np.array([[-0.5, 0.0], [0.5, 0.5]]))
    assert panel.data_view.scene._cut.visible
    solved.requests.compare_all()
    assert all(view.scene._cut.visible for view in panel.beside.values())
    solved.session.open_data("problem:burgers")
    qtbot.waitUntil(lambda: solved.document.active is None, timeout=20_000)
    assert not panel.data_view.scene._cut.visible and panel._ends is None


def test_a_picture_in_training_does_not_say_that_it_was_stopped(window, qtbot):
    window.session.open_data("problem:poisson")
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    params = replace(window.document.params(), training="L-BFGS", gaussians=8, steps=20,
                     interior=60)  # fmt: skip
    window.session.changed(params)
    told = []
    window.document.frame_changed.connect(
        lambda run: told.append((run.snapshot.coarse, [n.text for n in run.snapshot.notes]))
    )
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    assert any(coarse == "still in training" for coarse, _ in told)
    assert not any(text.startswith("Stopped") for _, texts in told for text in texts)


def test_a_slider_is_played_into_a_file(solved, qtbot, tmp_path):
    solved.exporting.ask_animation()
    dialog = solved.exporting._dialog
    labels = [dialog.names.itemText(k) for k in range(dialog.names.count())]
    assert "spread" in labels and "position" not in labels, "what means nothing is not offered"
    dialog.names.setCurrentIndex(labels.index("spread"))
    assert dialog.sweep() == ("spread", 0.5, 2.0, 60)
    dialog.reject()
    path = tmp_path / "spread.gif"
    solved.exporting.save_animation("spread", 0.9, 1.1, 3, str(path))
    qtbot.waitUntil(path.exists, timeout=60_000)


def test_truth_and_solution_show_the_same_part(solved):
    one, two = solved.panel.data_view, solved.panel.result_view
    two.set_camera({"rect": [0.0, 0.0, 0.5, 0.5]})
    two.camera_changed.emit(two.camera())
    assert one.camera()["rect"] == pytest.approx(two.camera()["rect"])


def test_the_table_says_what_was_fitted_and_where(solved):
    table = solved.panel.scores.table
    told = {
        table.verticalHeaderItem(row).text(): table.item(row, 0).text()
        for row in range(table.rowCount())
    }
    assert told["device"] == "cpu" and int(told["numbers fitted"]) >= 500 * 5
    assert {"relative error", "best relative error", "largest error", "fit time (s)"} <= set(told)


def test_the_last_slider_plays_and_is_one_edit(solved, qtbot):
    play = solved.actions_by_id["view.play"]
    play.trigger()
    assert not play.isChecked(), "no slider was moved yet"
    row = solved.form.widget("coefficients").rows["a2"]
    row.asked.emit("a2", 1.5, True)
    solved.session.changed(replace(solved.document.params(), threshold=0.01))
    count = solved.session.undo.count()
    play.trigger()
    assert solved.player.playing()
    seen = set()
    solved.form.changing.connect(lambda p: seen.add(p.coefficients[1]))
    qtbot.waitUntil(lambda: len(seen) > 5, timeout=10_000)
    assert all(0.5 <= value <= 12 for value in seen)
    assert solved.session.undo.count() == count
    play.trigger()
    assert not solved.player.playing()
    assert solved.session.undo.count() == count + 1
    solved.session.undo.undo()
    assert solved.document.params().coefficients == (4.0, 1.5, 1.0)
