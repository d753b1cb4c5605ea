"""A picture as bytes, at full size and halved again and again: whatever the zoom, about as many
pixels are read as the screen has.

Bytes are those of Qt's 32-bit formats: blue, green, red, and 255 or the opacity that the colours
have been multiplied by.
"""

from __future__ import annotations

import functools
import logging
import math
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

log = logging.getLogger(__name__)

Bytes = NDArray[np.uint8]
SMALL = 1_500_000
"""Pixels up to which the levels are made at once: less than a frame's time."""
BAND = 256
"""Rows that are made into bytes at a time, so that work nobody wants any more ends soon."""
SMALLEST = 64


class Pyramid:
    """Levels of a picture (h, w[, 1, 3 or 4]) in [0, 1], with `alpha` (h, w) if it has opacity.

    Until `ready`, `part` reads every second, fourth, … pixel of the picture itself.
    """

    def __init__(self, values: NDArray[Any], alpha: NDArray[Any] | None = None) -> None:
        self.values, self.alpha = values, alpha
        self.size = (values.shape[0], values.shape[1])
        self.opaque = alpha is None and not (values.ndim == 3 and values.shape[2] == 4)
        self.users = 0
        self.ready = False
        self._levels: list[Bytes] = []
        self._images: list[QImage] = []
        if self.size[0] * self.size[1] <= SMALL:
            self.users = 1
            self._make()
            self.users = 0

    @property
    def depth(self) -> int:
        """How many levels there are, or will be."""
        return max(1, math.ceil(math.log2(max(1.0, max(self.size) / SMALLEST))))

    def take(self) -> None:
        """Somebody shows it; the levels are made aside if they are not there."""
        self.users += 1
        if self.users == 1 and not self.ready:
            _pool().submit(self._make)

    def leave(self) -> None:
        """Nobody shows it any more: work on it ends."""
        self.users = max(0, self.users - 1)

    def part(self, level: int, rect: tuple[int, int, int, int]) -> tuple[QImage, int, int]:
        """An image that holds the pixels `rect` (top, left, bottom, right) of a level, and the row
        and column of its first pixel in the level."""
        if self.ready:
            return self._images[level], 0, 0
        top, left, bottom, right = (side << level for side in rect)
        step = 1 << level
        alpha = None if self.alpha is None else self.alpha[top:bottom:step, left:right:step]
        return (
            image_of(
                to_bytes(self.values[top:bottom:step, left:right:step], alpha), opaque=self.opaque
            ),
            rect[0],
            rect[1],
        )

    def pixels(self, level: int) -> Bytes:
        """The bytes (h, w, 4) of a level that is there."""
        return self._levels[level]

    def _make(self) -> None:
        try:
            levels = [self._full()]
            while levels[-1] is not None and len(levels) < self.depth:
                levels.append(self._half(levels[-1]))
            if all(level is not None for level in levels):
                self._levels = [level for level in levels if level is not None]
                self._images = [image_of(level, opaque=self.opaque) for level in self._levels]
                self.ready = True
        except Exception:
            log.exception("A picture could not be made into bytes.")

    def _full(self) -> Bytes | None:
        made = np.empty((*self.size, 4), np.uint8)
        for top in range(0, self.size[0], BAND):
            if not self.users:
                return None
            rows = slice(top, top + BAND)
            to_bytes(self.values[rows], None if self.alpha is None else self.alpha[rows],
                     made[rows])  # fmt: skip
        return made

    def _half(self, fine: Bytes) -> Bytes | None:
        height, width = (-(-side // 2) for side in fine.shape[:2])
        made = np.empty((height, width, 4), np.uint8)
        for top in range(0, height, BAND):
            if not self.users:
                return None
            made[top : top + BAND] = halved(fine[2 * top : 2 * (top + BAND)])
        return made


def to_bytes(values: NDArray[Any], alpha: NDArray[Any] | None, made: Bytes | None = None) -> Bytes:
    """Bytes (h, w, 4) of numbers in [0, 1], into `made` where that is given."""
    if made is None:
        made = np.empty((*values.shape[:2], 4), np.uint8)
    if values.ndim == 3 and values.shape[2] == 4:
        values, alpha = values[..., :3], values[..., 3]
    shown = np.clip(values, 0.0, 1.0).astype(np.float32, copy=False)
    if alpha is not None:
        alpha = np.clip(alpha, 0.0, 1.0).astype(np.float32, copy=False)
        shown = shown * (alpha if shown.ndim == 2 else alpha[..., None])
    shown = shown * np.float32(255)
    shown += np.float32(0.5)
    whole = shown.astype(np.uint8)
    made[..., :3] = whole[..., None] if whole.ndim == 2 else whole[..., ::-1]
    made[..., 3] = 255 if alpha is None else np.round(alpha * 255)
    return made


def halved(fine: Bytes) -> Bytes:
    """Means of 2 by 2 pixels; a last odd row or column counts twice."""
    if fine.shape[0] % 2 or fine.shape[1] % 2:
        fine = np.pad(fine, ((0, fine.shape[0] % 2), (0, fine.shape[1] % 2), (0, 0)), mode="edge")
    rows = fine[0::2].astype(np.uint16)
    rows += fine[1::2]
    total = rows[:, 0::2] + rows[:, 1::2]
    total += 2
    total >>= 2
    return total.astype(np.uint8)


def image_of(pixels: Bytes, *, opaque: bool) -> QImage:
    """Qt's image over the same memory, which the caller keeps alive through `pixels`."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    kinds = QImage.Format
    kind = kinds.Format_RGB32 if opaque else kinds.Format_ARGB32_Premultiplied
    made = QImage(pixels.data, width, height, 4 * width, kind)
    made.pixels_kept = pixels  # type: ignore[attr-defined]
    return made


_known: weakref.WeakValueDictionary[Any, Pyramid] = weakref.WeakValueDictionary()


def pyramid_of(values: NDArray[Any], alpha: NDArray[Any] | None = None) -> Pyramid:
    """The pyramid of a picture, the same one for the same memory while somebody holds it."""
    place = values.__array_interface__["data"][0]
    key = (place, values.shape, values.strides, values.dtype.str, id(alpha))
    found = _known.get(key)
    if found is None:
        found = _known[key] = Pyramid(values, alpha)
    return found


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="fieldwright-pictures")
