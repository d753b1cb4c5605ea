"""The quality that a picture was last saved with as JPEG: from its file, or from its pixels.

A file says it in its table of quantisation steps, which libjpeg makes out of one table of the
standard (ITU-T T.81, Annex K) and a quality from 1 to 100. Pixels show it without a file: on the
grid of 8 x 8 blocks every coefficient of the cosine transform is still a multiple of its step, up
to the rounding of the pixels. The likelihood of a step is that of Fan and de Queiroz,
"Identification of bitmap compression history: JPEG detection and quantizer estimation", IEEE TIP
12 (2003); here all coefficients decide on one quality together, and they must beat the assumption
that the picture was never compressed, under which they lie anywhere between two multiples.

What was blurred, made noisy or resized after it was saved has lost these multiples: nothing is
found. Of two JPEGs after one another the last is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.restoration import jpeg_blocks
from engine.restoration.jpeg_blocks import EVIDENCE

LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""Steps of the standard for luminance (T.81, Table K.1), those of quality 50."""
SEEN = 512
"""Side of the part that is looked at."""
LEAST, MOST = 2, 97
"""Qualities that pixels can show: above, hardly a step is wider than what rounding blurs."""
AGREEING = 3
"""So many coefficients of a block at least must speak for a quality by themselves."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A JPEG quality, and what told it."""

    quality: int
    told_by: Literal["file", "pixels"]

    @property
    def sentence(self) -> str:
        """What a person reads."""
        if self.told_by == "file":
            return f"Saved as JPEG of quality {self.quality}, as its file says."
        return f"Once saved as JPEG of quality {self.quality}, as its pixels show."

    @property
    def changes_noise(self) -> bool:
        """Whether its steps are wide enough to."""
        return self.quality <= MOST

    def table(self, photograph: Photograph) -> Array:
        """Steps (8, 8) of luminance: those of the photograph's file, or of the quality."""
        told = photograph.quantisation
        return steps(self.quality) if told is None else told

    def to_array(self) -> Array:
        """As two numbers."""
        return np.array([self.quality, self.told_by == "file"])

    @classmethod
    def from_array(cls, held: Array) -> Saved:
        """Inverse of `to_array`."""
        quality, by_file = np.asarray(held).tolist()
        return cls(int(quality), "file" if by_file else "pixels")


def saved(photograph: Photograph) -> Saved | None:
    """How a photograph was saved; None where neither its file nor its pixels tell of a JPEG."""
    if photograph.quantisation is not None:
        return Saved(nearest(photograph.quantisation), "file")
    quality = shown_by(photograph.values)
    return None if quality is None else Saved(quality, "pixels")


def steps(quality: int) -> Array:
    """The table (8, 8) int of luminance that libjpeg writes for a quality from 1 to 100."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    found: Array = np.clip((LUMINANCE * percent + 50) // 100, 1, 255)
    return found


def nearest(table: Array) -> int:
    """The quality from 1 to 100 whose steps come closest to a table (8, 8): mean distance of their
    logarithms, so that tables that cameras make of their own have an answer too."""
    away = [float(np.mean(np.abs(np.log(table / steps(q))))) for q in range(1, 101)]
    return int(np.argmin(away)) + 1


def shown_by(values: Array) -> int | None:
    """The quality that pixels (H, W) or (H, W, 3), white at 1, show; None where they show none."""
    part = jpeg_blocks.middle(values, SEEN)
    if min(part.shape[:2]) < 16:
        return None
    luminance, clipped = jpeg_blocks.luminance(part), jpeg_blocks.cut_off(part)
    # The grid begins with the picture, as nearly always, or where the most coefficients vanish:
    # a picture may have been turned or cut since.
    for start in ((0, 0), None):
        at = jpeg_blocks.emptiest(luminance) if start is None else start
        found = None if start is None and at == (0, 0) else _likeliest(luminance, clipped, at)
        if found is not None:
            return found
    return None


def _likeliest(luminance: Array, clipped: Array, at: tuple[int, int]) -> int | None:
    blocks = jpeg_blocks.blocks(luminance, at)
    # A block of one grey has a multiple of 8 for its mean whoever made it, and says it again and
    # again; one with black or white was cut off after it was decoded.
    kept = (np.ptp(blocks, axis=(1, 2)) > 0.5) & ~jpeg_blocks.blocks(clipped, at).any(axis=(1, 2))
    if not kept.any():
        return None
    ratios = _ratios(jpeg_blocks.coefficients(blocks[kept]))
    by_table: dict[tuple[int, bool], Array] = {}
    for quality in range(LEAST, MOST + 1):
        table = steps(quality)
        for on_its_side in (False, True):
            own = table.T if on_its_side else table
            by_table[quality, on_its_side] = ratios[own.ravel(), np.arange(64)]
    best = max(by_table, key=lambda key: float(by_table[key].sum()))
    parts = by_table[best]
    certain = float(parts.sum()) > EVIDENCE and np.count_nonzero(parts > 1) >= AGREEING
    return best[0] if certain else None


def _ratios(coefficients: Array) -> Array:
    """Logarithms (256, 64) of how much likelier each coefficient of a block is as a multiple of a
    step than as any number; of those that the step does not make zero."""
    order = np.argsort(-np.abs(coefficients), axis=None)
    values = coefficients.ravel()[order]
    places, sizes = order % 64, -np.abs(values)
    found = np.zeros((256, 64))
    for step in range(1, 256):
        count = int(np.searchsorted(sizes, -step / 2))
        likely = jpeg_blocks.likelihood_ratio(values[:count], float(step))
        found[step] = np.bincount(places[:count], np.log(likely), minlength=64)
    return found
