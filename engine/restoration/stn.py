"""A small restoring network trained on the spot, which tunes its own training on the open picture.

"Self-Tuning Networks", arXiv 1903.03088; see `self_tuning` and `gated_network`. Tuned are what a
restoration's sliders stand for (noise, blur and compression of the training patches, and how much
their texture counts), how far patches are made brighter or darker, weight decay and input dropout;
what is validated on is the open picture, by Stein's unbiased estimate of the error (for noise of
known or estimated size),

    SURE = mean (f(y) - y)^2 - sigma^2 + 2 sigma^2 div f(y) / N

with the divergence along one random probe, or by the error itself where the truth is known.
Afterwards the numbers are sliders: the network follows them where it has learnt to, l +- 2 sigma.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.restoration import held_photograph
from engine.restoration.noise import known_sigma
from engine.restoration.step_under_way import StepUnderWay
from engine.restoration.stn_params import STNParams

if TYPE_CHECKING:
    from engine.restoration.stn_training import Tuning

EVERY = 100
"""Steps between two pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A training's course. `course` (steps, 2 + 2 k): loss, 1 for a tuning step, l and sigma;
    `across` (m, k, 16) validation losses where one number is varied, as they were at each of m
    pictures, at `places` (16,) shares of its range; `plane` (10, 10) those of the last picture
    over the first two numbers, (0, 0) where one is tuned."""

    course: NDArray[np.float64]
    places: NDArray[np.float64]
    across: NDArray[np.float64]
    plane: NDArray[np.float64]
    sigma: float


class STN:
    """See the module's docstring."""

    Params: ClassVar[type] = STNParams
    Data: ClassVar[type] = Photograph

    def __init__(self, params: STNParams) -> None:
        self.params = params
        self._photograph: Photograph | None = None
        self._fitted: Fitted | None = None
        self._arrays: dict[str, Array] = {}

    def fit(
        self, data: Photograph, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Train and tune in turns, showing the open picture; rates and the entropy's weight count
        from the next step."""
        if self.params.judge == "truth" and data.truth is None:
            raise DataError(
                f"The truth of '{data.name}' is not known; let it be judged by the estimate."
            )
        run = _Run(data, self.params, rng)
        run.hear((yield run.told("pictures to learn from")))
        yield from run.beating(run.begin, "pictures to learn from")
        while run.done < self.params.steps:
            # What is heard while a step is under way counts from the next one, whenever it came.
            run.using = run.now
            yield from run.beating(run.advance)
            shown = None
            if run.done % EVERY == 0 or run.done == self.params.steps:
                shown = yield from run.beating(lambda: self._drawn(run))
            run.hear((yield run.told("training", run.metrics(), shown)))

    def _drawn(self, run: _Run) -> Snapshot:
        self._photograph, self._arrays = run.data, run.tuning.arrays()
        self._fitted = run.fitted()
        return self.evaluate(run.now)

    def evaluate(self, params: STNParams) -> Snapshot:
        """The picture at the tuned numbers, or at those set by hand."""
        from engine.restoration import stn_picture

        photograph, fitted = self._ready()
        return stn_picture.snapshot(photograph, fitted, self._arrays, self.params, params)

    def state(self) -> dict[str, Array]:
        """The network, its course and the photograph."""
        photograph, fitted = self._ready()
        network = {f"network.{k}": v for k, v in self._arrays.items()}
        return to_arrays(fitted) | network | held_photograph.to_arrays(photograph)

    @classmethod
    def from_state(cls, params: STNParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._fitted = from_arrays(Fitted, state)
        method._photograph = held_photograph.from_arrays(state)
        method._arrays = {k.removeprefix("network."): np.asarray(v) for k, v in state.items()
                          if k.startswith("network.")}  # fmt: skip
        return method

    def _ready(self) -> tuple[Photograph, Fitted]:
        if self._fitted is None or self._photograph is None:
            raise DataError("The fit was stopped before there was a picture; run it again.")
        return self._photograph, self._fitted


class _Run(StepUnderWay[STNParams]):
    """A training under way."""

    tuning: Tuning

    def __init__(self, data: Photograph, params: STNParams, rng: np.random.Generator) -> None:
        super().__init__(params, params.steps)
        self.data, self.params, self.rng = data, params, rng
        self.course: list[list[float]] = []
        self.across: list[NDArray[np.float64]] = []

    def begin(self) -> None:
        """The pool of pictures, the network, and what it is judged by."""
        from engine.restoration.stn_training import Tuning

        self.sigma = known_sigma(self.data)
        self.tuning = Tuning(self.data, self.params, self.sigma, self.rng)

    def advance(self) -> None:
        """One step of either kind."""
        self.under_way = self.done + 1
        tunes, loss = self.tuning.advance(self.using)
        at, spread = self.tuning.now()
        self.course.append([loss, float(tunes), *at, *spread])
        self.done += 1
        if not math.isfinite(loss):
            raise DataError("The training diverged; take a smaller learning rate.")

    def metrics(self) -> dict[str, float]:
        loss, tunes, *numbers = self.course[-1]
        found = {"validation loss" if tunes else "training loss": loss}
        for tuned, at in zip(self.params.tuned, numbers, strict=False):
            found[tuned.name] = tuned.value(at)
        return found

    def fitted(self) -> Fitted:
        from engine.restoration.stn_training import PLACES

        found = self.tuning.landscape()
        self.across.append(found.across)
        return Fitted(
            np.array(self.course), PLACES.copy(), np.array(self.across), found.plane, self.sigma
        )
