"""A restored photograph as layers: the result, what it was made from, what was taken away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import numpy as np
from scipy import fft

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Axis, Curves, Layer, Picture
from engine.params import LIVE, Bound, Display, Doc
from engine.restoration.quality import psnr, ssim

BINS = 128
DOMINATES = 2
ROWS = 512
"""Rows that are worked on at once: large pictures are not held twice."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)
Gain = Annotated[
    float,
    Bound(1.0, 20.0),
    LIVE,
    Display(),
    Doc("Contrast of the picture of what was removed, and of the difference to the truth."),
]


def pictures(
    photograph: Photograph, restored: Pixels, gain: float, seen: Pixels | None = None
) -> tuple[Layer, ...]:
    """The restored picture first; differences about mid-grey, times `gain`.

    `seen` is what the photograph would be of the restored picture if there were no noise, where
    that is not the restored picture itself: what was removed is told from it, here and below.
    """
    found: list[Layer] = [
        Picture(name="restored", role="prediction", values=restored),
        Picture(name="input", role="data", values=photograph.values),
    ]
    if photograph.truth is not None:
        error = difference(restored, photograph.truth, gain)
        found.append(Picture(name="truth", role="truth", values=photograph.truth))
        found.append(Picture(name="difference", role="error", values=error))
    removed = difference(photograph.values, restored if seen is None else seen, gain)
    found.append(Picture(name="removed", role="diagnostic", values=removed))
    return tuple(found)


def difference(one: Pixels, other: Pixels, gain: float) -> Pixels:
    """gain (one - other) as a picture, mid-grey where they are equal; by rows, without copies."""
    found = np.empty(one.shape, np.float32)
    for top in range(0, len(one), ROWS):
        rows = slice(top, top + ROWS)
        part = np.subtract(one[rows], other[rows], out=found[rows])
        part *= np.float32(gain)
        part += np.float32(0.5)
        np.clip(part, 0, 1, out=part)
    return found


def about_grey(difference: Pixels, gain: float) -> Pixels:
    """A signed difference as a picture: mid-grey where there is none."""
    return np.asarray(np.clip(0.5 + np.float32(gain) * difference, 0, 1), np.float32)


def curves(
    photograph: Photograph,
    restored: Pixels,
    seen: Pixels | None = None,
    sigma: float | None = None,
) -> tuple[Curves, ...]:
    """Histograms of lightness before and after, and the spectrum of what was removed, with that of
    white noise of standard deviation `sigma` where it is given."""
    spectrum = noise_spectrum(photograph, restored if seen is None else seen, sigma)
    return (histogram(photograph.values, restored), spectrum)


def _ceiling(lines: Collection[Array]) -> float | None:
    """A tenth above all bins but the two at the ends, where one of these dominates the others."""
    between = max(float(line[1:-1].max()) for line in lines)
    ends = max(float(max(line[0], line[-1])) for line in lines)
    return 1.1 * between if ends > DOMINATES * between > 0 else None


def histogram(before: Pixels, after: Pixels) -> Curves:
    """Shares of pixels by lightness. Black and white that were cut off in the camera can hold more
    than all between: the picture then ends above what is between."""
    edges = np.linspace(0, 1, BINS + 1)
    lines = {
        name: np.histogram(np.clip(grey(p), 0, 1), edges)[0] / grey(p).size
        for name, p in (("input", before), ("restored", after))
    }
    return Curves(
        name="histogram", role="diagnostic", x=(edges[1:] + edges[:-1]) / 2, lines=lines,
        axes=(Axis("lightness"), Axis("share of pixels")), ceiling=_ceiling(lines.values()),
    )  # fmt: skip


