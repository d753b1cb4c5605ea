"""What methods that learn nothing share: the photograph is kept, a move computes the picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array, Layer
from engine.method import DataError, Note, Snapshot, Step
from engine.restoration import held_photograph, noise, picture_layers, unbiased_risk
from engine.stages import Stages, beats, finish

SCORES_FOLLOW = "scores follow"
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
    sigma : standard deviation of the noise that was reckoned with, in units of the values
    seen : what the photograph would be of `values` if there were no noise, where that differs:
        after a blur
    chosen : see `Snapshot`
    layers : beside those that every method of the family has
    coarse : see `Snapshot`
    """

    values: Pixels
    sigma: float
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

    def __init__(self, params: Any) -> None:
        self.params = params
        self.stages = Stages()
        self._photograph: Photograph | None = None
        self._key: tuple[str, int] = ("", 0)

    @abstractmethod
    def restore(self, photograph: Photograph, params: Any) -> Restoring:
        """The settled picture, from the photograph and the parameters alone."""

    def preview(self, photograph: Photograph, params: Any) -> Restored | None:
        """A picture nearly as good within a frame's time; it may remember earlier ones."""
        return None

    def key(self, *parts: Hashable) -> Hashable:
        """What a stage depends on: the photograph, the seed, and `parts`."""
        return (*self._key, *parts)

    def sigma(self, photograph: Photograph, params: Any) -> float:
        """The noise to reckon with, in units of the values."""
        if params.sigma is not None:
            return float(params.sigma) / noise.LEVELS
        return self.stages.get("noise", self.key(), lambda: noise.known(photograph)).sigma

    @property
    def seed(self) -> int:
        return self._key[1]

    def fit(
        self, data: Photograph, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Keep the photograph and restore it once; `device` is always the CPU."""
        self._photograph = data
        self._key = (data.sha256(), int(rng.integers(2**31)))
        yield Step(index=0, total=1, stage=self.doing)
        for _ in self._settle(self.params):
            yield Step(index=0, total=1, stage=self.doing)
        scoring = beats(lambda: self.evaluate(self.params))
        while True:
            try:
                next(scoring)
            except StopIteration as stop:
                yield Step(index=1, total=1, stage="done", snapshot=stop.value)
                return
            yield Step(index=0, total=1, stage="scores")

    def evaluate(self, params: Any) -> Snapshot:
        """The settled picture with its diagnostics."""
        return self._snapshot(params, finish(self._settle(params)))

    def refine(self, params: Any) -> Iterator[Snapshot | None]:
        """A preview where there is one; the picture before its scores; all of it."""
        yield from self._listen()
        if not self.stages.holds("settled", self._settled_key(params)):
            early = self.preview(self._ready(), params)
            if early is not None:
                yield self._snapshot(params, early)
        settled = yield from self._settle(params)
        yield self._snapshot(params, replace(settled, coarse=SCORES_FOLLOW))
        yield (yield from beats(lambda: self._snapshot(params, settled)))

    def state(self) -> dict[str, Array]:
        """The photograph and the seed."""
        arrays = held_photograph.to_arrays(self._ready())
        return {**arrays, "seed": np.array(self.seed)}

    @classmethod
    def from_state(cls, params: Any, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._photograph = held_photograph.from_arrays(state)
        method._key = (method._photograph.sha256(), int(state["seed"]))
        return method

    def _ready(self) -> Photograph:
        if self._photograph is None:
            raise DataError("The fit was stopped before there was a picture; run it again.")
        return self._photograph

    def _settled_key(self, params: Any) -> Hashable:
        return self.key(replace(params, gain=1.0))

    def _settle(self, params: Any) -> Restoring:
        photograph = self._ready()
        yield from self._listen()
        return (
            yield from self.stages.get_by_steps(
                "settled", self._settled_key(params), lambda: self.restore(photograph, params)
            )
        )

    def _listen(self) -> Generator[None, None, noise.Noise]:
        """The photograph's own noise; in a large picture it takes a second to hear."""
        call = partial(noise.known, self._ready())
        return (yield from self.stages.get_with_beats("noise", self.key(), call))

    def _snapshot(self, params: Any, found: Restored) -> Snapshot:
        photograph = self._ready()
        seen = found.values if found.seen is None else found.seen
        own = finish(self._listen())
        layers, notes = found.layers, found.notes
        if not own.is_white:
            layers = unbiased_risk.without_estimates(layers)
            notes = (*notes, Note(own.sentence(NOT_WHITE)))
        return Snapshot(
            layers=(
                *picture_layers.pictures(photograph, found.values, params.gain, seen),
                *picture_layers.curves(photograph, found.values, seen, found.sigma),
                *layers,
            ),
            params=params,
            # They take longer than many a picture; nobody reads them under a moving hand.
            metrics=(
                {}
                if found.coarse
                else picture_layers.metrics(photograph, found.values, seen, found.sigma)
            ),
            step=1,
            notes=notes,
            coarse=found.coarse,
            chosen=found.chosen,
        )
