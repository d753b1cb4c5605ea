"""What methods that learn nothing share: the photograph is kept, a move computes the picture.

Of a large photograph a move computes what is in sight first (`in_sight`).
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Curves, Layer
from engine.method import DataError, Note, Snapshot, Step
from engine.restoration import held_photograph, in_sight, noise, picture_layers, unbiased_risk
from engine.restoration.in_sight import InSight
from engine.stages import Stages, aside, beats, finish

T = TypeVar("T")

SCORES_FOLLOW = "scores follow"
"""Of a photograph that is not large there are curves already, and only scores are missing."""
NUMBERS_FOLLOW = "numbers and curves follow"
NOT_WHITE = (
    "errors estimated without the truth still choose what is left open, but are not shown, as what "
    "is left of the noise is not white"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Restored:
    """A restored photograph.

    Attributes
    ----------
    values : as the photograph's
    sigma : standard deviation of the noise that was reckoned with, in units of the values; None
        where none was
    seen : what the photograph would be of `values` if there were no noise, where that differs:
        after a blur
    chosen : see `Snapshot`
    layers : beside those that every method of the family has
    coarse : see `Snapshot`
    """

    values: Pixels
    sigma: float | None
    seen: Pixels | None = None
    chosen: Mapping[str, float] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    notes: tuple[Note, ...] = ()
    coarse: str = ""


Restoring: TypeAlias = Generator[None, None, Restored]
"""A computation that yields between its steps."""


class Untrained(ABC):
    """A method whose only state is the photograph and the seed of its probes.

    Parameter classes have `gain`, and `sigma` where noise is reckoned with.
    """

    Params: ClassVar[type]
    Data: ClassVar[type] = Photograph
    doing: ClassVar[str]
    """The sentence on the task bar."""
    left_open: ClassVar[str] = ""
    """The setting that the method finds where a person leaves it open."""
    with_noise: ClassVar[int] = 0
    """The power of the noise that this setting goes with."""

    def __init__(self, params: Any) -> None:
        self.params = params
        self.stages = Stages()
        self.last: Restored | None = None
        """The last settled picture."""
        self._photograph: Photograph | None = None
        self._key: tuple[Hashable, ...] = ("", 0)
        self._sight = InSight(self)
        self._busy = threading.Lock()

    @abstractmethod
    def restore(self, photograph: Photograph, params: Any) -> Restoring:
        """The settled picture, from the photograph and the parameters alone."""

    @abstractmethod
    def given(self, photograph: Photograph, params: Any, sigma: Any) -> Restoring:
        """The picture alone, with no setting left open and noise of standard deviation `sigma`, in
        units of the values; what `restore` comes to, and of a part of a photograph too."""

    def preview(self, photograph: Photograph, params: Any) -> Restored | None:
        """A picture nearly as good within a frame's time; it may remember earlier ones."""
        return None

    # What parts of a large photograph need

    @abstractmethod
    def pace(self, photograph: Photograph, params: Any) -> float:
        """Seconds that a million pixels take, on one core of a machine of 2024, as measured."""

    def early_pace(self, photograph: Photograph, params: Any) -> float | None:
        """The same of `preview`, where it goes on from the last picture at no loss of pixels."""
        return None

    @abstractmethod
    def reach(self, photograph: Photograph, params: Any) -> int:
        """Pixels around a part whose change would be seen in it."""

    def grid(self, photograph: Photograph) -> int:
        """Parts begin at multiples of so many pixels."""
        return 1

    @abstractmethod
    def coarser(self, params: Any, level: int) -> Any:
        """What means the same where pixels are 2**level times as large, and the noise so much
        weaker."""

    def carried(self, sigma: float | None) -> float | None:
        """The setting left open, as the last settled picture had it, at this noise."""
        if self.last is None:
            return None
        value, before = self.last.chosen[self.left_open], self.last.sigma
        if not self.with_noise or sigma is None or not before:
            return value
        return float(value * (sigma / before) ** self.with_noise)

    def beside(self, cut: Photograph, key: tuple[Hashable, ...]) -> Self:
        """Another instance, for a part of the photograph, with stages of its own."""
        made = type(self)(self.params)
        made._photograph, made._key = cut, (*key, self.seed)
        return made

    def aside(self, steps: Generator[None, None, T]) -> Generator[None, None, T]:
        """A computation of this instance in a thread of its own. What nobody waits for any more
        goes on until the end of its block, and changes what is remembered: the next one waits."""
        return aside(steps, self._busy)

    def key(self, *parts: Hashable) -> tuple[Hashable, ...]:
        """What a stage depends on: the photograph, the seed, and `parts`."""
        return (*self._key, *parts)

    def sigma(self, photograph: Photograph, params: Any) -> float:
        """The noise to reckon with, in units of the values."""
        if params.sigma is not None:
            return float(params.sigma) / noise.LEVELS
        return self.stages.get("noise", self.key(), lambda: noise.known(photograph)).sigma

    @property
    def seed(self) -> int:
        return int(self._key[-1])  # type: ignore[call-overload,no-any-return]

    @property
    def photograph(self) -> Photograph:
        """Raises `DataError` where there is none yet."""
        if self._photograph is None:
            raise DataError("The fit was stopped before there was a picture; run it again.")
        return self._photograph

    def attend(self, part: tuple[int, int, int, int]) -> None:
        """What is in sight, in pixels of the whole."""
        self._sight.attend(part)

    def fit(
        self, data: Photograph, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Keep the photograph and restore it once; `device` is always the CPU."""
        self._photograph, self.last = data, None
        large, seed = in_sight.is_large(data), int(rng.integers(2**31))
        self._key = ("" if large else data.sha256(), seed)
        yield Step(index=0, total=1, stage=self.doing)
        if large:
            yield from self._beating(beats(data.sha256), self.doing)
            self._key = (data.sha256(), seed)
        yield from self._beating(self._settle(self.params), self.doing)
        if large:
            yield from self._beating(self._sight.pyramids(data), "levels for previews")
        shown = yield from self._beating(beats(lambda: self.evaluate(self.params)), "scores")
        yield Step(index=1, total=1, stage="done", snapshot=shown)

    def _beating(
        self, waiting: Generator[None, None, Any], stage: str
    ) -> Generator[Step, Any, Any]:
        """The result of a computation, with beats of the fit while it lasts."""
        while True:
            try:
                next(waiting)
            except StopIteration as stop:
                return stop.value
            yield Step(index=0, total=1, stage=stage)

    def evaluate(self, params: Any) -> Snapshot:
        """The settled picture with its diagnostics."""
        return self._snapshot(params, finish(self._settle(params)))

    def refine(self, params: Any) -> Iterator[Snapshot | None]:
        """A preview where there is one, of large photographs what is in sight; the picture before
        its scores; all of it."""
        photograph, settling = self.photograph, self._settle(params)
        key = self._settled_key(params)
        if self.stages.holds("settled", key):
            settled = yield from settling
        elif in_sight.is_large(photograph):
            settled = yield from self._sight.before(settling, photograph, params)
        else:
            yield from self._listen()
            early = self.preview(photograph, params)
            if early is not None:
                yield self._snapshot(params, early)
            settled = yield from settling
        if not self.stages.holds("numbers", key):
            if in_sight.is_large(photograph):
                early = replace(settled, coarse=NUMBERS_FOLLOW)
                yield (yield from beats(partial(self._snapshot, params, early)))
            else:
                # At once: between two beats a hand that moves on would take the picture away.
                yield self._snapshot(params, replace(settled, coarse=SCORES_FOLLOW))
        yield (yield from beats(partial(self._snapshot, params, settled)))

    def state(self) -> dict[str, Array]:
        """The photograph and the seed."""
        arrays = held_photograph.to_arrays(self.photograph)
        return {**arrays, "seed": np.array(self.seed)}

    @classmethod
    def from_state(cls, params: Any, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._photograph = held_photograph.from_arrays(state)
        method._key = (method._photograph.sha256(), int(state.get("seed", np.array(0))))
        return method

    def _settled_key(self, params: Any) -> Hashable:
        return self.key(replace(params, gain=1.0))

    def _settle(self, params: Any) -> Restoring:
        photograph = self.photograph
        yield from self._listen()
        settled = yield from self.stages.get_by_steps(
            "settled", self._settled_key(params), lambda: self._restored(photograph, params)
        )
        self.last = settled
        return settled

    def _restored(self, photograph: Photograph, params: Any) -> Restoring:
        steps = self.restore(photograph, params)
        return self.aside(steps) if in_sight.is_large(photograph) else steps

    def _listen(self) -> Generator[None, None, noise.Noise]:
        """The photograph's own noise; in a large picture it takes a second to hear."""
        call = partial(noise.known, self.photograph)
        return (yield from self.stages.get_with_beats("noise", self.key(), call))

    def _snapshot(self, params: Any, found: Restored) -> Snapshot:
        photograph = self.photograph
        seen = found.values if found.seen is None else found.seen
        curves, metrics = self._numbers(params, found, seen)
        own = finish(self._listen())
        layers, notes = found.layers, found.notes
        if not own.is_white:
            layers = unbiased_risk.without_estimates(layers)
            notes = (*notes, Note(own.sentence(NOT_WHITE)))
        return Snapshot(
            layers=(
                *picture_layers.pictures(photograph, found.values, params.gain, seen),
                *curves,
                *layers,
            ),
            params=params,
            metrics=metrics,
            step=1,
            notes=notes,
            coarse=found.coarse,
            chosen=found.chosen,
        )

    def _numbers(
        self, params: Any, found: Restored, seen: Pixels
    ) -> tuple[tuple[Curves, ...], Mapping[str, float]]:
        """Curves and scores. They take longer than many a picture, and nobody reads scores under a
        moving hand; of the settled picture they are kept, being small."""
        photograph = self.photograph

        def curves() -> tuple[Curves, ...]:
            return picture_layers.curves(photograph, found.values, seen, found.sigma)

        def numbers() -> tuple[tuple[Curves, ...], Mapping[str, float]]:
            metrics = picture_layers.metrics(photograph, found.values, seen, found.sigma)
            return curves(), metrics

        if found.coarse:
            return (() if in_sight.is_large(photograph) else curves()), {}
        return self.stages.get("numbers", self._settled_key(params), numbers)
