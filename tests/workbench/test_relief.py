"""Height surfaces and curves on a plane, through the real window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.layers import Axis, Field
from workbench.views.plane import PlaneView

pytestmark = pytest.mark.gl


@pytest.fixture
def solved(window, qtbot):
    """The window with Helmholtz's equation solved by Gaussians."""
    window.requests.open_sample("problem:helmholtz")
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    return window


def turned(view, qtbot):
    """The camera after a drag with the left button."""
    before = view.camera()["azimuth"]
    middle = QPoint(view.surface.width() // 2, view.surface.height() // 2)
    QTest.mousePress(view.surface, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(view.surface, middle + QPoint(60, 10))
    QTest.mouseMove(view.surface, middle + QPoint(80, 20))
    QTest.mouseRelease(view.surface, Qt.MouseButton.LeftButton, pos=middle + QPoint(80, 20))
    qtbot.wait(50)
    after = view.camera()
    assert abs(after["azimuth"] - before) > 5
    return after


def heights(view):
    """Range (low, high) of the drawn surface, in units of its box."""
    z = view.scene.relief._mesh.mesh_data.get_vertices()[:, 2]
    return float(z.min()), float(z.max())


def test_the_command_raises_both_pictures_and_is_undone(solved):
    panel = solved.panel
    flat = panel.result_view.camera()
    solved.actions_by_id["view.relief"].trigger()
    for view in (panel.data_view, panel.result_view):
        assert view.scene.relief is not None and not view._bottom.isVisibleTo(view)
        assert heights(view) == pytest.approx((-0.25, 0.25), abs=0.01)
    solved.session.undo.undo()
    assert panel.result_view.scene.relief is None
    assert panel.result_view._bottom.isVisibleTo(panel.result_view)
    assert panel.result_view.camera() == flat
    assert not solved.actions_by_id["view.relief"].isChecked()
    solved.session.undo.redo()
    assert panel.result_view.scene.relief is not None


def test_a_turn_turns_the_truth_too_and_stays_while_a_slider_is_dragged(solved, qtbot):
    solved.actions_by_id["view.relief"].trigger()
    panel, run = solved.panel, solved.document.active
    camera = turned(panel.result_view, qtbot)
    assert panel.data_view.camera()["azimuth"] == pytest.approx(camera["azimuth"])
    before = panel.result_view.scene.relief._mesh.mesh_data.get_vertices().copy()
    coarse = []
    solved.document.frame_changed.connect(lambda r: coarse.append(r.snapshot.coarse))
    wanted = replace(solved.document.params(), coefficients=(3.0, 2.0, 1.0))
    solved.session.changing(wanted)
    qtbot.waitUntil(lambda: run.shown == wanted and bool(run.snapshot.coarse), timeout=20_000)
    view = panel.result_view
    assert view.camera()["azimuth"] == camera["azimuth"]
    assert np.abs(view.scene.relief._mesh.mesh_data.get_vertices() - before).max() > 0.1
    solved.session.changed(wanted)
    qtbot.waitUntil(lambda: not run.snapshot.coarse, timeout=20_000)
    assert view.camera()["azimuth"] == camera["azimuth"] and any(coarse)


def test_compared_surfaces_have_one_scale_and_one_camera(solved, qtbot):
    solved.actions_by_id["view.relief"].trigger()
    solved.session.changed(replace(solved.document.params(), gaussians=60))
    run = solved.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    solved.requests.compare_all()
    one, two = solved.panel.beside.values()
    assert one.scene.relief is not None and two.scene.relief is not None
    assert one.colouring().limits == two.colouring().limits
    camera = turned(one, qtbot)
    assert two.camera()["azimuth"] == pytest.approx(camera["azimuth"])


def test_a_project_keeps_the_surface_and_its_camera(solved, qtbot, tmp_path):
    solved.actions_by_id["view.relief"].trigger()
    camera = turned(solved.panel.result_view, qtbot)
    path, saved = str(tmp_path / "waves.wbproj"), []
    solved.exporting.save_to(path, lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=20_000)
    solved.actions_by_id["view.relief"].trigger()
    assert solved.panel.result_view.scene.relief is None
    solved.document.modified = False
    solved.exporting.open_project(path)
    qtbot.waitUntil(lambda: solved.panel.result_view.scene.relief is not None, timeout=20_000)
    qtbot.wait(200)
    assert solved.actions_by_id["view.relief"].isChecked()
    assert solved.panel.result_view.camera() == camera


def test_a_figure_is_raised_as_the_screen_is(solved, qtbot, tmp_path, monkeypatch):
    from engine.io import reliefs

    monkeypatch.setattr(reliefs, "NODES", 20)
    run, pages = solved.document.active, []
    for name in ("flat", "raised", "turned"):
        if name == "raised":
            solved.actions_by_id["view.relief"].trigger()
        if name == "turned":
            turned(solved.panel.result_view, qtbot)
        path = tmp_path / f"{name}.png"
        solved.exporting.save_figure(run, str(path), run.snapshot.layers[0], dpi=60, height_mm=60)
        qtbot.waitUntil(path.exists, timeout=20_000)
        pages.append(np.asarray(Image.open(path).convert("RGB")).astype(int))
    assert np.abs(pages[0] - pages[1]).max() > 60 and np.abs(pages[1] - pages[2]).max() > 60


@pytest.fixture
def curve(qtbot):
    from workbench import theme

    view = PlaneView()
    qtbot.addWidget(view)
    view.set_theme(theme.load("light"))
    view.resize(500, 400)
    view.show()
    yield view
    view.release()


def wave(cycles):
    x = (np.arange(4000) + 0.5) / 4000
    return Field(name="u", role="prediction", values=np.sin(2 * np.pi * cycles * x),
                 extent=((0.0, 1.0),), axes=(Axis("x"),))  # fmt: skip


def test_a_fast_curve_is_thin_and_a_slow_one_is_not(curve, qtbot):
    curve.show_layer(wave(3))
    assert curve.scene.line_width() == 2
    curve.show_layer(wave(100))
    qtbot.wait(50)
    assert curve.scene.line_width() == 1
    page = curve.render(440, 340)[..., :3].astype(int)
    row = page[150, 40:400].sum(axis=1)
    assert (row > 600).mean() > 0.2, "the ground is seen between the lines"
    curve.set_camera({"rect": [0.4, -1.0, 0.05, 2.0]})
    assert curve.scene.line_width() == 2, "near enough to have room"
    curve.fit_camera()
    assert curve.scene.line_width() == 1
