"""The mean of a Gaussian process on a grid, with derivatives, at any places of a grid.

u(x) = sum_j w_j k(x - x_j) and on a plane the same along both axes. The kernel is evaluated on a
refined grid of lags alone, with four derivatives; between its nodes, where u is analytic, the
polynomial of degree nine that has all of them on both sides is exact to rounding.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy.signal import fftconvolve

from engine.pde.jets import Orders
from engine.pde.problem import Floats
from engine.pde.spectral import Spectrum

KNOWN = 5
"""Value and derivatives at each node of the refined grid."""
TURN = 0.7
"""Most radians of the highest frequency within a cell of the refined grid."""
FINEST = 24
BLOCK = 48
"""Places at once: what fits into a core's own memory is several times faster."""


class Mean:
    """`weights` have the shape of the grid of nodes, K^-1 U along every axis."""

    def __init__(
        self, axes: Sequence[Floats], spectra: Sequence[Spectrum], weights: Floats
    ) -> None:
        self.weights = weights
        self._along = [_Along(a, s) for a, s in zip(axes, spectra, strict=True)]

    def on_grid(self, axes: Sequence[Floats], wanted: Sequence[Orders]) -> dict[Orders, Floats]:
        """Derivatives (P, 1) on all points of a grid, the last axis running fastest."""
        found = {}
        if len(self._along) == 1:
            for orders in wanted:
                found[orders] = self._along[0].sums(axes[0], self.weights, orders[0])[:, None]
            return found
        first: dict[int, Floats] = {}
        for p, q in wanted:
            if p not in first:
                first[p] = self._along[0].matrix(axes[0], p) @ self.weights
            found[p, q] = (first[p] @ self._along[1].matrix(axes[1], q).T).reshape(-1, 1)
        return found

    def matrix(self, places: Floats, order: int) -> Floats:
        """On a line k^(order)(place - node), (P, N)."""
        return self._along[0].matrix(places, order)


class _Along:
    """One axis: nodes, kernel, and the kernel on the refined lags, with derivatives."""

    def __init__(self, nodes: Floats, spectrum: Spectrum) -> None:
        self.nodes, self.spectrum = nodes, spectrum
        cell = (nodes[-1] - nodes[0]) / (len(nodes) - 1)
        self.parts = int(np.clip(np.ceil(cell * spectrum.highest / TURN), 1, FINEST))
        self.step = cell / self.parts
        self._matrices: dict[tuple[int, bytes], Floats] = {}
        self._sums: tuple[Floats, list[Floats]] | None = None

    @functools.cached_property
    def table(self) -> Floats:
        lags = self.step * np.arange(self.parts * (len(self.nodes) - 1) + 1)
        return self.spectrum.table(lags, KNOWN)

    @functools.cached_property
    def _mirrored(self) -> list[Floats]:
        """The table at lags of both signs."""
        return [
            np.concatenate([c[:0:-1] if n % 2 == 0 else -c[:0:-1], c])
            for n, c in enumerate(self.table)
        ]

    @functools.cached_property
    def _rows(self) -> list[Floats]:
        """Of the table, what stands between each refined lag and all nodes."""
        count = self.table.shape[1]
        shape = count, len(self.nodes)
        found = []
        for both in self._mirrored:
            (one,) = both.strides
            start = both[count - 1 :]
            view = as_strided(start, shape, (one, -self.parts * one), writeable=False)
            found.append(np.ascontiguousarray(view))
        return found

    def sums(self, places: Floats, weights: Floats, order: int) -> Floats:
        """Derivative of sum_j weights_j k(place - node_j), (P,)."""
        if self._sums is None or self._sums[0] is not weights:
            spread = np.zeros(self.table.shape[1])
            spread[:: self.parts] = weights
            count = self.table.shape[1]
            known = [fftconvolve(spread, both)[count - 1 : 2 * count - 1]
                     for both in self._mirrored]  # fmt: skip
            self._sums = weights, known
        cell, share = _placed(places, self.nodes[0], self.step, self.table.shape[1])
        shares = _shares(share, order, self.step)
        known = self._sums[1]
        found = np.zeros(len(places))
        for side in range(2):
            for n in range(KNOWN):
                found += shares[side * KNOWN + n] * known[n][cell + side]
        return found

    def matrix(self, places: Floats, order: int) -> Floats:
        """k^(order)(place - node), (P, N)."""
        key = order, places.tobytes()
        if key not in self._matrices:
            cell, share = _placed(places, self.nodes[0], self.step, self.table.shape[1])
            shares = _shares(share, order, self.step)
            found = np.zeros((len(places), len(self.nodes)))
            for first in range(0, len(places), BLOCK):
                block = slice(first, first + BLOCK)
                for side in range(2):
                    for n, rows in enumerate(self._rows):
                        by = shares[side * KNOWN + n, block, None]
                        found[block] += by * rows[cell[block] + side]
            self._matrices[key] = found
        return self._matrices[key]


def _placed(
    places: Floats, start: float, step: float, count: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats]:
    """The cell of the refined grid that each place is in, and where in it from 0 to 1."""
    along = (places - start) / step
    cell = np.clip(np.floor(along + 1e-9).astype(np.intp), 0, max(count - 2, 0))
    return cell, along - cell


def _shares(share: Floats, order: int, step: float) -> Floats:
    """What each known derivative at the left and at the right counts for, (10, P)."""
    powers = np.vander(share, 2 * KNOWN, increasing=True)
    unit = step ** (np.arange(2 * KNOWN) % KNOWN - float(order))
    return np.asarray((powers @ _derived_basis(order) * unit).T)


@functools.cache
def _derived_basis(order: int) -> Floats:
    """Coefficients of a derivative of the basis, rows by power."""
    found = _basis().T
    for _ in range(order):
        found = np.vstack([np.arange(1, len(found))[:, None] * found[1:], 0 * found[:1]])
    return found


@functools.cache
def _basis() -> Floats:
    """Coefficients of the polynomials of degree nine on [0, 1] of which one derivative at one end
    is 1 and the others are 0, (10, 10)."""
    size = 2 * KNOWN
    rows = np.zeros((size, size))
    for power in range(size):
        value = np.polynomial.Polynomial.basis(power)
        for n in range(KNOWN):
            derived = value.deriv(n) if n else value
            rows[n, power], rows[KNOWN + n, power] = derived(0.0), derived(1.0)
    return np.asarray(np.linalg.inv(rows).T, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """Means added."""

    means: tuple[Mean, ...]

    def on_grid(self, axes: Sequence[Floats], wanted: Sequence[Orders]) -> dict[Orders, Floats]:
        parts = [m.on_grid(axes, wanted) for m in self.means]
        return {o: np.asarray(sum(p[o] for p in parts)) for o in wanted}
