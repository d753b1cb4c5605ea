"""A restored photograph as layers and numbers, also of large pictures and of previews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Axis, Curves, Layer, Picture
from engine.numerics.cells import square
from engine.restoration import blurs, noise, picture_layers, preview, sliders
from engine.restoration.model import Model
from engine.restoration.noise import Noise
from engine.restoration.preview import Preview, Pyramids
from engine.restoration.quality import psnr
from engine.restoration.tunable_params import MOST_NOISE, NO_JPEG

MIDDLE = 2048
"""Side of the part that shapes of large pictures' noise are read off."""
LISTENED = 1024
"""Side of the part that the noise is estimated on."""
PROBED = 256
"""Side of the part that errors are told of, by strength."""
SMALLER = "PSNR of the middle"
"""As opposed to the number, which is of the whole."""
LAGS = 16
PAINTED = 16
"""Cells along each side of the map that a hand paints."""


@dataclass(frozen=True, slots=True, eq=False)
class ByStrength:
    """Mean squared errors (k,) in the middle of a picture, at strengths (k,) in [0, 1] of their
    range: as estimated without the truth, where that can be done, and as they are, where the truth
    is known."""

    positions: Array
    estimated: Array | None = None
    true: Array | None = None

    def to_arrays(self) -> dict[str, Array]:
        """`course` (1 or 2, k), positions and estimated errors, and `true` (k,)."""
        rows = [self.positions] if self.estimated is None else [self.positions, self.estimated]
        found = {"course": np.stack(rows)}
        return found if self.true is None else found | {"true": self.true}

    @classmethod
    def from_arrays(cls, state: Mapping[str, Array]) -> Self | None:
        """Inverse of `to_arrays`; None without any."""
        if "course" not in state:
            return None
        positions, *estimated = np.asarray(state["course"])
        return cls(positions, estimated[0] if estimated else None, state.get("true"))


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What was found out about a photograph, and how a network does on it.

    noise : as it is heard in the picture, and the JPEG that it came out of, if any
    strength : the strength (levels) of least estimated error; after a JPEG, the noise
    errors : those by strength, where there are any to tell
    blur : width (px) of that which was put in, within what the slider reaches
    """

    noise: Noise
    strength: float
    errors: ByStrength | None = None
    blur: float = 0.0

    @property
    def jpeg(self) -> int:
        """The quality to undo, within what the slider reaches; `NO_JPEG` for none."""
        saved = self.noise.saved
        return NO_JPEG if saved is None else max(sliders.WORST, saved.quality)

    def chosen(self, made: Model) -> dict[str, float]:
        """What stands for sliders that are left open."""
        found = {"strength": self.strength, "jpeg": float(self.jpeg), "deblur": self.blur}
        return {name: value for name, value in found.items() if name in made.sliders}


def known_blur(photograph: Photograph) -> float:
    """Width in pixels of the blur that was put in, within what the slider reaches; 0 for none."""
    return min(sliders.WIDEST, blurs.width_of(photograph))


def pictures(
    photograph: Photograph, pyramids: Pyramids, restored: Pixels | Preview, gain: float
) -> tuple[Layer, ...]:
    """The restored picture first, whole or while it is computed; then what it is compared with."""
    if isinstance(restored, Preview):
        return preview.pictures(photograph, pyramids, restored, gain)
    return picture_layers.pictures(photograph, restored, gain)


def painted(layers: tuple[Layer, ...], by_place: tuple[float, ...]) -> tuple[Layer, ...]:
    """The restored picture as one that the strength can be painted onto."""
    first, *rest = layers
    assert isinstance(first, Picture)
    paints = {"strength_map": square(by_place, PAINTED)}
    return (replace(first, paints=paints), *rest)


def curves(photograph: Photograph, restored: Pixels) -> tuple[Curves, ...]:
    """Histograms; spectrum and likeness of what was removed, on the middle of large pictures."""
    seen = middle(photograph, restored, 512)
    return (
        picture_layers.histogram(photograph.values, restored),
        picture_layers.noise_spectrum(*seen),
        likeness(*seen),
    )


def middle(photograph: Photograph, restored: Pixels, side: int) -> tuple[Photograph, Pixels]:
    """At most side by side pixels in the middle of both."""
    cut = middle_of(photograph.values, side)
    truth = None if photograph.truth is None else photograph.truth[cut]
    part = replace(photograph, values=photograph.values[cut], truth=truth, alpha=None)
    return part, restored[cut]


def estimated_noise(photograph: Photograph) -> Noise:
    """A photograph's noise as it is heard in the middle of a large one."""
    return noise.heard(photograph, photograph.values[middle_of(photograph.values, LISTENED)])


