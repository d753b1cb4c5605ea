"""Pictures that set parameters: the likelihood's ring, the spectrum's stems, a picked point."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.params import with_values
from engine.vectorfield.rvgp_params import RVGPParams
from tests.workbench.mouse import drag
from workbench.views.plot import log_ticks

pytestmark = pytest.mark.gl
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def fitted(window, qtbot):
    """The window with RVGP fitted to a small sphere."""
    window.session.open_data("sample:sphere_field?n=300&noise=0.2", then=window.session.fit)
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    return window


def shown_tab(window, qtbot, title):
    tabs = window.panel.diagnostics.tabs
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    tabs.setCurrentIndex(titles.index(title))
    view = tabs.currentWidget()
    qtbot.waitUntil(lambda: view.widget.isVisible() and view.widget.width() > 100)
    QTest.qWait(50)
    return view


def on_screen(view, x, y):
    """Where a place of the plot is on its viewport."""
    box = view.item.getViewBox()
    return view.widget.mapFromScene(box.mapViewToScene(pyqtgraph_point(x, y)))


def pyqtgraph_point(x, y):
    from PySide6.QtCore import QPointF

    return QPointF(x, y)


def here(window):
    return window.document.active.snapshot.layer("likelihood").marks["here"]


def test_the_ring_is_dragged_and_the_field_follows(fitted, qtbot):
    view = shown_tab(fitted, qtbot, "Likelihood")
    run = fitted.document.active
    before = run.snapshot.layer("field").vectors.copy()
    first = here(fitted)
    at = on_screen(view, *np.log10(first))
    target = view.widget.viewport()
    QTest.mouseMove(target, at)
    QTest.mousePress(target, LEFT, Qt.KeyboardModifier.NoModifier, at)
    for step in range(1, 9):
        drag(target, at + QPoint(-6 * step, -3 * step))
        QTest.qWait(20)
    held = fitted.document.params()
    assert held.length < 0.9 * first[0] and held.noise > 1.05 * first[1]
    assert not fitted.session.undo.canUndo() or "length" not in fitted.session.undo.undoText()
    QTest.mouseRelease(target, LEFT, Qt.KeyboardModifier.NoModifier, at + QPoint(-48, -24))
    qtbot.waitUntil(lambda: run.shown == fitted.document.params() and not run.snapshot.coarse,
                    timeout=20_000)  # fmt: skip
    assert here(fitted) == pytest.approx((run.shown.length, run.shown.noise))
    assert np.abs(run.snapshot.layer("field").vectors - before).max() > 1e-4
    fitted.session.undo.undo()
    assert fitted.document.params().length is None and fitted.document.params().noise is None
    qtbot.waitUntil(lambda: np.array_equal(run.snapshot.layer("field").vectors, before),
                    timeout=20_000)  # fmt: skip


def test_a_click_in_the_likelihood_sets_both(fitted, qtbot):
    view = shown_tab(fitted, qtbot, "Likelihood")
    place = on_screen(view, np.log10(1.0), np.log10(0.3))
    QTest.mouseClick(view.widget.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: fitted.document.params().length is not None, timeout=5000)
    found = fitted.document.params()
    assert found.length == pytest.approx(1.0, rel=0.1)
    assert found.noise == pytest.approx(0.3, rel=0.1)


def test_a_click_on_the_spectrum_picks_an_eigenfield(fitted, qtbot):
    view = shown_tab(fitted, qtbot, "Spectrum")
    chooser = fitted.panel.beside_result
    chooser.setCurrentText("eigenfield")
    chooser.switched.emit()
    run = fitted.document.active
    place = on_screen(view, 17.2, 0.3)
    QTest.mouseClick(view.widget.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: fitted.document.params().eigenfield == 17, timeout=5000)
    qtbot.waitUntil(lambda: run.shown.eigenfield == 17 and not run.snapshot.coarse, timeout=20_000)
    local = run.method._fitted.fields[:, :, 16]
    lifted = np.einsum("nDd,nd->nD", run.method._fitted.frames, local)
    assert np.array_equal(run.snapshot.layer("eigenfield").vectors, lifted)
    assert fitted.panel.data_view._points is run.snapshot.layer("eigenfield")
    assert run.snapshot.layer("spectrum").marks == {"eigenfield": 17.0}


def test_a_picked_point_is_the_kernels_only_while_its_column_is_shown(fitted, qtbot):
    run = fitted.document.active
    fitted.panel.result_view.picked.emit(np.array([7]))
    assert fitted.document.params().kernel_at == 0
    chooser = fitted.panel.beside_result
    chooser.setCurrentText("kernel column")
    chooser.switched.emit()
    fitted.panel.result_view.picked.emit(np.array([7]))
    assert fitted.document.params().kernel_at == 7
    qtbot.waitUntil(lambda: run.shown.kernel_at == 7 and not run.snapshot.coarse, timeout=20_000)
    sizes = run.snapshot.layer("kernel column").columns["magnitude"]
    assert sizes.argmax() == 7
    fitted.session.undo.undo()
    assert fitted.document.params().kernel_at == 0


def test_what_is_steered_stays_within_bounds():
    found = with_values(RVGPParams(), {"length": 1e9, "eigenfield": 2.7, "nothing": 3.0})
    assert found.length == 100.0 and found.eigenfield == 3


def test_ticks_of_a_logarithmic_axis():
    assert [name for _, name in log_ticks(0.05, 20.0)] == ["0.05", "0.1", "0.2", "0.5", "1", "2",
                                                           "5", "10", "20"]  # fmt: skip
    assert [name for _, name in log_ticks(1e-6, 1.0)][::3] == ["1e-06", "0.001", "1"]
    assert [name for _, name in log_ticks(1e-12, 1.0)] == ["1e-12", "1e-10", "1e-08", "1e-06",
                                                           "0.0001", "0.01", "1"]  # fmt: skip
