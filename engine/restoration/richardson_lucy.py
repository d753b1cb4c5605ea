"""Richardson-Lucy deconvolution: the likeliest picture if light comes in photons, step by step.

    x <- x K^T(y / K x) / (1 - s div(grad x / |grad x|))

Richardson, Bayesian-based iterative method of image restoration, J. Opt. Soc. Am. 62 (1972), and
Lucy, Astron. J. 79 (1974); with s > 0 that of Dey et al., Richardson-Lucy algorithm with total
variation regularization, Microscopy Research and Technique 69 (2006). Without s it keeps the sum
of the picture. The first iterations sharpen, later ones sharpen the noise as well: left open, their
number is the first at which what is left over is no more than noise (Morozov's discrepancy
principle). Iterates are stored, so that their slider scrubs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Axis, Curves
from engine.params import LIVE, Bound, Doc, check
from engine.restoration import blurs, planes
from engine.restoration.blurs import Angle, Blur, Size
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.periodic import Borders, Floats, Periodic, back, made_periodic, spectrum
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import beats

MOST = 200
"""Iterations after which a number that is left open is not looked for any further."""
APART = 10
"""Iterations between two that are stored; more of them where pictures are large."""
ROOM = 256_000_000
"""Bytes for stored iterates."""
DARK, LEAST = 1e-6, 1e-12
"""What light there is at least in the photograph, and in what is divided by."""
LARGE = 1_000_000
"""Values of a picture from which on an iteration is long enough for a thread of its own."""
EARLY = 2
"""Iterations of a preview at another blur, from the last picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Params:
    iterations: Annotated[
        int | None,
        Bound(1, 1000, log=True, soft=(1, 200)),
        LIVE,
        Doc("How far to go. Auto: until what is left over is no more than noise."),
    ] = None
    smoothing: Annotated[
        float,
        Bound(0.0, 0.2, soft=(0.0, 0.02)),
        LIVE,
        Doc("How much variation is held back.", symbol="s"),
    ] = 0.0
    sigma: Sigma = None
    blur: Blur = "known"
    size: Size = 2.0
    angle: Angle = 0.0
    borders: Borders = "mirrored"
    gain: Gain = 2.0

    def __post_init__(self) -> None:
        check(self)


