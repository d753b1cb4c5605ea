"""A Gaussian process with a spectral mixture: equations whose solutions oscillate fast.

arXiv 2311.04465. Values on a grid, kernels and noise are trained together (`joint`,
`gphm_training`), as published. Beyond the paper, "direct": with the noise taken to 0 and the kernel
held, the equation is a square system on the grid (`gp_line`, `gp_plane`), solved within a frame. It
stands behind every LIVE parameter, before and after a training, and may begin one.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.params import LIVE, parameters, to_json
from engine.pde import gphm_picture, gphm_training, posterior
from engine.pde.fitted import as_bytes, as_text, open_problem
from engine.pde.gp_line import Line, slowest
from engine.pde.gphm_direct import Setting, Solved, handles, solve
from engine.pde.gphm_params import DIRECT, FROM_DIRECT, PUBLISHED, GPHMParams
from engine.pde.gphm_training import Training
from engine.pde.mean import Mean
from engine.pde.problem import Floats, Problem
from engine.pde.reference import is_quick, known, reference
from engine.pde.underway import underway
from engine.stages import beats, finish

SHOWN = 40
"""Pictures in a training."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a fit learnt: nothing by the direct solution but its problem; by training the values on
    the grid and components (rows axis, weight, frequency, width) of one or two processes.

    `live` are the LIVE parameters that it was trained at, JSON. `losses` (steps, 5), `precisions`
    (steps, 3) and `errors` (pictures, 2) are their course; `said` what went wrong.
    """

    spec: NDArray[np.uint8]
    live: NDArray[np.uint8]
    trained: bool
    jitter: float
    losses: Floats
    precisions: Floats
    errors: Floats
    said: NDArray[np.uint8]
    planned: int
    step: int
    values: Floats | None = None
    components: Floats | None = None
    values_2: Floats | None = None
    components_2: Floats | None = None


class GPHM:
    """See the module's docstring."""

    Params: ClassVar[type] = GPHMParams
    Data: ClassVar[type] = Problem

    def __init__(self, params: GPHMParams) -> None:
        self.params = params
        self._fitted: Fitted | None = None
        self._problem: Problem | None = None

    def fit(
        self, data: Problem, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """The reference first, then the direct solution or the training; nothing is random. STEP
        parameters count from the next step. Raises `DataError`."""
        c = data.chosen(self.params.coefficients)
        course = _Course(data, self.params)
        course.hear((yield Step(index=0, stage="the truth")))
        setting = Setting.of(data, self.params, c)
        yield from course.waiting(beats(lambda: reference(data, c)), "the truth")
        values = None
        if self.params.training != PUBLISHED:
            solving = beats(lambda: finish(solve(setting, self.params.jitter)))
            values = (yield from course.waiting(solving, "solving on the grid")).values
        if self.params.training == DIRECT:
            self._publish(data, course.fitted(None))
        else:
            start = values if self.params.training == FROM_DIRECT else None
            training = Training(setting, self.params, lambda: course.now, start)
            yield from self._train(data, training, course)
        drawing = beats(lambda: self.evaluate(course.now))
        shown = yield from course.waiting(drawing, "drawing")
        index = max(1, course.step)
        yield Step(index=index, total=index, stage="done", snapshot=shown)

    def _train(
        self, data: Problem, training: Training, course: _Course
    ) -> Generator[Step, Any, None]:
        self._publish(data, course.fitted(training))
        every = max(1, course.planned // SHOWN)
        for turn in training.run():
            if turn is None:
                course.hear((yield course.beat("training")))
                continue
            metrics, shown = course.write(turn, training), None
            if turn.index % every == 0 or turn.index == course.planned:
                self._publish(data, course.fitted(training))
                drawing = beats(lambda: self.evaluate(course.now))
                shown = yield from course.waiting(drawing, "training")
                shown = underway(shown)
                error = shown.metrics.get("relative error")
                if error is not None:
                    course.errors.append((float(turn.index), error))
                    metrics["relative error"] = error
            course.hear((yield Step(index=turn.index, total=course.planned, stage="training",
                                    metrics=metrics, snapshot=shown)))  # fmt: skip
        self._publish(data, course.fitted(training))

    def _publish(self, problem: Problem, fitted: Fitted) -> None:
        self._problem, self._fitted = problem, fitted

    def evaluate(self, params: GPHMParams) -> Snapshot:
        """The fields: as trained at the parameters of the training, solved directly at others."""
        _, problem = self._ready()
        drawn = finish(self._solved(params))
        return self._picture(params, drawn, reference(problem, drawn.c), spread=True)

    def refine(self, params: GPHMParams) -> Iterator[Snapshot | None]:
        """On a line a preview without the spread, and without the truth where that takes long."""
        _, problem = self._ready()
        solving = self._solved(params)
        while True:
            try:
                next(solving)
            except StopIteration as stop:
                drawn: _Drawn = stop.value
                break
            yield None
        if known(problem, drawn.c) is None and not is_quick(problem):
            yield self._picture(params, drawn, None, coarse="the truth is being computed")
            yield from beats(lambda: reference(problem, drawn.c))
        elif problem.dimension == 1 and not drawn.trained:
            truth = reference(problem, drawn.c)
            yield self._picture(params, drawn, truth, coarse="without its spread")
        yield self._picture(params, drawn, reference(problem, drawn.c), spread=True)

    def _picture(
        self, params: GPHMParams, drawn: _Drawn, truth: Any, *, spread: bool = False,
        coarse: str = "",
    ) -> Snapshot:  # fmt: skip
        fitted, problem = self._ready()
        found = _spread(drawn) if spread else None
        return gphm_picture.snapshot(
            problem, fitted, drawn.solved, params, drawn.c, truth, spread=found,
            trained=drawn.trained, coarse=coarse, held=drawn.held,
        )  # fmt: skip

    def _solved(self, params: GPHMParams) -> Generator[None, None, _Drawn]:
        fitted, problem = self._ready()
        c = problem.chosen(params.coefficients)
        if not fitted.trained:
            setting = Setting.of(problem, params, c)
            return _Drawn((yield from solve(setting, params.jitter)), c, params)
        if _live(params) == as_text(fitted.live):
            return _Drawn(_as_trained(problem, fitted, params, c), c, params, trained=True)
        kept = _kept(problem, fitted, params)
        setting = Setting.of(problem, params, c, kept)
        solved = yield from solve(setting, params.jitter)
        held: dict[str, Any] = {"training": DIRECT}
        for k, spectrum in enumerate(setting.spectra if kept else ()):
            held |= {n: tuple(float(x) for x in v) for n, v in handles(spectrum, k).items()}
        return _Drawn(solved, c, params, held=held)

    def state(self) -> dict[str, Array]:
        """What training learnt, and the address of the problem."""
        return to_arrays(self._ready()[0])

    @classmethod
    def from_state(cls, params: GPHMParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        fitted = from_arrays(Fitted, state)
        method._publish(open_problem(fitted.spec), fitted)
        return method

    def _ready(self) -> tuple[Fitted, Problem]:
        if self._fitted is None or self._problem is None:
            raise DataError("The fit was stopped before there was a solution; run it again.")
        return self._fitted, self._problem


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A solution with what a picture of it needs."""

    solved: Solved
    c: tuple[float, ...]
    params: GPHMParams
    trained: bool = False
    held: Mapping[str, Any] | None = None


def _live(params: GPHMParams) -> str:
    """The LIVE parameters as text."""
    values = to_json(params)
    return json.dumps([values[p.name] for p in parameters(GPHMParams) if p.effect is LIVE])


def _as_trained(
    problem: Problem, fitted: Fitted, params: GPHMParams, c: tuple[float, ...]
) -> Solved:
    setting = Setting.of(problem, params, c)
    d = problem.dimension
    assert fitted.components is not None and fitted.values is not None
    first = gphm_training.spectra(fitted.components, params.family, d)
    both = [(first, fitted.values)]
    if fitted.components_2 is not None and fitted.values_2 is not None:
        both.append((gphm_training.spectra(fitted.components_2, "Matern", d), fitted.values_2))
    mean, used = gphm_training.mean_of(setting, both, params.jitter)
    lattice = setting.lattice
    told = tuple(slowest(s.table(lattice.lags(k), 3), used) for k, s in enumerate(first))
    values = np.asarray(sum(v for _, v in both))
    return Solved(lattice, first, values, mean, setting.cycles, max(used, fitted.jitter), told, 0)


def _kept(problem: Problem, fitted: Fitted, params: GPHMParams) -> tuple[dict[str, Floats], ...]:
    """Trained components, for what is not given by hand; none once others were asked for."""
    before = dict(zip((p.name for p in parameters(GPHMParams) if p.effect is LIVE),
                      json.loads(as_text(fitted.live)), strict=True))  # fmt: skip
    asked = to_json(params)
    if any(asked[name] != before[name] for name in ("family", "components", "highest")):
        return ()
    assert fitted.components is not None
    first = gphm_training.spectra(fitted.components, params.family, problem.dimension)
    return tuple(handles(s, k) for k, s in enumerate(first))


def _spread(drawn: _Drawn) -> Floats | None:
    """The posterior spread on the problem's grid, on a line and where it can be had."""
    solved = drawn.solved
    if solved.lattice.dimension > 1 or drawn.trained:
        return None
    line = Line(solved.lattice, solved.spectra[0], solved.jitter)
    places = solved.lattice.problem.grid()[0]
    assert isinstance(solved.mean, Mean)
    try:
        return posterior.spread(line, solved.spectra[0], solved.mean.weights, places)
    except np.linalg.LinAlgError:
        return None


class _Course:
    """What is written down while a fit goes on, and the parameters in use."""

    def __init__(self, problem: Problem, params: GPHMParams) -> None:
        self.problem, self.params, self.now = problem, params, params
        self.planned, self.step = params.planned, 0
        self.losses: list[tuple[float, ...]] = []
        self.precisions: list[tuple[float, ...]] = []
        self.errors: list[tuple[float, float]] = []
        self.said: list[str] = []

    def hear(self, sent: GPHMParams | None) -> None:
        if sent is not None:
            self.now = sent

    def beat(self, stage: str) -> Step:
        return Step(index=self.step, total=self.planned or None, stage=stage)

    def waiting(self, work: Generator[None, None, Any], stage: str) -> Generator[Step, Any, Any]:
        """Steps while a long call goes on; its result."""
        while True:
            try:
                next(work)
            except StopIteration as stop:
                return stop.value
            self.hear((yield self.beat(stage)))

    def write(self, turn: gphm_training.Turn, training: Training) -> dict[str, float]:
        """Write a turn down; its numbers as far as they are finite."""
        self.step = turn.index
        value, leaves = turn.value, training.leaves
        self.losses.append((turn.index, 0.0, value.equation, value.boundary, 0.0))
        told = float(leaves["boundary"]), float(leaves["equation"])
        self.precisions.append((turn.index, *told))
        if turn.said:
            self.said.append(turn.said)
        found = {"equation": value.equation, "boundary": value.boundary}
        return {k: v for k, v in found.items() if np.isfinite(v)}

    def fitted(self, training: Training | None) -> Fitted:
        return Fitted(
            as_bytes(self.problem.spec), as_bytes(_live(self.params)), training is not None,
            training.jitter if training is not None else self.params.jitter,
            np.array(self.losses).reshape(-1, 5), np.array(self.precisions).reshape(-1, 3),
            np.array(self.errors).reshape(-1, 2), as_bytes("\n".join(self.said)),
            self.planned, self.step, **(training.published() if training is not None else {}),
        )  # fmt: skip
