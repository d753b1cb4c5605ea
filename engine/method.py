"""The one contract between a method and everything that runs it.

A method is a plain class with a frozen parameter class. `fit` is a generator, so that progress,
pause (do not call `next`), cancel (`close`) and changes on the fly (`send`) cost the method nothing
and need no thread here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from engine.layers import Array, Layer


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that must be read beside the picture. `grave` ones question the picture itself."""

    text: str
    grave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """One frame: the layers, the numbers, and the parameters they belong to.

    `coarse` says in a few words what was left out of a preview ("500 of 2000 points"); a settled
    frame has "". `chosen` are the values that the method found for parameters left to it (None);
    the form shows them. `held` are values of LIVE parameters left to the method that it kept from
    its fit, where a fit at `params` would choose others: what repeats the frame must state them.
    `idle` names LIVE parameters that mean nothing to what was fitted: the form hides them.
    """

    layers: tuple[Layer, ...]
    params: Any
    metrics: Mapping[str, float] = field(default_factory=dict)
    step: int = 0
    notes: tuple[Note, ...] = ()
    coarse: str = ""
    chosen: Mapping[str, float] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    idle: tuple[str, ...] = ()

    @property
    def found(self) -> Mapping[str, Any]:
        """Values of parameters left to the method, chosen or kept."""
        return {**self.held, **self.chosen}

    def layer(self, name: str) -> Layer:
        """The layer of that name; raises KeyError."""
        for item in self.layers:
            if item.name == name:
                return item
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """What a fit says when it gives control back.

    `metrics` are appended to the run's curves; `stage` is the sentence on the task bar. A beat
    (`metrics` empty, same `index`) only says that a long call is still going on.
    """

    index: int
    total: int | None = None
    stage: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    snapshot: Snapshot | None = None


class DataError(ValueError):
    """Data that a method cannot use; the message is one sentence a person can act on."""


class Method(Protocol):
    """A method of the catalogue. See `tests/engine/example_method.py` for a small complete one.

    Class attributes
        Params   frozen dataclass (`engine.params`)
        Data     the kind of data set or problem that `fit` accepts
    """

    Params: ClassVar[type]
    Data: ClassVar[type]
    params: Any

    def __init__(self, params: Any) -> None:
        """Store the parameters; nothing else."""

    def fit(
        self, data: Any, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Learn, and yield at least every 50 ms on two quiet cores.

        What is sent back in is None or a new `Params` that differs in STEP parameters only. After
        `close()` the last published weights stay usable. Raises `DataError`.
        """
        ...

    def evaluate(self, params: Any) -> Snapshot:
        """One settled frame from the last published weights, at other LIVE parameters. Depends on
        nothing but them: no memory of earlier frames."""
        ...

    def state(self) -> dict[str, Array]:
        """Arrays that `from_state` needs to evaluate again; all that the fit learnt."""
        ...

    @classmethod
    def from_state(cls, params: Any, state: Mapping[str, Array]) -> Self:
        """Rebuild a fitted method."""
        ...


@runtime_checkable
class Predicts(Protocol):
    """A method whose result can be asked for at places that were not in the data."""

    def at(self, points: Array, params: Any) -> Layer:
        """What it says at points (q, D), in the data's coordinates. Raises `DataError`."""
        ...


@runtime_checkable
class Exportable(Protocol):
    """A method whose fitted network other programs may run (`engine.io.networks`)."""

    def module(self) -> Any:
        """A `torch.nn.Module` of one tensor whose first dimension counts inputs, all that belongs
        to it inside. Raises `DataError` where this fit has none."""
        ...

    def trial(self) -> tuple[Array, Array]:
        """Some inputs, and what the method itself says of them by another way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExportedNetwork:
    """A network as other programs run it, and what its file must say.

    Attributes
    ----------
    module : a `torch.nn.Module` of one tensor per input, in the order of `inputs`, to one tensor
    inputs : their names
    example : small arrays that it is traced with
    trials : arrays for the inputs, and what the method itself says of them by another way
    free : by input, axes of any length: the name of the length, and what it is a multiple of
    about : JSON values that belong beside the numbers; where there are none, the numbers alone are
        of no use to others
    """

    module: Any
    inputs: tuple[str, ...]
    example: tuple[Array, ...]
    trials: tuple[tuple[tuple[Array, ...], Array], ...]
    free: Mapping[str, Mapping[int, tuple[str, int]]]
    about: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class ExportableAt(Protocol):
    """A method whose network has sliders: it leaves as it is at one setting, or with them."""

    def exported(self, params: Any, *, sliders: bool) -> ExportedNetwork:
        """The network at `params`, or with the sliders as one more input. Raises `DataError`."""
        ...


@runtime_checkable
class Refines(Protocol):
    """A method whose settled frame takes longer than the hand is willing to wait."""

    def refine(self, params: Any) -> Iterator[Snapshot | None]:
        """Frames from coarse to settled, the last one equal to `evaluate(params)`. Yields None when
        it only gives control back. Whoever iterates may stop at any yield."""
        ...


@runtime_checkable
class Attends(Protocol):
    """A method whose picture is so large that the part in sight is computed first."""

    def attend(self, part: tuple[int, int, int, int]) -> None:
        """What is in sight: top, left, bottom, right, in pixels of the whole. May be called from
        any thread at any time; it decides the order of work and what previews show sharply, never
        what the settled frame holds."""
        ...


@runtime_checkable
class Transfers(Protocol):
    """A method whose learning serves data that it was not fitted to."""

    def transferred(self, data: Any) -> Self:
        """The same learning with other data to show, without a fit. May be called while another
        thread asks this one for frames. Raises `DataError`."""
        ...