class Iterates:
    """Iterates at one blur: some stored, of all the standard deviation of what is left over."""

    def __init__(self, frame: Periodic, smoothing: float) -> None:
        self.frame, self.smoothing = frame, smoothing
        self.light = np.maximum(frame.values, DARK)
        self.stored: dict[int, Floats] = {0: np.full_like(frame.values, 0.5)}
        self.left: dict[int, float] = {}
        self.apart = APART * max(1, -(-frame.values.nbytes * MOST // (APART * ROOM)))

    def at(self, number: int) -> Generator[None, None, tuple[Floats, Floats]]:
        """That iterate and its blur (C, H', W'), from the last stored one before it."""
        start = max(k for k in self.stored if k <= number)
        x = self.stored[start]
        seen = self.frame.blurred(x)
        for k in range(start + 1, number + 1):
            x, seen = yield from self._next(k, x, seen)
            yield
        return x, seen

    def until(self, sigma: float) -> Generator[None, None, int]:
        """The number of the first iterate that leaves no more than noise of this strength."""
        if (reached := self._reached(sigma)) is not None:
            return reached
        k = max(self.stored)
        x = self.stored[k]
        seen = self.frame.blurred(x)
        while k < MOST:
            k += 1
            x, seen = yield from self._next(k, x, seen)
            yield
            if self.left[k] <= sigma:
                return k
        return MOST

    def _reached(self, sigma: float) -> int | None:
        return min((k for k, left in self.left.items() if left <= sigma), default=None)

    def _next(
        self, number: int, x: Floats, seen: Floats
    ) -> Generator[None, None, tuple[Floats, Floats]]:
        """The iterate of that number and its blur, from the one before; yields while it takes
        long."""

        def made() -> tuple[Floats, Floats, float]:
            after = step(x, seen, self.light, self.frame, self.smoothing)
            blurred = self.frame.blurred(after)
            return after, blurred, float(self.frame.cut(self.frame.values - blurred).std())

        large = x.size > LARGE
        after, blurred, self.left[number] = (yield from beats(made)) if large else made()
        if number % self.apart == 0:
            self.stored[number] = after
        return after, blurred


class RichardsonLucy(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "sharpening step by step"

    def __init__(self, params: _Params) -> None:
        super().__init__(params)
        self._last: Floats | None = None

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """The asked iterate, from the last stored one before it."""
        sigma, kernel = self.sigma(photograph, params), blurs.kernel_of(photograph, params)
        kept = yield from self.stages.get_with_beats(*self._beginning(photograph, params))
        number = params.iterations
        if number is None:
            number = yield from kept.until(sigma)
        x, seen = yield from kept.at(number)
        self._last = x
        return Restored(
            values=planes.joined(kept.frame.cut(x), photograph.values),
            seen=planes.joined(kept.frame.cut(seen), photograph.values),
            sigma=sigma,
            chosen={"iterations": number, "sigma": sigma * LEVELS},
            layers=(blurs.picture(kernel), _curve(kept, number, sigma)),
            notes=blurs.notes(photograph, params),
        )

    def preview(self, photograph: Photograph, params: _Params) -> Restored | None:
        """The nearest stored iterate; at another blur a few steps from the last picture."""
        kept = self.stages.get(*self._beginning(photograph, params))
        near = min(kept.stored, key=lambda k: abs(k - (params.iterations or 0)))
        told = f"iteration {near}"
        if params.iterations is not None and near > 0:
            x = kept.stored[near]
        elif self._last is not None and self._last.shape == kept.frame.values.shape:
            x, told = self._last, f"{EARLY} iterations from the last picture"
            for _ in range(EARLY):
                x = step(x, kept.frame.blurred(x), kept.light, kept.frame, params.smoothing)
            self._last = x
        else:
            return None
        return Restored(
            values=planes.joined(kept.frame.cut(x), photograph.values),
            seen=planes.joined(kept.frame.cut(kept.frame.blurred(x)), photograph.values),
            sigma=self.sigma(photograph, params),
            coarse=told,
        )

    def _beginning(
        self, photograph: Photograph, params: _Params
    ) -> tuple[str, Hashable, Callable[[], Iterates]]:
        """Name, key and making of the iterates at one blur, none computed yet."""
        where = (params.blur, params.size, params.angle, params.borders, params.smoothing)
        kernel = blurs.kernel_of(photograph, params)

        def begin() -> Iterates:
            frame = made_periodic(photograph.values, kernel, params.borders)
            return Iterates(frame, params.smoothing)

        return "iterates", self.key(*where), begin


def step(x: Floats, seen: Floats, light: Floats, frame: Periodic, smoothing: float) -> Floats:
    """The next iterate (C, H', W'); `seen` is the blur of x, `light` the photograph, above 0."""
    ratio = spectrum(light / np.maximum(seen, LEAST))
    found: Floats = x * back(np.conj(frame.blur) * ratio, frame.shape)
    return found / (1 - smoothing * curvature(x)) if smoothing > 0 else found


def curvature(x: Floats) -> Floats:
    """div(grad x / |grad x|) with periodic borders: between -4 and 4."""
    down, across = np.roll(x, -1, 1) - x, np.roll(x, -1, 2) - x
    length = np.sqrt(down**2 + across**2) + LEAST
    down, across = down / length, across / length
    bent: Floats = down - np.roll(down, 1, 1) + across - np.roll(across, 1, 2)
    return bent


def _curve(kept: Iterates, number: int, sigma: float) -> Curves:
    """What is left over, by iteration."""
    x = np.arange(1, number + 1)
    left = np.array([kept.left[int(k)] for k in x]) * LEVELS
    return Curves(
        name="left over", role="diagnostic", x=x.astype(np.float64),
        lines={"left over": left, "noise": np.full(len(x), sigma * LEVELS)},
        axes=(Axis("iteration"), Axis("standard deviation", "levels")),
        marks={"iteration": float(number)}, steers="iterations",
    )  # fmt: skip
