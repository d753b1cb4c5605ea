"""Diagnostic plots: the numbers at their axes are those of the layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QGraphicsPathItem

from engine.layers import Axis, Field, Matrix, Points
from workbench import theme
from workbench.views.image import ImageView
from workbench.views.scatter import ScatterView


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e4])
def test_numbers_at_the_axes_stay_true_as_pictures_follow_one_another(qtbot, scale):
    view = ScatterView()
    qtbot.addWidget(view)
    view.set_theme(theme.load("light"))
    view.show()
    rng = np.random.default_rng(0)
    for _ in range(3):
        places = scale * (3 + rng.random((50, 2)))
        view.show_layer(Points(name="s", role="diagnostic", positions=places,
                               axes=(Axis("a"), Axis("b")), equal_scale=False))  # fmt: skip
        qtbot.wait(30)
        for side in ("bottom", "left"):
            axis = view.item.getAxis(side)
            shown = axis.tickStrings([3 * scale], axis.autoSIPrefixScale * axis.scale, scale)
            assert float(shown[0]) == pytest.approx(3 * scale)
    view.release()


def lines_of(view):
    """Places (m, 2) along every line, which has an edge below it."""
    found = [i.path() for i in view.item.items if isinstance(i, QGraphicsPathItem)]
    return [np.array([(p.elementAt(k).x, p.elementAt(k).y) for k in range(p.elementCount())])
            for p in found[1::2]]  # fmt: skip


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_path_lies_where_its_places_are_and_leaves_with_them(qtbot, name):
    """Along a logarithmic axis too; of what was drawn before nothing stays."""
    view = ImageView()
    qtbot.addWidget(view)
    view.set_theme(theme.load(name))
    view.show()
    way = np.array([[1.0, 1e-6], [2.0, 1e-4], [4.0, 1e-3]])
    layer = Field(
        name="f", role="diagnostic", values=np.zeros((4, 5)), extent=((0.0, 5.0), (1e-7, 1e-2)),
        axes=(Axis("a"), Axis("b", log=True)), paths={"way": way, "reach": way[:2]},
    )  # fmt: skip
    view.show_layer(replace(layer, paths={}))
    qtbot.wait(30)
    bare = view.grab().toImage()
    view.show_layer(layer)
    qtbot.wait(30)
    assert view.grab().toImage() != bare
    for paths in (layer.paths, {"way": way[:2]}):
        view.show_layer(replace(layer, paths=paths))
        lines = lines_of(view)
        assert len(lines) == len(paths)
        for line, places in zip(lines, paths.values(), strict=True):
            np.testing.assert_allclose(line[:, 0], places[:, 0])
            np.testing.assert_allclose(line[:, 1], np.log10(places[:, 1]))
    view.set_theme(theme.load("light"))
    assert not lines_of(view)
    view.release()


def test_a_path_of_no_places_in_the_plane_is_refused():
    with pytest.raises(ValueError, match="Path 'way'"):
        Field(name="f", role="diagnostic", values=np.zeros((2, 2)), extent=((0, 1), (0, 1)),
              axes=(Axis("a"), Axis("b")), paths={"way": np.zeros((3, 3))})  # fmt: skip


def test_pixels_of_a_kernel_are_square(qtbot):
    view = ImageView()
    qtbot.addWidget(view)
    view.set_theme(theme.load("light"))
    view.resize(500, 180)
    view.show()
    for unit, square in (("px", True), ("", False)):
        view.show_layer(Matrix(name="kernel", role="diagnostic", values=np.eye(9),
                               axes=(Axis("row", unit), Axis("column", unit))))  # fmt: skip
        qtbot.wait(30)
        wide, high = view.item.getViewBox().viewPixelSize()
        assert (wide == pytest.approx(high, rel=0.02)) is square
    view.release()
