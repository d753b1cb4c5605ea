"""From a kind of layer to the view that draws it."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtWidgets import QWidget

from engine.layers import Curves, Field, Layer, Markers, Matrix, Picture, Points
from workbench.theme import Theme
from workbench.views.curves import CurvesView
from workbench.views.image import ImageView
from workbench.views.places import PlacesView
from workbench.views.scatter import ScatterView


class LayerView(Protocol):
    """What a tab asks of its widget."""

    def __init__(self, parent: QWidget | None = None) -> None: ...
    def show_layer(self, layer: Any) -> None: ...
    def set_theme(self, theme: Theme) -> None: ...
    def release(self) -> None: ...


_VIEWS: dict[type, type[LayerView]] = {
    Curves: CurvesView,
    Points: ScatterView,
    Picture: ImageView,
    Matrix: ImageView,
    Field: ImageView,
    Markers: PlacesView,
}


def view_for(layer: Layer) -> type[LayerView]:
    """The class of view for a diagnostic layer; raises KeyError for a kind without one."""
    return _VIEWS[type(layer)]
