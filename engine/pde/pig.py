"""Physics-Informed Gaussians: a solution as a sum of bumps that move to where they are needed.

arXiv 2412.05994. K sums of N Gaussians each feed a small network, and all numbers are trained on
the equation (`network`, `training`). Beyond the paper, "least squares": the network is dropped, the
weights are solved for (`projection`) and centres and widths moved by Gauss and Newton's method
(`moves`). Then coefficients, source and boundary values are live: weights are solved for anew.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.pde import pig_picture, pig_pieces, pig_runs
from engine.pde.fitted import Fitted, open_problem
from engine.pde.pig_params import PIGParams
from engine.pde.points import Points
from engine.pde.problem import Problem
from engine.pde.projection import Design, Weighing, weights_of
from engine.pde.reference import is_quick, known, reference
from engine.pde.solution import Solution
from engine.pde.underway import underway
from engine.stages import beats, finish


class PIG:
    """See the module's docstring."""

    Params: ClassVar[type] = PIGParams
    Data: ClassVar[type] = Problem

    def __init__(self, params: PIGParams) -> None:
        self.params = params
        self._fitted: Fitted | None = None
        self._problem: Problem | None = None
        self._design: tuple[Fitted, float, Design] | None = None

    def fit(
        self, data: Problem, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """The reference first, then the weights or the training; STEP parameters count from the
        next step. Raises `DataError`."""
        c = data.chosen(self.params.coefficients)
        pig_runs.check(data, self.params)
        said = yield from _stage("the truth", beats(lambda: reference(data, c)))
        heard = Heard(said or self.params)
        run = pig_runs.way(self.params)
        for item in run(data, self.params, heard, rng, device):
            if item.fitted is None:
                heard.hear((yield Step(index=item.index, total=item.total, stage=item.stage)))
                continue
            self._publish(data, item.fitted)
            shown, metrics = None, dict(item.metrics)
            if item.shown:
                shown = yield from self._drawn(heard, item)
                error = shown.metrics.get("relative error")
                self._publish(data, item.fitted_with(error))
                metrics |= {} if error is None else {"relative error": error}
            step = Step(index=item.index, total=item.total, stage=item.stage,
                        metrics=metrics, snapshot=shown)  # fmt: skip
            heard.hear((yield step))
        done = replace((yield from self._drawn(heard, item)), coarse="")
        index = max(1, self._ready()[0].step)
        yield Step(index=index, total=index, stage="done", snapshot=done)

    def _drawn(self, heard: Heard, item: pig_runs.Learnt) -> Generator[Step, Any, Snapshot]:
        """A picture in training, with steps while it is drawn."""
        now = heard.now
        drawing = beats(lambda: self.evaluate(now))
        while True:
            try:
                next(drawing)
            except StopIteration as stop:
                frame: Snapshot = stop.value
                return underway(frame)
            heard.hear((yield Step(index=item.index, total=item.total, stage=item.stage)))

    def _publish(self, problem: Problem, fitted: Fitted) -> None:
        self._problem = problem
        self._fitted = fitted

    def evaluate(self, params: PIGParams) -> Snapshot:
        """The fields at LIVE parameters; with least squares the weights follow coefficients."""
        fitted, problem = self._ready()
        c = self._coefficients(params)
        solution = finish(self._solved(params, c))
        truth = reference(problem, c)
        return pig_picture.snapshot(problem, fitted, solution, params, c, truth)

    def refine(self, params: PIGParams) -> Iterator[Snapshot | None]:
        """A preview from fewer points or without the truth where either takes long."""
        fitted, problem = self._ready()
        c = self._coefficients(params)
        ready = known(problem, c)
        solving = self._solved(params, c)
        previewed = False
        while True:
            try:
                rough = next(solving)
            except StopIteration as stop:
                solution = stop.value
                break
            if rough is not None and not previewed:
                previewed = True
                yield pig_picture.snapshot(problem, fitted, rough, params, c, ready,
                                           coarse="fewer points")  # fmt: skip
            yield None
        if ready is None:
            if not is_quick(problem):
                yield pig_picture.snapshot(problem, fitted, solution, params, c, None,
                                           coarse="the truth is being computed")  # fmt: skip
            yield from beats(lambda: reference(problem, c))
        yield pig_picture.snapshot(problem, fitted, solution, params, c, reference(problem, c))

    def _coefficients(self, params: PIGParams) -> tuple[float, ...]:
        fitted, problem = self._ready()
        c = problem.chosen(params.coefficients)
        if not fitted.projected and c != tuple(fitted.c):
            at = ", ".join(f"{k.name} = {v:g}" for k, v in
                           zip(problem.coefficients, fitted.c, strict=True))  # fmt: skip
            raise DataError(
                f"The solution was trained at {at}; fit again to train it at others, or use least "
                "squares, which follows them."
            )
        return c

    def _solved(
        self, params: PIGParams, c: tuple[float, ...]
    ) -> Generator[Solution | None, None, Solution]:
        """The solution at these parameters; on the way None, and once a rough one."""
        fitted, problem = self._ready()
        base = fitted.solution
        if not fitted.projected:
            return base.spread(params.spread).without_faint(params.threshold)
        if c == tuple(fitted.c) and params.spread == 1:
            return base.without_faint(params.threshold)
        yield None
        if fitted.edges is not None:
            return (yield from self._marched(params, c))
        design = self._design_for(fitted, problem, params.spread)
        weigh = Weighing(*(float(v) for v in fitted.weigh))
        weights = fitted.weights
        scaled = base.spread(params.spread)
        if problem.linear:
            few = design.thinned()
            for rough, _, _ in weights_of(few, c, weigh, fitted.weights):
                yield replace(scaled, weights=(rough,))
        for weights, _, settled in weights_of(design, c, weigh, fitted.weights):
            yield None if settled else replace(scaled, weights=(weights,))
        return replace(scaled, weights=(weights,)).without_faint(params.threshold)

    def _marched(
        self, params: PIGParams, c: tuple[float, ...]
    ) -> Generator[Solution | None, None, Solution]:
        fitted, problem = self._ready()
        weigh = Weighing(*(float(v) for v in fitted.weigh))
        clouds, weights = [], []
        for piece in pig_pieces.again(problem, fitted, params.spread, c, weigh):
            if piece is None:
                yield None
                continue
            clouds.append(piece[0])
            weights.append(piece[1])
        base = replace(fitted.solution, clouds=tuple(clouds), weights=tuple(weights))
        return base.without_faint(params.threshold)

    def _design_for(self, fitted: Fitted, problem: Problem, spread: float) -> Design:
        """Matrices on the fit's points: they stay while coefficients move."""
        kept = self._design
        if kept is None or kept[0] is not fitted or kept[1] != spread:
            cloud = fitted.solution.spread(spread).clouds[0]
            kept = fitted, spread, Design(problem, cloud, Points(fitted.inside, fitted.faces))
            self._design = kept
        return kept[2]

    def module(self) -> Any:
        """The Gaussians and the network behind them, places in the problem's coordinates."""
        from engine.pde.portable import GaussianModule

        fitted, _ = self._ready()
        if fitted.edges is not None:
            raise DataError("A solution in pieces of time is no single network; fit it in one.")
        return GaussianModule(fitted.solution)

    def trial(self) -> tuple[Array, Array]:
        """Places in the box, and the solution there."""
        fitted, problem = self._ready()
        x = fitted.inside[:200]
        zero = (0,) * problem.dimension
        return x, fitted.solution.at(x, [zero])[zero]

    def state(self) -> dict[str, Array]:
        """The Gaussians, the points, and the address of the problem."""
        return to_arrays(self._ready()[0])

    @classmethod
    def from_state(cls, params: PIGParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        fitted = from_arrays(Fitted, state)
        method._publish(open_problem(fitted.spec), fitted)
        return method

    def _ready(self) -> tuple[Fitted, Problem]:
        if self._fitted is None or self._problem is None:
            raise DataError("The fit was stopped before there was a solution; run it again.")
        return self._fitted, self._problem


class Heard:
    """The parameters in use; what is sent in replaces them from the next step on."""

    def __init__(self, params: PIGParams) -> None:
        self.now = params

    def hear(self, sent: PIGParams | None) -> None:
        if sent is not None:
            self.now = sent


def _stage(stage: str, work: Generator[None, None, Any]) -> Generator[Step, Any, Any]:
    """Steps while a long call goes on; returns the last parameters that were sent in."""
    said = yield Step(index=0, stage=stage)
    while True:
        try:
            next(work)
        except StopIteration:
            return said
        said = (yield Step(index=0, stage=stage)) or said
