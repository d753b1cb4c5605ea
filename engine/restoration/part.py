"""A part of a photograph that is restored by itself, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array
from engine.method import Note
from engine.restoration import blurs, preview
from engine.restoration.boxes import Box, overlap, whole_of
from engine.restoration.preview import Preview
from engine.restoration.pyramid import Pyramid

if TYPE_CHECKING:
    from engine.restoration.untrained import Restored


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`values`, `seen`, `notes` and `coarse` of what was restored, as in `Restored`, without its
    surroundings."""

    values: Pixels
    seen: Pixels | None
    notes: tuple[Note, ...]
    coarse: str


def cut_of(photograph: Photograph, picture: Pixels, box: Box, level: int = 0) -> Photograph:
    """A part of the photograph or, as `picture`, of one of its levels, with all that is known of
    how it was spoilt: means of 2**level pixels a side have so much less noise and blur."""
    kernel = photograph.kernel
    return replace(
        photograph,
        values=_within(picture, box), alpha=None,
        truth=None if photograph.truth is None or level else _within(photograph.truth, box),
        sigma=None if photograph.sigma is None else photograph.sigma / 2**level,
        kernel=kernel if kernel is None or not level else blurs.coarser(kernel, level),
    )  # fmt: skip


def middle_of(photograph: Photograph, side: int) -> Photograph:
    """At most side by side pixels in the middle."""
    top, left = (max(0, (n - side) // 2) for n in photograph.values.shape[:2])
    return cut_of(photograph, photograph.values, (top, left, top + side, left + side))


def inside(found: Restored, box: Box, outer: Box) -> Part:
    """What of a restored part lies in `box`."""
    top, left = outer[:2]
    own = (box[0] - top, box[1] - left, box[2] - top, box[3] - left)
    seen = None if found.seen is None else _within(found.seen, own)
    return Part(_within(found.values, own), seen, found.notes, found.coarse)


def at_level(box: Box, level: int, shape: tuple[int, ...]) -> Box:
    """All pixels of a level, of that shape, that a part of the whole has a share in."""
    top, left, bottom, right = box
    factor = 2**level
    wide = (top // factor, left // factor, -(-bottom // factor), -(-right // factor))
    return overlap(wide, whole_of(shape))


def around(pyramid: Pyramid, part: Part, box: Box) -> tuple[Preview, Preview | None]:
    """A sharp part and the photograph coarsely around it; of `seen` too where there is one."""
    below = max(1, pyramid.level_for(whole_of(pyramid[0].shape), preview.WHOLE))
    said = f"{part.coarse}, {preview.AROUND}" if part.coarse else preview.AROUND

    def shown(values: Pixels) -> Preview:
        return Preview(pyramid[below], values, box[:2], said)

    return shown(part.values), None if part.seen is None else shown(part.seen)


def coarsely(picture: Pixels, part: Part, box: Box, level: int) -> tuple[Preview, Preview | None]:
    """A level of the photograph with a part of it restored; of `seen` too where there is one."""

    def shown(values: Pixels) -> Preview:
        whole = np.array(picture)
        whole[box[0] : box[2], box[1] : box[3]] = values
        return Preview(whole, preview.nothing(picture), (0, 0), preview.at_level(level))

    return shown(part.values), None if part.seen is None else shown(part.seen)


def _within(picture: Array, box: Box) -> Pixels:
    """A copy of a part."""
    return np.array(picture[box[0] : box[2], box[1] : box[3]], np.float32, order="C")
