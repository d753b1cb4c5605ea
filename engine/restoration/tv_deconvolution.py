"""Total-variation deconvolution: the picture with few edges whose blur is nearest to what is seen.

By alternating directions (`alternating`), a fixed number of iterations from nothing. A weight left
open makes the error of the blurred picture least, as Stein estimates it from one probe.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.data.photograph import Photograph, Pixels
from engine.params import LIVE, Bound, Doc, check
from engine.restoration import alternating, blurs, planes, unbiased_risk
from engine.restoration.blurs import Angle, Blur, Size
from engine.restoration.colours import Channels
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.periodic import Borders, Floats, made_periodic
from engine.restoration.picture_layers import Gain
from engine.restoration.unbiased_risk import is_whole
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import finish

WEIGHTS = (1e-6, 1e-1)
"""Between these the weight is looked for."""
SOUGHT = 30
"""Iterations at most for each weight that is compared."""
EARLY = 3
"""Iterations of a preview, from where the last picture stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    weight: Annotated[
        float | None,
        Bound(1e-9, 10.0, log=True, soft=(1e-5, 1e-2)),
        LIVE,
        Doc("What variation costs. Auto: where the error of the blurred picture, estimated without "
            "the truth, is least.", symbol="λ"),
    ] = None  # fmt: skip
    sigma: Sigma = None
    channels: Channels = "together"
    iterations: Annotated[
        int, Bound(1, 2000, log=True, soft=(10, 200)), LIVE, Doc("Rounds of the two steps.")
    ] = 100
    blur: Blur = "known"
    size: Size = 2.0
    angle: Angle = 0.0
    borders: Borders = "mirrored"
    gain: Gain = 2.0

    def __post_init__(self) -> None:
        check(self)


class TVDeconvolution(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "looking for edges behind the blur"

    def __init__(self, params: _Params) -> None:
        super().__init__(params)
        self._split: alternating.Split | None = None
        self._last = (0.0, 0.0)  # weight and noise of the picture before

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """At the weight, from nothing."""
        sigma, kernel = self.sigma(photograph, params), blurs.kernel_of(photograph, params)
        where = (params.blur, params.size, params.angle, params.borders)
        # A part of a picture is not periodic, whatever the whole is.
        borders = params.borders if is_whole(photograph.values) else "mirrored"
        few = replace(params, iterations=min(params.iterations, SOUGHT), borders=borders)
        risk = yield from self.stages.get_by_steps(
            "risk",
            self.key(*where, sigma, params.channels, few.iterations),
            lambda: unbiased_risk.minimise(
                lambda y, w: _foreseen(y, w, kernel, few),
                replace(photograph, truth=None), sigma, WEIGHTS, self.seed,
            ),
        )  # fmt: skip
        weight = params.weight or risk.best
        kept = self._kept(photograph, params)
        x, self._split = yield from alternating.descend(
            kept, weight, params.iterations, together=params.channels == "together"
        )
        self._last = (weight, sigma)
        found = self._restored(photograph, kept, x, sigma)
        return replace(
            found,
            chosen={"weight": weight, "sigma": sigma * LEVELS},
            layers=(
                blurs.picture(kernel),
                unbiased_risk.curve(risk, "weight", "weight λ", weight, "the blurred middle"),
            ),
            notes=blurs.notes(photograph, params),
        )

    def preview(self, photograph: Photograph, params: _Params) -> Restored | None:
        """A few iterations from where the last picture stopped."""
        weight, sigma = params.weight, self.sigma(photograph, params)
        if weight is None:
            weight = self._last[0] * (sigma / (self._last[1] or 1.0)) ** 2
        kept = self._kept(photograph, params)
        same = self._split is not None and self._split[0].shape[1:] == kept.frame.values.shape
        if not same or weight == 0 or params.iterations <= EARLY:
            return None
        x, self._split = finish(
            alternating.descend(
                kept, weight, EARLY, together=params.channels == "together", start=self._split
            )
        )
        told = f"{EARLY} of {params.iterations} iterations"
        return replace(self._restored(photograph, kept, x, sigma), coarse=told)

    def _kept(self, photograph: Photograph, params: _Params) -> alternating.Kept:
        kernel = blurs.kernel_of(photograph, params)
        return self.stages.get(
            "spectra",
            self.key(params.blur, params.size, params.angle, params.borders),
            lambda: alternating.Kept.of(made_periodic(photograph.values, kernel, params.borders)),
        )

    def _restored(
        self, photograph: Photograph, kept: alternating.Kept, x: Floats, sigma: float
    ) -> Restored:
        frame = kept.frame
        return Restored(
            values=planes.joined(frame.cut(x), photograph.values),
            seen=planes.joined(frame.cut(frame.blurred(x)), photograph.values),
            sigma=sigma,
        )


def _foreseen(
    noisy: Pixels, weight: float, kernel: NDArray[np.float64], params: _Params
) -> Generator[None, None, Pixels]:
    """The blur of the picture that is found: an estimate of the blurred picture without noise."""
    kept = alternating.Kept.of(made_periodic(noisy, kernel, params.borders))
    together = params.channels == "together"
    x, _ = yield from alternating.descend(kept, weight, params.iterations, together=together)
    return planes.joined(kept.frame.cut(kept.frame.blurred(x)), noisy)
