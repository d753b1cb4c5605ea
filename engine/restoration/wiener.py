"""Wiener deconvolution: the linear filter that divides by the blur where noise lets it.

    X = conj(K) Y / (|K|^2 + b P),     P = |L|^2 of the 5-point Laplacian, or 1

Hunt, The application of constrained least squares estimation to image restoration by digital
computer, IEEE Trans. Computers 22 (1973). The spectra are kept: a move of b costs inverse
transforms. Left open, b makes the error of the blurred picture least, as Stein estimates it; for a
linear filter H = |K|^2 / (|K|^2 + b P) there is no need of a probe:

    |(1 - H) Y|^2 / N - sigma^2 + 2 sigma^2 mean(H)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Axis, Curves
from engine.params import LIVE, Bound, Doc, check
from engine.restoration import blurs, planes, unbiased_risk
from engine.restoration.blurs import Angle, Blur, Size
from engine.restoration.degradations import transfer
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.periodic import (
    Borders,
    Floats,
    Periodic,
    Spectrum,
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

    frame: Periodic
    across: Spectrum
    power: Floats
    roughness: Floats
    seen: Floats
    count: Floats

    @classmethod
    def of(cls, frame: Periodic) -> Spectra:
        y = spectrum(frame.values)
        width = frame.shape[1]
        count = np.full(y.shape[2], 2.0)
        count[0] = 1.0
        if width % 2 == 0:
            count[-1] = 1.0
        return cls(
            frame, np.conj(frame.blur) * y, np.abs(frame.blur) ** 2,
            np.abs(transfer(LAPLACIAN, frame.shape)) ** 2, np.mean(np.abs(y) ** 2, axis=0), count,
        )  # fmt: skip

    def prior(self, name: str) -> Floats | float:
        """P."""
        return self.roughness if name == "smooth" else 1.0

    def pictures(self, balance: float, prior: str) -> tuple[Floats, Floats]:
        """The restored picture and its blur, each (C, H, W)."""
        found = self.across / (self.power + balance * self.prior(prior))
        both = (back(s, self.frame.shape) for s in (found, self.frame.blur * found))
        restored, seen = (self.frame.cut(p) for p in both)
        return restored, seen

    def risk(self, balance: float, prior: str, sigma: float) -> float:
        """The estimate of the module's docstring."""
        passed = self.power / (self.power + balance * self.prior(prior))
        n = self.frame.shape[0] * self.frame.shape[1]
        change = float((self.count * (1 - passed) ** 2 * self.seen).sum()) / n**2
        freedom = float((self.count * passed).sum()) / n
        return change - sigma**2 + 2 * sigma**2 * freedom


class Wiener(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "dividing by the blur"

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """Inverse transforms of what is kept."""
        sigma, kernel = self.sigma(photograph, params), blurs.kernel_of(photograph, params)
        where = self.key(params.blur, params.size, params.angle, params.borders)
        kept = yield from self.stages.get_with_beats(
            "spectra",
            where,
            lambda: Spectra.of(made_periodic(photograph.values, kernel, params.borders)),
        )
        risks = yield from self.stages.get_with_beats(
            "risk",
            (where, params.prior, sigma),
            lambda: np.array([kept.risk(b, params.prior, sigma) for b in BALANCES]),
        )
        balance = params.balance or float(BALANCES[np.argmin(risks)])
        x, seen = yield from beats(lambda: kept.pictures(balance, params.prior))
        return Restored(
            values=planes.joined(x, photograph.values),
            seen=planes.joined(seen, photograph.values),
            sigma=sigma,
            chosen={"balance": balance, "sigma": sigma * LEVELS},
            layers=(blurs.picture(kernel), _curve(risks, balance)),
            notes=blurs.notes(photograph, params),
        )


def _curve(risks: Floats, now: float) -> Curves:
    """Where the balance is best, as far as the blurred picture tells."""
    return Curves(
        name="SURE", role="diagnostic", x=BALANCES,
        lines={unbiased_risk.ESTIMATED: -10 * np.log10(np.maximum(risks, 1e-9))},
        axes=(Axis("balance", log=True), Axis("PSNR of the blurred picture", "dB")),
        marks={"balance": now}, steers="balance",
    )  # fmt: skip
