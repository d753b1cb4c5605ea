"""What a panel asks of the pictures in its upper half, whatever kind of layer they draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.layers import Layer, Markers, Network, Points
from workbench.theme import Theme
from workbench.views.colouring import Colouring
from workbench.views.frame import PictureFrame


class MainView(PictureFrame):
    """Kinds of picture override what means something to them; the rest passes over them.

    `DRAWS` are the kinds of layer. `scene` is None where there is no OpenGL, and after `release`.
    """

    DRAWS: ClassVar[tuple[type, ...]] = ()

    hovered = Signal(int)
    picked = Signal(object)
    selected = Signal(object)
    painted = Signal(object, bool, bool)
    """Rows that the brush went over, whether it puts them in, and whether it was lifted; of a
    photograph how much of each cell it went over, and whether it raises what is there."""
    camera_changed = Signal(object)
    drawn = Signal()
    subsampled = Signal(str)

    scene: Any = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme | None = None

    def show_layer(
        self, layer: Any, extra: Mapping[str, Any] | None = None, *, moving: bool = False
    ) -> None:
        """Draw a layer of one of the kinds in `DRAWS`."""
        raise NotImplementedError

    def clear(self, text: str) -> None:
        """A sentence instead of a picture."""
        self.say(text)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for part in (self.legend, self._left, self._bottom):
            part.set_theme(theme)

    # Colours

    def columns(self) -> list[str]:
        """What the picture can be coloured by."""
        return []

    def colour_by(self) -> str:
        return ""

    def set_colour_by(self, name: str) -> None: ...

    def colouring(self) -> Colouring | None:
        """What the colours mean now; None while there is no picture."""
        return None

    def own_limits(self) -> tuple[float, float]:
        """The range of the numbers shown here alone."""
        return (0.0, 1.0)

    def set_limits(self, limits: tuple[float, float]) -> None: ...

    # What lies over the picture

    def set_point_size(self, pixels: float) -> None: ...

    def point_size(self) -> float:
        return 1.0

    def set_network(self, network: Network | None) -> None: ...

    def set_overlay(self, points: Points | None) -> None: ...

    def set_markers(self, markers: Markers | None) -> None: ...

    def dress_arrows(self, *, ellipses: bool, coloured_sheet: bool) -> None: ...

    def set_relief(self, raised: bool) -> None: ...

    def set_selection(self, ids: Any) -> None: ...

    def set_hover(self, row: int) -> None: ...

    def set_tool(self, tool: str) -> None: ...

    # Camera

    def camera(self) -> dict[str, Any]:
        return {}

    def set_camera(self, camera: dict[str, Any]) -> None: ...

    def follow_camera(self, other: Any) -> None: ...

    def fit_camera(self) -> None: ...

    def release(self) -> None:
        """Let go of the canvas; OpenGL must go before the application object does."""


def first_of(layers: tuple[Layer, ...], kinds: tuple[type, ...]) -> Any:
    """The prediction among the layers of these kinds, else the first of them, else None."""
    found = [layer for layer in layers if isinstance(layer, kinds)]
    return next((x for x in found if x.role == "prediction"), found[0] if found else None)
