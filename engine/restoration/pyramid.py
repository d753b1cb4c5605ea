"""A picture at full size, half of it, a quarter, and so on."""

from __future__ import annotations

import numpy as np

from engine.layers import Array
from engine.restoration.boxes import Box, area


class Pyramid:
    """A picture halved again and again, each level made when it is first asked for."""

    def __init__(self, picture: Array) -> None:
        self._levels = [picture]

    def __getitem__(self, level: int) -> Array:
        while len(self._levels) <= level:
            self._levels.append(_halved(self._levels[-1]))
        return self._levels[level]

    def level_for(self, box: Box, most: int) -> int:
        """The finest level at which a part of the whole has at most so many pixels."""
        level = 0
        while area(box) > most * 4**level:
            level += 1
        return level


def _halved(picture: Array) -> Array:
    """Means of 2 by 2 pixels; a last odd row or column is repeated first."""
    more = [(0, side % 2) for side in picture.shape[:2]] + [(0, 0)] * (picture.ndim - 2)
    p = np.pad(picture, more, mode="edge") if any(after for _, after in more) else picture
    mean: Array = (p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) * np.float32(0.25)
    return mean


def enlarged(picture: Array, level: int, shape: tuple[int, int]) -> Array:
    """Every pixel repeated 2**level times each way, cut to a shape."""
    factor = 2**level
    rows = np.minimum(np.arange(shape[0]) // factor, picture.shape[0] - 1)
    columns = np.minimum(np.arange(shape[1]) // factor, picture.shape[1] - 1)
    return np.ascontiguousarray(picture[rows][:, columns])
