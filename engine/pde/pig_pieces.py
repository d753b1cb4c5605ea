"""A fit in pieces of time as a stream of what is learnt, and the same at other coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from engine.pde.cloud import Cloud
from engine.pde.fitted import Fitted
from engine.pde.gaussian_lattice import GaussianLattice, edges, lattice
from engine.pde.pieces import Pieces
from engine.pde.pig_params import PIGParams
from engine.pde.pig_runs import Learnt, _alive, _Course, _weighing
from engine.pde.points import Points, draw
from engine.pde.problem import Floats, Problem
from engine.pde.projection import Weighing
from engine.stages import beats

PER_GAUSSIAN = 3
"""Points inside for each Gaussian, at least."""
PER_LINE = 4
"""Points on a face for each centre along the longest line of the lattice, at least."""


def in_pieces(
    problem: Problem, params: PIGParams, heard: Any, rng: np.random.Generator, device: str
) -> Iterator[Learnt]:
    """One step per piece of time."""
    c = problem.chosen(params.coefficients)
    time = problem.time
    assert time is not None
    ends = edges(problem, params.pieces)
    given = [params.width] * problem.dimension
    given[time] = params.width_time
    grid = lattice(problem, params.pieces, params.many(problem.dimension), tuple(given))
    axes = list(problem.axes)
    axes[time] = replace(axes[time], high=float(ends[1]))
    longest = max(len(line) for line in grid.lines) ** (problem.dimension - 1)
    inside = max(params.interior, PER_GAUSSIAN * len(grid))
    per_face = max(params.boundary, PER_LINE * longest)
    points = draw(replace(problem, axes=tuple(axes)), inside, per_face, rng)
    course = _Course(problem, c, params.pieces)
    stage = "building the equations"
    whole = yield from _alive(
        beats(lambda: Pieces(problem, grid, points, float(ends[1] - ends[0]))), 0, None, stage
    )
    natural = yield from _alive(beats(lambda: whole.natural(c)), 0, None, stage)
    weigh = _weighing(heard.now, natural)
    clouds: list[Cloud] = []
    weights: list[Floats] = []
    marching = whole.march(params.pieces, c, weigh)
    for number in range(params.pieces):
        stage = f"piece {number + 1} of {params.pieces}"
        piece = yield from _alive(beats(lambda: next(marching)), number, params.pieces, stage)
        clouds.append(grid.cloud(whole.later(number)))
        weights.append(piece.weights)
        metrics = course.wrote_parts(piece.parts, weigh)
        fitted = course.fitted(
            points, weigh, projected=True, centres=np.array([o.centres for o in clouds]),
            widths=np.array([o.widths for o in clouds]), weights=np.array(weights),
            edges=ends[: number + 2], time=time,
        )  # fmt: skip
        yield Learnt(number + 1, params.pieces, stage, fitted, metrics, True, course.errors)


def again(
    problem: Problem, fitted: Fitted, spread: float, c: tuple[float, ...], weigh: Weighing
) -> Iterator[tuple[Cloud, Floats] | None]:
    """The pieces of a fit anew; None while one is being solved."""
    assert fitted.edges is not None
    ends = fitted.edges
    first = fitted.centres[0]
    lines = tuple(np.unique(first[:, k]) for k in range(problem.dimension))
    space = [k for k in range(problem.dimension) if k != fitted.time]
    grid = GaussianLattice(lines, fitted.widths[0, 0] * spread, (*space, fitted.time))
    points = Points(fitted.inside, fitted.faces)
    whole = yield from beats(lambda: Pieces(problem, grid, points, float(ends[1] - ends[0])))
    marching = whole.march(len(ends) - 1, c, weigh)
    for number in range(len(ends) - 1):
        piece = yield from beats(lambda: next(marching))
        yield grid.cloud(whole.later(number)), piece.weights
