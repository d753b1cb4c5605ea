"""Non-local means: every pixel becomes a mean of those whose surroundings look like its own.

Buades, Coll and Morel, A non-local algorithm for image denoising, CVPR 2005, in the fast form of
Darbon et al., Fast nonlocal filtering applied to electron cryomicroscopy, ISBI 2008, by
scikit-image; in tiles, whose borders do not show.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
from skimage.restoration import denoise_nl_means

from engine.data.photograph import Photograph, Pixels
from engine.params import LIVE, Bound, Doc, check
from engine.restoration import unbiased_risk
from engine.restoration.degradations import halved
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import beats, finish

SIZES = {"near": (5, 6), "wide": (7, 11)}
"""Side of a patch, and how far others are looked for, in pixels."""
STRENGTHS = (0.2, 2.0)
"""Between these the strength is looked for."""
PACE = {"near": (0.9, 0.2), "wide": (2.8, 0.5)}
"""Seconds for a million pixels, and more for each channel."""
TILE = (128, 512)
"""Pixels of a tile: what is computed between two looks at whether to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    strength: Annotated[
        float | None,
        Bound(0.01, 10.0, log=True, soft=(0.1, 3.0)),
        LIVE,
        Doc("How unlike patches may be that are averaged, over the noise. Auto: where the error, "
            "estimated without the truth, is least.", symbol="h/σ"),
    ] = None  # fmt: skip
    sigma: Sigma = None
    reach: Annotated[
        Literal["near", "wide"],
        LIVE,
        Doc("Patches of 5 pixels at most 6 away, or of 7 at most 11 away."),
    ] = "near"
    gain: Gain = 2.0

    def __post_init__(self) -> None:
        check(self)


class NonLocalMeans(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "averaging like patches"
    left_open: ClassVar[str] = "strength"

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """At the strength, stated or of least estimated error."""
        sigma = self.sigma(photograph, params)
        risk = yield from self.stages.get_by_steps(
            "risk",
            self.key(sigma, params.reach),
            lambda: unbiased_risk.minimise(
                partial(denoised, sigma=sigma, reach=params.reach),
                photograph, sigma, STRENGTHS, self.seed, evaluations=8,
            ),
        )  # fmt: skip
        strength = params.strength or risk.best
        found = yield from self.given(photograph, replace(params, strength=strength), sigma)
        return replace(
            found,
            chosen={"strength": strength, "sigma": sigma * LEVELS},
            layers=(unbiased_risk.curve(risk, "strength", "strength h/σ", strength),),
        )

    def given(self, photograph: Photograph, params: _Params, sigma: float) -> Restoring:
        """All tiles at full resolution."""
        assert params.strength is not None
        x = yield from denoised(photograph.values, params.strength, sigma=sigma, reach=params.reach)
        return Restored(values=x, sigma=sigma)

    def preview(self, photograph: Photograph, params: _Params) -> Restored | None:
        """From half the pixels a side, whose noise is half as strong."""
        strength, sigma = params.strength, self.sigma(photograph, params)
        if strength is None or min(photograph.values.shape[:2]) < 64:
            return None
        half = halved(photograph.values)
        x = finish(denoised(half, strength, sigma=sigma / 2, reach=params.reach))
        return Restored(
            values=_doubled(x, photograph.values.shape[:2]), sigma=sigma, coarse="half the pixels"
        )

    def reach(self, photograph: Photograph, params: _Params) -> int:
        return margin(params.reach)

    def pace(self, photograph: Photograph, params: _Params) -> float:
        alone, channel = PACE[params.reach]
        return alone + photograph.channels * channel

    def coarser(self, params: _Params, level: int) -> _Params:
        """The strength counts in noise, which is weaker by itself."""
        return params


def margin(reach: str) -> int:
    """Pixels on every side that a mean is taken from."""
    patch, far = SIZES[reach]
    return patch // 2 + far + 1


def _doubled(x: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Twice as large; a last odd row or column is repeated."""
    odd = [(0, n - 2 * m) for n, m in zip(shape, x.shape, strict=False)]
    large = x.repeat(2, axis=0).repeat(2, axis=1)
    return np.pad(large, odd + [(0, 0)] * (x.ndim - 2), mode="edge")


def denoised(
    noisy: Pixels, strength: float, *, sigma: float, reach: str
) -> Generator[None, None, Pixels]:
    """(H, W) or (H, W, 3) float32 for h = strength sigma; yields while it computes."""
    patch, far = SIZES[reach]
    found, around = np.empty_like(noisy, np.float32), margin(reach)
    if sigma <= 0:
        return np.asarray(noisy, np.float32)
    height, width = noisy.shape[:2]
    for top in range(0, height, TILE[0]):
        for left in range(0, width, TILE[1]):
            bottom, right = min(top + TILE[0], height), min(left + TILE[1], width)
            above, before = min(top, around), min(left, around)
            part = noisy[top - above : bottom + around, left - before : right + around]
            whole = yield from beats(partial(_means, part, patch, far, strength * sigma, sigma))
            found[top:bottom, left:right] = whole[
                above : above + bottom - top, before : before + right - left
            ]
    return found


def _means(part: Pixels, patch: int, far: int, h: float, sigma: float) -> Pixels:
    found = denoise_nl_means(
        np.asarray(part, np.float32), patch, far, h, fast_mode=True, sigma=sigma,
        channel_axis=-1 if part.ndim == 3 else None,
    )  # fmt: skip
    # Sides of one pixel are squeezed away.
    return np.asarray(found, np.float32).reshape(part.shape)
