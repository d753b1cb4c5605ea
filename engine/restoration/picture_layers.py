"""A restored photograph as layers: the result, what it was made from, what was taken away."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from scipy import fft

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Axis, Curves, Layer, Picture
from engine.params import LIVE, Bound, Doc
from engine.restoration.quality import psnr, ssim

BINS = 128
ROWS = 512
"""Rows that are worked on at once: large pictures are not held twice."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)
Gain = Annotated[
    float,
    Bound(1.0, 20.0),
    LIVE,
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


def histogram(before: Pixels, after: Pixels) -> Curves:
    """Shares of pixels by lightness."""
    edges = np.linspace(0, 1, BINS + 1)
    lines = {
        name: np.histogram(np.clip(grey(p), 0, 1), edges)[0] / grey(p).size
        for name, p in (("input", before), ("restored", after))
    }
    return Curves(
        name="histogram", role="diagnostic", x=(edges[1:] + edges[:-1]) / 2, lines=lines,
        axes=(Axis("lightness"), Axis("share of pixels")),
    )  # fmt: skip


def noise_spectrum(photograph: Photograph, restored: Pixels, sigma: float | None = None) -> Curves:
    """Power of what was removed by spatial frequency, in levels of 255; white noise is level."""
    x, power = radial_power(grey(photograph.values) - grey(restored))
    lines = {"removed": np.sqrt(power) * 255}
    if photograph.truth is not None and photograph.kernel is None:
        lines["true noise"] = 255 * np.sqrt(
            radial_power(grey(photograph.values) - grey(photograph.truth))[1]
        )
    if sigma is not None:
        # White in every channel: their weighted mean has so much of it.
        share = 1.0 if photograph.channels == 1 else float(np.sqrt(np.sum(GREY**2)))
        lines["white noise"] = np.full(len(x), 255 * sigma * share)
    return Curves(
        name="noise spectrum", role="diagnostic", x=x, lines=lines,
        axes=(Axis("frequency", "cycles/px"), Axis("amplitude", "levels")),
    )  # fmt: skip


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
    removed = grey(photograph.values) - grey(seen)
    found["removed"] = float(removed.std() * 255)
    if sigma:
        found["removed over noise"] = float((photograph.values - seen).std() / sigma)
    if (alike := neighbour_correlation(removed)) is not None:
        found["likeness of neighbours"] = alike
    return found


def neighbour_correlation(removed: Array) -> float | None:
    """Correlation of neighbouring pixels; None where there are none or nothing varies."""
    x = np.asarray(removed, np.float64) - removed.mean(dtype=np.float64)
    variance = float(np.mean(x**2))
    pairs = [x[1:] * x[:-1], x[:, 1:] * x[:, :-1]]
    found = [float(p.mean()) for p in pairs if p.size]
    return float(np.mean(found)) / variance if found and variance > 1e-14 else None
