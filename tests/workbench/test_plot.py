"""Diagnostic plots: the numbers at their axes are those of the layer."""

from __future__ import annotations

import numpy as np
import pytest

from engine.layers import Axis, Points
from workbench import theme
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
