"""A restored photograph as layers and numbers, also of large pictures and of previews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Axis, Curves, Layer, Picture, Role
from engine.numerics.cells import square
from engine.restoration import noise, picture_layers, sliders
from engine.restoration.model import Model
from engine.restoration.noise import Noise
from engine.restoration.quality import psnr
from engine.restoration.restorer import Preview
from engine.restoration.tiles import Pyramid
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
ROWS = 512
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
    """

    noise: Noise
    strength: float
    errors: ByStrength | None = None

    @property
    def jpeg(self) -> int:
        """The quality to undo, within what the slider reaches; `NO_JPEG` for none."""
        saved = self.noise.saved
        return NO_JPEG if saved is None else max(sliders.WORST, saved.quality)

    def chosen(self, made: Model) -> dict[str, float]:
        """What stands for sliders that are left open."""
        found = {"strength": self.strength}
        return found | {"jpeg": float(self.jpeg)} if "jpeg" in made.sliders else found


def pictures(
    photograph: Photograph,
    pyramids: tuple[Pyramid, Pyramid | None],
    restored: Pixels | Preview,
    gain: float,
) -> tuple[Layer, ...]:
    """As `picture_layers.pictures`; of a preview, coarse with what is sharp inset."""
    found: list[Layer] = [
        _shown("restored", "prediction", restored, photograph),
        Picture(name="input", role="data", values=photograph.values),
    ]
    if photograph.truth is not None:
        found.append(Picture(name="truth", role="truth", values=photograph.truth))
        error = _difference(restored, photograph.truth, pyramids[1], gain)
        found.append(_shown("difference", "error", error, photograph))
    removed = _difference(restored, photograph.values, pyramids[0], -gain)
    found.append(_shown("removed", "diagnostic", removed, photograph))
    return tuple(found)


def painted(layers: tuple[Layer, ...], by_place: tuple[float, ...]) -> tuple[Layer, ...]:
    """The restored picture as one that the strength can be painted onto."""
    first, *rest = layers
    assert isinstance(first, Picture)
    paints = {"strength_map": square(by_place, PAINTED)}
    return (replace(first, paints=paints), *rest)


def _shown(name: str, role: Role, shown: Pixels | Preview, photograph: Photograph) -> Picture:
    if not isinstance(shown, Preview):
        return Picture(name=name, role=role, values=shown)
    height, width = photograph.values.shape[:2]
    return Picture(
        name=name, role=role, values=shown.values, size=(height, width), inset=shown.inset,
        inset_at=shown.at,
    )  # fmt: skip


def _difference(
    restored: Pixels | Preview, other: Pixels, coarser: Pyramid | None, gain: float
) -> Pixels | Preview:
    """gain (restored - other) about mid-grey."""
    if not isinstance(restored, Preview):
        return about_grey(restored, other, gain)
    assert coarser is not None
    level = 0
    while coarser[level].shape != restored.values.shape:
        level += 1
    values = about_grey(restored.values, coarser[level], gain)
    (top, left), (h, w) = restored.at, restored.inset.shape[:2]
    inset = about_grey(restored.inset, other[top : top + h, left : left + w], gain)
    return Preview(values, inset, restored.at, restored.said)


def about_grey(one: Pixels, other: Pixels, gain: float) -> Pixels:
    """gain (one - other) as a picture, mid-grey where they are equal; by rows, without copies."""
    found = np.empty(one.shape, np.float32)
    for top in range(0, len(one), ROWS):
        rows = slice(top, top + ROWS)
        part = np.subtract(one[rows], other[rows], out=found[rows])
        part *= np.float32(gain)
        part += np.float32(0.5)
        np.clip(part, 0, 1, out=part)
    return found


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
