"""Wiener deconvolution: the linear filter that divides by the blur where noise lets it.

    X = conj(K) Y / (|K|^2 + b P),     P = |L|^2 of the 5-point Laplacian, or 1

Hunt, The application of constrained least squares estimation to image restoration by digital
computer, IEEE Trans. Computers 22 (1973). The spectra are kept: a move of b costs inverse
transforms. Left open, b makes the error of the blurred picture least, as Stein estimates it; for a
linear filter H = |K|^2 / (|K|^2 + b P) there is no need of a probe:

    |(1 - H) Y|^2 / N - sigma^2 + 2 sigma^2 mean(H)
"""

from __future__ import annotations

from collections.abc import Generator, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Axis, Curves
from engine.params import LIVE, Bound, Doc, check, with_values
from engine.restoration import blurs, unbiased_risk
from engine.restoration.blurs import Angle, Blur, Size
from engine.restoration.degradations import transfer
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.periodic import (
    Borders,
    Floats,
    Periodic,
    Spectrum,
    Torus,
    back,
    made_periodic,
    spectrum,
)
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import beats

LAPLACIAN = np.array([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
BALANCES = np.geomspace(1e-6, 10, 71)
"""Those among which the best is looked for: ten to a decade."""
PACE = 0.1
"""Seconds for a million values."""
REACH = 64
"""Pixels beyond the kernel from which on little comes at balances that are of use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    balance: Annotated[
        float | None,
        Bound(1e-12, 1e3, log=True, soft=(1e-5, 1.0)),
        LIVE,
        Doc("How much is believed of the prior against the picture. Auto: where the error of the "
            "blurred picture, estimated without the truth, is least.", symbol="b"),
    ] = None  # fmt: skip
    prior: Annotated[
        Literal["smooth", "white"],
        LIVE,
        Doc("Pictures with small second differences, or with as much at all frequencies."),
    ] = "smooth"
    sigma: Sigma = None
    blur: Blur = "known"
    size: Size = 2.0
    angle: Angle = 0.0
    borders: Borders = "mirrored"
    gain: Gain = 2.0

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """What a move of the balance does not change: conj(K) Y, |K|^2, |L|^2 and the mean of |Y|^2
    over channels, each value counted as often as the whole transform has it."""

    grid: Torus
    across: Spectrum
    power: Floats
    roughness: Floats
    seen: Floats
    count: Floats

    @classmethod
    def of(cls, frame: Periodic) -> Spectra:
        grid, (channels, height, width) = frame.grid, frame.values.shape
        across = np.empty((channels, height, width // 2 + 1), np.complex128)
        seen = np.zeros(across.shape[1:])
        for channel, plane in enumerate(frame.values):
            y = spectrum(plane)
            seen += y.real**2
            seen += y.imag**2
            np.multiply(np.conj(grid.blur), y, out=across[channel])
        seen /= channels
        count = np.full(across.shape[2], 2.0)
        count[0] = 1.0
        if width % 2 == 0:
            count[-1] = 1.0
        roughness = np.abs(transfer(LAPLACIAN, grid.shape)) ** 2
        return cls(grid, across, np.abs(grid.blur) ** 2, roughness, seen, count)

    def prior(self, name: str) -> Floats | float:
        """P."""
        return self.roughness if name == "smooth" else 1.0

    def pictures(
        self, balance: float, prior: str, like: Pixels
    ) -> Generator[None, None, tuple[Pixels, Pixels]]:
        """The restored picture and its blur, each of the shape of `like`; channel by channel."""
        restored, seen = np.empty(like.shape, np.float32), np.empty(like.shape, np.float32)
        planes = [p[..., None] if p.ndim == 2 else p for p in (restored, seen)]
        below = self.power + balance * self.prior(prior)

        def put(channel: int) -> None:
            found = self.across[channel] / below
            planes[0][..., channel] = self.grid.cut(back(found, self.grid.shape))
            found *= self.grid.blur
            planes[1][..., channel] = self.grid.cut(back(found, self.grid.shape))

        for channel in range(len(self.across)):
            yield from beats(partial(put, channel))
        return restored, seen

    def risk(self, balance: float, prior: str) -> tuple[float, float]:
        """Of the estimate in the module's docstring |(1 - H) Y|^2 / N and mean(H)."""
        passed = self.power / (self.power + balance * self.prior(prior))
        n = self.grid.shape[0] * self.grid.shape[1]
        freedom = float((self.count * passed).sum()) / n
        np.subtract(1, passed, out=passed)
        passed *= passed
        passed *= self.seen
        passed *= self.count
        return float(passed.sum()) / n**2, freedom


class Wiener(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "dividing by the blur"
    left_open: ClassVar[str] = "balance"
    with_noise: ClassVar[int] = 2

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """At the balance, stated or of least estimated error."""
        sigma = self.sigma(photograph, params)
        kept = yield from self._kept(photograph, params)
        found = yield from self.stages.get_by_steps(
            "risk", (self._where(params), params.prior), lambda: _risks(kept, params.prior)
        )
        risks = found[:, 0] - sigma**2 + 2 * sigma**2 * found[:, 1]
        balance = params.balance or float(BALANCES[np.argmin(risks)])
        restored = yield from self.given(photograph, replace(params, balance=balance), sigma)
        return replace(
            restored,
            chosen={"balance": balance, "sigma": sigma * LEVELS},
            layers=(blurs.picture(blurs.kernel_of(photograph, params)), _curve(risks, balance)),
        )

    def given(self, photograph: Photograph, params: _Params, sigma: float) -> Restoring:
        """Inverse transforms of what is kept."""
        assert params.balance is not None
        kept = yield from self._kept(photograph, params)
        x, seen = yield from kept.pictures(params.balance, params.prior, photograph.values)
        return Restored(values=x, seen=seen, sigma=sigma, notes=blurs.notes(photograph, params))

    def _kept(self, photograph: Photograph, params: _Params) -> Generator[None, None, Spectra]:
        kernel, borders = blurs.kernel_of(photograph, params), params.borders
        return self.stages.get_with_beats(
            "spectra", self._where(params),
            lambda: Spectra.of(made_periodic(photograph.values, kernel, borders)),
        )  # fmt: skip

    def _where(self, params: _Params) -> Hashable:
        return self.key(params.blur, params.size, params.angle, params.borders)

    def reach(self, photograph: Photograph, params: _Params) -> int:
        return REACH + 2 * blurs.reach(photograph, params)

    def pace(self, photograph: Photograph, params: _Params) -> float:
        return PACE * photograph.channels

    def coarser(self, params: _Params, level: int) -> _Params:
        """The same filter at the same waves: of smooth pictures the prior grows with the fourth
        power of their number to a pixel."""
        assert params.balance is not None
        less = 16**level if params.prior == "smooth" else 1
        return with_values(
            params, {"balance": params.balance / less, "size": params.size / 2**level}
        )


def _risks(kept: Spectra, prior: str) -> Generator[None, None, Floats]:
    """`Spectra.risk` (k, 2) of the balances."""
    found = []
    for balance in BALANCES:
        found.append((yield from beats(partial(kept.risk, float(balance), prior))))
    return np.array(found)


def _curve(risks: Floats, now: float) -> Curves:
    """Where the balance is best, as far as the blurred picture tells."""
    return Curves(
        name="SURE", role="diagnostic", x=BALANCES,
        lines={unbiased_risk.ESTIMATED: -10 * np.log10(np.maximum(risks, 1e-9))},
        axes=(Axis("balance", log=True), Axis("PSNR of the blurred picture", "dB")),
        marks={"balance": now}, steers="balance",
    )  # fmt: skip
