"""The direct solution: the equation on the grid at a given kernel, as a function of parameters."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.method import Note
from engine.pde import newton
from engine.pde.gp_line import Line, slowest
from engine.pde.gp_plane import Plane
from engine.pde.gphm_params import GPHMParams
from engine.pde.gphm_start import ALIASED, highest, names, nodes, spectrum
from engine.pde.lattice import Lattice, check
from engine.pde.mean import Mean, Sum
from engine.pde.problem import Floats, Problem
from engine.pde.spectral import PLAIN, Spectrum

DEVIATES = 0.05
"""Relative distance of the slowest eigenvalue from the true one that is worth a word."""


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A solution on a grid with what it was made from. `slowest` is told per axis beside
    -(pi / length)^2; `jitter` is what it took; `steps` of Newton's method."""

    lattice: Lattice
    spectra: tuple[Spectrum, ...]
    values: Floats
    mean: Mean | Sum
    cycles: float
    jitter: float
    slowest: tuple[float, ...]
    steps: int

    @property
    def numbers(self) -> float:
        return float(self.values.size + sum(3 * len(s.weights) for s in self.spectra))


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A grid and the kernels on it."""

    lattice: Lattice
    spectra: tuple[Spectrum, ...]
    cycles: float

    @classmethod
    def of(
        cls, problem: Problem, params: GPHMParams, c: Sequence[float],
        kept: Sequence[Mapping[str, Floats]] = (),
    ) -> Setting:  # fmt: skip
        """As the parameters say. Raises `DataError`."""
        check(problem)
        cycles = highest(problem, c, params)
        shape = (nodes(problem, params, cycles),) * problem.dimension
        lattice = Lattice(problem, tuple(c), shape, params.sides)
        spectra = tuple(
            spectrum(params, k, cycles, kept[k] if kept else None) for k in range(len(shape))
        )
        return cls(lattice, spectra, cycles)


def solve(setting: Setting, jitter: float) -> Generator[None, None, Solved]:
    """Newton's iterates, None each, and the solution. Raises `DataError`."""
    lattice, spectra = setting.lattice, setting.spectra
    system: Line | Plane
    if lattice.dimension == 1:
        system = Line(lattice, spectra[0], jitter)
        used, tables = jitter, [system.table]
    else:
        system = Plane(lattice, spectra, jitter)
        used = max(axis.factor.jitter for axis in system.axes)
        tables = [axis.table for axis in system.axes]
    steps, at = 0, system.start()
    for found in newton.solve(system):
        at, steps = found, steps + 1
        yield None
    values = system.values(at)
    weights = at if isinstance(system, Line) else system.weights(values)
    factors = system.factors if isinstance(system, Line) else None
    told = tuple(slowest(t, used, factors) for t in tables)
    mean = Mean(lattice.axes, spectra, weights)
    return Solved(lattice, spectra, values, mean, setting.cycles, used, told, steps)


def notes(solved: Solved, jitter: float) -> list[Note]:
    """What must be known of frequencies, nodes and jitter."""
    lattice, found = solved.lattice, []
    for k, (axis, mixture) in enumerate(zip(lattice.problem.axes, solved.spectra, strict=True)):
        top = float(np.abs(mixture.waves).max()) / (2 * np.pi)
        nyquist = lattice.nyquist(k)
        if top > ALIASED * nyquist:
            found.append(Note(
                f"Frequencies along {axis.name} reach {top:.3g} cycles per unit, but "
                f"{lattice.shape[k]} nodes tell apart {nyquist:.3g} at most: take more nodes or a "
                "lower highest frequency.", grave=True,
            ))  # fmt: skip
        expected = -((np.pi / axis.length) ** 2)
        if abs(solved.slowest[k] / expected - 1) > DEVIATES:
            found.append(Note(
                f"The slowest wave along {axis.name} has eigenvalue {solved.slowest[k]:.4g} of the "
                f"second derivative instead of {expected:.4g}: the kernel has no room for slow "
                "waves, too few nodes for its frequencies, or too much jitter."
            ))  # fmt: skip
    if not all(s.family in PLAIN for s in solved.spectra):
        top = max(float(np.abs(s.waves).max()) for s in solved.spectra)
        found.append(Note(
            f"Frequencies from 0 to {top / (2 * np.pi):.3g} cycles per unit ({top:.4g} rad) on "
            f"{' × '.join(str(n) for n in lattice.shape)} nodes; what oscillates faster is not "
            "found."
        ))  # fmt: skip
    if solved.jitter > jitter:
        found.append(Note(f"The kernel matrix needed a jitter of {solved.jitter:.0e}."))
    return found


def handles(mixture: Spectrum, axis: int) -> dict[str, Floats]:
    """The mixture as the parameters that hold it."""
    values = (mixture.frequencies, mixture.weights, mixture.widths)
    return dict(zip(names(axis), values, strict=True))
