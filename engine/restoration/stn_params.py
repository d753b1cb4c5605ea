"""What self-tuning can be asked for, and what the tuned numbers stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, STEP, Applies, Bound, Doc, check
from engine.restoration.sliders import WIDEST

EDGE = 1e-3
"""Shares of a range nearer to its end than this are taken for it: the ends lie infinitely far."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A hyper-parameter: the range that its unconstrained form l is squashed to."""

    name: str
    low: float
    high: float
    log: bool = False
    unit: str = ""
    start: float = 0.5
    """The share of the range at which tuning begins."""

    def value(self, at: float) -> float:
        """Of l: sigmoid(l) of the way from `low` to `high`."""
        share = 1 / (1 + math.exp(-at))
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share

    def place(self, value: float) -> float:
        """The l of a value; inverse of `value` but for the very ends."""
        if self.log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        share = min(max(share, EDGE), 1 - EDGE)
        return math.log(share / (1 - share))


ALL = (
    Tuned("noise", 0.0, 50.0, unit="levels"),
    Tuned("blur", 0.0, WIDEST, unit="px", start=0.1),
    Tuned("compression", 0.0, 1.0, start=0.1),
    Tuned("detail", 0.0, 1.0, start=0.1),
    Tuned("exposure", 0.0, 2.0),
    Tuned("decay", 1e-7, 1e-2, log=True),
    Tuned("dropout", 0.0, 0.5, start=0.1),
)
"""The sliders of a restoration, whose training they spoil patches for; then augmentation and
regularisation."""
EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class STNParams:
    """See the annotations."""

    noise: Annotated[
        float | None, Bound(0.0, 50.0), LIVE,
        Doc("Noise of the training patches. Auto: as tuned; elsewhere it shows what the network "
            "would have become, as far as it is known.", unit="levels"),
    ] = None  # fmt: skip
    blur: Annotated[
        float | None, Bound(0.0, WIDEST), LIVE,
        Doc("Blur of the training patches, as its standard deviation. Auto: as tuned.", unit="px"),
        Applies("tune", ("noise, blur", EVERYTHING)),
    ] = None  # fmt: skip
    compression: Annotated[
        float | None, Bound(0.0, 1.0), LIVE,
        Doc("How hard the training patches were compressed: 0 not at all, 1 to a JPEG file of "
            "quality 10. Auto: as tuned."),
        Applies("tune", ("noise, compression", EVERYTHING)),
    ] = None  # fmt: skip
    detail: Annotated[
        float | None, Bound(0.0, 1.0), LIVE,
        Doc("Weight of the texture in the training's loss. Auto: as tuned."),
        Applies("tune", ("noise, detail", EVERYTHING)),
    ] = None  # fmt: skip
    exposure: Annotated[
        float | None, Bound(0.0, 2.0), LIVE,
        Doc("How far the training patches are made brighter or darker; 1 is as for the shipped "
            "networks. Auto: as tuned."),
        Applies("tune", ("noise, exposure", EVERYTHING)),
    ] = None  # fmt: skip
    decay: Annotated[
        float | None, Bound(1e-7, 1e-2, log=True), LIVE,
        Doc("Weight decay of the training. Auto: as tuned.", label="weight decay"),
        Applies("tune", ("noise, decay, dropout", "noise, decay", EVERYTHING)),
    ] = None  # fmt: skip
    dropout: Annotated[
        float | None, Bound(0.0, 0.5), LIVE,
        Doc("Share of the training patches' pixels that are blanked. Auto: as tuned.",
            label="input dropout"),
        Applies("tune", ("noise, decay, dropout", EVERYTHING)),
    ] = None  # fmt: skip
    gain: Annotated[
        float, Bound(1.0, 20.0), LIVE,
        Doc("Contrast of the picture of what was removed, and of the difference to the truth."),
    ] = 4.0  # fmt: skip
    tune: Annotated[
        Literal[
            "noise, decay, dropout", "noise, decay", "noise, detail", "noise, blur",
            "noise, compression", "noise, exposure", "noise", "everything",
        ], REFIT,
        Doc("Which numbers of the training are tuned.", label="tuned"),
    ] = "noise, decay, dropout"  # fmt: skip
    judge: Annotated[
        Literal["estimate", "truth"], REFIT,
        Doc("What the open picture judges by: the error as estimated from the picture alone "
            "(SURE), or the error itself where the truth is known.", label="judged by"),
    ] = "estimate"  # fmt: skip
    texture: Annotated[
        float, Bound(0.0, 10.0, soft=(0.0, 2.0)), STEP,
        Doc("How much the energy of texture counts beside the error when the open picture judges. "
            "At 0 no texture is asked for, and detail is tuned away.", label="worth of texture"),
    ] = 0.0  # fmt: skip
    rate: Annotated[
        float, Bound(1e-6, 0.1, log=True, soft=(1e-4, 1e-2)), STEP,
        Doc("Learning rate of the weights."),
    ] = 2e-3  # fmt: skip
    tuning_rate: Annotated[
        float, Bound(1e-5, 1.0, log=True), STEP, Doc("Learning rate of what is tuned.")
    ] = 3e-2
    entropy: Annotated[
        float, Bound(1e-7, 1.0, log=True), STEP,
        Doc("How much width of the tuned numbers' spread is worth.", symbol="τ"),
    ] = 1e-2  # fmt: skip
    spread: Annotated[
        float, Bound(0.05, 2.0, log=True), REFIT,
        Doc("Spread at the start, in units of the unconstrained numbers.", symbol="σ"),
    ] = 0.5  # fmt: skip
    warm_up: Annotated[
        int, Bound(0, 10_000, soft=(0, 1000)), REFIT, Doc("Steps before anything is tuned.")
    ] = 200
    steps: Annotated[
        int, Bound(1, 200_000, log=True, soft=(200, 20_000)), REFIT, Doc("Steps of either kind.")
    ] = 2000

    def __post_init__(self) -> None:
        check(self)

    @property
    def tuned(self) -> tuple[Tuned, ...]:
        """What is tuned."""
        if self.tune == EVERYTHING:
            return ALL
        return tuple(t for t in ALL if t.name in self.tune.split(", "))

    def value_of(self, name: str) -> float | None:
        """The value that a tuned number is set to by hand."""
        found: float | None = getattr(self, name)
        return found
