"""Wavelet shrinkage: small coefficients are taken for noise.

BayesShrink of Chang, Yu and Vetterli (2000), averaged over shifts of the grid
(`wavelet_shrinkage`); `strength` multiplies the noise that the thresholds reckon with.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.method import Note
from engine.params import LIVE, Bound, Doc, check
from engine.restoration import planes, unbiased_risk
from engine.restoration.chambolle import bands
from engine.restoration.colours import Channels, mixed, opponent
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.restoration.wavelet_shrinkage import Placed, depth, placed, shrunk

STRENGTHS = (0.2, 3.0)
"""Between these the strength is looked for."""
PACE = 0.055
"""Seconds for a million values at one place of the grid."""
REACH = 64
"""Pixels from which on nothing comes but how strong whole bands are: some levels of 255."""
GRID = 128
"""Pixels of the coarsest wavelets of a part that is not itself immense."""
KEPT = 30_000_000
"""Coefficients that are kept; of larger pictures they are computed again at every move."""
TOO_SMALL = Note("The picture is too small for wavelets and stays as it is.")
NAMES = {"Haar": "db1", "Daubechies 2": "db2", "Symlet 4": "sym4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    strength: Annotated[
        float | None,
        Bound(0.0, 10.0, soft=(0.0, 3.0)),
        LIVE,
        Doc("Noise that thresholds reckon with, over the noise there is. Auto: where the error, "
            "estimated without the truth, is least."),
    ] = None  # fmt: skip
    sigma: Sigma = None
    channels: Channels = "together"
    wavelet: Annotated[
        Literal["Haar", "Daubechies 2", "Symlet 4"], LIVE, Doc("Shape of the wavelets.")
    ] = "Daubechies 2"
    shrink: Annotated[
        Literal["soft", "hard"],
        LIVE,
        Doc("Whether what stays is made smaller by the threshold too.", label="thresholding"),
    ] = "soft"
    shifts: Annotated[
        int,
        Bound(1, 4),
        LIVE,
        Doc("Places of the grid along each side, over which the result is averaged."),
    ] = 2
    gain: Gain = 2.0

    def __post_init__(self) -> None:
        check(self)


class WaveletShrinkage(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "shrinking wavelets"
    left_open: ClassVar[str] = "strength"

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """At the strength, stated or of least estimated error."""
        sigma = self.sigma(photograph, params)
        risk = yield from self.stages.get_by_steps(
            "risk",
            self.key(sigma, params.channels, params.wavelet, params.shrink, params.shifts),
            lambda: unbiased_risk.minimise(
                partial(denoised, sigma=sigma, params=params),
                photograph, sigma, STRENGTHS, self.seed,
            ),
        )  # fmt: skip
        strength = risk.best if params.strength is None else params.strength
        found = yield from self.given(photograph, replace(params, strength=strength), sigma)
        return replace(
            found,
            chosen={"strength": strength, "sigma": sigma * LEVELS},
            layers=(unbiased_risk.curve(risk, "strength", "strength", strength),),
        )

    def given(self, photograph: Photograph, params: _Params, sigma: float) -> Restoring:
        """From kept coefficients, one inverse transform for every place of the grid."""
        assert params.strength is not None
        values, name, shifts = photograph.values, NAMES[params.wavelet], params.shifts
        shape = (photograph.channels, *values.shape[:2])

        def transforms() -> Iterator[Placed]:
            return placed(turned(values, params.channels), name, shifts)

        kept: Iterable[Placed]
        if values.size * shifts**2 <= KEPT:
            kept = yield from self.stages.get_with_beats(
                "coefficients", self.key(params.channels, name, shifts), lambda: tuple(transforms())
            )
        else:
            kept = transforms()
        x = yield from shrunk(kept, shape, name, params.strength * sigma, params.shrink)
        return Restored(
            values=turned_back(x, params.channels, photograph.values),
            sigma=sigma,
            notes=() if depth(photograph.values.shape[:2], name) else (TOO_SMALL,),
        )

    def reach(self, photograph: Photograph, params: _Params) -> int:
        return REACH

    def grid(self, photograph: Photograph) -> int:
        """That the wavelets of a part are some of the whole's."""
        return GRID

    def pace(self, photograph: Photograph, params: _Params) -> float:
        return PACE * photograph.channels * params.shifts**2

    def coarser(self, params: _Params, level: int) -> _Params:
        """The strength counts in noise, which is weaker by itself."""
        return params


def denoised(
    noisy: Pixels, strength: float, *, sigma: float, params: _Params
) -> Generator[None, None, Pixels]:
    """(H, W) or (H, W, 3) float32, nothing kept."""
    y, name = turned(noisy, params.channels), NAMES[params.wavelet]
    kept = placed(y, name, params.shifts)
    x = yield from shrunk(kept, y.shape, name, strength * sigma, params.shrink)
    return turned_back(x, params.channels, noisy)


def turned(values: Pixels, channels: str) -> np.ndarray:
    """Planes (C, H, W) float64 in which thresholds are taken."""
    count = 1 if values.ndim == 2 else values.shape[2]
    y = np.empty((count, *values.shape[:2]))
    for rows in bands(y.shape):
        band = planes.split(values[rows], np.float64)
        y[:, rows] = opponent(band) if channels == "together" else band
    return y


def turned_back(x: np.ndarray, channels: str, like: Pixels) -> Pixels:
    """Inverse of `turned`, of the shape of `like`."""
    found = np.empty(like.shape, np.float32)
    for rows in bands(x.shape):
        band = mixed(x[:, rows]) if channels == "together" else x[:, rows]
        found[rows] = planes.joined(band, like[rows])
    return found
