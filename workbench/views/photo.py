"""A photograph of any size: pan, zoom to the pixel, before and after, and the value under the
pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.layers import Axis, Picture
from workbench.theme import Theme
from workbench.views.elided import ElidedLabel
from workbench.views.light_table import LightTable
from workbench.views.mainview import MainView
from workbench.views.map_brush import MapBrush
from workbench.views.sheet import Sheet
from workbench.views.viewport import Viewport

LOOK_MS = 30
"""How often is looked whether a large picture has been made ready."""
MAGNITUDES = {8: 255, 16: 65535}


class PhotoView(MainView):
    """Shows one `Picture`, or two of one size on both sides of a line."""

    DRAWS: ClassVar[tuple[type, ...]] = (Picture,)

    in_sight = Signal(object)
    """Top, left, bottom, right of what is seen, in pixels of the picture."""
    pointed = Signal(object)
    """The pixel (column, row) under the pointer, None for none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Picture | None = None
        self._other: Picture | None = None
        self._alpha: NDArray[Any] | None = None
        self._depth = 8
        self._named = ("", "")
        self._fresh = False
        self._at: tuple[int, int] | None = None
        self._coming: Sheet | None = None
        self.table = LightTable(self)
        self.brush = MapBrush(self, self.table)
        self.frame_picture(self.table)
        self.name_rulers((Axis(""), Axis("")), shown=False)
        self.legend.hide()
        self._grid.addWidget(self._footer(), 2, 0, 1, 3)
        self._watch = QTimer(self)
        self._watch.setInterval(LOOK_MS)
        self._watch.timeout.connect(self._on_watch)
        self.table.looked.connect(self._on_looked)
        self.table.resized.connect(self._after_looking)
        self.table.pointed.connect(self.tell)
        self.table.pointed.connect(self.pointed)
        self.table.shown.connect(self._on_shown, Qt.ConnectionType.QueuedConnection)

    def _footer(self) -> QWidget:
        """The value under the pointer, and the zoom."""
        footer = QWidget(self)
        footer.setFixedHeight(26)
        row = QHBoxLayout(footer)
        row.setContentsMargins(12, 0, 12, 0)
        self.readout = ElidedLabel("", footer)
        self.readout.setProperty("role", "small")
        self.percent = QLabel("", footer)
        self.percent.setProperty("role", "small")
        self.percent.setToolTip("Zoom: 1 for 1:1, 0 for the whole picture, the wheel at a place")
        row.addWidget(self.readout, 1)
        row.addWidget(self.percent)
        return footer

    # What is shown

    def show_layer(
        self, layer: Any, extra: Mapping[str, Any] | None = None, *, moving: bool = False
    ) -> None:
        self.show_pictures(layer, self._other)

    def show_pictures(self, layer: Picture, before: Picture | None) -> None:
        """`layer` alone, or right of the line with `before` left of it."""
        if before is not None and before.whole != layer.whole:
            before = None
        self.show_picture()
        after, earlier = self.table.sheets()
        if layer is not self._layer or after is None:
            after = self._next(Sheet(layer, self._alpha), after)
        if before is None:
            earlier = None
        elif before is not self._other or earlier is None:
            earlier = Sheet(before, self._alpha)
        self._layer, self._other = layer, before
        self._fresh = self._coming is None
        self.table.lay(after, earlier)
        self._name()
        if self.waits():
            self._watch.start()
        self._show_zoom()
        if self._at is not None:
            self.tell(self._at)

    def _next(self, new: Sheet, old: Sheet | None) -> Sheet:
        """A large picture that follows another of its kind is shown once it is ready: until then
        only every second or fourth pixel of it would be seen, which flickers."""
        self._forget_coming()
        same = old is not None and old.size == new.size and old.layer.role == new.layer.role
        if new.ready or not same or old is None:
            return new
        self._coming = new
        return old

    def _forget_coming(self) -> None:
        if self._coming is not None:
            self._coming.leave()
            self._coming = None

    def waits(self) -> bool:
        """Whether levels of a large picture are still being made."""
        sheets = (*self.table.sheets(), self._coming)
        return any(sheet is not None and not sheet.ready for sheet in sheets)

    @Slot()
    def _on_watch(self) -> None:
        coming = self._coming
        if coming is not None and coming.ready:
            self._coming, self._fresh = None, True
            self.table.lay(coming, self.table.sheets()[1])
        if not self.waits():
            self._watch.stop()
            self.table.redraw()

    def clear(self, text: str) -> None:
        self._layer = self._other = None
        self._forget_coming()
        self.table.lay(None, None)
        self.say(text)

    def set_alpha(self, alpha: NDArray[Any] | None) -> None:
        """Opacity of the whole, for the pictures that are shown from now on."""
        self._alpha = alpha

    def set_depth(self, depth: int) -> None:
        """Bits per channel of the file, in whose levels values are told."""
        self._depth = depth

    def set_names(self, before: str, after: str) -> None:
        """What stands at the upper corners; "" for nothing."""
        self._named = (before[:1].upper() + before[1:], after[:1].upper() + after[1:])
        self._name()

    def _name(self) -> None:
        before, after = self._named
        self.table.names = (before, after) if self._other is not None else ("", after)
        self.table.setAccessibleName(" | ".join(filter(None, self.table.names)) or "Picture")
        self.table.update()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.table.set_theme(theme)
        self.brush.set_theme(theme)

    def set_tool(self, tool: str) -> None:
        self.brush.set_on(tool == "brush")

    # Camera

    def fit_camera(self) -> None:
        self.table.fit()
        self._after_looking()

    def camera(self) -> dict[str, Any]:
        seen = self.table.seen
        return {"centre": list(seen.centre), "zoom": seen.zoom, "home": self.table.home}

    def set_camera(self, camera: dict[str, Any]) -> None:
        if "zoom" not in camera:
            return
        if camera.get("home", False):
            self.table.fit()
        else:
            x, y = camera["centre"]
            seen = replace(self.table.seen, centre=(x, y), zoom=float(camera["zoom"]))
            self.table.look(seen, home=False)
        self._after_looking()

    def follow_camera(self, other: Any) -> None:
        """The same pixel in the middle and the same zoom as the other picture."""
        if isinstance(other, PhotoView):
            theirs = other.table.seen
            seen = replace(self.table.seen, centre=theirs.centre, zoom=theirs.zoom)
            self.table.look(seen, home=other.table.home)
            self._after_looking()

    def zoom_to(self, zoom: float) -> None:
        self.table.zoom_to(zoom)

    def seen(self) -> Viewport:
        return self.table.seen

    @Slot()
    def _on_looked(self) -> None:
        self._after_looking()
        self.camera_changed.emit(self.camera())

    @Slot()
    def _after_looking(self) -> None:
        self._show_zoom()
        if self._layer is not None:
            self.in_sight.emit(self.table.seen.in_sight())

    def _show_zoom(self) -> None:
        percent = 100 * self.table.seen.zoom
        shown = f"{percent:.0f}" if percent >= 10 or percent == round(percent) else f"{percent:.1f}"
        self.percent.setText(f"{shown} %")

    # The pointer

    @Slot(object)
    def tell(self, at: Any) -> None:
        """Say the values at a pixel (column, row) in the footer, as they have room; None: of none.
        It is told anew with the next picture."""
        self._at = at
        whole = "" if at is None else self.told_at(*at)
        has_room = self.readout.fontMetrics().horizontalAdvance(whole) <= self.readout.width()
        self.readout.setText(whole if at is None or has_room else self.told_at(*at, brief=True))

    def told_at(self, column: int, row: int, *, brief: bool = False) -> str:
        """The place and the values there, "" outside; `brief` leaves out their parts of 1."""
        after, before = self.table.sheets()
        values = after.at(column, row) if after is not None else None
        if values is None:
            return ""
        told = [f"x {column}  y {row}"]
        if before is not None and (earlier := before.at(column, row)) is not None:
            told.append(f"{self._named[0]} {self._worded(earlier, brief)}")
            told.append(f"{self._named[1]} {self._worded(values, brief)}")
        else:
            told.append(self._worded(values, brief))
        if (factor := self.brush.factor_at(column, row)) is not None:
            told.append(f"painted × {factor:.2f}")
        return ("   " if brief else "     ").join(told)

    def _worded(self, values: NDArray[Any], brief: bool) -> str:
        """In levels of the file's depth, and in 0 to 1."""
        parts = " ".join(f"{value:.3f}" for value in values)
        most = MAGNITUDES.get(self._depth)
        if most is None:
            return parts
        levels = " ".join(f"{round(float(value) * most)}" for value in values)
        return levels if brief else f"{levels}  ({parts})"

    @Slot()
    def _on_shown(self) -> None:
        if self._fresh:
            self._fresh = False
            self.drawn.emit()

    def render(self, width: int, height: int) -> NDArray[np.uint8]:  # type: ignore[override]
        """The picture at a size of its own, (height, width, 4)."""
        room = Viewport(self.table.seen.size, (width, height)).fitted()
        image = self.table.compose(room, round(self.table.split * width))
        image = image.convertToFormat(QImage.Format.Format_RGBA8888)
        found = np.frombuffer(image.constBits(), np.uint8).reshape(height, -1)[:, : 4 * width]
        return found.reshape(height, width, 4).copy()

    def release(self) -> None:
        self._watch.stop()
        self._layer = self._other = None
        self._forget_coming()
        self.table.lay(None, None)
