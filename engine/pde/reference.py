"""What is held to be the truth, each with its own error.

A closed formula where there is one. Otherwise the solver that suits the problem, run at rising
resolution; the error told is the distance of the last two runs on the common grid, which overstates
that of the last. Results are kept by problem and coefficients.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.pde import cavity, collocation, etdrk4, porous, sine, starting_cavity
from engine.pde.nodes import trigonometric
from engine.pde.problem import Floats, Problem, Unsolvable, places

KEPT = 12
"""Results in memory."""
GOOD, GOOD_IN_TIME, GOOD_LIVE = 1e-9, 1e-7, 1e-6
"""A relative distance at which resolution is not raised further."""
WORST = 0.05
"""Runs that lie further apart say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Values (problem.shape) by unknown, the relative error in L2, and how it was found.

    An unknown that the solver does not give (a pressure) is left out. `missing` says why there are
    no values at all.
    """

    values: Mapping[str, Floats]
    error: float
    how: str
    missing: str = ""


_kept: OrderedDict[tuple[str, tuple[float, ...]], Reference] = OrderedDict()
_lock = threading.Lock()
_Runs = Sequence[Callable[[], dict[str, Floats]]]


def known(problem: Problem, c: Sequence[float]) -> Reference | None:
    """The reference if it is at hand."""
    with _lock:
        return _kept.get((problem.text, tuple(c)))


def is_quick(problem: Problem) -> bool:
    """Whether the reference can follow a slider: a formula, or a solver of well under a second."""
    return (
        problem.exact is not None
        or etdrk4.fits(problem)
        or problem.dimension == 1
        or problem.solver in ("sine", "starting cavity")
    )


def reference(problem: Problem, c: Sequence[float]) -> Reference:
    """The reference at these coefficients; where none can be found, it says why."""
    key = problem.text, tuple(float(v) for v in c)
    found = known(problem, key[1])
    if found is None:
        try:
            found = _compute(problem, key[1])
        except (Unsolvable, FloatingPointError) as error:
            found = Reference({}, np.nan, "", str(error))
        except (np.linalg.LinAlgError, ValueError):
            found = Reference({}, np.nan, "", "The solver left the numbers.")
    with _lock:
        _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def distance(one: Mapping[str, Floats], other: Mapping[str, Floats]) -> float:
    """Relative L2 distance: of several unknowns the root mean square of each one's own, since a
    pressure has another unit than a velocity. A zero `other` leaves the distance."""
    shares = []
    for name in one:
        gap, size = np.linalg.norm(one[name] - other[name]), np.linalg.norm(other[name])
        shares.append(gap / size if size else gap)
    return float(np.sqrt(np.mean(np.square(shares))))


def _compute(problem: Problem, c: tuple[float, ...]) -> Reference:
    if problem.exact is not None:
        found = problem.solution(places(problem.grid()), c)
        named = zip(problem.unknowns, found, strict=True)
        return Reference({k: v.reshape(problem.shape) for k, v in named}, 0.0, "closed formula")
    if problem.solver == "cavity":
        return _cavity(problem, c)
    if problem.solver == "porous":
        return _settled("five-point differences", _porous_runs(problem, c))
    if problem.solver == "sine":
        return _settled("sine series, exponential time steps", _sine_runs(problem, c), GOOD_LIVE)
    if problem.solver == "starting cavity":
        ways = ((20, 8), (26, 12))
        return _settled("Galerkin's method, polynomials",
                        [partial(_starting, problem, c, *way) for way in ways])  # fmt: skip
    if etdrk4.fits(problem):
        return _settled("Fourier series, exponential time steps", _fourier_runs(problem, c))
    if problem.time is None:
        counts = {1: (33, 65, 129, 257, 513), 2: (17, 25, 33)}.get(problem.dimension, (9, 13))
        runs = [lambda n=n: _steady(problem, c, n) for n in counts]
        return _settled("Chebyshev collocation, Newton's method", runs)
    counts = (33, 65, 129, 257, 385) if problem.dimension == 2 else (11, 16, 23)
    runs = [lambda n=n: _in_time(problem, c, n) for n in counts]
    return _settled("collocation in space, implicit steps in time", runs, GOOD_IN_TIME)


def _settled(how: str, runs: _Runs, good: float = GOOD) -> Reference:
    last, error, reason = runs[0](), np.nan, ""
    for run in runs[1:]:
        try:
            now = run()
        except Unsolvable as failure:
            reason = str(failure)
            continue
        error, last = distance(last, now), now
        if error < good:
            break
    if not np.isfinite(error):
        raise Unsolvable(reason or "The solution could not be found.")
    if error > WORST:
        raise Unsolvable(
            f"No reference can be trusted: two resolutions differ by {100 * error:.0f} percent."
        )
    return Reference(last, error, how)


def _fourier_runs(problem: Problem, c: tuple[float, ...]) -> _Runs:
    times, line = problem.grid()

    def run(n: int, steps: int) -> dict[str, Floats]:
        kept = len(times) - 1
        values = etdrk4.solve(problem, c, n, steps * kept, kept)
        axis = problem.axes[1]
        if n % (len(line) - 1) == 0:
            values = values[:, :: n // (len(line) - 1)]
            return {problem.unknowns[0]: np.hstack([values, values[:, :1]])}
        nodes = axis.low + axis.length * np.arange(n) / n
        return {problem.unknowns[0]: values @ trigonometric(nodes, line, axis.length).T}

    return [lambda: run(2048, 1), lambda: run(4096, 2)]


def _steady(problem: Problem, c: tuple[float, ...], n: int) -> dict[str, Floats]:
    grid, fields = collocation.steady(problem, c, n)
    matrix = [line.to(a) for line, a in zip(grid.lines, problem.grid(), strict=True)]
    return {name: _onto(field.reshape(grid.shape), matrix)
            for name, field in zip(problem.unknowns, fields, strict=True)}  # fmt: skip


def _in_time(problem: Problem, c: tuple[float, ...], n: int) -> dict[str, Floats]:
    axes, time = problem.grid(), problem.time
    assert time is not None
    grid, fields = collocation.in_time(problem, c, n, axes[time])
    matrix = [line.to(axes[k]) for line, k in zip(grid.lines, grid.space, strict=True)]
    found = {}
    for name, field in zip(problem.unknowns, fields, strict=True):
        shown = np.array([_onto(f.reshape(grid.shape), matrix) for f in field])
        found[name] = np.moveaxis(shown, 0, time)
    return found


def _onto(field: Floats, matrices: Sequence[Floats]) -> Floats:
    for k, matrix in enumerate(matrices):
        field = np.moveaxis(np.tensordot(matrix, field, axes=(1, k)), 0, k)
    return field


def _cavity(problem: Problem, c: tuple[float, ...]) -> Reference:
    """The common nodes alone are compared: beside the lid's corners nothing can be interpolated."""
    n = problem.shape[0]
    fine, coarse = (dict(zip("uv", cavity.solve(c[0], k), strict=True)) for k in (n, n // 2 + 1))
    error = distance(coarse, {name: field[::2, ::2] for name, field in fine.items()})
    return Reference(fine, error, "stream function and vorticity, differences")


def _sine_runs(problem: Problem, c: tuple[float, ...]) -> _Runs:
    times, places = problem.shape

    def run(fine: int) -> dict[str, Floats]:
        n = fine * (places - 1)
        values = sine.solve(problem, c, n, max(1, n // 100), times)
        return {problem.unknowns[0]: np.ascontiguousarray(values[:, ::fine])}

    return [lambda: run(2), lambda: run(4), lambda: run(8), lambda: run(16)]


def _starting(problem: Problem, c: tuple[float, ...], degree: int, steps: int) -> dict[str, Floats]:
    times, m, n = problem.shape
    return dict(zip("uvp", starting_cavity.solve(c, degree, (times, m, n), steps), strict=True))


def _porous_runs(problem: Problem, c: tuple[float, ...]) -> _Runs:
    times, n = problem.grid()[0], problem.shape[1]

    def run(fine: int) -> dict[str, Floats]:
        values = porous.solve(problem, c, fine * (n - 1) + 1, times)
        return {problem.unknowns[0]: np.ascontiguousarray(values[:, ::fine, ::fine])}

    return [lambda: run(1), lambda: run(2)]
