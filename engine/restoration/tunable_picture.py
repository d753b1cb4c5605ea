"""A restored photograph as layers and numbers, also of large pictures and of previews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Axis, Curves, Layer, Picture
from engine.numerics.cells import square
from engine.restoration import picture_layers, preview, sliders
from engine.restoration.jpeg_quality import Saved
from engine.restoration.model import Model
from engine.restoration.noise import estimated_sigma
from engine.restoration.preview import Preview, Pyramids
from engine.restoration.quality import psnr
from engine.restoration.strength_risk import Course
from engine.restoration.tunable_params import NO_JPEG

MIDDLE = 2048
"""Side of the part that shapes of large pictures' noise are read off."""
LISTENED = 1024
"""Side of the part that the noise is estimated on."""
LAGS = 16
PAINTED = 16
"""Cells along each side of the map that a hand paints."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What was found out about a photograph without its truth, and how a network does on it.

    sigma : noise as estimated from the picture
    strength : the strength (levels) of least estimated error
    saved : the JPEG that it came out of, if any
    course : estimated errors by strength, on the middle of the picture; `true` (k,) the true ones
    """

    sigma: float
    strength: float
    course: Course | None = None
    true: Array | None = None
    saved: Saved | None = None

    @property
    def jpeg(self) -> int:
        """The quality to undo, within what the slider reaches; `NO_JPEG` for none."""
        return NO_JPEG if self.saved is None else max(sliders.WORST, self.saved.quality)

    def chosen(self, made: Model) -> dict[str, float]:
        """What stands for sliders that are left open."""
        found = {"strength": self.strength}
        return found | {"jpeg": float(self.jpeg)} if "jpeg" in made.sliders else found


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


def estimated_noise(photograph: Photograph) -> float:
    """Standard deviation of a photograph's noise, from the middle of a large one."""
    return estimated_sigma(photograph.values[middle_of(photograph.values, LISTENED)])


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


def course(estimates: Estimates, strength: float) -> tuple[Curves, ...]:
    """Estimated closeness to the truth by strength, which a hand may set in it."""
    if estimates.course is None:
        return ()
    lines = {"estimated": _decibels(estimates.course.risks)}
    if estimates.true is not None:
        lines["true"] = _decibels(estimates.true)
    return (
        Curves(
            name="error by strength", role="diagnostic", x=estimates.course.positions * 50,
            lines=lines, axes=(Axis("strength", "levels"), Axis("PSNR", "dB")),
            marks={"here": strength, "least error": estimates.strength}, steers="strength",
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
    if not photograph.sigma and estimates.sigma > 0:
        found["removed over noise"] = float((seen.values - part).std() / estimates.sigma)
    found["estimated noise"] = 255 * estimates.sigma
    return {name: value for name, value in found.items() if np.isfinite(value)}
