"""Total-variation deconvolution: the picture with few edges whose blur is nearest to what is seen.

By alternating directions (`alternating`), a fixed number of iterations from nothing. A weight left
open makes the error of the blurred picture least, as Stein estimates it from one probe.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.data.photograph import Photograph, Pixels
from engine.params import LIVE, Bound, Doc, check, with_values
from engine.restoration import alternating, blurs, in_sight, planes, unbiased_risk
from engine.restoration.blurs import Angle, Blur, Size
from engine.restoration.colours import Channels
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.periodic import Borders, Floats
from engine.restoration.picture_layers import Gain
from engine.restoration.unbiased_risk import is_whole
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import finish

WEIGHTS = (1e-6, 1e-1)
"""Between these the weight is looked for."""
SOUGHT = 30
"""Iterations at most for each weight that is compared."""
PACE = 0.03
"""Seconds that an iteration takes for a million values."""
REACH = 48
"""Pixels beyond the kernel from which on little comes."""
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
    left_open: ClassVar[str] = "weight"
    with_noise: ClassVar[int] = 2

    def __init__(self, params: _Params) -> None:
        super().__init__(params)
        self._split: alternating.Split | None = None

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """At the weight, stated or of least estimated error."""
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
        found = yield from self.given(photograph, replace(params, weight=weight), sigma)
        return replace(
            found,
            chosen={"weight": weight, "sigma": sigma * LEVELS},
            layers=(
                blurs.picture(kernel),
                unbiased_risk.curve(risk, "weight", "weight λ", weight, "the blurred middle"),
            ),
        )

    def given(self, photograph: Photograph, params: _Params, sigma: float) -> Restoring:
        """From nothing."""
        assert params.weight is not None
        kept = yield from self.stages.get_with_beats(*self._spectra(photograph, params))
        x, split = yield from alternating.descend(
            kept, params.weight, params.iterations, together=params.channels == "together"
        )
        # Of large photographs previews do not go on from it.
        self._split = None if in_sight.is_large(photograph) else split
        del split
        found = _restored(photograph, kept, x, sigma)
        return replace(found, notes=blurs.notes(photograph, params))

    def preview(self, photograph: Photograph, params: _Params) -> Restored | None:
        """A few iterations from where the last picture stopped."""
        sigma = self.sigma(photograph, params)
        weight = params.weight or self.carried(sigma)
        kept = self.stages.get(*self._spectra(photograph, params))
        same = self._split is not None and self._split[0].shape[1:] == kept.shape
        if not same or not weight or params.iterations <= EARLY:
            return None
        x, self._split = finish(
            alternating.descend(
                kept, weight, EARLY, together=params.channels == "together", start=self._split
            )
        )
        told = f"{EARLY} of {params.iterations} iterations"
        return replace(_restored(photograph, kept, x, sigma), coarse=told)

    def reach(self, photograph: Photograph, params: _Params) -> int:
        return REACH + 2 * blurs.reach(photograph, params)

    def pace(self, photograph: Photograph, params: _Params) -> float:
        return PACE * photograph.channels * params.iterations

    def early_pace(self, photograph: Photograph, params: _Params) -> float | None:
        return PACE * photograph.channels * EARLY

    def coarser(self, params: _Params, level: int) -> _Params:
        """Of the variation in 4**level pixels a larger one has its 2**-level th part."""
        assert params.weight is not None
        less = 2**level
        return with_values(params, {"weight": params.weight / less, "size": params.size / less})

    def _spectra(
        self, photograph: Photograph, params: _Params
    ) -> tuple[str, Hashable, Callable[[], alternating.Kept]]:
        """Name, key and making of what the blur alone decides."""
        kernel = blurs.kernel_of(photograph, params)
        where = (params.blur, params.size, params.angle, params.borders)
        make = partial(alternating.Kept.of, photograph.values, kernel, params.borders)
        return "spectra", self.key(*where), make


def _restored(photograph: Photograph, kept: alternating.Kept, x: Floats, sigma: float) -> Restored:
    """A picture on the periodic grid as one of the photograph's size, and its blur."""
    values = planes.joined(kept.grid.cut(x), photograph.values)
    seen = np.empty_like(values)
    for channel, plane in enumerate(x):
        blurred = kept.grid.cut(kept.grid.blurred(plane))
        (seen if seen.ndim == 2 else seen[..., channel])[:] = blurred
    return Restored(values=values, seen=seen, sigma=sigma)


def _foreseen(
    noisy: Pixels, weight: float, kernel: NDArray[np.float64], params: _Params
) -> Generator[None, None, Pixels]:
    """The blur of the picture that is found: an estimate of the blurred picture without noise."""
    kept = alternating.Kept.of(noisy, kernel, params.borders)
    together = params.channels == "together"
    x, _ = yield from alternating.descend(kept, weight, params.iterations, together=together)
    return planes.joined(kept.grid.cut(kept.grid.blurred(x)), noisy)
