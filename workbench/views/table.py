"""From a kind of layer to the view that draws it."""

from __future__ import annotations

from engine.layers import Curves, Field, Layer, Matrix, Picture, Points
from workbench.views.curves import CurvesView
from workbench.views.image import ImageView
from workbench.views.plot import Plot
from workbench.views.scatter import ScatterView

_VIEWS: dict[type, type[Plot]] = {
    Curves: CurvesView,
    Points: ScatterView,
    Picture: ImageView,
    Matrix: ImageView,
    Field: ImageView,
}


def view_for(layer: Layer) -> type[Plot]:
    """The class of view for a diagnostic layer; raises KeyError for a kind without one."""
    return _VIEWS[type(layer)]
