"""Parts of a picture: boxes of pixels."""

from __future__ import annotations

from typing import TypeAlias

Box: TypeAlias = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels of the whole; the last two lie outside."""


def area(box: Box) -> int:
    """Pixels inside."""
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def overlap(one: Box, other: Box) -> Box:
    """What lies in both; without area when nothing does."""
    top, left = max(one[0], other[0]), max(one[1], other[1])
    return top, left, max(top, min(one[2], other[2])), max(left, min(one[3], other[3]))


def whole_of(shape: tuple[int, ...]) -> Box:
    """All of a picture of that shape."""
    return 0, 0, shape[0], shape[1]
