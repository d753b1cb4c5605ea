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
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar, TypeVar

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Axis, Curves
from engine.params import LIVE, Bound, Doc, check, with_values
from engine.restoration import blurs, in_sight, planes
from engine.restoration.blurs import Angle, Blur, Size
from engine.restoration.noise import LEVELS, Sigma
from engine.restoration.periodic import (
    Borders,
    Floats,
    Periodic,
    Torus,
    back,
    made_periodic,
    spectrum,
)
from engine.restoration.picture_layers import Gain
from engine.restoration.untrained import Restored, Restoring, Untrained
from engine.stages import beats, finish

T = TypeVar("T")

MOST = 200
"""Iterations after which a number that is left open is not looked for any further."""
APART = 10
"""Iterations between two that are stored; more of them where pictures are large."""
ROOM = 256_000_000
"""Bytes for stored iterates."""
DARK, LEAST = 1e-6, 1e-12
"""What light there is at least in the photograph, and in what is divided by."""
LARGE = 300_000
"""Pixels from which on an iteration is long enough for a thread of its own."""
PACE = (0.055, 0.04)
"""Seconds that an iteration takes for a million values, and more where variation is held back."""
REACH = 32
"""Pixels beyond the kernel from which on little comes in the iterations that are of use."""
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
        self.frame, self.grid, self.smoothing = frame, frame.grid, smoothing
        shape = frame.values.shape
        self.stored: dict[int, Floats] = {0: np.broadcast_to(np.float64(0.5), shape)}
        self.left: dict[int, float] = {}
        self._found: tuple[int, Floats, Floats] | None = None
        self.apart = APART * max(1, -(-8 * frame.values.size * MOST // (APART * ROOM)))

    def at(self, number: int) -> Generator[None, None, tuple[Floats, Floats]]:
        """That iterate and its blur (C, H', W'), from the last stored one before it."""
        found, self._found = self._found, None
        if found is not None and found[0] == number:
            return found[1:]
        start = max(k for k in self.stored if k <= number)
        x = self.stored[start]
        seen = yield from self.blurred(x)
        for k in range(start + 1, number + 1):
            x = yield from self._next(k, x, seen)
            yield
        return x, seen

    def until(self, sigma: float) -> Generator[None, None, int]:
        """The number of the first iterate that leaves no more than noise of this strength."""
        if (reached := self._reached(sigma)) is not None:
            return reached
        k = max(self.stored)
        x = self.stored[k]
        seen = yield from self.blurred(x)
        while k < MOST:
            k += 1
            x = yield from self._next(k, x, seen)
            yield
            if self.left[k] <= sigma:
                break
        # That `at` need not come here again.
        self._found = k, x, seen
        return k

    def blurred(self, x: Floats) -> Generator[None, None, Floats]:
        """Through the blur, channel by channel."""
        seen = np.empty(x.shape)
        for channel, plane in enumerate(x):
            seen[channel] = yield from self._beating(partial(self.grid.blurred, plane))
        return seen

    def _reached(self, sigma: float) -> int | None:
        return min((k for k, left in self.left.items() if left <= sigma), default=None)

    def _next(self, number: int, x: Floats, seen: Floats) -> Generator[None, None, Floats]:
        """The iterate of that number from the one before, whose blur `seen` becomes its own;
        channel by channel."""
        after = np.empty_like(x) if number - 1 in self.stored else x
        parts = []

        def made(channel: int) -> tuple[float, float]:
            values = self.frame.values[channel]
            plane = step(x[channel], seen[channel], values, self.grid, self.smoothing)
            after[channel] = plane
            seen[channel] = self.grid.blurred(plane)
            gap = self.grid.cut(values) - self.grid.cut(seen[channel])
            mean = float(gap.mean())
            gap -= mean
            return mean, float(np.mean(gap * gap))

        for channel in range(len(x)):
            parts.append((yield from self._beating(partial(made, channel))))
        means, variances = np.array(parts).T
        self.left[number] = float(np.sqrt(variances.mean() + means.var()))
        if number % self.apart == 0:
            self.stored[number] = after
        return after

    def _beating(self, call: Callable[[], T]) -> Generator[None, None, T]:
        """A thread of its own where it takes long."""
        large = self.frame.values[0].size > LARGE
        return (yield from beats(call)) if large else call()


class RichardsonLucy(Untrained):
    """See the module's docstring."""

    Params: ClassVar[type] = _Params
    doing: ClassVar[str] = "sharpening step by step"
    left_open: ClassVar[str] = "iterations"

    def __init__(self, params: _Params) -> None:
        super().__init__(params)
        self._last: Floats | None = None

    def restore(self, photograph: Photograph, params: _Params) -> Restoring:
        """The iterate asked for, or the first that leaves noise alone."""
        sigma = self.sigma(photograph, params)
        kept = yield from self.stages.get_with_beats(*self._beginning(photograph, params))
        number = params.iterations
        if number is None:
            number = yield from kept.until(sigma)
        found = yield from self.given(photograph, replace(params, iterations=number), sigma)
        return replace(
            found,
            chosen={"iterations": number, "sigma": sigma * LEVELS},
            layers=(
                blurs.picture(blurs.kernel_of(photograph, params)), _curve(kept, number, sigma)
            ),
        )  # fmt: skip

    def given(self, photograph: Photograph, params: _Params, sigma: float) -> Restoring:
        """The iterate asked for, from the last stored one before it."""
        assert params.iterations is not None
        kept = yield from self.stages.get_with_beats(*self._beginning(photograph, params))
        x, seen = yield from kept.at(params.iterations)
        # Of large photographs previews do not go on from it.
        self._last = None if in_sight.is_large(photograph) else x
        return replace(_restored(photograph, kept, x, seen, sigma),
                       notes=blurs.notes(photograph, params))  # fmt: skip

    def preview(self, photograph: Photograph, params: _Params) -> Restored | None:
        """The nearest stored iterate; at another blur a few steps from the last picture."""
        kept = self.stages.get(*self._beginning(photograph, params))
        near = min(kept.stored, key=lambda k: abs(k - (params.iterations or 0)))
        told = f"iteration {near}"
        if params.iterations is not None and near > 0:
            x = kept.stored[near]
        elif self._last is not None and self._last.shape == kept.frame.values.shape:
            told = f"{EARLY} iterations from the last picture"
            x = self._last = _further(kept, self._last)
        else:
            return None
        seen = finish(kept.blurred(x))
        sigma = self.sigma(photograph, params)
        return replace(_restored(photograph, kept, x, seen, sigma), coarse=told)

    def reach(self, photograph: Photograph, params: _Params) -> int:
        return REACH + 2 * blurs.reach(photograph, params)

    def pace(self, photograph: Photograph, params: _Params) -> float:
        return _pace(params) * photograph.channels * (params.iterations or MOST)

    def early_pace(self, photograph: Photograph, params: _Params) -> float | None:
        return _pace(params) * photograph.channels * EARLY

    def coarser(self, params: _Params, level: int) -> _Params:
        """The waves that there still are come back in as many iterations; a bend is stronger."""
        return with_values(
            params, {"smoothing": params.smoothing / 2**level, "size": params.size / 2**level}
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


def _pace(params: _Params) -> float:
    return PACE[0] + (PACE[1] if params.smoothing > 0 else 0.0)


def _further(kept: Iterates, x: Floats) -> Floats:
    """Some iterates on, not stored."""
    for _ in range(EARLY):
        seen, values = finish(kept.blurred(x)), kept.frame.values
        x = np.stack([
            step(x[c], seen[c], values[c], kept.grid, kept.smoothing) for c in range(len(x))
        ])  # fmt: skip
    return x


def _restored(
    photograph: Photograph, kept: Iterates, x: Floats, seen: Floats, sigma: float
) -> Restored:
    values, blurred = (planes.joined(kept.grid.cut(p), photograph.values) for p in (x, seen))
    return Restored(values=values, seen=blurred, sigma=sigma)


def step(x: Floats, seen: Floats, values: Floats, grid: Torus, smoothing: float) -> Floats:
    """The next iterate (H', W') of a channel; `seen` is the blur of x, `values` the photograph."""
    ratio = spectrum(np.maximum(values, DARK) / np.maximum(seen, LEAST))
    ratio *= np.conj(grid.blur)
    found: Floats = x * back(ratio, grid.shape)
    return found / (1 - smoothing * curvature(x)) if smoothing > 0 else found


def curvature(x: Floats) -> Floats:
    """div(grad x / |grad x|) of (H', W') with periodic borders: between -4 and 4."""
    down, across = np.roll(x, -1, 0) - x, np.roll(x, -1, 1) - x
    length = np.sqrt(down**2 + across**2) + LEAST
    down, across = down / length, across / length
    bent: Floats = down - np.roll(down, 1, 0) + across - np.roll(across, 1, 1)
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
