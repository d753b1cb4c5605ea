"""A picture in tiles: which there are, what each needs around it, and a store of finished ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

import numpy as np

from engine.layers import Array
from engine.restoration.boxes import Box, area, overlap
from engine.restoration.networks import MULTIPLE

SIDE = 256
AT_ONCE = 512 * 512
"""Pixels of a picture that is one tile, and of what is computed in one go for a preview."""
OUTSIDE = 10_000
"""Added to how far a tile is that is not in sight."""
KEPT_BYTES = 256 * 1024 * 1024


def grid(height: int, width: int) -> tuple[Box, ...]:
    """The tiles of a picture, row by row; one for a small picture."""
    if height * width <= AT_ONCE:
        return ((0, 0, height, width),)
    return tuple(
        (top, left, min(top + SIDE, height), min(left + SIDE, width))
        for top in range(0, height, SIDE)
        for left in range(0, width, SIDE)
    )


def ring(box: Box, sight: Box) -> int:
    """How many tiles a tile is from the middle of what is in sight; larger by far outside it."""
    row, column = _middle(sight)
    steps = max(abs(box[0] // SIDE - row), abs(box[1] // SIDE - column))
    return steps if area(overlap(box, sight)) else steps + OUTSIDE


def within(steps: int, sight: Box) -> Box:
    """What the tiles cover that are at most so many from the middle of what is in sight."""
    row, column = _middle(sight)
    top, left = (SIDE * (place - steps) for place in (row, column))
    bottom, right = (SIDE * (place + steps + 1) for place in (row, column))
    return top, left, bottom, right


def _middle(sight: Box) -> tuple[int, int]:
    """Row and column of the tile in the middle."""
    return (sight[0] + sight[2]) // 2 // SIDE, (sight[1] + sight[3]) // 2 // SIDE


def outward(boxes: Sequence[Box], sight: Box) -> list[Box]:
    """Tiles from the middle of what is in sight outward, then the rest."""
    return sorted(boxes, key=lambda box: (ring(box, sight), box))


def with_margin(picture: Array, box: Box, halo: int) -> tuple[Array, Box]:
    """A copy of the picture around a tile, and where the tile lies in it.

    The margin is `halo` pixels, a multiple of `MULTIPLE`, or reaches to the picture's border,
    where the picture is mirrored up to the next multiple. Beginnings are multiples as well, so
    that the network's pairs of pixels are those of the whole picture.
    """
    height, width = picture.shape[:2]
    top, left = (max(0, v // MULTIPLE * MULTIPLE - halo) for v in box[:2])
    bottom, right = (
        min(side, -(-v // MULTIPLE) * MULTIPLE + halo)
        for v, side in zip(box[2:], (height, width), strict=True)
    )
    part = np.array(picture[top:bottom, left:right])
    more = [(0, -side % MULTIPLE) for side in part.shape[:2]]
    if any(after for _, after in more):
        part = np.pad(part, more + [(0, 0)] * (part.ndim - 2), mode="reflect")
    return part, (box[0] - top, box[1] - left, box[2] - top, box[3] - left)


class TileStore:
    """Finished tiles by key; the longest unused go when there is more than `KEPT_BYTES`."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._kept: OrderedDict[Hashable, Array] = OrderedDict()
        self._most, self.size = most, 0

    def get(self, key: Hashable) -> Array | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, tile: Array) -> None:
        if key in self._kept:
            return
        self._kept[key] = tile
        self.size += tile.nbytes
        while self.size > self._most and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self.size -= old.nbytes