def noise_spectrum(photograph: Photograph, restored: Pixels, sigma: float | None = None) -> Curves:
    """Power of what was removed by spatial frequency, the mean over channels, as its root in levels
    of 255; white noise of so many levels in every channel is level at them."""
    x, removed = _amplitudes(photograph.values, restored)
    lines = {"removed": removed}
    if photograph.truth is not None and not photograph.blurred:
        lines["true noise"] = _amplitudes(photograph.values, photograph.truth)[1]
    if sigma is not None:
        lines["white noise"] = np.full(len(x), 255 * sigma)
    label = "amplitude" if photograph.channels == 1 else "per channel"
    return Curves(
        name="noise spectrum", role="diagnostic", x=x, lines=lines,
        axes=(Axis("frequency", "cycles/px"), Axis(label, "levels")),
    )  # fmt: skip


def _amplitudes(one: Pixels, other: Pixels) -> tuple[Array, Array]:
    """Frequencies (k,) and root of the power of a difference, the mean over channels, in levels."""
    if one.ndim == 2:
        x, power = radial_power(one - other)
    else:
        found = [radial_power(one[..., k] - other[..., k]) for k in range(one.shape[2])]
        x, power = found[0][0], np.mean([p for _, p in found], axis=0)
    return x, 255 * np.sqrt(power)


def radial_power(picture: Array, most: int = 512) -> tuple[Array, Array]:
    """Frequencies (k,) and mean power (k,) on rings, such that white noise of variance v has
    power v everywhere; of at most `most` pixels a side, in the middle."""
    h, w = (min(side, most) for side in picture.shape)
    top, left = (picture.shape[0] - h) // 2, (picture.shape[1] - w) // 2
    part = np.asarray(picture[top : top + h, left : left + w], np.float64)
    power = np.abs(fft.rfft2(part - part.mean())) ** 2 / part.size
    radius = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None])
    count = max(1, min(64, min(h, w) // 2))
    ring = np.minimum((radius / 0.5 * count).astype(np.int64), count).ravel()
    # Of a real picture's transform the half is enough; its inner columns stand for two.
    twice = np.full(power.shape, 2.0)
    twice[:, 0] = 1.0
    if w % 2 == 0:
        twice[:, -1] = 1.0
    size = np.bincount(ring, twice.ravel(), minlength=count + 1)[:count]
    total = np.bincount(ring, (twice * power).ravel(), minlength=count + 1)[:count]
    mean: Array = total / np.maximum(size, 1)
    return (np.arange(count) + 0.5) * 0.5 / count, mean


def grey(picture: Pixels) -> Pixels:
    """Lightness (H, W)."""
    return picture if picture.ndim == 2 else np.asarray(picture @ GREY, np.float32)


def metrics(
    photograph: Photograph,
    restored: Pixels,
    seen: Pixels | None = None,
    sigma: float | None = None,
) -> dict[str, float]:
    """PSNR and SSIM where the truth is known, and how noise-like the removed part is; `sigma` is
    the noise that was reckoned with, where it is not that of the photograph."""
    found: dict[str, float] = {}
    truth = photograph.truth
    if truth is not None and not np.array_equal(truth, restored):
        found["PSNR"] = psnr(restored, truth)
        found["PSNR of the input"] = psnr(photograph.values, truth)
        if min(truth.shape[:2]) > 10:
            found["SSIM"] = ssim(restored, truth)
    seen, sigma = restored if seen is None else seen, photograph.sigma if sigma is None else sigma
    # Over all channels, as noise is quoted: lightness, their mean, has less of what is in each.
    removed = float((photograph.values - seen).std())
    found["removed"] = 255 * removed
    if sigma:
        found["removed over noise"] = removed / sigma
    if (alike := neighbour_correlation(grey(photograph.values) - grey(seen))) is not None:
        found["likeness of neighbours"] = alike
    return found


def neighbour_correlation(removed: Array) -> float | None:
    """Correlation of neighbouring pixels; None where there are none or nothing varies."""
    x = np.asarray(removed, np.float64) - removed.mean(dtype=np.float64)
    variance = float(np.mean(x**2))
    pairs = [x[1:] * x[:-1], x[:, 1:] * x[:, :-1]]
    found = [float(p.mean()) for p in pairs if p.size]
    return float(np.mean(found)) / variance if found and variance > 1e-14 else None
