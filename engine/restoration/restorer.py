"""One photograph under one network: what a move of a slider costs, and what it shows first.

The kernels are merged once per position; the picture is then restored tile by tile, each with the
margin that makes it agree with the whole. Positions are rounded to 1/256 of a slider's range, so
that a finished tile can be kept by its position, and what is kept is what would be computed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine.layers import Array
from engine.numerics.cells import between_middles
from engine.restoration import preview, tiles
from engine.restoration.boxes import Box, area, overlap, whole_of
from engine.restoration.model import Model
from engine.restoration.networks import MergedNetwork
from engine.restoration.preview import Preview
from engine.restoration.pyramid import Pyramid, enlarged
from engine.restoration.tiles import AT_ONCE, TileStore

STEPS = 256
"""Parts that a slider's range is divided into."""
SCALED = ("strength", "deblur")
"""Sliders whose meaning halves when the picture is halved."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the sliders of a model stand, in 256ths of their ranges and in its order.

    `opacity` is that of the result over the input, `map` (n * n,) factors on `strength` in a square
    grid over the picture, empty for the same everywhere.
    """

    levels: tuple[int, ...]
    opacity: int = STEPS
    map: tuple[float, ...] = ()


class Restorer:
    """See the module's docstring. Safe to be used from two threads."""

    def __init__(
        self, picture: Array, model: Model, dtype: torch.dtype = torch.float32,
        pyramid: Pyramid | None = None,
    ) -> None:  # fmt: skip
        self.picture, self.model = picture, model
        self.pyramid = pyramid or Pyramid(picture)
        self.tiles = tiles.grid(*picture.shape[:2])
        self.forwards = 0
        self._merged = MergedNetwork(model.network, dtype)
        self._at: tuple[int, ...] | None = None
        self._store = TileStore()
        self._lock = threading.Lock()

    @property
    def whole(self) -> Box:
        """The picture's own box."""
        return whole_of(self.picture.shape)

    def restored(self, position: Position) -> Array:
        """Every pixel, (H, W) or (H, W, 3) float32."""
        if len(self.tiles) == 1:
            return self.tile(self.whole, position)
        found = np.empty_like(self.picture, dtype=np.float32)
        for box in self.tiles:
            found[box[0] : box[2], box[1] : box[3]] = self.tile(box, position)
        return found

    def tile(self, box: Box, position: Position) -> Array:
        """One of `tiles`, from the store when it is there; read-only."""
        key = (box, position.levels, position.map)
        with self._lock:
            found = self._store.get(key)
        if found is None:
            found = self._computed(self.picture, box, position)
            found.flags.writeable = False
            with self._lock:
                self._store.put(key, found)
        return self._blended(found, self.picture, box, position)

    def part(self, box: Box, position: Position) -> Array:
        """Any part of the whole in one go, for a preview."""
        found = self._computed(self.picture, box, position)
        return self._blended(found, self.picture, box, position)

    def other(self, picture: Array, position: Position) -> Array:
        """Another picture under the same network, in one go."""
        box = whole_of(picture.shape)
        return self._blended(self._computed(picture, box, position), picture, box, position)

    def coarse(self, level: int, box: Box, position: Position) -> Array:
        """A part of a coarser level, the sliders meaning there what they mean in the whole."""
        picture = self.pyramid[level]
        names = self.model.sliders
        scaled = tuple(
            round(v / 2**level) if name in SCALED else v
            for name, v in zip(names, position.levels, strict=True)
        )
        at = replace(position, levels=scaled)
        return self._blended(self._computed(picture, box, at), picture, box, at)

    def preview(self, position: Position, sight: Box) -> Preview:
        """What is in sight first: sharply where that is one go, else at a coarser level."""
        below = self.pyramid.level_for(self.whole, preview.WHOLE)
        base = self.coarse(below, whole_of(self.pyramid[below].shape), position)
        fine = self.pyramid.level_for(sight, AT_ONCE)
        if fine == 0:
            part = np.ascontiguousarray(self.part(sight, position))
            return Preview(base, part, sight[:2], preview.AROUND)
        level = max(fine, self.pyramid.level_for(self.whole, preview.LARGEST))
        if level >= below:
            return Preview(base, preview.nothing(self.picture), (0, 0), preview.at_level(below))
        picture = self.pyramid[level]
        shape = (picture.shape[0], picture.shape[1])
        values = enlarged(base, below - level, shape)
        top, left, bottom, right = (v // 2**level for v in sight)
        box = overlap((top, left, bottom, right), whole_of(picture.shape))
        if area(box):
            values[box[0] : box[2], box[1] : box[3]] = self.coarse(level, box, position)
        return Preview(values, preview.nothing(self.picture), (0, 0), preview.at_level(level))

    def refined(
        self, position: Position, sight: Callable[[], Box | None]
    ) -> Iterator[Preview | Array | None]:
        """Previews, None between tiles, and the whole in the end, equal to `restored`."""
        seen = sight() or self.whole
        shown = self.preview(position, seen)
        yield shown
        found = np.empty_like(self.picture, dtype=np.float32)
        ready = shown.inset.size > 0
        waiting = list(self.tiles)
        while waiting:
            seen = sight() or self.whole
            box = min(waiting, key=lambda b: (tiles.ring(b, seen), b))
            waiting.remove(box)
            found[box[0] : box[2], box[1] : box[3]] = self.tile(box, position)
            part = () if ready else _finished(tiles.ring(box, seen), waiting, seen)
            if part:
                ready = part == seen
                cut = np.array(found[part[0] : part[2], part[1] : part[3]])
                yield Preview(shown.values, cut, part[:2], preview.AROUND)
            yield None
        yield found

    def _computed(self, picture: Array, box: Box, position: Position) -> Array:
        """The network's own output on a part of a picture."""
        crop, inside = tiles.with_margin(picture, box, self.model.shape.halo)
        plane = self._plane(picture, box, inside, crop, position)
        x = torch.from_numpy(crop[None, None] if crop.ndim == 2 else crop[None])
        if crop.ndim == 3:
            x = x.permute(0, 3, 1, 2)
        with self._lock:
            if self._at != position.levels:
                omega = [v / STEPS for v in position.levels][: self._merged.sliders]
                self._merged.at(torch.tensor(omega, dtype=torch.float32))
                self._at = position.levels
            self.forwards += 1
            y = self._merged(x, plane)
        top, left, bottom, right = inside
        planes = y[0, :, top:bottom, left:right]
        found = planes[0] if crop.ndim == 2 else planes.permute(1, 2, 0)
        return np.array(found.numpy(), order="C")

    def _plane(
        self, picture: Array, box: Box, inside: Box, crop: Array, position: Position
    ) -> Tensor | None:
        """The strength in every place at half resolution, for networks that see it."""
        if not self.model.shape.planes:
            return None
        strength = position.levels[self.model.sliders.index("strength")] / STEPS
        h, w = crop.shape[0] // 2, crop.shape[1] // 2
        if not position.map:
            return torch.full((1, 1, h, w), strength)
        n = round(len(position.map) ** 0.5)
        grid = np.asarray(position.map, np.float32).reshape(n, n)
        starts = (box[0] - inside[0], box[1] - inside[1])
        rows, columns = (
            between_middles((2 * np.arange(count) + 1 + start) / side, n)
            for count, start, side in zip((h, w), starts, picture.shape, strict=False)
        )
        found = np.clip(strength * (rows @ grid @ columns.T), 0, 1).astype(np.float32)
        return torch.from_numpy(found)[None, None]

    def _blended(self, found: Array, picture: Array, box: Box, position: Position) -> Array:
        if position.opacity == STEPS:
            return found
        seen = picture[box[0] : box[2], box[1] : box[3]]
        blend: Array = seen + np.float32(position.opacity / STEPS) * (found - seen)
        return blend


def _finished(ring: int, waiting: Sequence[Box], sight: Box) -> Box | tuple[()]:
    """The part of what is in sight that is sharp when a ring of tiles about its middle is whole;
    none before that, nor where the part is larger than any screen, or all that there is."""
    ring = min(ring, tiles.OUTSIDE - 1)
    if not waiting or any(tiles.ring(box, sight) <= ring for box in waiting):
        return ()
    if area(sight) > 4 * preview.LARGEST:
        return ()
    return overlap(tiles.within(ring, sight), sight)
