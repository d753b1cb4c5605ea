"""The error of a denoiser, estimated without the truth, and the setting where it is least.

Stein's unbiased risk estimate with one random probe b (Ramani, Blu and Unser, Monte-Carlo SURE,
IEEE Trans. Image Processing 17, 2008), for white noise of standard deviation sigma on N values:

    SURE = |f(y) - y|^2 / N - sigma^2 + 2 sigma^2 / (eps N) b . (f(y + eps b) - f(y))
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.data.photograph import Photograph, Pixels
from engine.layers import Axis, Curves, Layer

SIDE = 256
"""Pixels a side of the part, in the middle, on which settings are compared."""
EVALUATIONS = 10
"""Settings compared: golden section narrows a range to 1.3 % of itself, in logarithms."""
GOLDEN = (5**0.5 - 1) / 2
LEAST = 1e-7
"""Mean squared error below which an estimate means nothing, and may be negative."""

ESTIMATED = "estimated"
"""Name of the line of estimates."""

Denoise: TypeAlias = Callable[[Pixels, float], Generator[None, None, Pixels]]
"""From noisy pixels and a setting to pixels, yielding between its steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Risk:
    """Settings (k,) in ascending order, the estimated mean squared error at each, the true one
    where there is a truth, and the setting of the least estimate."""

    settings: NDArray[np.float64]
    estimated: NDArray[np.float64]
    true: NDArray[np.float64] | None
    best: float


def sure(
    denoise: Denoise, noisy: Pixels, setting: float, sigma: float, probe: Pixels
) -> Generator[None, None, tuple[float, Pixels]]:
    """The estimate, and the denoised pixels."""
    # Small beside the noise, large beside the rounding of single precision.
    eps = np.float32(np.clip(sigma / 10, 1e-3, 1e-2))
    found = yield from denoise(noisy, setting)
    moved = yield from denoise(noisy + eps * probe, setting)
    slope = float(np.mean(probe * (moved - found), dtype=np.float64)) / float(eps)
    change = float(np.mean((found - noisy) ** 2, dtype=np.float64))
    return change - sigma**2 + 2 * sigma**2 * slope, found


def minimise(
    denoise: Denoise,
    photograph: Photograph,
    sigma: float,
    span: tuple[float, float],
    seed: int,
    evaluations: int = EVALUATIONS,
) -> Generator[None, None, Risk]:
    """Golden section over the logarithm of the setting, on the middle of the photograph."""
    noisy, truth = middle(photograph.values), photograph.truth
    clean = None if truth is None else middle(truth)
    probe = np.random.default_rng(seed).standard_normal(noisy.shape, np.float32)
    seen: dict[float, tuple[float, float]] = {}

    def at(place: float) -> Generator[None, None, float]:
        setting = float(np.exp(place))
        risk, found = yield from sure(denoise, noisy, setting, sigma, probe)
        error = np.nan if clean is None else float(np.mean((found - clean) ** 2, dtype=np.float64))
        seen[setting] = (risk, error)
        return risk

    low, high = np.log(span)
    a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    below, above = (yield from at(a)), (yield from at(b))
    for _ in range(evaluations - 2):
        if below <= above:
            high, b, above = b, a, below
            a = high - GOLDEN * (high - low)
            below = yield from at(a)
        else:
            low, a, below = a, b, above
            b = low + GOLDEN * (high - low)
            above = yield from at(b)
    settings = np.array(sorted(seen))
    both = np.array([seen[s] for s in settings])
    best = float(settings[np.argmin(both[:, 0])])
    return Risk(settings, both[:, 0], None if clean is None else both[:, 1], best)


def middle(picture: Pixels) -> Pixels:
    """At most `SIDE` by `SIDE` pixels of it."""
    tops = [max(0, (side - SIDE) // 2) for side in picture.shape[:2]]
    return picture[tops[0] : tops[0] + SIDE, tops[1] : tops[1] + SIDE]


def is_whole(picture: Pixels) -> bool:
    """Whether its middle is all of it."""
    return bool(max(picture.shape[:2]) <= SIDE)


def curve(risk: Risk, name: str, label: str, now: float, of: str = "the middle") -> Curves:
    """The risk as a PSNR over the parameter `name`, which a hand may set there."""
    lines: dict[str, Any] = {ESTIMATED: risk.estimated}
    if risk.true is not None:
        lines["true"] = risk.true
    return Curves(
        name="SURE", role="diagnostic", x=risk.settings,
        lines={k: -10 * np.log10(np.maximum(v, LEAST)) for k, v in lines.items()},
        axes=(Axis(label, log=True), Axis(f"PSNR of {of}", "dB")),
        marks={label: now}, steers=name,
    )  # fmt: skip


def without_estimates(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """Layers without lines of estimates, for noise that is not white: what is taken for sigma^2 is
    then the same wrong number at every setting. The least may still be near the best; how small it
    is means nothing."""
    found: list[Layer] = []
    for layer in layers:
        if isinstance(layer, Curves) and ESTIMATED in layer.lines:
            lines = {name: line for name, line in layer.lines.items() if name != ESTIMATED}
            if lines:
                found.append(replace(layer, name="true error", lines=lines))
        else:
            found.append(layer)
    return tuple(found)
