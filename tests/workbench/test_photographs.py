"""The restoration family through the real window: drop, compare, zoom, loupe, pad, attend, save."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.data import open_any
from engine.data.photograph import Photograph
from engine.data.table import Table
from engine.layers import Picture
from engine.restoration.gaussian import GaussianSmoothing
from tests.workbench.mouse import drag
from workbench import exporting as exporting_module
from workbench import theme
from workbench.panels.photo import PhotoPanel
from workbench.views.photo import PhotoView
from workbench.views.pyramid import Pyramid, to_bytes
from workbench.views.viewport import Viewport

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
METHOD = "restoration.gaussian"


def settle(window, qtbot):
    """Wait for the newest run's judged picture."""
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[-1]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    return run


@pytest.fixture
def restored(window, qtbot):
    """The window with a noisy picture, smoothed."""
    window.session.choose_method(METHOD)
    window.requests.open_sample("sample:camera?noise=25")
    settle(window, qtbot)
    return window


def pixels(table):
    """What the table shows, (h, w, 3) red, green, blue, without what lies over the pictures."""
    image = table.compose(table.seen, round(table.split * table.seen.room[0]))
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def wheel(table, steps, at):
    everywhere = QPointF(table.mapToGlobal(at))
    event = QWheelEvent(QPointF(at), everywhere, QPoint(), QPoint(0, 120 * steps),
                        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase,
                        False)  # fmt: skip
    QApplication.sendEvent(table, event)


@pytest.fixture
def view(qtbot):
    made = PhotoView()
    qtbot.addWidget(made)
    made.set_theme(theme.load("dark"))
    made.resize(420, 340)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.release()


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.float32) / 255


# One picture


def test_at_one_to_one_and_above_every_pixel_is_itself(view):
    values = noise(200, 150, 3)
    view.show_layer(Picture(name="p", role="data", values=values))
    view.zoom_to(1.0)
    left, top = view.seen().origin()
    shown = pixels(view.table)[top : top + 200, left : left + 150]
    np.testing.assert_array_equal(shown, np.round(values * 255).astype(np.uint8))
    view.zoom_to(4.0)
    left, top = view.seen().origin()
    whole = np.kron(np.round(values * 255), np.ones((4, 4, 1)))
    shown = pixels(view.table)
    height, width = shown.shape[:2]
    np.testing.assert_array_equal(shown, whole[-top : height - top, -left : width - left])


def test_below_one_to_one_pixels_are_means_and_noise_is_even(view):
    values = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((512, 512)).astype(np.float32)
    view.show_layer(Picture(name="p", role="data", values=values))
    view.zoom_to(0.5)
    left, top = view.seen().origin()
    shown = pixels(view.table)[top : top + 256, left : left + 256, 0].astype(float)
    means = values.reshape(256, 2, 256, 2).mean(axis=(1, 3)) * 255
    assert np.abs(shown - means).max() <= 1.01
    # Single samples between pixels leave the noise of some columns and average that of others.
    view.zoom_to(0.75)
    top = max(0, view.seen().origin()[1])
    shown = pixels(view.table)[top + 4 : top + 240, 30:330, 0].astype(float)
    spread = shown.std(axis=0)
    by_phase = [spread[k::3].mean() for k in range(3)]
    assert max(by_phase) < 1.15 * min(by_phase)
    assert shown.std() < 0.85 * 25.5, "averaged, not picked"


