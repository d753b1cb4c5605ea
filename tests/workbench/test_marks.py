"""Marks and names of curves: no words on words, and none on the curves where there is room."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.layers import Axis, Curves
from engine.restoration.picture_layers import histogram
from workbench import theme
from workbench.views.curves import CurvesView


def view_of(qtbot, marks, *, log=False, lines=None, width=480):
    view = CurvesView()
    qtbot.addWidget(view)
    view.set_theme(theme.load("light"))
    view.resize(width, 190)
    view.show()
    qtbot.waitExposed(view)
    x = np.geomspace(1, 50, 40) if log else np.linspace(0, 50, 40)
    view.show_layer(Curves(
        name="c", role="diagnostic", x=x,
        lines=lines or {"estimated": 30 - (x - 26) ** 2 / 60, "true": 29 - (x - 25) ** 2 / 60},
        axes=(Axis("strength", "levels", log=log), Axis("PSNR", "dB")), marks=marks,
    ))  # fmt: skip
    qtbot.wait(50)
    return view


def boxes(view):
    return [words.mapRectToScene(words.boundingRect()) for words in view._marks.words()]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "places", [(26.6, 25.0), (26.6, 27.0, 26.0), (49.0, 48.0, 2.0), (1.5, 1.6, 30.0, 31.0)]
)
def test_words_of_near_marks_do_not_lie_on_each_other(qtbot, places, log):
    view = view_of(qtbot, {f"mark {k}": value for k, value in enumerate(places)}, log=log)
    found = boxes(view)
    assert len(found) == len(places)
    for one, other in itertools.combinations(found, 2):
        shared = one.intersected(other)
        # A line of words has two pixels of air above and below it.
        assert shared.width() < 9 or shared.height() < 9
    view.release()


def test_equal_marks_share_their_words(qtbot):
    view = view_of(qtbot, {"least error": 26.56, "here": 26.561})
    assert [w.toPlainText() for w in view._marks.words()] == ["least error, here = 26.6"]
    view.release()


def test_words_keep_off_the_curves(qtbot):
    """Where the first row would lie on the curve, and where it would not."""
    x = np.linspace(0, 50, 40)
    for at, left in ((9.6, 0.0), (0.4, 10.0)):
        line = np.where(x < 25, left, at)
        view = view_of(qtbot, {"here": 26.0}, lines={"a": line, "b": line})
        (rect,) = boxes(view)
        shown = view.item.getViewBox().mapSceneToView(rect).boundingRect()
        assert not shown.top() < at < shown.bottom()
        view.release()


@pytest.mark.parametrize("width", [480, 240])
def test_names_of_curves_stand_above_them(qtbot, width):
    x = np.linspace(0, 50, 40)
    lines = {f"a curve of some name {k}": np.sin(x + k) for k in range(4)}
    view = view_of(qtbot, {}, lines=lines, width=width)
    assert view.key.names() == tuple(lines)
    assert view.key.geometry().bottom() < view.widget.geometry().top() + 1
    assert view.key.height() >= (80 if width == 240 else 40), "they wrap"
    view.show_layer(Curves(name="c", role="diagnostic", x=x, lines={"one": x},
                           axes=(Axis("a"), Axis("b"))))  # fmt: skip
    assert view.key.names() == ()
    view.release()


def test_a_spike_at_the_end_of_a_histogram_is_cut_off_and_named(qtbot):
    rng = np.random.default_rng(0)
    even = np.clip(rng.normal(0.5, 0.2, (200, 200)), 0.02, 0.98)
    spiked = np.where(rng.random((200, 200)) < 0.3, 0.0, even)
    view = CurvesView()
    qtbot.addWidget(view)
    view.set_theme(theme.load("light"))
    view.resize(480, 190)
    view.show()
    layer = histogram(even, spiked)
    between = max(line[1:-1].max() for line in layer.lines.values())
    view.show_layer(layer)
    qtbot.wait(30)
    top = view.item.getViewBox().viewRange()[1][1]
    assert between < top < 1.2 * between
    assert view._cuts.words() == [f"↑ restored {layer.lines['restored'][0]:.2g}"]
    assert layer.lines["restored"][0] > 0.29, "the numbers themselves are whole"
    plain = histogram(even, even)
    assert plain.ceiling is None
    view.show_layer(plain)
    qtbot.wait(30)
    assert view._cuts.words() == []
    view.show_layer(layer)
    qtbot.wait(30)
    assert view.item.getViewBox().viewRange()[1][1] == top
    view.release()


def test_a_title_without_room_beside_the_axis_stands_above_it(qtbot):
    view = view_of(qtbot, {})
    assert view.key.title() == "" and view.item.getAxis("left").label.isVisible()
    x = np.linspace(0, 50, 40)
    long = "squared error over the variance of the noise"
    view.show_layer(Curves(name="c", role="diagnostic", x=x, lines={"one": x},
                           axes=(Axis("a"), Axis(long, "dB"))))  # fmt: skip
    qtbot.wait(30)
    assert view.key.title() == f"{long} (dB)" and view.key.isVisible()
    assert not view.item.getAxis("left").label.isVisible()
    assert view.key.fontMetrics().horizontalAdvance(view.key.title()) < view.key.width()
    view.resize(480, 600)
    qtbot.wait(30)
    assert view.key.title() == "" and view.item.getAxis("left").label.isVisible()
    view.release()
