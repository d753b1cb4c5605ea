"""A family of equations in the window: sliders, and observations that a hand sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from scipy.interpolate import interpn

from engine.pde.gallery import known
from engine.pde.observations import between
from engine.pde.reference import reference
from engine.pde.rgnp_params import RGNPParams
from tests.workbench.mouse import drag
from workbench.views.spots import HINT

pytestmark = pytest.mark.gl
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


def opened(window, qtbot, name):
    """The family as its card opens it, with the networks that ship."""
    window.requests.open_sample(f"problem:{name}")
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=30_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    return run


def tab(window, qtbot, title):
    tabs = window.panel.diagnostics.tabs
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    tabs.setCurrentIndex(titles.index(title))
    view = tabs.currentWidget()
    qtbot.waitUntil(lambda: view.widget.isVisible() and view.widget.width() > 100)
    QTest.qWait(50)
    return view


def on_screen(view, place):
    return view.widget.mapFromScene(view.item.getViewBox().mapViewToScene(QPointF(*place)))


def pulled(target, at, step):
    """Six steps to the right, in pixels, by the left button."""
    QTest.mouseMove(target, at)
    QTest.mousePress(target, LEFT, NONE, at)
    for k in range(1, 7):
        drag(target, at + QPoint(step * k, 0))
        QTest.qWait(15)
    QTest.mouseRelease(target, LEFT, NONE, at + QPoint(6 * step, 0))


def settled(window, qtbot, run):
    qtbot.waitUntil(
        lambda: run.shown == window.document.params() and not run.snapshot.coarse, timeout=30_000
    )


def test_a_rod_is_live_at_first_and_found_again_from_points(window, qtbot):
    run = opened(window, qtbot, "poisson_family")
    assert run.spec.method == "pde.rgnp"
    assert run.snapshot.metrics["relative error"] < 0.1
    tabs = window.panel.diagnostics.tabs
    assert tabs.tabText(0) == "Solution" and tabs.currentIndex() == 0

    # A slider moves the picture and its reference.
    before = run.snapshot.layer("prediction").values.copy()
    row = window.form.widget("coefficients").rows["w"]
    row.asked.emit("w", 1.9, False)
    row.asked.emit("w", 1.95, True)
    settled(window, qtbot, run)
    assert np.abs(run.snapshot.layer("prediction").values - before).max() > 0.05
    assert run.snapshot.metrics["relative error"] < 0.1
    assert max(run.shown.coefficients) == 1.95
    window.session.undo.undo()
    settled(window, qtbot, run)
    assert np.array_equal(run.snapshot.layer("prediction").values, before)
    assert row.parameter.bound.high == 2.0, "sliders end where the prior ends"

    # Random places first; a drag makes them the hand's.
    view = tab(window, qtbot, "Solution")
    assert view.toolTip() == HINT
    layer = run.snapshot.layer("solution")
    count = len(layer.spots.rows)
    assert count == 20 and window.document.params().observed == ()
    first = run.snapshot.layer("coefficients found").columns["found"].copy()
    number = int(np.argmin(np.abs(layer.spots.shown[:, 0])))
    at = on_screen(view, layer.spots.shown[number])
    target = view.widget.viewport()
    QTest.mouseMove(target, at)
    QTest.mousePress(target, LEFT, NONE, at)
    for step in range(1, 9):
        drag(target, at + QPoint(0, -3 * step))
        QTest.qWait(15)
    held = window.document.params().observed
    assert len(held) == 2 * count
    undo = window.session.undo.index()
    QTest.mouseRelease(target, LEFT, NONE, at + QPoint(0, -24))
    settled(window, qtbot, run)
    assert window.session.undo.index() == undo + 1
    rows = np.reshape(window.document.params().observed, (-1, 2))
    assert rows[number, 1] > layer.spots.rows[number, 1] + 0.01
    others = np.delete(rows, number, axis=0) - np.delete(layer.spots.rows, number, axis=0)
    assert np.abs(others).max() < 1e-5
    assert np.abs(run.snapshot.layer("coefficients found").columns["found"] - first).max() > 1e-4

    # A click where nothing is adds one, on the curve; a right click or Delete takes one away.
    spot = np.array([0.031, 0.2])
    QTest.mouseClick(target, LEFT, NONE, on_screen(view, spot))
    settled(window, qtbot, run)
    rows = np.reshape(window.document.params().observed, (-1, 2))
    assert len(rows) == count + 1 and rows[-1, 0] == pytest.approx(0.031, abs=0.02)
    solution = run.snapshot.layer("solution")
    known = np.isfinite(solution.lines["reference"])
    on_curve = np.interp(rows[-1, 0], solution.x[known], solution.lines["reference"][known])
    assert rows[-1, 1] == pytest.approx(on_curve, abs=1e-4)
    QTest.mouseClick(target, RIGHT, NONE, on_screen(view, rows[-1]))
    settled(window, qtbot, run)
    assert len(window.document.params().observed) == 2 * count
    place = on_screen(view, rows[0])
    QTest.mouseMove(target, place)
    QTest.qWait(50)
    view.movable._on_pointed(view.widget.mapToScene(place))
    QTest.keyClick(view.widget, Qt.Key.Key_Delete)
    settled(window, qtbot, run)
    assert len(window.document.params().observed) == 2 * count - 2
    while window.document.params().observed:
        window.session.undo.undo()
    settled(window, qtbot, run)
    assert np.array_equal(run.snapshot.layer("coefficients found").columns["found"], first)


def test_the_last_point_stays(window, qtbot):
    run = opened(window, qtbot, "poisson_family")
    window.session.changed(replace(window.document.params(), observed=(0.1, 0.8)))
    settled(window, qtbot, run)
    view = tab(window, qtbot, "Solution")
    QTest.mouseClick(view.widget.viewport(), RIGHT, NONE, on_screen(view, (0.1, 0.8)))
    QTest.qWait(50)
    assert window.document.params().observed == (0.1, 0.8)


def test_waves_are_observed_on_the_plane(window, qtbot):
    run = opened(window, qtbot, "burgers_family")
    view = tab(window, qtbot, "Observations")
    target = view.widget.viewport()
    layer = run.snapshot.layer("observations")
    spots = layer.spots.shown
    free = next(p for p in ((0.5, 0.5), (0.3, 0.6), (0.7, 0.3), (0.45, 0.2))
                if np.linalg.norm(spots - p, axis=1).min() > 0.08)  # fmt: skip
    QTest.mouseClick(target, LEFT, NONE, on_screen(view, free))
    settled(window, qtbot, run)
    rows = np.reshape(window.document.params().observed, (-1, 3))
    assert len(rows) == len(spots) + 1
    assert rows[-1, :2] == pytest.approx(free, abs=0.02)
    truth = np.asarray(run.snapshot.layer("truth").values)
    assert rows[-1, 2] == pytest.approx(between(run.data, truth, rows[-1:, :2])[0], abs=1e-5)
    t, x = run.data.grid()
    cell = np.abs(t - rows[-1, 0]).argmin(), np.abs(x - rows[-1, 1]).argmin()
    assert rows[-1, :2] == pytest.approx((t[cell[0]], x[cell[1]]), abs=1e-6), (
        "where the value is known"
    )
    at = on_screen(view, rows[-1, :2])
    pulled(target, at, 5)
    settled(window, qtbot, run)
    moved = np.reshape(window.document.params().observed, (-1, 3))
    assert moved[-1, 0] > rows[-1, 0] + 0.02
    there = between(run.data, truth, moved[-1:, :2])[0]
    assert moved[-1, 2] == pytest.approx(there, abs=1e-5), "it takes the value where it is"


SHORT = {"layers": 1, "width": 8, "batch": 2, "interior": 6, "steps": 3, "held_out": 1}


def test_a_moving_lid_is_observed_slice_by_slice(window, qtbot):
    """A point that a hand sets is of the slice that is shown, and takes all three values."""
    there = []
    window.session.open_data("problem:cavity_family", then=lambda: there.append(True))
    qtbot.waitUntil(lambda: bool(there), timeout=20_000)
    window.session.choose_method("pde.rgnp")
    settings = {**known("cavity_family").settings, **SHORT, "unknown": 1, "observation_seed": 3}
    window.document.set_params(RGNPParams(**settings))
    window.session.fit()
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    assert run.snapshot.layer("prediction").quantity == "p"
    view = tab(window, qtbot, "Observations")
    target = view.widget.viewport()
    truth = reference(run.data, run.data.values).values

    def rows():
        return np.reshape(window.document.params().observed, (-1, 6))

    def holds(row, t):
        assert row[0] == pytest.approx(t)
        for k, name in enumerate("upv"):
            slice_ = truth[name][round(10 * t)]
            value = interpn(run.data.grid()[1:], slice_, row[1:3])[0]
            assert row[3 + k] == pytest.approx(value, abs=2e-6)

    spots = run.snapshot.layer("observations").spots
    assert spots.pale.any()
    free = next(p for p in ((0.5, 0.5), (0.3, 0.6), (0.7, 0.3), (0.45, 0.2))
                if np.linalg.norm(spots.shown - p, axis=1).min() > 0.08)  # fmt: skip
    QTest.mouseClick(target, LEFT, NONE, on_screen(view, free))
    settled(window, qtbot, run)
    assert len(rows()) == len(spots.rows) + 1
    holds(rows()[-1], 1.0)

    # At another time it is hollow; a drag brings it there.
    window.session.changed(replace(window.document.params(), at=0.5))
    settled(window, qtbot, run)
    assert run.snapshot.layer("observations").spots.pale[-1]
    at = on_screen(view, rows()[-1, 1:3])
    pulled(target, at, 4)
    settled(window, qtbot, run)
    assert not run.snapshot.layer("observations").spots.pale[-1]
    holds(rows()[-1], 0.5)
    assert rows()[-1, 1] > free[0] + 0.02
    QTest.mouseClick(target, RIGHT, NONE, on_screen(view, rows()[-1, 1:3]))
    settled(window, qtbot, run)
    assert len(rows()) == len(spots.rows)
    table = run.snapshot.layer("coefficients found")
    assert table.labels == ("rho", "mu") and table.columns["truth"].tolist() == [0.9, 0.3]


def test_a_card_brings_what_suits_its_problem(window, qtbot):
    window.requests.open_sample("problem:cavity_family")
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=30_000)
    run = window.document.runs[0]
    assert run.spec.method == "pde.rgnp"
    assert (run.spec.params["rank"], run.spec.params["given"]) == (4, 0)
    window.requests.cancel()
    qtbot.waitUntil(lambda: run.state in ("cancelled", "finished"), timeout=20_000)