@pytest.mark.parametrize("zoom", [0.93, 0.86, 0.84])
def test_the_last_pixel_is_the_pictures_own_or_what_lies_behind_it(view, zoom):
    """Where a picture ends within a pixel of the screen."""
    red = np.zeros((512, 512, 3), np.float32)
    red[..., 0] = 1
    view.resize(700, 600)
    QApplication.processEvents()
    view.show_layer(Picture(name="p", role="data", values=red))
    view.zoom_to(zoom)
    shown = pixels(view.table).astype(float)
    behind = shown[2, 2]
    for line in (shown[shown.shape[0] // 2], shown[:, shown.shape[1] // 2]):
        # Every pixel is a mixture of the two.
        share = (line[:, 0] - behind[0]) / (255 - behind[0])
        mixed = share[:, None] * [255.0, 0.0, 0.0] + (1 - share[:, None]) * behind
        assert np.abs(line - mixed).max() <= 2
        assert share.min() >= 0 and np.count_nonzero(share > 0.99) >= int(512 * zoom) - 1


def test_levels_are_means_also_of_odd_sizes():
    values = noise(131, 257)
    pyramid = Pyramid(values)
    assert pyramid.ready
    fine = pyramid.pixels(0)[..., 0].astype(float)
    np.testing.assert_array_equal(fine, np.round(values * 255))
    padded = np.pad(fine, ((0, 1), (0, 1)), mode="edge").reshape(66, 2, 129, 2).mean(axis=(1, 3))
    assert np.abs(pyramid.pixels(1)[..., 0] - padded).max() <= 0.5
    assert pyramid.depth == 3 and pyramid.pixels(2).shape == (33, 65, 4)


def test_the_wheel_zooms_at_the_pointer_and_stops_at_whole_percents():
    seen = Viewport((400, 600), (300, 200), (300.0, 200.0), 0.37)
    at = seen.to_picture(40, 150)
    closer = seen.stepped(1, 40, 150)
    assert np.allclose(closer.to_picture(40, 150), at, atol=1 / closer.zoom)
    for _ in range(20):
        closer = closer.stepped(1, 40, 150)
        assert closer.zoom in [2 ** (k / 2) for k in range(-6, 13)]
    assert closer.zoom == 64
    assert Viewport((400, 600), (300, 200)).fitted().zoom == pytest.approx(0.48)
    assert Viewport((10, 10), (300, 200)).fitted().zoom == 19, "whole pixels, not parts of them"


def test_the_zoom_is_told_also_after_the_window_changed(view, qtbot):
    view.show_layer(Picture(name="p", role="data", values=noise(900, 700)))
    view.resize(300, 200)
    qtbot.waitUntil(lambda: view.table.seen.room[0] == 300, timeout=5000)
    assert view.percent.text() == f"{100 * view.seen().zoom:.0f} %"
    assert view.table.home and view.seen().zoom < 0.2


def test_a_preview_is_a_coarse_whole_with_a_sharp_inset(view):
    whole = noise(240, 320)
    coarse = np.full((60, 80), 0.5, np.float32)
    layer = Picture(name="p", role="prediction", values=coarse, size=(240, 320),
                    inset=whole[50:90, 100:180], inset_at=(50, 100))  # fmt: skip
    view.show_layer(layer)
    view.zoom_to(1.0)
    left, top = view.seen().origin()
    shown = pixels(view.table)[..., 0]
    wanted = np.round(whole[50:90, 100:180] * 255)
    np.testing.assert_array_equal(shown[top + 50 : top + 90, left + 100 : left + 180], wanted)
    assert shown[top + 20, left + 20] == 128
    assert view.told_at(110, 60).endswith(f"({whole[60, 110]:.3f})")
    assert view.told_at(10, 10) == "x 10  y 10     128  (0.500)"
    assert view.told_at(320, 10) == ""


def test_what_is_transparent_lies_on_checks(view):
    values, alpha = np.ones((64, 64, 3), np.float32), np.zeros((64, 64), np.float32)
    alpha[:, 32:] = 1.0
    view.set_alpha(alpha)
    view.show_layer(Picture(name="p", role="data", values=values))
    view.zoom_to(1.0)
    left, top = view.seen().origin()
    shown = pixels(view.table)[top : top + 64, left : left + 64]
    assert (shown[:, 32:] == 255).all()
    assert len(np.unique(shown[:, :32])) == 2 and shown[:, :32].max() < 100
    assert to_bytes(values, alpha)[0, 0].tolist() == [0, 0, 0, 0]


def test_values_are_told_in_levels_of_the_files_depth(view):
    values = np.full((8, 9), 0.5, np.float32)
    view.set_depth(16)
    view.show_layer(Picture(name="p", role="data", values=values))
    assert view.told_at(3, 2) == "x 3  y 2     32768  (0.500)"
    view.set_depth(32)
    assert view.told_at(3, 2) == "x 3  y 2     0.500"


def test_forty_megapixels_open_and_pan_by_what_is_in_sight(window, qtbot):
    y, x = np.ogrid[0:5200, 0:7700]
    values = ((x + y) % 256).astype(np.float32) / np.float32(255)
    window.session.choose_method(METHOD)
    window.session.show_data(Photograph(name="large", spec="large", values=values))
    view = window.panel.data_view
    table = view.table
    qtbot.waitUntil(lambda: table.frames > 0, timeout=20_000)
    room = table.seen.room[0] * table.seen.room[1]
    assert table.read <= 4 * room, "the first picture is there before its levels"
    qtbot.waitUntil(lambda: not view.waits(), timeout=60_000)
    for zoom in (0.0, 0.3, 1.0, 4.0):
        window.panel.zoom_to(zoom)
        middle = QPoint(table.width() // 2, table.height() // 2)
        QTest.mousePress(table, LEFT, NONE, middle)
        before = table.seen.centre
        for k in range(1, 4):
            drag(table, middle + QPoint(9 * k, 6 * k))
            frames = table.frames
            table.repaint()
            assert table.frames == frames + 1
            assert 0 < table.read <= 4 * room + 8 * sum(table.seen.room)
        QTest.mouseRelease(table, LEFT, NONE, middle + QPoint(27, 18))
        if zoom:
            moved = np.subtract(before, table.seen.centre) * table.seen.zoom
            assert moved == pytest.approx([27, 18], abs=1.0)
    window.panel.zoom_to(1.0)
    top, left, _, _ = view.seen().in_sight()
    assert pixels(table)[5, 7, 0] == (left + 7 + top + 5) % 256
    assert "x 7699  y 5199     98" in view.told_at(7699, 5199), "12898 mod 256"


# Through the window


def dropped(window, path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, mime, LEFT, NONE))


def test_a_dropped_picture_is_a_photograph_at_once(window, qtbot, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.round(noise(60, 80, 3) * 255).astype(np.uint8)).save(path)
    dropped(window, path)
    run = settle(window, qtbot)
    assert isinstance(run.data, Photograph) and run.spec.method.startswith("restoration.")
    assert run.spec.data_options == {"picture": ""}
    assert isinstance(window.panel, PhotoPanel)
    assert window.centre.currentWidget() is window.panel
    assert not window.panel.bar.modes.button(2).isEnabled(), "no truth, no difference"
    window.requests.photo_difference()
    assert window.panel.mode() == "split"


def test_a_picture_is_still_a_table_of_pixels_when_asked(window, qtbot, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.round(noise(20, 30, 3) * 255).astype(np.uint8)).save(path)
    window.exporting.preview_pixels(str(path))
    qtbot.waitUntil(lambda: window.exporting._dialog is not None, timeout=10_000)
    window.exporting._dialog.accept()
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=10_000)
    assert isinstance(window.document.data, Table) and len(window.document.data) == 600


def test_the_line_between_before_and_after_is_dragged(restored):
    panel = restored.panel
    table, run = panel.result_view.table, restored.document.active
    panel.zoom_to(1.0)
    middle = QPoint(table.width() // 2, table.height() // 2)
    QTest.mousePress(table, LEFT, NONE, middle)
    drag(table, QPoint(table.width() // 4, middle.y()))
    QTest.mouseRelease(table, LEFT, NONE, QPoint(table.width() // 4, middle.y()))
    assert table.split == pytest.approx(0.25, abs=0.01)
    line = round(table.split * table.seen.room[0])
    left, top = table.seen.origin()
    row = middle.y()
    shown = pixels(table)[row, :, 0]
    for name, column in (("input", line - 2), ("restored", line + 2)):
        value = run.snapshot.layer(name).values[row - top, column - left]
        assert shown[column] == round(255 * float(np.clip(value, 0, 1)))
    assert panel.cameras()["split"] == table.split
    table.setFocus()
    QTest.keyPress(table, Qt.Key.Key_Backslash)
    table.repaint()
    before = table.grab().toImage().pixelColor(middle + QPoint(150, 0)).red()
    column = middle.x() + 150 - left
    value = run.snapshot.layer("input").values[row - top, column]
    assert before == round(255 * float(np.clip(value, 0, 1))), "held, all is as it was before"
    QTest.keyRelease(table, Qt.Key.Key_Backslash)
    QTest.keyClick(table, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert table.split == pytest.approx(0.27, abs=0.01)


def test_truth_may_stand_left_of_the_line(restored):
    chooser = restored.panel.beside_result
    names = [chooser.itemText(k) for k in range(chooser.count())]
    assert names[:2] == ["input", "truth"] and chooser.currentText() == "input"
    chooser.setCurrentText("truth")
    chooser.activated.emit(1)
    before = restored.panel.result_view.table.sheets()[1]
    assert before.layer is restored.document.active.snapshot.layer("truth")


def test_side_by_side_is_linked_to_the_pixel(restored):
    restored.requests.photo_side()
    panel = restored.panel
    one, two = panel.data_view, panel.result_view
    assert one.isVisible() and two.isVisible() and two.table.sheets()[1] is None
    wheel(two.table, 4, QPoint(30, 40))
    assert one.seen().zoom == two.seen().zoom > 1
    assert one.seen().centre == two.seen().centre
    panel.zoom_to(1.0)
    assert one.percent.text() == two.percent.text() == "100 %"
    QTest.mousePress(one.table, LEFT, NONE, QPoint(100, 100))
    drag(one.table, QPoint(130, 90))
    QTest.mouseRelease(one.table, LEFT, NONE, QPoint(130, 90))
    assert one.seen().centre == two.seen().centre
    restored.session.undo.undo()
    assert panel.mode() == "split" and not one.isVisible()
    assert two.seen().zoom == 1.0, "how it is compared is an edit; where one looks is none"


def test_what_was_removed_and_what_differs_have_their_gain(restored, qtbot):
    run = restored.document.active
    restored.requests.photo_removed()
    view, bar = restored.panel.result_view, restored.panel.bar
    assert view._layer is run.snapshot.layer("removed")
    assert view.table.names == ("", "Removed × 4") and bar.gain.isVisible()
    bar.gain_moved.emit(8.0, True)
    qtbot.waitUntil(lambda: run.shown.gain == 8.0, timeout=20_000)
    assert view.table.names == ("", "Removed × 8")
    restored.requests.photo_difference()
    assert view._layer is run.snapshot.layer("difference")
    assert "removed" not in restored.panel.diagnostics._views, "shown above"


def test_the_loupe_shows_before_and_after_enlarged(restored):
    panel = restored.panel
    table, run = panel.result_view.table, restored.document.active
    panel.zoom_to(1.0)
    restored.requests.photo_loupe()
    assert panel.bar.loupe.isChecked() and table.loupe
    at = QPoint(table.width() // 2 + 90, table.height() // 2 + 20)
    drag(table, at)
    shown = table.grab().toImage()
    left, top = table.seen.origin()
    row, column = at.y() - top, at.x() - left
    for name, away in (("input", -6), ("restored", 6)):
        # Four pixels of the screen for each of the picture's.
        value = run.snapshot.layer(name).values[row, column + away]
        spot = shown.pixelColor(at + QPoint(4 * away + 2, 2))
        assert spot.red() == round(255 * float(np.clip(value, 0, 1))), name
    restored.requests.photo_loupe()
    assert not table.loupe


def test_the_pad_sets_two_sliders_by_one_drag_and_one_undo(restored, qtbot):
    plane, run = restored.panel.plane, restored.document.active
    pad = plane.pad
    assert [axis.name for axis in plane.axes()] == ["std", "gain"]
    before, count = restored.document.params(), restored.session.undo.count()
    square = pad.plane()
    start = pad.place().toPoint()
    end = QPoint(round(square.left() + square.width() * 0.5), round(square.center().y()))
    QTest.mousePress(pad, LEFT, NONE, start)
    drag(pad, (start + end) / 2)
    assert restored.session.dragging
    drag(pad, end)
    QTest.mouseRelease(pad, LEFT, NONE, end)
    wanted = restored.document.params()
    assert wanted.std == pytest.approx(5.0, abs=0.1)
    assert wanted.gain == pytest.approx(10.5, abs=0.2)
    assert restored.session.undo.count() == count + 1
    qtbot.waitUntil(lambda: run.shown == wanted, timeout=20_000)
    restored.session.undo.undo()
    assert restored.document.params() == before
    qtbot.waitUntil(lambda: run.shown == before, timeout=20_000)
    pad.setFocus()
    QTest.keyClick(pad, Qt.Key.Key_Up)
    assert restored.document.params().gain == pytest.approx(before.gain + 0.02 * 19, abs=0.02)
    assert restored.document.params().std == before.std
    plane.choosers[0].setCurrentIndex(1)
    plane.choosers[0].activated.emit(1)
    assert [axis.name for axis in plane.axes()] == ["gain", "std"], "they change places"


def test_the_pad_shows_what_its_places_would_do(restored, qtbot):
    plane, run = restored.panel.plane, restored.document.active
    qtbot.waitUntil(lambda: plane.pad.cells() == 25, timeout=30_000)
    sharp, smooth = (plane.pad._cells[column, 2] for column in (0, 4))
    assert sharp.size() == smooth.size() and sharp.width() == 64
    top, left, bottom, right = plane._part
    row, column = (top + bottom) // 2 - 32, (left + right) // 2 - 32
    params = replace(run.shown, std=9.0)
    whole = run.method.evaluate(params).layer("restored").values
    wanted = np.round(255 * np.clip(whole[row : row + 64, column : column + 64], 0, 1))
    shown = np.frombuffer(smooth.constBits(), np.uint8).reshape(64, 64, 4)[..., 0]
    assert np.abs(shown - wanted).max() <= 2, "up to the reach of the weights beyond the halo"


def test_another_method_may_be_chosen_while_the_pads_pictures_are_made(window, qtbot):
    """The form is then not that of the run whose pictures they are."""
    window.session.choose_method("restoration.wiener")
    window.requests.open_sample("sample:camera?noise=25")
    run = settle(window, qtbot)
    tabs = window.panel.diagnostics.tabs
    plane = window.panel.plane
    tabs.setCurrentWidget(plane)
    qtbot.waitUntil(lambda: plane.pad.cells() > 0, timeout=20_000)
    window.session.choose_method("restoration.richardson_lucy")
    count, said = plane.pad.cells(), window.notices.sentences()
    assert window.document.live_params(run) == run.shown
    qtbot.wait(400)
    assert window.notices.sentences() == said and plane.pad.cells() <= count + 1


def test_a_method_hears_what_is_in_sight(window, qtbot, monkeypatch):
    heard = []
    monkeypatch.setattr(
        GaussianSmoothing, "attend", lambda self, part: heard.append(part), raising=False
    )
    window.session.choose_method(METHOD)
    window.requests.open_sample("sample:camera?noise=25")
    settle(window, qtbot)
    qtbot.waitUntil(lambda: bool(heard) and heard[-1] == (0, 0, 512, 512), timeout=5000)
    view = window.panel.result_view
    view.zoom_to(4.0)
    wanted = view.seen().in_sight()
    assert wanted[2] - wanted[0] < 512 and wanted[3] - wanted[1] < 512
    qtbot.waitUntil(lambda: heard[-1] == wanted, timeout=5000)
    heard.clear()
    for _ in range(40):
        view.table.step(-1)
        view.table.step(1)
    qtbot.waitUntil(lambda: bool(heard), timeout=5000)
    assert len(heard) < 40, "throttled"


def test_the_last_of_many_events_is_the_picture_that_stays(restored, qtbot):
    run, view = restored.document.active, restored.panel.result_view
    params = restored.document.params()
    for k in range(60):
        params = replace(params, std=0.5 + k / 20)
        restored.form.changing.emit(params)
    restored.form.changed.emit(params)
    qtbot.waitUntil(lambda: run.shown == params and not run.snapshot.coarse, timeout=30_000)
    assert view._layer is run.snapshot.layer("restored")
    table = view.table
    restored.panel.zoom_to(1.0)
    left, top = table.seen.origin()
    column = table.seen.room[0] * 3 // 4
    value = run.method.evaluate(params).layer("restored").values[50 - top, column - left]
    assert pixels(table)[50, column, 0] == round(255 * float(value))


def test_runs_beside_each_other_share_one_camera(restored, qtbot):
    for std in (0.5, 2.0):
        restored.session.changed(replace(restored.document.params(), std=std))
        restored.session.fit()
        settle(restored, qtbot)
    restored.panel.zoom_to(2.0)
    centre = restored.panel.result_view.seen().centre
    restored.requests.compare_all()
    views = list(restored.panel.beside.values())
    assert len(views) == 3
    assert all(v.seen().zoom == 2.0 and v.seen().centre == centre for v in views)
    wheel(views[1].table, 2, QPoint(20, 20))
    assert len({(v.seen().zoom, v.seen().centre) for v in views}) == 1
    assert views[0].seen().zoom == 4.0


def test_damage_is_simulated_and_taken_back(window, qtbot, tmp_path):
    path = tmp_path / "a.png"
    clean = np.full((64, 64), 128, np.uint8)
    Image.fromarray(clean).save(path)
    dropped(window, path)
    settle(window, qtbot)
    plain = window.document.data
    window.panel.ask_simulation()
    dialog = window.panel.truths.dialog
    dialog.rows["noise"].asked.emit("noise", 20.0, True)
    dialog.rows["seed"].asked.emit("seed", 3, True)
    dialog._accept()
    qtbot.waitUntil(lambda: len(window.document.runs) == 2, timeout=20_000)
    run = settle(window, qtbot)
    data = window.document.data
    assert run.spec.data_options == {"picture": "noise=20&seed=3"}
    np.testing.assert_array_equal(data.truth, plain.values)
    assert data.sigma == 20 / 255 and "PSNR" in run.judgement.values()
    assert window.panel.bar.modes.button(2).isEnabled()
    window.panel.ask_simulation()
    assert window.panel.truths.dialog._damage.noise == 20.0
    window.panel.truths.dialog.reject()
    window.session.undo.undo()
    assert window.document.data is plain


def test_a_stopped_training_has_scores_and_no_truth_is_opened_under_it(window, qtbot):
    said = []
    window.session.choose_method("restoration.mip")
    window.document.set_params(replace(window.document.params(), steps=5000))
    window.requests.open_sample("sample:camera?noise=25")
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[-1]
    qtbot.waitUntil(lambda: run.snapshot is not None, timeout=60_000)
    window.panel.sentence.connect(said.append)
    window.panel.ask_simulation()
    assert window.panel.truths.dialog is None and "let it end or stop it" in said[-1]
    window.requests.cancel()
    qtbot.waitUntil(lambda: run.state == "cancelled", timeout=20_000)
    qtbot.waitUntil(lambda: run.judgement is not None, timeout=20_000)
    assert "PSNR" in run.judgement.values()
    window.panel.ask_simulation()
    window.panel.truths.dialog.reject()


def test_the_truth_may_be_in_a_file_of_its_own(window, qtbot, tmp_path):
    path, clean = tmp_path / "a.png", tmp_path / "clean.png"
    Image.fromarray(np.full((40, 50), 128, np.uint8)).save(path)
    Image.fromarray(np.full((40, 50), 138, np.uint8)).save(clean)
    dropped(window, path)
    settle(window, qtbot)
    assert not window.panel.bar.modes.button(2).isEnabled()
    window.requests.photo_truth()
    dialog = window.panel.truths.dialog
    dialog.fileSelected.emit(str(clean))
    dialog.reject()
    qtbot.waitUntil(lambda: len(window.document.runs) == 2, timeout=20_000)
    run = settle(window, qtbot)
    wanted = 20 * np.log10(255 / 10)
    assert run.judgement.values()["PSNR of the input"] == pytest.approx(wanted, abs=1e-3)
    assert window.panel.bar.modes.button(2).isEnabled()
    window.session.undo.undo()
    assert window.document.data.truth is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (2500, 2), (3, 4, 4)])
def test_odd_pictures_are_shown_and_zoomed(window, qtbot, tmp_path, shape):
    path = tmp_path / "a.png"
    Image.fromarray(np.full(shape, 90, np.uint8)).save(path)
    dropped(window, path)
    run = settle(window, qtbot)
    panel = window.panel
    for mode in ("split", "side", "removed"):
        panel.choose_mode(mode)
        for zoom in (0.0, 1.0, 64.0):
            panel.zoom_to(zoom)
            panel.result_view.table.repaint()
            assert panel.result_view.table.read > 0
    assert run.data.alpha is None or not panel.result_view.table.sheets()[0].opaque
    assert panel.result_view.render(32, 24).shape == (24, 32, 4)


def test_large_pictures_are_not_saved_after_every_slider(restored, monkeypatch):
    exporting, run = restored.exporting, restored.document.active
    for most, wanted in ((0, exporting_module.AUTOSAVE_MS), (10**9, 5000)):
        monkeypatch.setattr(exporting_module, "LARGE", most)
        exporting._autosave.start(exporting_module.AUTOSAVE_MS)
        exporting._soon(run)
        assert exporting._autosave.interval() == wanted


def test_the_damage_of_a_sample_is_told_and_changed():
    from workbench.dialogs.simulate import Damage, damage_of

    assert damage_of("sample:camera", {}) == Damage(noise=15.0)
    assert damage_of("sample:out_of_focus?noise=5", {}) == Damage(noise=5.0, blur=1.6)
    assert damage_of("a.png", {"picture": "blur=2"}) == Damage(noise=0.0, blur=2.0)
    told = Damage(noise=0.0, jpeg=30).whole_query()
    found = open_any(f"sample:camera?{told}")
    assert found.sigma is None and found.kernel.max() == 1
    assert Damage(noise=0.0).query() == ""


def test_a_project_keeps_how_and_where_one_looked(restored, qtbot, tmp_path):
    panel = restored.panel
    restored.requests.photo_side()
    panel.result_view.table.set_split(0.3)
    panel.zoom_to(2.0)
    panel.result_view.table._go(panel.result_view.seen().moved(-60, 30))
    looked = panel.result_view.seen()
    path = str(tmp_path / "photo.wbproj")
    saved = []
    restored.exporting.save_to(path, lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=20_000)
    restored.requests.photo_split()
    panel.result_view.table.set_split(0.9)
    restored.panel.fit_cameras()
    before = restored.document.runs[0]
    restored.exporting.open_project(path)
    qtbot.waitUntil(lambda: restored.document.runs[0] is not before, timeout=20_000)
    panel = restored.panel
    assert panel.mode() == "side" and panel.data_view.isVisible()
    assert panel.result_view.table.split == 0.3
    assert panel.result_view.seen().zoom == looked.zoom
    assert panel.result_view.seen().centre == pytest.approx(looked.centre)
    assert panel.result_view.table.sheets()[0].layer.role == "prediction"


def test_a_network_leaves_at_what_is_shown_or_with_its_sliders(window, qtbot, tmp_path):
    path = tmp_path / "seen.png"
    Image.fromarray((255 * noise(24, 32)).astype(np.uint8)).save(path)
    window.session.choose_method("restoration.tunable")
    dropped(window, path)
    run = settle(window, qtbot)
    window.session.changed(replace(run.shown, strength=20.0))
    qtbot.waitUntil(lambda: run.shown.strength == 20.0, timeout=20_000)

    def exported(kind, name):
        window.exporting.ask_model()
        dialog = window.exporting._dialog
        (chosen,) = [f for f in dialog.nameFilters() if f.startswith(kind)]
        dialog.selectNameFilter(chosen)
        dialog.filterSelected.emit(chosen)
        assert dialog.defaultSuffix() == name.rpartition(".")[2]
        dialog.fileSelected.emit(str(tmp_path / name))
        dialog.close()
        qtbot.waitUntil((tmp_path / name).exists, timeout=60_000)
        return (tmp_path / name).read_bytes()

    def header(content):
        return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]

    about = json.loads(header(exported("Plain network", "plain.safetensors"))["network"])
    assert about["position"]["strength"]["value"] == pytest.approx(20, abs=50 / 256)
    assert "fieldwright" in header(exported("Fitted model", "model.safetensors"))
    exported("PyTorch program with sliders", "sliders.pt2")
    with zipfile.ZipFile(tmp_path / "sliders.pt2") as program:
        (told,) = [n for n in program.namelist() if n.endswith("network.json")]
        about = json.loads(program.read(told))
    assert "position" not in about and next(iter(about["sliders"])) == "strength"
