"""Gaussians on a lattice in a piece of time, as sparse matrices.

Each Gaussian is cut off where it is 1e-9, so that a point knows its neighbours alone. Centres are
numbered with time running fastest, which keeps the matrix of all products in a band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from engine.pde.cloud import Cloud, hermite
from engine.pde.problem import Floats, Problem

IN_TIME = 7
"""Centres along time in one piece, of which the outer ones lie one step outside."""
MARGIN = 3
"""Steps by which the lattice reaches beyond the box in space."""
REACH = 6.5
"""Widths after which a Gaussian is taken for nothing."""
OVERLAP_TIME, OVERLAP_SPACE = 2.0, 1.2
"""Widths in steps of the lattice. In space wider ones would only make the matrix worse."""


@dataclass(frozen=True, slots=True, eq=False)
class GaussianLattice:
    """Places of centres along each axis, and the widths along each axis (d,)."""

    lines: tuple[Floats, ...]
    widths: Floats
    order: tuple[int, ...]
    """Axes from the slowest to the fastest."""

    def __len__(self) -> int:
        return int(np.prod([len(line) for line in self.lines]))

    def cloud(self, later: Floats) -> Cloud:
        """The Gaussians, moved by `later` (d,)."""
        mesh = np.meshgrid(*(self.lines[k] for k in self.order), indexing="ij")
        centres = np.empty((len(self), len(self.lines)))
        for k, places in zip(self.order, mesh, strict=True):
            centres[:, k] = places.ravel() + later[k]
        return Cloud(centres, np.tile(self.widths, (len(self), 1)))

    def matrices(self, x: Floats, wanted: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], Any]:
        """Each wanted derivative at points x (P, d), as sparse matrices (P, N)."""
        columns: Any = np.zeros((len(x), 1), np.int64)
        tables = []
        for k in self.order:
            near, values = self._line(k, x[:, k], sorted({o[k] for o in wanted}))
            columns = (columns[:, :, None] * len(self.lines[k]) + near[:, None, :]).reshape(
                len(x), -1
            )
            tables.append(values)
        starts = np.arange(len(x) + 1) * columns.shape[1]
        found = {}
        for orders in wanted:
            parts = [table[orders[k]] for k, table in zip(self.order, tables, strict=True)]
            product = reduce(
                lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(x), -1), parts
            )
            matrix = sparse.csr_array(
                (product.ravel(), columns.ravel().copy(), starts.copy()), shape=(len(x), len(self))
            )
            matrix.sum_duplicates()
            found[orders] = matrix
        return found

    def _line(self, k: int, x: Floats, orders: Sequence[int]) -> tuple[Any, dict[int, Floats]]:
        """Numbers of the centres near to places on one axis, and their values there."""
        line, width = self.lines[k], self.widths[k]
        step = line[1] - line[0]
        count = min(len(line), 2 * int(np.ceil(REACH * width / step)) + 1)
        first = np.rint((x - line[0]) / step).astype(np.int64) - count // 2
        near = first.clip(0, len(line) - count)[:, None] + np.arange(count)
        z = (x[:, None] - line[near]) / width
        value = np.where(np.abs(z) < REACH, np.exp(-0.5 * z * z), 0.0)
        return near, {n: value * hermite(z, n) / width**n for n in orders}


def lattice(
    problem: Problem, pieces: int, wanted: int, widths: tuple[float | None, ...]
) -> GaussianLattice:
    """About `wanted` Gaussians on the first of so many equal pieces of time.

    `widths` along each axis in half lengths of the box; None: from the lattice's own step.
    """
    time = problem.time
    assert time is not None
    d = problem.dimension
    lengths = np.diff(problem.bounds, axis=1).ravel()
    lengths[time] /= pieces
    space = [k for k in range(d) if k != time]
    rest = max(1.0, wanted / IN_TIME)
    side = (rest / np.prod(lengths[space])) ** (1 / max(1, len(space)))
    lines, found = [], np.empty(d)
    for k, axis in enumerate(problem.axes):
        if k == time:
            step = lengths[k] / (IN_TIME - 3)
            line = axis.low + step * np.arange(-1, IN_TIME - 1)
        else:
            count = max(4, round(lengths[k] * side) - 2 * MARGIN)
            step = lengths[k] / count
            line = axis.low + step * np.arange(-MARGIN, count + MARGIN + 1)
        given = widths[k]
        overlap = OVERLAP_TIME if k == time else OVERLAP_SPACE
        found[k] = overlap * step if given is None else given * (axis.high - axis.low) / 2
        lines.append(line)
    return GaussianLattice(tuple(lines), found, (*space, time))


def edges(problem: Problem, pieces: int) -> Floats:
    """Ends of the pieces of time, (pieces + 1,)."""
    assert problem.time is not None
    axis = problem.axes[problem.time]
    return np.linspace(axis.low, axis.high, pieces + 1)


def within(times: Floats, ends: Floats) -> list[Any]:
    """The numbers of the times in each piece; the outer pieces take what lies outside."""
    piece = np.clip(np.searchsorted(ends, times, side="left") - 1, 0, len(ends) - 2)
    return [np.flatnonzero(piece == k) for k, _ in enumerate(pairwise(ends))]
