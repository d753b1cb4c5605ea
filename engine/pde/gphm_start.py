"""Where a Gaussian process on a grid begins: its frequencies and its nodes, from the problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.method import DataError
from engine.pde.gphm_params import PUBLISHED, GPHMParams
from engine.pde.problem import Floats, Problem
from engine.pde.spectral import PLAIN, Spectrum

LINE, PLANE = 900, 400
"""Most nodes along an axis."""
FEWEST = 48
PUBLISHED_NODES = 400
"""Nodes on a line in the authors' settings."""
SAFE = 0.63
"""Share of the Nyquist frequency up to which frequencies start."""
ALIASED = 0.9
ROOM = 1.2
ENOUGH = 0.99
"""Share of a signal's power below the frequency that is read off it."""
SAMPLES, LINES = 4096, 7
LEAST_WAVES = 5
_ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_NAMES = ("frequencies", "weights", "widths")


def names(axis: int) -> tuple[str, str, str]:
    """The parameters that hold an axis's frequencies, weights and widths."""
    ending = "_2" if axis else ""
    return tuple(name + ending for name in _NAMES)  # type: ignore[return-value]


def highest(problem: Problem, c: Sequence[float], params: GPHMParams) -> float:
    """F in cycles per unit: as asked, or a round number above what source and given values hold."""
    if params.highest is not None:
        return params.highest
    found = [LEAST_WAVES / min(a.length for a in problem.axes)]
    for axis, places in _lines(problem):
        blank = {key: np.zeros(len(places)) for key in problem.keys}
        found.append(_most(problem.residual(blank, places, c)[0], problem, axis))
        for condition in problem.conditions:
            if condition.axis != axis and condition.target is not None:
                moved = places.copy()
                moved[:, condition.axis] = problem.bounds[condition.axis, condition.side]
                found.append(_most(problem.target(condition, moved, c), problem, axis))
    wanted = ROOM * max(f for f in found if np.isfinite(f))
    decade = 10.0 ** np.floor(np.log10(wanted))
    return float(next(step * decade for step in _ROUND if step * decade >= wanted * (1 - 1e-9)))


def _lines(problem: Problem) -> list[tuple[int, Floats]]:
    """Places along lines through the box, with the axis that they follow."""
    low, high = problem.bounds.T
    found = []
    for axis in range(problem.dimension):
        for k in range(LINES if problem.dimension > 1 else 1):
            # Golden sections of the box meet no symmetry of it.
            share = (0.5 + 0.6180339887 * k) % 1.0
            places = np.tile(low + share * (high - low), (SAMPLES, 1))
            places[:, axis] = low[axis] + (high[axis] - low[axis]) * np.arange(SAMPLES) / SAMPLES
            found.append((axis, places))
    return found


def _most(signal: Any, problem: Problem, axis: int) -> float:
    """The frequency below which nearly all of a signal's power is, cycles per unit."""
    signal = np.asarray(signal, np.float64)
    power = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(len(signal)))) ** 2
    total = power.sum()
    if not total > 1e-24 * len(signal) ** 2:
        return 0.0
    place = int(np.searchsorted(np.cumsum(power), ENOUGH * total))
    return place / problem.axes[axis].length


def nodes(problem: Problem, params: GPHMParams, cycles: float) -> int:
    """Nodes along each axis. Raises `DataError` where there are too many."""
    most = LINE if problem.dimension == 1 else PLANE
    if params.nodes is not None:
        if params.nodes > most:
            raise DataError(f"On a plane there may be {most} nodes along each axis; "
                            f"{params.nodes} were asked for.")  # fmt: skip
        return params.nodes
    wanted = 1 + int(np.ceil(2 * max(a.length for a in problem.axes) * cycles / SAFE))
    published = params.training == PUBLISHED and problem.dimension == 1
    fewest = PUBLISHED_NODES if published else FEWEST
    return int(np.clip(wanted, fewest, most))


def spectrum(
    params: GPHMParams, axis: int, cycles: float, kept: Mapping[str, Floats] | None = None
) -> Spectrum:
    """The mixture along an axis: numbers given by hand, else those kept from a training, else even
    frequencies, equal weights and widths of 1. Raises `DataError` for counts that differ."""
    given = {name: np.array(getattr(params, name)) for name in names(axis)}
    known = kept or {}
    wanted = {name: v if len(v) else known.get(name, v) for name, v in given.items()}
    counts = {name: len(v) for name, v in wanted.items() if len(v)}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
        raise DataError(f"Every component has a frequency, a weight and a width; given are {told}.")
    count = next(iter(counts.values()), 1 if params.family in PLAIN else params.components)
    even = 2 * np.pi * np.linspace(0.0, cycles, count)
    fallback = (even, np.full(count, 1 / count), np.ones(count))
    frequencies, weights, widths = (
        v if len(v) else other for v, other in zip(wanted.values(), fallback, strict=True)
    )
    if not len(given[names(axis)[2]]):
        widths = widths / params.spread
    return Spectrum(params.family, weights, frequencies, widths)
