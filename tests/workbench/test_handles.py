"""Components dragged on their own spectrum: the solution follows, and each drag is one edit."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.layers import Axis, Curves
from engine.params import with_values
from engine.pde.gphm_params import GPHMParams
from tests.workbench.mouse import drag

pytestmark = pytest.mark.gl
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def solved(window, qtbot):
    """The window with a sine solved by twelve components, their spectrum in sight."""
    window.session.open_data("problem:waves_sin?w=20")
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    window.session.choose_method("pde.gphm")
    window.session.changed(with_values(window.document.params(), {"components": 12, "nodes": 120}))
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    tabs = window.panel.diagnostics.tabs
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    tabs.setCurrentIndex(titles.index("Spectrum"))
    view = tabs.currentWidget()
    qtbot.waitUntil(lambda: view.widget.isVisible() and view.widget.width() > 100)
    QTest.qWait(50)
    return window


def spectrum(window):
    return window.panel.diagnostics.tabs.currentWidget()


def head(view, number):
    """Where a head is on the plot's viewport."""
    x, y = view._stems.places()
    box = view.item.getViewBox()
    return view.widget.mapFromScene(box.mapViewToScene(QPointF(x[number], y[number])))


def settled(window, qtbot):
    run = window.document.active
    qtbot.waitUntil(lambda: run.shown == window.document.params() and not run.snapshot.coarse,
                    timeout=20_000)  # fmt: skip
    return run.snapshot


def pull(view, number, step, modifier=NONE, each=lambda: None):
    at, target = head(view, number), view.widget.viewport()
    QTest.mouseMove(target, at)
    QTest.mousePress(target, LEFT, modifier, at)
    for k in range(1, 9):
        drag(target, at + QPoint(step.x() * k // 8, step.y() * k // 8), modifier)
        QTest.qWait(20)
        each()
    QTest.mouseRelease(target, LEFT, modifier, at + step)


def test_a_head_is_dragged_and_the_solution_follows(solved, qtbot):
    view, run = spectrum(solved), solved.document.active
    before = run.snapshot.layer("prediction").values.copy()
    first = run.snapshot.layer("spectrum").handles
    assert len(first["frequencies"]) == 12 and solved.document.params().frequencies == ()
    count, held = solved.session.undo.count(), []
    pull(view, 5, QPoint(16, -30), each=lambda: held.append(solved.document.params()))
    assert len({p.frequencies for p in held}) > 3, "every place of the hand is followed"
    assert solved.session.undo.count() == count + 1, "a drag is one edit"
    frame = settled(solved, qtbot)
    found = solved.document.params()
    assert found.frequencies[5] > first["frequencies"][5] + 0.5
    assert found.weights[5] > 1.5 * first["weights"][5]
    others = np.arange(12) != 5
    np.testing.assert_array_equal(np.array(found.frequencies)[others],
                                  first["frequencies"][others])  # fmt: skip
    np.testing.assert_array_equal(found.widths, first["widths"])
    assert frame.layer("spectrum").handles["weights"][5] == found.weights[5]
    assert np.abs(frame.layer("prediction").values - before).max() > 1e-9
    solved.session.undo.undo()
    assert solved.document.params().frequencies == ()
    np.testing.assert_array_equal(settled(solved, qtbot).layer("prediction").values, before)


def test_with_shift_the_width_follows(solved, qtbot):
    view = spectrum(solved)
    pull(view, 3, QPoint(60, 0), Qt.KeyboardModifier.ShiftModifier)
    found = solved.document.params()
    assert found.widths[3] == pytest.approx(np.exp(60 / 90), rel=0.05)
    assert found.widths[2] == 1.0 and found.weights[3] == pytest.approx(1 / 12)
    assert settled(solved, qtbot).layer("spectrum").handles["widths"][3] == found.widths[3]


def test_the_wheel_over_a_head_widens_it_and_elsewhere_zooms(solved, qtbot):
    view = spectrum(solved)
    target = view.widget.viewport()
    for place, wider in ((head(view, 4), True), (head(view, 4) + QPoint(8, 40), False)):
        before = solved.document.params().widths
        spot = QPointF(place)
        event = QWheelEvent(spot, QPointF(target.mapToGlobal(place)), QPoint(0, 0), QPoint(0, 120),
                            Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase,
                            False)  # fmt: skip
        QApplication.sendEvent(target, event)
        QTest.qWait(30)
        assert (solved.document.params().widths != before) == wider
    assert solved.document.params().widths[4] == pytest.approx(1.15)


def test_what_is_beside_a_head_is_not_taken(solved, qtbot):
    view = spectrum(solved)
    at = head(view, 6) + QPoint(3, 45)
    target = view.widget.viewport()
    QTest.mousePress(target, LEFT, NONE, at)
    drag(target, at + QPoint(30, 0))
    QTest.mouseRelease(target, LEFT, NONE, at + QPoint(30, 0))
    QTest.qWait(30)
    assert solved.document.params().frequencies == ()


def test_the_number_of_components_hangs_on_frequencies_not_set_by_hand(solved, qtbot):
    row = solved.form.row("components")
    assert row.isVisibleTo(solved.form)
    solved.session.changed(with_values(solved.document.params(), {"frequencies": (20.0, 30.0)}))
    assert not row.isVisibleTo(solved.form)
    assert len(settled(solved, qtbot).layer("spectrum").handles["weights"]) == 2
    assert not solved.form.row("frequencies_2").isVisibleTo(solved.form)


def test_several_numbers_are_cut_to_their_bounds():
    found = with_values(GPHMParams(), {"frequencies": (-3.0, 5.0), "weights": (1e9, 0.5)})
    assert found.frequencies == (0.0, 5.0) and found.weights == (1e3, 0.5)


def test_handles_have_as_many_numbers_each():
    some = {"name": "s", "role": "diagnostic", "x": np.arange(3.0), "lines": {},
            "axes": (Axis("a"), Axis("b"))}  # fmt: skip
    with pytest.raises(ValueError, match="as many numbers"):
        Curves(handles={"one": np.ones(2), "two": np.ones(3)}, **some)
    with pytest.raises(ValueError, match="two or three"):
        Curves(handles={"one": np.ones(2)}, **some)
