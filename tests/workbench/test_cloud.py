"""The cloud view on both kinds of surface: what is drawn, picked, lassoed and turned."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.layers import Axis, Network, Points
from tests.workbench.mouse import drag
from workbench import theme
from workbench.views import cloud as cloud_module
from workbench.views.detail import Detail
from workbench.views.ruler import number_texts, round_numbers

pytestmark = pytest.mark.gl
LEFT = Qt.MouseButton.LeftButton


def layer(positions, **columns):
    axes = tuple(Axis(name, "m") for name in "xyz"[: positions.shape[1]])
    return Points(
        name="map", role="prediction", positions=np.asarray(positions, np.float32), axes=axes,
        columns=columns, colour_by=next(iter(columns), ""),
    )  # fmt: skip


GRID = np.array([[x, y] for x in range(5) for y in range(4)], np.float32)


@pytest.fixture(params=["picture of a canvas", "canvas itself"])
def view(qtbot, monkeypatch, request):
    software = request.param == "picture of a canvas"
    monkeypatch.setattr(cloud_module, "draws_in_software", lambda: software)
    view = cloud_module.CloudView()
    view.set_theme(theme.load("light"))
    view.resize(640, 480)
    view.show()
    qtbot.waitExposed(view)
    view.target = view.surface if software else view.scene.canvas.native
    yield view
    view.release()
    view.close()
    view.deleteLater()


def shown(qtbot, view, points):
    with qtbot.waitSignal(view.drawn, timeout=10_000):
        view.show_layer(points)
    qtbot.wait(50)


def place(view, row):
    x, y = view.scene.on_canvas(view.positions())[row]
    return QPoint(round(x), round(y))


def picture(view):
    return view.grab().toImage()


def test_points_are_drawn_in_their_colours(qtbot, view):
    shown(qtbot, view, layer(GRID, half=(GRID[:, 0] > 2).astype(int)))
    image = picture(view)
    for row in (0, 19):
        at = view.target.mapTo(view, place(view, row))
        pixel = image.pixelColor(at)
        wanted = view._colouring.rgb[row] * 255
        assert np.abs(np.array([pixel.red(), pixel.green(), pixel.blue()]) - wanted).max() < 30


def test_click_picks_the_row_and_shift_adds(qtbot, view):
    shown(qtbot, view, layer(GRID))
    heard = []
    view.picked.connect(lambda ids: (heard.append(list(ids)), view.set_selection(ids)))
    QTest.mouseClick(view.target, LEFT, Qt.KeyboardModifier.NoModifier, place(view, 7))
    assert heard == [[7]]
    QTest.mouseClick(view.target, LEFT, Qt.KeyboardModifier.ShiftModifier, place(view, 12))
    assert heard[-1] == [7, 12]
    QTest.mouseClick(view.target, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(3, 3))
    assert heard[-1] == []


def test_lasso_selects_what_it_goes_round(qtbot, view):
    shown(qtbot, view, layer(GRID))
    heard = []
    view.selected.connect(lambda ids: heard.append(sorted(ids)))
    view.set_tool("lasso")
    low, high = place(view, 0), place(view, 5)
    left, right = low.x() - 12, high.x() + 12
    top, bottom = high.y() - 12, low.y() + 12
    QTest.mousePress(view.target, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(left, bottom))
    for x, y in ((left, top), (right, top), (right, bottom)):
        qtbot.wait(30)  # vispy lets at most one move through in ten milliseconds
        drag(view.target, QPoint(x, y))
    QTest.mouseRelease(view.target, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(left, bottom))
    assert heard == [[0, 1, 4, 5]]


def test_hover_says_the_row_of_the_data(qtbot, view):
    points = layer(GRID)
    shown(qtbot, view, points)
    heard = []
    view.hovered.connect(heard.append)
    view.hover_at(3, QPoint(0, 0))
    view.hover_at(-1, QPoint(0, 0))
    assert heard == [3, -1]


def test_flat_and_deep_clouds_follow_one_another(qtbot, view):
    rng = np.random.default_rng(0)
    for dimension in (2, 3, 2):
        shown(qtbot, view, layer(rng.normal(size=(50, dimension))))
        assert view.scene.depth == (dimension == 3)
        assert view._left.isVisibleTo(view) == (dimension == 2)
        ends = np.array([[0, 1], [2, 3]], np.int32)
        view.set_network(Network(name="n", role="diagnostic", over="map", edges=ends,
                                 weights=np.ones(2)))  # fmt: skip
        qtbot.wait(30)
        view.set_network(None)
        places = view.scene.on_canvas(view.positions())
        size = np.array([view.target.width(), view.target.height()])
        assert ((places > 0) & (places < size)).all(), "all of it is in sight"


def test_axes_are_named_and_span_what_is_in_sight(qtbot, view):
    shown(qtbot, view, layer(GRID))
    assert view._bottom.accessibleName() == "Axis: x (m)"
    low, high = view._bottom._range
    assert low < 0 and high > 4
    assert {0.0, 2.0, 4.0} <= set(view._bottom.ticks())


def test_a_moving_camera_of_the_hand_is_left_alone(qtbot, view):
    shown(qtbot, view, layer(GRID))
    home = view.camera()
    view.show_layer(layer(GRID * 10), moving=True)
    assert view.camera() != home, "at home it follows what grows out of sight"
    view.set_camera({"rect": [0.0, 0.0, 2.0, 2.0]})
    held = view.camera()
    view.show_layer(layer(GRID), moving=True)
    assert view.camera() == held


def test_few_of_very_many_points_are_drawn_while_moving():
    detail = Detail(software=True)
    assert detail.rows(detail.most) is None
    rows = detail.rows(1_000_000)
    assert len(rows) == detail.most and (np.diff(rows) > 0).all()
    assert detail.rows(1_000_000) is rows
    assert detail.rows(40_000).max() < 40_000


@pytest.mark.parametrize(
    ("low", "high", "most", "found"),
    [
        (0.0, 10.0, 5, [0, 2, 4, 6, 8, 10]),
        (-0.31, 0.29, 6, [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2]),
        (1e6, 1e6 + 4, 4, [1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 4]),
        (3.0, 3.0, 4, []),
    ],
)
def test_round_numbers(low, high, most, found):
    np.testing.assert_allclose(round_numbers(low, high, most), found, atol=1e-12)


def test_numbers_have_equal_decimals():
    assert number_texts([-0.5, 0.0, 0.5]) == ["−0.5", "0.0", "0.5"]
    assert number_texts([10.0, 20.0]) == ["10", "20"]
    assert number_texts([1e-7, 2e-7]) == ["1e-07", "2e-07"]
