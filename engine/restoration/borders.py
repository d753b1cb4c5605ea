"""A photograph carried on beyond its borders, so that it can be taken for a periodic one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.layers import Array


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the photograph lies in what was carried on, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def inside(self, planes: Array) -> Array:
        """(C, H', W') to the photograph's (H, W) or (H, W, 3)."""
        cut = planes[..., self.top : self.top + self.height, self.left : self.left + self.width]
        moved: Array = np.moveaxis(cut, 0, 2) if len(cut) == 3 else cut[0]
        return np.ascontiguousarray(moved)


def carried_on(values: Array, margin: int, *, multiple: int, least: int) -> tuple[Array, Frame]:
    """(H, W) or (H, W, 3) to planes (C, H', W'): mirrored for `margin` pixels or more on every
    side, until sides are multiples of `multiple` and not less than `least`; what was added fades
    along a cosine to the plane's mean, so that opposite borders meet."""
    height, width = values.shape[:2]
    planes = values[None] if values.ndim == 2 else np.moveaxis(values, 2, 0)
    if margin == 0 and all(n % multiple == 0 and n >= least for n in (height, width)):
        return np.array(planes, np.float32), Frame(0, 0, height, width)
    widths = [_added(n, margin, multiple, least) for n in (height, width)]
    mirrored = np.pad(planes, [(0, 0), *widths], mode="reflect")
    weight = np.outer(_fading(height, widths[0]), _fading(width, widths[1]))
    mean = planes.mean(axis=(1, 2), keepdims=True)
    frame = Frame(widths[0][0], widths[1][0], height, width)
    return np.asarray(mean + weight * (mirrored - mean), np.float32), frame


def _added(side: int, margin: int, multiple: int, least: int) -> tuple[int, int]:
    whole = max(least, -(-(side + 2 * margin) // multiple) * multiple)
    before = (whole - side) // 2
    return before, whole - side - before


def _fading(side: int, widths: tuple[int, int]) -> Array:
    def ramp(count: int) -> Array:
        found: Array = 0.5 + 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(1, count))
        return found

    return np.concatenate([ramp(widths[0])[::-1], np.ones(side), ramp(widths[1])])
