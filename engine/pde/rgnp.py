"""A random-grid neural process: one network for a whole family of equations, both ways.

"Random Grid Neural Processes for Parametric Partial Differential Equations", arXiv 2301.11040.
The forward network gives the solution's mean and covariance at any places for any coefficients of
the prior box; the inverse network gives the coefficients from values at any places. Both are
trained on the equation alone (`engine.pde.elbo`), at random places, without solutions; after that
every coefficient is one forward pass. Some families come trained.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.pde import rgnp_picture, shipped
from engine.pde.coverage import HeldOut, Quality, held_out, quality
from engine.pde.elbo import Elbo
from engine.pde.family import Family
from engine.pde.fitted import as_bytes, open_problem
from engine.pde.forward import Arrays
from engine.pde.problem import Floats, Problem
from engine.pde.reference import is_quick, known, reference
from engine.pde.rgnp_params import RGNPParams
from engine.pde.rgnp_training import Training, evaluator
from engine.pde.underway import underway
from engine.stages import beats

SHOWN = 20
WRITTEN = 400
"""Steps whose numbers are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """`quality` (3,) is error, coverage and number of held-out draws; `losses` the course of the
    objective (steps, 7), `errors` (pictures, 3) those of error and coverage."""

    spec: NDArray[np.uint8]
    quality: Floats
    given: int
    losses: Floats
    errors: Floats
    said: NDArray[np.uint8]
    planned: int
    step: int

    @property
    def measured(self) -> Quality:
        error, coverage, draws = self.quality
        return Quality(float(error), float(coverage), int(draws))


