"""What the shipped networks learn from: freely licensed photographs, and pictures made by formula.

The photographs are those of scikit-image's wheel that it states to be in the public domain or
CC0; `PHOTOGRAPHS` gives each one's licence. Those without a stated licence, and the two that
networks are judged by (astronaut, camera), are not among them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.layers import Array
from engine.restoration import procedural
from engine.restoration.degradations import halved


@dataclass(frozen=True, slots=True)
class Photograph:
    """A file of scikit-image's data folder; `share` is how often it is drawn, `halve` how often
    it is halved first, `grey` that it has no colours of its own."""

    file: str
    licence: str
    share: float
    halve: int = 0
    grey: bool = False


PHOTOGRAPHS: tuple[Photograph, ...] = (
    Photograph("coffee.png", "CC0", 1.0),
    Photograph("chelsea.png", "CC0", 1.0),
    Photograph("rocket.jpg", "public domain (SpaceX)", 0.7),
    Photograph("hubble_deep_field.jpg", "public domain (NASA)", 0.2),
    Photograph("retina.jpg", "CC0", 0.4, halve=1),
    Photograph("ihc.png", "no known copyright restrictions", 0.6),
    Photograph("brick.png", "CC0", 0.3, grey=True),
    Photograph("grass.png", "CC0", 0.3, grey=True),
    Photograph("gravel.png", "CC0", 0.3, grey=True),
    Photograph("coins.png", "no known copyright restrictions", 0.3, grey=True),
    Photograph("text.png", "public domain", 0.1, grey=True),
)
SCALES = (1.0, 0.84, 0.71, 0.59, 0.5)
SMALLEST = 128
"""Pixels that the shorter side of a picture has at least."""
MADE_SHARE = 0.5
"""Share of the patches that come from pictures made by formula."""
GRAINED_SHARE = 0.15
"""Share of the patches of strong fine texture, where such pictures are asked for."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def folder() -> Path | None:
    """Where scikit-image keeps its pictures, or None when it is not installed."""
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "data"


def read(path: Path) -> Array:
    """A picture as (H, W) or (H, W, 3) float32 in [0, 1]."""
    from PIL import Image

    with Image.open(path) as opened:
        kind = "L" if opened.mode in ("L", "1", "I;16") else "RGB"
        return np.asarray(opened.convert(kind), np.float32) / 255


class Pool:
    """Pictures at several scales, from which patches are drawn.

    Everything is made from one seed, so that the same pool can be made again. `missing` names the
    photographs that are not at hand; `pictures` are others to draw from in their place. With
    `grained`, so many pictures of strong fine texture are there beside them.
    """

    def __init__(
        self, channels: int, seed: int, *, made: int = 40, grained: int = 0,
        side: int = 256, pictures: Sequence[Array] | None = None,
    ) -> None:  # fmt: skip
        self.channels = channels
        self._pictures: list[Array] = []
        self.missing: list[str] = []
        shares: list[float] = []
        rng = np.random.default_rng([seed, 1])
        palettes = []
        for picture, share, colourful in (
            self._photographs() if pictures is None else ((p, 1.0, True) for p in pictures)
        ):
            if picture.ndim == 3 and colourful:
                pixels = picture.reshape(-1, 3)
                palettes.append(pixels[rng.integers(len(pixels), size=3000)])
            for scale in SCALES:
                if scale * min(picture.shape[:2]) < SMALLEST:
                    continue
                self._keep(_scaled(picture, scale))
                shares.append(share / len(SCALES))
        photographs = sum(shares)
        palette = np.concatenate(palettes) if palettes else rng.random((4000, 3))
        kinds = (procedural.dead_leaves,) * 8 + (procedural.lettering, procedural.gratings)
        for k in range(made):
            colours = palettes[k % len(palettes)] if palettes and k % 2 else palette
            self._keep(kinds[k % len(kinds)](side, colours.astype(np.float32), rng))
            shares.append(1.0)
        weights = np.array(shares)
        if photographs:
            weights[:-made] *= (1 - MADE_SHARE) / photographs
        weights[-made:] *= (MADE_SHARE if photographs else 1.0) / made
        weights /= weights.sum()
        rng = np.random.default_rng([seed, 3])
        for _ in range(grained):
            self._keep(procedural.grain(side, palette.astype(np.float32), rng))
        if grained:
            each = GRAINED_SHARE / grained
            weights = np.append((1 - GRAINED_SHARE) * weights, np.full(grained, each))
        self._reach = np.cumsum(weights)

    def _photographs(self) -> Iterator[tuple[Array, float, bool]]:
        """The known photographs with their shares, and whether their colours are many."""
        where = folder()
        for photograph in PHOTOGRAPHS:
            path = None if where is None else where / photograph.file
            if path is None or not path.exists():
                self.missing.append(photograph.file)
                continue
            picture = read(path)
            for _ in range(photograph.halve):
                picture = halved(picture)
            yield picture, photograph.share, "hubble" not in photograph.file

    def _keep(self, picture: Array) -> None:
        if self.channels == 3 and picture.ndim == 2:
            picture = np.repeat(picture[..., None], 3, axis=2)
        self._pictures.append(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8))

    def patches(
        self, count: int, side: int, rng: np.random.Generator, exposure: float = 1.0
    ) -> Array:
        """Clean patches (count, C, side, side), float32: turned, mirrored, brighter or darker (as
        far as `exposure` says), with channels exchanged (colour) or mixed at random (grey)."""
        batch = np.empty((count, self.channels, side, side), np.float32)
        for k in range(count):
            which = min(int(np.searchsorted(self._reach, rng.random())), len(self._pictures) - 1)
            picture = self._pictures[which]
            top = rng.integers(picture.shape[0] - side + 1)
            left = rng.integers(picture.shape[1] - side + 1)
            patch = picture[top : top + side, left : left + side]
            patch = np.rot90(patch, int(rng.integers(4)))
            if rng.random() < 0.5:
                patch = patch[:, ::-1]
            batch[k] = self._coloured(patch.astype(np.float32) / 255, rng)
        gain = rng.uniform(0.7, 1.2, (count, 1, 1, 1)).astype(np.float32)
        power = rng.uniform(0.8, 1.25, (count, 1, 1, 1)).astype(np.float32)
        if exposure != 1.0:
            gain, power = gain ** np.float32(exposure), power ** np.float32(exposure)
        changed: Array = np.minimum(gain * np.power(batch, power), 1.0)
        return changed

    def _coloured(self, patch: Array, rng: np.random.Generator) -> Array:
        """(side, side[, 3]) to (C, side, side)."""
        if self.channels == 3:
            moved: Array = np.moveaxis(patch, 2, 0)[rng.permutation(3)]
            return moved
        if patch.ndim == 2:
            return patch[None]
        mix = LUMA if rng.random() < 0.5 else rng.dirichlet(np.ones(3)).astype(np.float32)
        return np.asarray(patch @ mix)[None]


def _scaled(picture: Array, scale: float) -> Array:
    """Area-averaged to a smaller size."""
    from PIL import Image

    if scale == 1.0:
        return picture
    h, w = (round(side * scale) for side in picture.shape[:2])
    planes = picture[..., None] if picture.ndim == 2 else picture
    small = [
        np.asarray(Image.fromarray(planes[..., k]).resize((w, h), Image.Resampling.BOX))
        for k in range(planes.shape[2])
    ]
    stacked = np.stack(small, axis=-1)
    return stacked[..., 0] if picture.ndim == 2 else stacked


def licences() -> Mapping[str, str]:
    """File of each photograph to its licence."""
    return {p.file: p.licence for p in PHOTOGRAPHS}
