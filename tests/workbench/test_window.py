"""The user's story through the real window: sample, fit, drag, compare, undo, export, reopen."""

from __future__ import annotations

import numpy as np
import pytest

from engine.numerics.procrustes import rotation
from engine.params import LIVE, from_json, parameters, to_json

pytestmark = pytest.mark.gl

METHOD = "embedding.heat_geodesic"


def fitted(qtbot, window, spec="sample:iris", method=METHOD):
    window.document.set_method(method)
    opened = []
    window.session.open_data(spec, then=lambda: opened.append(True))
    qtbot.waitUntil(lambda: bool(opened), timeout=20_000)
    return fit(qtbot, window)


def fit(qtbot, window):
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state in ("finished", "failed", "cancelled"), timeout=60_000)
    assert run.state == "finished", run.failed
    return run


def changed(params, **values):
    return from_json(type(params), {**to_json(params), **values})


def shown(window):
    return np.array(window.panel.result_view.shown()["positions"])


def test_one_click_on_a_sample_card_ends_in_a_picture(qtbot, window):
    window.welcome.sample_chosen.emit("sample:iris")
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished", timeout=60_000)
    assert window.panel.result_view.shown()["count"] == 150
    qtbot.waitUntil(lambda: run.judgement is not None, timeout=30_000)
    assert window.panel.scores.table.rowCount() > 3


def test_dragging_time_moves_the_picture_and_shows_the_last_value(qtbot, window):
    run = fitted(qtbot, window)
    before = shown(window)
    params = changed(window.document.params(), time=2.0)
    values = np.geomspace(2.0, 40.0, 25)
    for value in values:
        window.form.changing.emit(changed(params, time=float(value)))
        qtbot.wait(5)
    window.form.changed.emit(changed(params, time=float(values[-1])))
    qtbot.waitUntil(
        lambda: run.shown.time == values[-1] and run.snapshot.coarse == "", timeout=30_000
    )
    settled = run.method.evaluate(run.shown)
    points = next(layer for layer in settled.layers if layer.role == "prediction")
    np.testing.assert_allclose(shown(window), points.positions, atol=1e-5)
    assert np.abs(shown(window) - before).max() > 1e-3
    assert len(window.document.runs) == 1
    assert window.session.undo.count() == 2


def test_undo_of_a_drag_brings_the_picture_back(qtbot, window):
    run = fitted(qtbot, window)
    first = window.document.params()
    before = shown(window)
    window.form.changed.emit(changed(first, time=25.0))
    qtbot.waitUntil(lambda: run.shown.time == 25.0 and not run.snapshot.coarse, timeout=30_000)
    window.requests.undo_edit()
    qtbot.waitUntil(
        lambda: run.shown.time == first.time and not run.snapshot.coarse, timeout=30_000
    )
    np.testing.assert_allclose(shown(window), before, atol=1e-5)


def test_a_refit_slider_marks_the_picture_stale_and_leaves_it(qtbot, window):
    run = fitted(qtbot, window)
    before = shown(window)
    params = window.document.params()
    window.form.changed.emit(changed(params, knn=params.knn + 3))
    assert window.document.stale() == {"knn": params.knn + 3}
    np.testing.assert_array_equal(shown(window), before)
    second = fit(qtbot, window)
    assert window.document.stale() == {}
    assert run.fitted.knn == params.knn and second.fitted.knn == params.knn + 3


def test_every_live_parameter_of_the_form_is_followed(qtbot, window):
    run = fitted(qtbot, window)
    live = [
        p
        for p in parameters(type(run.fitted))
        if p.effect is LIVE and p.kind == "float" and p.applies is None and p.bound
    ]
    assert live
    for parameter in live:
        value = (parameter.bound.low + parameter.bound.high) / 2
        if parameter.bound.log:
            value = float(np.sqrt(parameter.bound.low * parameter.bound.high))
        window.form.changed.emit(changed(window.document.params(), **{parameter.name: value}))
        qtbot.waitUntil(
            lambda name=parameter.name, v=value: (
                getattr(run.shown, name) == v and not run.snapshot.coarse
            ),
            timeout=30_000,
        )


def test_an_impatient_second_click_asks_for_nothing_new(qtbot, window):
    window.session.open_data("problem:poisson", then=window.session.fit)
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    first = window.document.runs[0]
    window.session.fit()
    window.session.fit()
    assert window.document.runs == [first] and len(window.session.jobs()) == 1
    window.document.seed = 3
    window.session.fit()
    assert len(window.document.runs) == 2
    for number in list(window.session._jobs):
        window.session.cancel(number)
    qtbot.waitUntil(lambda: not window.session.jobs(), timeout=20_000)


def test_cancel_ends_the_fit_and_keeps_the_earlier_picture(qtbot, window):
    first = fitted(qtbot, window, "sample:swiss_roll?n=1500")
    params = window.document.params()
    window.form.changed.emit(changed(params, knn=params.knn + 5))
    second = window.session.fit()
    qtbot.waitUntil(lambda: second.state == "started", timeout=20_000)
    window.requests.cancel()
    qtbot.waitUntil(lambda: second.state == "cancelled", timeout=5_000)
    assert first.snapshot is not None
    assert first in window.document.visible_runs()


