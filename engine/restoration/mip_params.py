"""What a network predicted from its sliders can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, STEP, Bound, Display, Doc, check
from engine.restoration.sliders import STRONGEST, WIDEST


@dataclass(frozen=True, slots=True, kw_only=True)
class MIPParams:
    """See the annotations."""

    strength: Annotated[
        float | None, Bound(0.0, 50.0), LIVE,
        Doc("Noise to take out, as its standard deviation. Auto: what was put in, or an estimate.",
            unit="levels"),
    ] = None  # fmt: skip
    deblur: Annotated[
        float, Bound(0.0, WIDEST), LIVE,
        Doc("Blur to take out, as its standard deviation.", unit="px"),
    ] = 0.0  # fmt: skip
    gain: Annotated[
        float, Bound(1.0, 20.0), LIVE,
        Display(),
        Doc("Contrast of the picture of what was removed, and of the difference to the truth."),
    ] = 2.0  # fmt: skip
    encoding: Annotated[
        Literal["magnitude invariant", "plain"], REFIT,
        Doc("How sliders enter: as cosine and sine, all positions being of one length, or as they "
            "are."),
    ] = "magnitude invariant"  # fmt: skip
    hidden: Annotated[
        Literal["16, 128", "64, 128", "128, 128"], REFIT,
        Doc("Widths of the layers between the sliders and the weights.", label="hidden layers"),
    ] = "64, 128"  # fmt: skip
    compare: Annotated[
        bool, REFIT,
        Doc("Train with the other encoding as well, for its curves; takes twice as long.",
            label="train both encodings"),
    ] = False  # fmt: skip
    rate: Annotated[
        float, Bound(1e-6, 0.1, log=True, soft=(1e-4, 1e-2)), STEP,
        Doc("Learning rate until the last third of the steps, in which it falls to nothing."),
    ] = 1e-3  # fmt: skip
    steps: Annotated[
        int, Bound(1, 200_000, log=True, soft=(200, 20_000)), REFIT, Doc("Steps of training.")
    ] = 2000

    def __post_init__(self) -> None:
        check(self)

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the hidden layers."""
        return tuple(int(w) for w in self.hidden.split(", "))

    def position(self, sigma: float) -> tuple[float, float]:
        """Sliders in [0, 1]; `sigma` is the noise where it is left to the method."""
        strength = sigma if self.strength is None else self.strength / 255
        return min(1.0, strength / STRONGEST), self.deblur / WIDEST
