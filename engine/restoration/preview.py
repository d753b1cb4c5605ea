"""A large picture before all of it is restored: what is in sight sharply, the rest coarsely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Layer, Picture, Role
from engine.restoration.picture_layers import difference
from engine.restoration.pyramid import Pyramid

WHOLE = 65_536
"""Pixels of the coarse picture of the whole beneath what is in sight."""
LARGEST = 4_000_000
"""Pixels of a preview's coarse picture at most."""
AROUND = "coarse around what is in sight"


def at_level(level: int) -> str:
    """What a preview is that is nowhere sharper than this level."""
    return f"at 1/{2**level} of its size"


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """`values` are the whole at a coarse level, `inset` pixels of the whole itself with their
    first row and column at `at`; all of them final where the inset is."""

    values: Array
    inset: Array
    at: tuple[int, int]
    said: str


Pyramids = tuple[Pyramid, Pyramid | None]
"""That of a photograph, and that of its truth where there is one."""


def pictures(
    photograph: Photograph,
    pyramids: Pyramids,
    restored: Preview,
    gain: float,
    seen: Preview | None = None,
) -> tuple[Layer, ...]:
    """As `picture_layers.pictures`, coarse with what is sharp inset."""
    found: list[Layer] = [
        _shown("restored", "prediction", restored, photograph),
        Picture(name="input", role="data", values=photograph.values),
    ]
    if photograph.truth is not None:
        assert pyramids[1] is not None
        error = _difference(restored, photograph.truth, pyramids[1], gain)
        found.append(Picture(name="truth", role="truth", values=photograph.truth))
        found.append(_shown("difference", "error", error, photograph))
    removed = _difference(seen or restored, photograph.values, pyramids[0], -gain)
    found.append(_shown("removed", "diagnostic", removed, photograph))
    return tuple(found)


def nothing(picture: Array) -> Array:
    """An inset of no pixels."""
    return np.empty((0, 0, *picture.shape[2:]), np.float32)


def _shown(name: str, role: Role, shown: Preview, photograph: Photograph) -> Picture:
    height, width = photograph.values.shape[:2]
    return Picture(
        name=name, role=role, values=shown.values, size=(height, width), inset=shown.inset,
        inset_at=shown.at,
    )  # fmt: skip


def _difference(shown: Preview, other: Pixels, coarser: Pyramid, gain: float) -> Preview:
    """gain (shown - other) about mid-grey."""
    level = 0
    while coarser[level].shape != shown.values.shape:
        level += 1
    values = difference(shown.values, coarser[level], gain)
    (top, left), (h, w) = shown.at, shown.inset.shape[:2]
    inset = difference(shown.inset, other[top : top + h, left : left + w], gain)
    return Preview(values, inset, shown.at, shown.said)