def test_bad_files_leave_the_document_untouched(qtbot, window, tmp_path):
    run = fitted(qtbot, window)
    data = window.document.data
    for name, content in {
        "empty.csv": b"",
        "words.csv": b"only,words\nin,here\n",
        "broken.npy": b"\x93NUMPY\x01\x00trunc",
        "pickle.pkl": b"\x80\x04\x95\x10\x00\x00\x00.",
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        said = []
        window.session.said.connect(lambda text, grave, details, said=said: said.append(text))
        window.session.open_data(str(path))
        qtbot.waitUntil(lambda said=said: bool(said), timeout=20_000)
        assert name in said[0]
    assert window.document.data is data
    assert window.document.active is run


def test_compare_shows_two_runs_with_linked_cameras_and_selection(qtbot, window):
    first = fitted(qtbot, window)
    window.document.set_method("embedding.isomap")
    second = fit(qtbot, window)
    for run in (first, second):
        qtbot.waitUntil(lambda run=run: run.judgement is not None, timeout=30_000)
    window.requests.compare_all()
    views = list(window.panel.beside.values())
    assert len(views) == 2 and all(v.isVisible() for v in views)
    assert window.panel.scores.table.columnCount() == 2
    one, other = (view.shown()["positions"] for view in views)
    np.testing.assert_allclose(rotation(other, one - one.mean(axis=0)), np.eye(2), atol=1e-5)
    window.panel.select(np.array([3, 5]))
    for view in views:
        assert list(view.shown()["selection"]) == [3, 5]
    left, bottom, width, height = views[0].camera()["rect"]
    views[0].set_camera({"rect": [left, bottom, width / 2, height / 2]})
    views[0].camera_changed.emit(views[0].camera())
    led, followed = (view.scene.relative_camera()["rect"] for view in views)
    assert followed == pytest.approx(led)
    window.requests.compare_none()
    assert not window.panel.beside and window.panel.result_view.isVisible()


def test_figures_data_model_and_script_leave_the_window(qtbot, window, tmp_path):
    run = fitted(qtbot, window)
    points = next(layer for layer in run.snapshot.layers if layer.role == "prediction")
    window.exporting.save_figure(run, str(tmp_path / "map.png"), points, width_mm=84, dpi=300)
    window.exporting.save_table(str(tmp_path / "map.csv"))
    window.exporting.save_model(str(tmp_path / "map.safetensors"))
    for name in ("map.png", "map.csv", "map.safetensors"):
        qtbot.waitUntil(lambda name=name: (tmp_path / name).exists(), timeout=30_000)
    from engine.io.models import load_model

    method, _ = load_model(tmp_path / "map.safetensors")
    again = method.evaluate(run.shown).layer(points.name)
    np.testing.assert_array_equal(again.positions, points.positions)
    window.requests.copy_python()
    from PySide6.QtGui import QGuiApplication

    assert "import engine" in QGuiApplication.clipboard().text()


def test_a_project_comes_back_with_its_runs_views_and_cameras(qtbot, window, tmp_path):
    run = fitted(qtbot, window)
    window.document.edit_run(run, name="iris by heat", starred=True)
    window.document.set_view(colour_by=window.panel.columns()[-1], edges=True)
    window.panel.data_view.set_camera({**window.panel.data_view.camera()})
    cameras = window.panel.cameras()
    positions = shown(window)
    path = str(tmp_path / "iris.wbproj")
    window.exporting.save_to(path)
    qtbot.waitUntil(lambda: window.document.path == path, timeout=20_000)
    window.document.clear()
    window.exporting.open_project(path)
    qtbot.waitUntil(lambda: window.document.path == path, timeout=20_000)
    (back,) = window.document.visible_runs()
    assert back.name == "iris by heat" and back.starred and back.spec == run.spec
    np.testing.assert_allclose(shown(window), positions, atol=1e-6)
    assert window.document.view["edges"] is True
    found = window.panel.cameras()["data"]
    assert found.keys() == cameras["data"].keys()
    for name, value in cameras["data"].items():
        assert found[name] == pytest.approx(value), name
    window.form.changed.emit(changed(window.document.params(), time=20.0))
    qtbot.waitUntil(lambda: back.shown.time == 20.0 and not back.snapshot.coarse, timeout=30_000)


def test_light_and_dark_change_the_canvas(qtbot, window):
    fitted(qtbot, window)
    light = window.panel.result_view.render(200, 150)[..., :3].mean()
    window.set_theme("dark")
    dark = window.panel.result_view.render(200, 150)[..., :3].mean()
    window.set_theme("light")
    assert light > 150 > 100 > dark


def test_200_000_rows_open_without_stopping_the_window(qtbot, window):
    from PySide6.QtCore import QTimer

    from engine.data import Table

    values = np.random.default_rng(1).normal(size=(200_000, 5))
    table = Table(name="big", spec="big", values=values, columns=tuple("abcde"))
    ticks = []
    timer = QTimer(window)
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(50)
    window.session.show_data(table)
    qtbot.waitUntil(lambda: window.panel.data_view.shown()["count"] > 0, timeout=20_000)
    run = window.session.fit()
    qtbot.waitUntil(lambda: len(ticks) > 20, timeout=20_000)
    window.requests.cancel()
    qtbot.waitUntil(lambda: run.state in ("cancelled", "finished"), timeout=20_000)
    timer.stop()
