"""Total-variation denoising: the nearest picture with little in it that varies.

Rudin, Osher and Fatemi, Nonlinear total variation based noise removal algorithms, Physica D 60
(1992), by projections of the dual (`chambolle`). The number of iterations is fixed: a rule that
stops by itself stops elsewhere for every weight, and the picture would jump under the slider.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from engine.data.photograph import Photograph, Pixels
from engine.params import LIVE, Bound, Doc, check, with_values
from engine.restoration import chambolle, in_sight, planes, unbiased_risk
from engine.restoration.colours import Channels
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import finish

WEIGHTS = (2e-3, 1.0)
"""Between these the weight is looked for."""
EARLY = 8
"""Iterations of a preview, from the dual that was last at hand."""
PACE = 0.0125
"""Seconds that an iteration takes for a million values."""
REACH = 48
"""Pixels from which on nothing comes in as many iterations as usual; after 400 at a weight of 1
three levels of 255 do."""


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
    left_open: ClassVar[str] = "weight"
    with_noise: ClassVar[int] = 1

    def __init__(self, params: _Params) -> None:
        super().__init__(params)
        self._dual: Any = None

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
        found = yield from self.given(photograph, replace(params, weight=weight), sigma)
        return replace(
            found,
            chosen={"weight": weight, "sigma": sigma * LEVELS},
            layers=(unbiased_risk.curve(risk, "weight", "weight", weight),),
        )

    def given(self, photograph: Photograph, params: _Params, sigma: float) -> Restoring:
        """From a dual of zero."""
        assert params.weight is not None
        x, dual = yield from chambolle.descend(
            planes.split(photograph.values), params.weight, params.iterations,
            together=params.channels == "together",
        )  # fmt: skip
        # Of large photographs previews do not go on from it.
        self._dual = None if in_sight.is_large(photograph) else dual
        return Restored(values=planes.joined(x, photograph.values), sigma=sigma)

    def preview(self, photograph: Photograph, params: _Params) -> Restored | None:
        """A few projections of the last dual; a weight left open moves with the noise."""
        sigma = self.sigma(photograph, params)
        weight = params.weight or self.carried(sigma)
        if self._dual is None or not weight or params.iterations <= EARLY:
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

    def reach(self, photograph: Photograph, params: _Params) -> int:
        return REACH

    def pace(self, photograph: Photograph, params: _Params) -> float:
        return PACE * photograph.channels * params.iterations

    def early_pace(self, photograph: Photograph, params: _Params) -> float | None:
        return PACE * photograph.channels * EARLY

    def coarser(self, params: _Params, level: int) -> _Params:
        """Of the variation in 4**level pixels a larger one has its 2**-level th part."""
        assert params.weight is not None
        return with_values(params, {"weight": params.weight / 2**level})


def denoised(
    noisy: Pixels, weight: float, iterations: int, channels: str
) -> Generator[None, None, Pixels]:
    """(H, W) or (H, W, 3) float32, after so many iterations from nothing."""
    together = channels == "together"
    x, _ = yield from chambolle.descend(planes.split(noisy), weight, iterations, together=together)
    return planes.joined(x, noisy)