class RGNP:
    """See the module's docstring."""

    Params: ClassVar[type] = RGNPParams
    Data: ClassVar[type] = Problem

    def __init__(self, params: RGNPParams) -> None:
        self.params = params
        self._fitted: Fitted | None = None
        self._arrays: Arrays = {}
        self._networks: Elbo | None = None
        self._process: rgnp_picture.Process | None = None

    def fit(
        self, data: Problem, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Shipped networks at once, else training; STEP parameters count from the next step."""
        sent = yield Step(index=0, stage="the family")
        now = sent or self.params
        if self.params.weights == "shipped" and (found := shipped.known(data)) is not None:
            self._take(Fitted(as_bytes(data.spec), found.quality, found.given, found.losses,
                              found.errors, as_bytes(found.said), found.steps, found.steps),
                       found.arrays, data)  # fmt: skip
            shown = yield from self._drawn(now, Step(index=1, total=1, stage="the picture"))
            yield Step(index=1, total=1, stage="done", snapshot=shown)
            return
        yield from _Fit(self, data, rng, device).run(now)

    def _take(self, fitted: Fitted, arrays: Arrays, problem: Problem) -> None:
        self._fitted, self._arrays = fitted, arrays
        self._networks = evaluator(problem, arrays, int(fitted.given))
        self._process = None

    def _drawn(self, params: RGNPParams, step: Step) -> Generator[Step, Any, Snapshot]:
        """A picture, with steps while it is drawn."""
        drawing = beats(lambda: self.evaluate(params))
        while True:
            try:
                next(drawing)
            except StopIteration as stop:
                frame: Snapshot = stop.value
                return frame
            yield step

    def evaluate(self, params: RGNPParams) -> Snapshot:
        """The fields and what the observations say, at any coefficients of the prior box."""
        fitted, networks = self._ready()
        problem = networks.family.problem
        c = problem.chosen(params.coefficients)
        return rgnp_picture.snapshot(self._at(networks, c), fitted, params, reference(problem, c))

    def _at(self, networks: Elbo, c: tuple[float, ...]) -> rgnp_picture.Process:
        """The process at these coefficients: a slice or an observation leaves it as it is."""
        kept = self._process
        if kept is None or kept.networks is not networks or kept.c != c:
            kept = self._process = rgnp_picture.Process(networks, c)
        return kept

    def refine(self, params: RGNPParams) -> Iterator[Snapshot | None]:
        """Without the truth first, where that takes long; then with the coefficients by one pass,
        where draws of them are to be weighed."""
        fitted, networks = self._ready()
        problem = networks.family.problem
        c = problem.chosen(params.coefficients)
        if known(problem, c) is None:
            if not is_quick(problem):
                yield rgnp_picture.snapshot(self._at(networks, c), fitted, params, None,
                                            coarse="the truth is being computed")  # fmt: skip
            yield from beats(lambda: reference(problem, c))
        if params.told_by == "both networks":
            yield rgnp_picture.snapshot(self._at(networks, c), fitted, params,
                                        reference(problem, c), hasty=True,
                                        coarse="coefficients are being weighed")  # fmt: skip
        yield (yield from beats(lambda: self.evaluate(params)))

    def state(self) -> dict[str, Array]:
        """The networks and the address of the problem."""
        fitted, _ = self._ready()
        return to_arrays(fitted) | {f"network.{k}": v for k, v in self._arrays.items()}

    @classmethod
    def from_state(cls, params: RGNPParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        fitted = from_arrays(Fitted, state)
        arrays = {k.removeprefix("network."): np.asarray(v) for k, v in state.items()
                  if k.startswith("network.")}  # fmt: skip
        method._take(fitted, arrays, open_problem(fitted.spec))
        return method

    def _ready(self) -> tuple[Fitted, Elbo]:
        if self._fitted is None or self._networks is None:
            raise DataError("The fit was stopped before there was a solution; run it again.")
        return self._fitted, self._networks


class _Fit:
    """A training under way, and its pictures."""

    def __init__(
        self, method: RGNP, problem: Problem, rng: np.random.Generator, device: str
    ) -> None:
        self.method, self.problem, self.params = method, problem, method.params
        self.family = Family(problem, self.params.given)
        self.now = self.params
        # float64 is not known to every device.
        self.training = Training(self.family, self.params, rng, device, lambda: self.now)
        self.errors: list[tuple[float, float, float]] = []
        self.draws: HeldOut | None = None

    def _hear(self, sent: RGNPParams | None) -> None:
        if sent is not None:
            self.now = sent

    def run(self, now: RGNPParams) -> Generator[Step, Any, None]:
        self.now = now
        preparing = self._prepare()
        while True:
            try:
                next(preparing)
            except StopIteration:
                break
            self._hear((yield Step(index=0, stage="references of held-out draws")))
        training, planned = self.training, self.params.steps
        every, written = max(1, planned // SHOWN), max(1, planned // WRITTEN)
        for told in training.run():
            step, metrics, shown = training.done, {}, None
            if told is not None and (step % written == 0 or step == 1):
                metrics = {k: v for k, v in told.items() if np.isfinite(v)}
            if told is not None and (step % every == 0 and step < planned):
                self._publish()
                shown = yield from self.method._drawn(self.now, self._step())
                metrics |= self._measured()
                shown = underway(shown)
            self._hear((yield replace(self._step(), metrics=metrics, snapshot=shown)))
        self._publish()
        shown = yield from self.method._drawn(self.now, self._step())
        yield Step(index=planned, total=planned, stage="done", metrics=self._measured(),
                   snapshot=shown)  # fmt: skip

    def _step(self) -> Step:
        training = self.training
        return Step(index=training.under_way, total=self.params.steps, stage="training by Adam")

    def _prepare(self) -> Generator[None, None, None]:
        yield from self.training.observe()
        self.draws = yield from held_out(self.family, self.params.held_out)

    def _measured(self) -> dict[str, float]:
        _, error, coverage = self.errors[-1]
        return {"held-out error": error, "coverage": coverage} if np.isfinite(error) else {}

    def _publish(self) -> None:
        assert self.draws is not None
        arrays, training = self.training.published(), self.training
        found = quality(evaluator(self.problem, arrays, self.family.given), self.draws)
        self.errors.append((float(training.done), found.error, found.coverage))
        fitted = Fitted(
            as_bytes(self.problem.spec), np.array([found.error, found.coverage, found.draws]),
            self.family.given, training.course(), np.array(self.errors),
            as_bytes("\n".join(training.said)), self.params.steps, training.done,
        )  # fmt: skip
        self.method._take(fitted, arrays, self.problem)
