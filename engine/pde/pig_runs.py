"""The ways to fit Gaussians to an equation, as streams of what is learnt."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine.method import DataError
from engine.pde.cloud import Cloud
from engine.pde.fitted import Fitted, as_bytes
from engine.pde.moves import Mover
from engine.pde.network import SMALLEST, GaussianNetwork
from engine.pde.pig_params import PROJECTION, PIGParams
from engine.pde.points import Points, draw, spread
from engine.pde.problem import Floats, Problem
from engine.pde.projection import Design, Weighing, through_time, weights_of
from engine.pde.training import Loss, Pace
from engine.pde.training import train as trained
from engine.stages import beats

MARGIN = 0.15
"""How far centres reach beyond the box, in half lengths: the edge needs neighbours as well."""
CHUNK = 4_000_000
SHOWN = 40
"""Pictures in a training."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """A step of a fit; without `fitted` only a sign of life."""

    index: int
    total: int | None
    stage: str
    fitted: Fitted | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    shown: bool = False

    def fitted_with(self, error: float | None) -> Fitted:
        """The error of this step written down; later steps carry it on."""
        assert self.fitted is not None
        if error is None:
            return self.fitted
        self.record.append((float(self.index), error))
        return replace(self.fitted, errors=np.array(self.record))

    record: list[tuple[float, float]] = field(default_factory=list)


def check(problem: Problem, params: PIGParams) -> None:
    """Refuse what cannot be computed. Raises `DataError`."""
    count = params.many(problem.dimension)
    size = count * len(problem.unknowns)
    if params.pieces > 1 and params.training == PROJECTION:
        pieceable(problem)
        return
    if params.training == PROJECTION:
        if size > 2500:
            raise DataError(f"Least squares with {size} weights takes minutes; use 2500 at most.")
        if count * params.interior > 40_000_000:
            raise DataError("So many Gaussians and points do not fit into memory; use fewer.")
    if not params.hidden and len(problem.unknowns) > 1 and params.training != PROJECTION:
        raise DataError("Several unknowns need the network; set its width above 0.")


def pieceable(problem: Problem) -> None:
    """Refuse what has no start that the end of a piece could replace. Raises `DataError`."""
    time = problem.time
    if time is None:
        raise DataError("There is no time t in this problem that could be solved in pieces.")
    if any(c.axis == time and (c.side or c.group != "initial") for c in problem.conditions):
        raise DataError("Pieces of time need all conditions on time to be at its start.")
    highest = max(key[1][time] for partial in problem.partials for key in partial)
    if {c.key[1][time] for c in problem.conditions if c.axis == time} != set(range(highest)):
        raise DataError(
            "Pieces of time need the start in full: u, and with a second derivative in time u_t."
        )


def way(params: PIGParams) -> Any:
    """The stream of a fit."""
    from engine.pde.pig_pieces import in_pieces

    if params.training != PROJECTION:
        return train
    return in_pieces if params.pieces > 1 else project


def first_width(problem: Problem, params: PIGParams) -> Floats:
    """Widths along each axis in half lengths of the box."""
    d = problem.dimension
    gap = 2 / params.many(d) ** (1 / d)
    reach = 3.3 if params.training == PROJECTION else 1.4
    width = params.width if params.width is not None else min(1.0, reach * gap)
    found = np.full(d, width)
    if params.width_time is not None and problem.time is not None:
        found[problem.time] = params.width_time
    return np.asarray(np.maximum(found, 1.5 * SMALLEST))


def _weighing(params: PIGParams, natural: float) -> Weighing:
    residual = natural if params.weight_residual is None else params.weight_residual
    return Weighing(residual, params.weight_boundary, params.weight_initial)


class _Course:
    """What is written down while a fit goes on."""

    def __init__(self, problem: Problem, c: tuple[float, ...], planned: int) -> None:
        self.problem, self.c, self.planned = problem, c, planned
        self.losses: list[tuple[float, ...]] = []
        self.errors: list[tuple[float, float]] = []
        self.said: list[str] = []

    def fitted(self, points: Points, weigh: Weighing, *, projected: bool, **arrays: Any) -> Fitted:
        return Fitted(
            spec=as_bytes(self.problem.spec), c=np.array(self.c), projected=projected,
            inside=points.inside, faces=points.faces,
            weigh=np.array([weigh.residual, weigh.boundary, weigh.initial]),
            losses=np.array(self.losses).reshape(-1, 5), said=as_bytes("\n".join(self.said)),
            errors=np.array(self.errors).reshape(-1, 2), planned=self.planned,
            step=len(self.losses), **arrays,
        )  # fmt: skip

    def wrote(self, design: Design, weights: Floats, weigh: Weighing) -> dict[str, float]:
        """Parts of the loss of weights on a design, written down."""
        residual = design.problem.residual(design.jet(weights), design.points.inside, self.c)
        parts = {"equation": float(sum(np.mean(r**2) for r in residual)), "boundary": 0.0,
                 "start": 0.0}  # fmt: skip
        for k, condition in enumerate(design.problem.conditions):
            group = "start" if condition.group == "initial" else "boundary"
            members = sum(o.group == condition.group for o in design.problem.conditions)
            parts[group] += float(np.mean(design.gap(k, weights, self.c) ** 2)) / members
        return self.wrote_parts(parts, weigh)

    def wrote_parts(self, parts: dict[str, float], weigh: Weighing) -> dict[str, float]:
        loss = (weigh.residual * parts["equation"] + weigh.boundary * parts["boundary"]
                + weigh.initial * parts["start"])  # fmt: skip
        step = len(self.losses) + 1
        self.losses.append((step, loss, parts["equation"], parts["boundary"], parts["start"]))
        return {"loss": loss, **{k: v for k, v in parts.items() if v or k == "equation"}}


def project(
    problem: Problem, params: PIGParams, heard: Any, rng: np.random.Generator, device: str
) -> Iterator[Learnt]:
    """Weights by least squares, then moves of centres and widths."""
    c = problem.chosen(params.coefficients)
    low, high = problem.bounds.T
    half = (high - low) / 2
    count = params.many(problem.dimension)
    places = 2 * spread(count, problem.dimension, rng) - 1
    widths = np.tile(first_width(problem, params) * half, (count, 1))
    cloud = Cloud((low + high) / 2 + (1 + MARGIN) * half * places, widths)
    points = draw(problem, params.interior, params.boundary, rng)
    course = _Course(problem, c, 0)
    stage = "building the equations"
    design = yield from _alive(beats(lambda: Design(problem, cloud, points)), 0, None, stage)
    natural = yield from _alive(beats(lambda: design.natural(c)), 0, None, stage)
    weigh = _weighing(heard.now, natural)
    weights = np.zeros((count, len(problem.unknowns)))

    def learnt(stage: str, total: int | None, metrics: dict[str, float]) -> Learnt:
        fitted = course.fitted(points, weigh, projected=True, centres=cloud.centres[None],
                               widths=cloud.widths[None], weights=weights)  # fmt: skip
        return Learnt(len(course.losses), total, stage, fitted, metrics, True, course.errors)

    stage = "solving for the weights"
    by_time = problem.time is not None and not problem.linear
    solving = (through_time if by_time else weights_of)(design, c, weigh, weights)
    while True:
        index = len(course.losses)
        found = yield from _alive(beats(lambda: next(solving, None)), index, None, stage)
        if found is None:
            break
        weights = found[0]
        yield learnt(stage, None, course.wrote(design, weights, weigh))
    mover = Mover(problem, cloud, weights, SMALLEST * half)
    solved = len(course.losses)
    course.planned = total = solved + params.planned
    for index in range(params.planned):
        weigh = _weighing(heard.now, natural)
        if heard.now.redraw and index % heard.now.redraw == 0:
            points = draw(problem, params.interior, params.boundary, rng)
        stage = "moving Gaussians"
        step = beats(lambda: mover.step(points, c, weigh))  # noqa: B023
        design, _ = yield from _alive(step, solved + index, total, stage)
        cloud, weights = mover.cloud, mover.weights
        yield learnt(stage, total, course.wrote(design, weights, weigh))


def train(
    problem: Problem, params: PIGParams, heard: Any, rng: np.random.Generator, device: str
) -> Iterator[Learnt]:
    """The paper's model by L-BFGS or Adam, points redrawn at random."""
    c = problem.chosen(params.coefficients)
    model = GaussianNetwork(problem, params, first_width(problem, params), rng, device)
    sets = 1 if params.share else params.features
    loss = Loss(problem, model, c, max(1, CHUNK // (sets * params.many(problem.dimension))))
    points = draw(problem, params.interior, params.boundary, rng, even=False)
    natural = natural_weight(problem, points, c)
    course = _Course(problem, c, params.planned)
    last = [points]

    def pace(index: int) -> Pace:
        now = heard.now
        rate = now.rate if now.rate is not None else (1.0 if now.training == "L-BFGS" else 0.01)
        if now.training == "Adam":
            rate *= now.decay ** (index / 2000)
        return Pace(_weighing(now, natural), rate, now.redraw)

    def drawn() -> Points:
        last[0] = draw(problem, params.interior, params.boundary, rng, even=False)
        return last[0]

    every = max(1, params.planned // SHOWN)
    for turn in trained(loss, params.training, params.planned, pace, drawn):
        index = len(course.losses)
        if turn is None:
            yield Learnt(index, params.planned, "training")
            continue
        if turn.said:
            course.said.append(turn.said)
        parts = dict(zip(("equation", "boundary", "start"), turn.parts, strict=True))
        metrics = {k: v for k, v in course.wrote_parts(parts, turn.weigh).items() if np.isfinite(v)}
        shown = turn.index % every == 0 or turn.index == params.planned
        fitted = course.fitted(last[0], turn.weigh, projected=False, **model.published())
        yield Learnt(turn.index, params.planned, "training", fitted, metrics, shown, course.errors)


def natural_weight(problem: Problem, points: Points, c: tuple[float, ...]) -> float:
    """1 / mean(source^2): the residual of zero, floored; 1 without a source."""
    blank = {key: np.zeros(len(points.inside)) for key in problem.keys}
    size = max(float(np.mean(r**2)) for r in problem.residual(blank, points.inside, c))
    return float(np.clip(1 / size, 1e-6, 1.0)) if size > 0 else 1.0


def _alive(
    work: Generator[None, None, Any], index: int, total: int | None, stage: str
) -> Generator[Learnt, None, Any]:
    """Signs of life while a long call goes on, and its result."""
    yield Learnt(index, total, stage)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value
        yield Learnt(index, total, stage)
