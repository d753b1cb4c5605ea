"""Total-variation denoising: the nearest picture with little in it that varies.

Rudin, Osher and Fatemi, Nonlinear total variation based noise removal algorithms, Physica D 60
(1992), by projections of the dual (`chambolle`). The number of iterations is fixed: a rule that
stops by itself stops elsewhere for every weight, and the picture would jump under the slider.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from engine.data.photograph import Photograph, Pixels
from engine.params import LIVE, Bound, Doc, check
from engine.restoration import chambolle, planes, unbiased_risk
from engine.restoration.colours import Channels
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import finish

WEIGHTS = (2e-3, 1.0)
"""Between these the weight is looked for."""
EARLY = 8
"""Iterations of a preview, from the dual that was last at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    weight: Annotated[
        float | None,
        Bound(1e-5, 10.0, log=True, soft=(1e-3, 1.0)),
        LIVE,
        Doc("What variation costs. Auto: where the error, estimated without the truth, is least.",
            symbol="w"),
    ] = None  # fmt: skip
    sigma: Sigma = None
    channels: Channels = "together"
    iterations: Annotated[
        int,
        Bound(1, 2000, log=True, soft=(10, 200)),
        LIVE,
        Doc("Projections of the dual; more change little."),
    ] = 60
    gain: Gain = 2.0

    def __post_init__(self) -> None:
        check(self)


class TotalVariation(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "smoothing all but edges"

    def __init__(self, params: _Params) -> None:
        super().__init__(params)
        self._dual: Any = None
        self._last = (0.0, 0.0)  # weight and noise of the picture before

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """At the weight, from a dual of zero."""
        sigma = self.sigma(photograph, params)
        risk = yield from self.stages.get_by_steps(
            "risk",
            self.key(sigma, params.channels, params.iterations),
            lambda: unbiased_risk.minimise(
                lambda y, w: denoised(y, w, params.iterations, params.channels),
                photograph, sigma, WEIGHTS, self.seed,
            ),
        )  # fmt: skip
        weight = params.weight or risk.best
        together = params.channels == "together"
        x, self._dual = yield from chambolle.descend(
            planes.split(photograph.values), weight, params.iterations, together=together
        )
        self._last = (weight, sigma)
        return Restored(
            values=planes.joined(x, photograph.values),
            sigma=sigma,
            chosen={"weight": weight, "sigma": sigma * LEVELS},
            layers=(unbiased_risk.curve(risk, "weight", "weight", weight),),
        )

    def preview(self, photograph: Photograph, params: _Params) -> Restored | None:
        """A few projections of the last dual; a weight left open moves with the noise."""
        weight, sigma = params.weight, self.sigma(photograph, params)
        if weight is None:
            weight = self._last[0] * sigma / (self._last[1] or 1.0)
        if self._dual is None or weight == 0 or params.iterations <= EARLY:
            return None
        together = params.channels == "together"
        x, self._dual = finish(
            chambolle.descend(
                planes.split(photograph.values), weight, EARLY, together=together, start=self._dual
            )
        )
        return Restored(
            values=planes.joined(x, photograph.values),
            sigma=sigma,
            coarse=f"{EARLY} of {params.iterations} iterations",
        )


def denoised(
    noisy: Pixels, weight: float, iterations: int, channels: str
) -> Generator[None, None, Pixels]:
    """(H, W) or (H, W, 3) float32, after so many iterations from nothing."""
    together = channels == "together"
    x, _ = yield from chambolle.descend(planes.split(noisy), weight, iterations, together=together)
    return planes.joined(x, noisy)