def middle_of(picture: Array, side: int) -> tuple[slice, slice]:
    """The rows and columns of that part; they begin at multiples of 4."""
    starts = [max(0, (n - side) // 2 // 4 * 4) for n in picture.shape[:2]]
    return slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)


def likeness(photograph: Photograph, restored: Pixels) -> Curves:
    """Correlation of what was removed with itself some pixels away: none for white noise."""
    removed = picture_layers.grey(photograph.values) - picture_layers.grey(restored)
    x = np.asarray(removed, np.float64) - removed.mean(dtype=np.float64)
    lags = np.arange(LAGS + 1)
    lines = {
        name: np.array([_correlation(along, int(k)) for k in lags])
        for name, along in (("along rows", x.T), ("along columns", x))
    }
    return Curves(
        name="likeness of removed pixels", role="diagnostic", x=lags.astype(np.float64),
        lines=lines, axes=(Axis("distance", "px"), Axis("correlation")),
    )  # fmt: skip


def _correlation(x: Array, lag: int) -> float:
    """Of rows (n, m) with those `lag` later; 0 where there are none or nothing varies."""
    variance = float(np.mean(x**2))
    if lag >= len(x) or variance < 1e-14:
        return 1.0 if lag == 0 else 0.0
    return float(np.mean(x[lag:] * x[: len(x) - lag])) / variance


def course(photograph: Photograph, estimates: Estimates, strength: float) -> tuple[Curves, ...]:
    """Closeness to the truth by strength, which a hand may set in it."""
    errors = estimates.errors
    if errors is None:
        return ()
    both = {"estimated": errors.estimated, "true": errors.true}
    chosen = "noise" if errors.estimated is None else "least error"
    whole = max(photograph.values.shape[:2]) <= PROBED
    return (
        Curves(
            name="error by strength", role="diagnostic", x=errors.positions * MOST_NOISE,
            lines={name: _decibels(line) for name, line in both.items() if line is not None},
            axes=(Axis("strength", "levels"), Axis("PSNR" if whole else SMALLER, "dB")),
            marks={"here": strength, chosen: estimates.strength}, steers="strength",
        ),
    )  # fmt: skip


def _decibels(errors: Array) -> Array:
    """An estimate may be negative: of pictures without noise it is all but zero."""
    found: Array = -10 * np.log10(np.maximum(errors, 1e-6))
    return found


def metrics(photograph: Photograph, restored: Pixels, estimates: Estimates) -> Mapping[str, float]:
    """The family's numbers; where the noise is not known, over the estimated one."""
    seen, part = photograph, restored
    if photograph.values.size > 3 * MIDDLE**2:
        seen, part = middle(photograph, restored, MIDDLE)
    found = picture_layers.metrics(seen, part)
    if seen is not photograph and photograph.truth is not None:
        found["PSNR"] = psnr(restored, photograph.truth)
        found["PSNR of the input"] = psnr(photograph.values, photograph.truth)
    sigma = estimates.noise.sigma
    if not photograph.sigma and sigma > 0:
        found["removed over noise"] = float((seen.values - part).std() / sigma)
    found["estimated noise"] = 255 * sigma
    return {name: value for name, value in found.items() if np.isfinite(value)}
