"""Which part of a picture is seen, and how large: pure geometry of pan and zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

LARGEST = 64.0
"""Pixels of the screen for one of the picture."""
STEPS = 2
"""Stops of the wheel from one doubling to the next; 100 % is always one of them."""
AIR = 0.96
"""Share of the room that a picture takes which is shown as a whole."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """`centre` is the pixel of the picture (x, y) in the middle of a `room` (width, height) of
    screen pixels, `zoom` how many of them a pixel of the picture of that `size` (height, width)
    takes."""

    size: tuple[int, int] = (1, 1)
    room: tuple[int, int] = (1, 1)
    centre: tuple[float, float] = (0.5, 0.5)
    zoom: float = 1.0

    def origin(self) -> tuple[int, int]:
        """Where the picture's first corner lies on screen: on a whole pixel, so that moving the
        picture never blurs it."""
        x, y = (
            round(room / 2 - middle * self.zoom)
            for room, middle in zip(self.room, self.centre, strict=True)
        )
        return x, y

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        left, top = self.origin()
        return (x - left) / self.zoom, (y - top) / self.zoom

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        left, top = self.origin()
        return left + x * self.zoom, top + y * self.zoom

    # Other viewports

    def fitted(self) -> Viewport:
        """The whole picture: not larger than its pixels, unless twice or more would fit."""
        height, width = self.size
        most = AIR * min(self.room[0] / width, self.room[1] / height)
        zoom = min(1.0, most) if most < 2 else min(float(math.floor(most)), LARGEST)
        return replace(self, centre=(width / 2, height / 2), zoom=max(zoom, 1e-4))

    def zoomed(self, zoom: float, x: float, y: float) -> Viewport:
        """At another zoom, with what is at a place of the screen staying there."""
        least = min(self.fitted().zoom, 1.0) / 4
        zoom = min(max(zoom, least), LARGEST)
        at = self.to_picture(x, y)
        middle = (self.room[0] / 2, self.room[1] / 2)
        centre = (at[0] - (x - middle[0]) / zoom, at[1] - (y - middle[1]) / zoom)
        return replace(self, zoom=zoom, centre=centre).kept()

    def stepped(self, steps: float, x: float, y: float) -> Viewport:
        """Zoomed by stops of the wheel, onto a stop when they are whole."""
        place = STEPS * math.log2(self.zoom) + steps
        return self.zoomed(2 ** ((round(place) if steps == round(steps) else place) / STEPS), x, y)

    def moved(self, dx: float, dy: float) -> Viewport:
        """The picture dragged by so many pixels of the screen."""
        x, y = self.centre
        return replace(self, centre=(x - dx / self.zoom, y - dy / self.zoom)).kept()

    def kept(self) -> Viewport:
        """The picture never leaves the middle of the room."""
        x, y = self.centre
        height, width = self.size
        return replace(self, centre=(min(max(x, 0.0), width), min(max(y, 0.0), height)))

    def in_sight(self) -> tuple[int, int, int, int]:
        """Top, left, bottom, right of what is seen, in pixels of the picture."""
        left, top = self.to_picture(0, 0)
        right, bottom = self.to_picture(*self.room)
        height, width = self.size
        first = (min(max(math.floor(top), 0), height), min(max(math.floor(left), 0), width))
        last = (min(max(math.ceil(bottom), 0), height), min(max(math.ceil(right), 0), width))
        return (*first, *last)
