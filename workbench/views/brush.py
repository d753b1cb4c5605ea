"""The brush: a circle that paints rows of the data out of and into what a picture learns from.

The left button paints, with Shift the other way round; the right button moves the camera; Ctrl and
the wheel size the circle. In space it reaches what is on the near side, not what lies behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.theme import Theme
from workbench.views.opengl import Color, scene
from workbench.views.scene import CloudScene
from workbench.views.standing import StandingMarks
from workbench.views.stroke import Stroke

if TYPE_CHECKING:
    from workbench.views.cloud import CloudView

RADIUS = 22.0
SMALLEST, LARGEST = 4.0, 250.0
CORNERS = 64
_TURN = np.linspace(0, 2 * np.pi, CORNERS + 1)
_CIRCLE = np.column_stack([np.cos(_TURN), np.sin(_TURN)])
LEFT, RIGHT = 1, 2
_NONE = np.empty(0, np.int64)


class Brush:
    """Turns vispy's mouse events into the rows that a circle went over."""

    def __init__(self, view: CloudView, canvas: CloudScene) -> None:
        self._view, self._scene = view, canvas
        self.on = False
        self.radius = RADIUS
        self.putting = False
        self._standing = np.empty(0, np.uint8)
        self._theme: Theme | None = None
        self._at: Any = None
        self._stroke: Stroke | None = None
        self._turning: Any = None
        self._circle = scene.visuals.Line(
            np.zeros((2, 2), np.float32), parent=canvas.canvas.scene, antialias=True, width=1.5
        )
        self._circle.visible = False
        self._marks = StandingMarks(canvas)
        events = canvas.canvas.events
        # What is connected last hears first, and can keep an event from hand and camera.
        for event in (events.mouse_press, events.mouse_double_click):
            event.connect(self._press)
        events.mouse_move.connect(self._move)
        events.mouse_release.connect(self._release)
        events.mouse_wheel.connect(self._wheel)

    # What the view says

    def set_on(self, on: bool) -> None:
        if self.on != on:
            self._end()
            self.on = on
            self.leave()
            self.follow()

    def set_way(self, *, putting: bool) -> None:
        """Whether the brush puts rows in or takes them out."""
        self.putting = putting
        self._draw_circle(putting)

    def resize(self, factor: float) -> None:
        self.radius = float(np.clip(self.radius * factor, SMALLEST, LARGEST))
        self._draw_circle(self.putting)

    def set_standing(self, standing: Any) -> None:
        """What each of the shown points is to the picture; empty when it cannot be painted."""
        self._standing = np.asarray(standing, np.uint8)
        self.follow()

    def paints(self) -> bool:
        """Whether the points that are shown can be painted."""
        return len(self._standing) == len(self._view.positions()) > 0

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.follow()

    def leave(self) -> None:
        """The pointer is elsewhere."""
        if self._stroke is None:
            self._at = None
            self._draw_circle(self.putting)

    def follow(self) -> None:
        """Draw the marks anew where the points are now."""
        if self.on and self.paints() and self._theme is not None:
            self._marks.show(self._view.positions(), self._standing, self._theme)
        else:
            self._marks.hide()
        self._scene.canvas.update()

    # The hand

    def _press(self, event: Any) -> None:
        if not self.on:
            return
        event.blocked = True
        if event.button == RIGHT:
            self._turning = (self._scene.camera(), np.asarray(event.pos, float))
        elif event.button == LEFT and self._stroke is None and self.paints():
            putting = self.putting != _shift(event)
            self._stroke = Stroke(self._view.positions(), self._scene, putting)
            self._paint(event.pos)

    def _move(self, event: Any) -> None:
        if not self.on:
            return
        event.blocked = True
        if self._turning is not None:
            camera, start = self._turning
            self._scene.drag_camera(camera, np.asarray(event.pos, float) - start)
            self._view.navigated()
        elif self._stroke is not None:
            self._paint(event.pos)
            return
        self._at = np.asarray(event.pos, float)[:2]
        self._draw_circle(self.putting != _shift(event))

    def _release(self, event: Any) -> None:
        if not self.on:
            return
        event.blocked = True
        if event.button == RIGHT:
            self._turning = None
        elif event.button == LEFT:
            self._end()

    def _wheel(self, event: Any) -> None:
        if self.on and any("Control" in str(m) for m in event.modifiers):
            event.blocked = True
            self.resize(1.15 ** float(event.delta[1]))

    def _paint(self, pos: Any) -> None:
        stroke = self._stroke
        assert stroke is not None
        self._at = np.asarray(pos, float)[:2]
        self._draw_circle(stroke.putting)
        rows = stroke.reach(self._at, self.radius)
        if len(rows):
            self._view.painted.emit(self._view.ids_of(rows), stroke.putting, False)

    def _end(self) -> None:
        stroke, self._stroke, self._turning = self._stroke, None, None
        if stroke is not None:
            self._view.painted.emit(self._view.ids_of(_NONE), stroke.putting, True)

    def _draw_circle(self, putting: bool) -> None:
        some = self.on and self._at is not None and self._theme is not None
        self._circle.visible = some
        if some and self._theme is not None:
            colour = Color(self._theme.accent if putting else self._theme.warning)
            path = (self._at + self.radius * _CIRCLE).astype(np.float32)
            self._circle.set_data(path, color=colour)
        self._scene.canvas.update()


def _shift(event: Any) -> bool:
    return any("Shift" in str(modifier) for modifier in event.modifiers)
