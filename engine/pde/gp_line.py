"""Square collocation on a line: noise taken to 0, the kernel held.

u = sum_j a_j k(x - x_j); each condition takes the place of the equation at an end, and the square
system is solved for a by LU: normal equations would lose half of the digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import linalg

from engine.method import DataError
from engine.pde import lags
from engine.pde.lattice import Face, Lattice
from engine.pde.problem import Floats, Key
from engine.pde.spectral import Spectrum

ROUNDS = 8
"""Of inverse iteration; each gains a factor of four."""


class Line:
    """The collocation system of a problem on a line (`newton.System`)."""

    def __init__(self, lattice: Lattice, spectrum: Spectrum, jitter: float) -> None:
        self.lattice, self.problem = lattice, lattice.problem
        self.linear = self.problem.linear
        self.table = spectrum.table(lattice.lags(0), 3)
        self.held = self.table[0].copy()
        self.held[0] += jitter
        self.matrices = {0: lags.gathered(self.held, 0)}
        self.taken = taken(lattice.faces, lattice.shape[0])
        self.keys = {key: key[1][0] for key in self.problem.partials[0]}
        self.factors: tuple[Any, float] | None = None

    def matrix(self, order: int) -> Floats:
        if order not in self.matrices:
            self.matrices[order] = lags.gathered(self.table[order], order)
        return self.matrices[order]

    def start(self) -> Floats:
        return np.zeros(self.lattice.shape[0])

    def values(self, at: Floats) -> Floats:
        return self.matrix(0) @ at

    def jet(self, at: Floats) -> dict[Key, Floats]:
        found = {key: self.matrix(order) @ at for key, order in self.keys.items()}
        found.setdefault(self.problem.value_key(), self.values(at))
        return found

    def missing(self, at: Floats) -> Floats:
        place, c = self.lattice.places, self.lattice.c
        found = np.asarray(self.problem.residual(self.jet(at), place, c)[0], np.float64).copy()
        for face, row in zip(self.lattice.faces, self.taken, strict=True):
            found[row] = self.matrix(face.order)[face.index] @ at - float(face.values)
        return found

    def solver(self, at: Floats) -> Callable[[Floats], Floats]:
        jet, place, c = self.jet(at), self.lattice.places, self.lattice.c
        rows = np.zeros((len(at), len(at)))
        for key, order in self.keys.items():
            slope = self.problem.partial(0, key, jet, place, c)
            rows += slope[:, None] * self.matrix(order)
        for face, row in zip(self.lattice.faces, self.taken, strict=True):
            rows[row] = self.matrix(face.order)[face.index]
        if not np.isfinite(rows).all():
            raise DataError("The equation has no finite value on the grid; check its formulas.")
        found = linalg.lu_factor(rows, overwrite_a=True, check_finite=False)
        self.factors = self._poisson(jet, found)
        return lambda right: np.asarray(linalg.lu_solve(found, right, check_finite=False))

    def _poisson(self, jet: dict[Key, Floats], found: Any) -> tuple[Any, float] | None:
        """The factors where the equation is s u_xx with values at both ends, and s."""
        key = (0, (2,))
        ends = sorted((f.order, f.side) for f in self.lattice.faces)
        if list(self.keys) != [key] or ends != [(0, 0), (0, 1)]:
            return None
        slope = self.problem.partial(0, key, jet, self.lattice.places, self.lattice.c)
        return (found, float(slope[0])) if np.ptp(slope) == 0 else None

    def size(self, step: Floats) -> float:
        return float(np.linalg.norm(self.values(step)))


def taken(faces: Sequence[Face], count: int) -> list[int]:
    """The node whose equation each condition of an axis replaces: that at its end, and for a second
    one at the same end that at the other, so that the equation counts at the start.

    Raises
    ------
    DataError
        For more conditions than a derivative of second order takes.
    """
    if len(faces) > 2:
        raise DataError("An axis takes two conditions at most.")
    found: list[int] = []
    for face in faces:
        row = count - 1 if face.side else 0
        found.append(count - 1 - row if row in found else row)
    return found


def slowest(table: Floats, jitter: float, factors: tuple[Any, float] | None = None) -> float:
    """The eigenvalue nearest to 0 of K'' K^-1 between the ends, by inverse iteration from the sine
    that belongs to -(pi / length)^2. `factors` are those of s K'' with values at the ends, and s.
    """
    held = table[0].copy()
    held[0] += jitter
    kernel = lags.gathered(held, 0)
    if factors is None:
        rows = lags.gathered(table[2], 2)
        rows[[0, -1]] = kernel[[0, -1]]
        factors = linalg.lu_factor(rows, overwrite_a=True, check_finite=False), 1.0
    found, scale = factors
    u = np.sin(np.pi * np.linspace(0.0, 1.0, len(held)))
    value = 0.0
    for _ in range(ROUNDS):
        u[[0, -1]] = 0.0
        after = kernel @ linalg.lu_solve(found, scale * u, check_finite=False)
        value = float(after @ u / (after @ after))
        u = after / np.linalg.norm(after)
    return value
