"""The heat kernel H_t = exp(-t L) of a graph, four ways.

L (n, n) is symmetric positive semi-definite, t > 0 has no unit, and b (n, k) is what is heated;
without it the whole kernel (n, n) is returned, exactly symmetric. All four are generators that
yield None between blocks of work; `engine.stages.finish` runs one to its end.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import eigsh
from scipy.special import ive

from engine.numerics.blocks import (
    positive_inverse,
    positive_power,
    row_blocks,
    symmetric_mean,
    symmetric_product,
)
from engine.numerics.graphs import Weights
from engine.numerics.laplacians import largest_eigenvalue_bound

Floats = NDArray[np.float64]
Steps = Generator[None, None, Floats]

NOTHING = 42.0
"""exp(-42) < 1e-18: eigenvectors that keep less heat than this change no digit."""
COLUMNS = 64
"""Columns of b that the Chebyshev recurrence treats at once; they stay in the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Eigenvalues (m,) ascending, clipped at 0, and eigenvectors (n, m) of a Laplacian."""

    values: Floats
    vectors: Floats

    def first(self, count: int) -> Spectrum:
        return Spectrum(self.values[:count], self.vectors[:, :count])


def decompose(lap: Weights) -> Spectrum:
    """All eigenpairs. One LAPACK call, n^3: about 2 s of one core at n = 2000."""
    values, vectors = np.linalg.eigh(lap.toarray())
    return Spectrum(np.maximum(values, 0.0), vectors)


def decompose_lowest(lap: Weights, count: int) -> Spectrum:
    """The `count` smallest eigenpairs by Lanczos, shifted and inverted."""
    n = lap.shape[0]
    if count >= n - 1:
        return decompose(lap).first(count)
    shift = -1e-3 * largest_eigenvalue_bound(lap)
    start = np.cos(np.arange(n) * 2.399963) + 0.1
    values, vectors = eigsh(sparse.csc_array(lap), k=count, sigma=shift, v0=start)
    order = np.argsort(values)
    return Spectrum(np.maximum(values[order], 0.0), vectors[:, order])


def response(values: Floats, t: float) -> Floats:
    """exp(-t w): the part of an eigenvector's heat that is left after t."""
    return np.asarray(np.exp(-t * values))


def euler_response(values: Floats, t: float, order: int) -> Floats:
    """(1 + t w / K)^-K."""
    return np.asarray((1.0 + t * values / order) ** -order)


def exact(spectrum: Spectrum, t: float, b: Floats | None = None) -> Steps:
    """V diag(exp(-t w)) V' b.

    Absolute error about 1e-15; entries below 1e-14 of the largest are rounding noise of either
    sign. With fewer eigenpairs than n this is the low-rank kernel, see `lowrank`.
    """
    kept = spectrum.first(max(1, int(np.searchsorted(spectrum.values, NOTHING / t))))
    vectors = kept.vectors
    if b is None:
        half = vectors * np.exp(-0.5 * t * kept.values)
        return (yield from symmetric_product(half, half.T))
    inside = response(kept.values, t)[:, None] * (vectors.T @ b)
    out = np.empty(b.shape)
    for part in row_blocks(len(vectors), 2.0 * inside.size):
        out[part] = vectors[part] @ inside
        yield None
    return out


def lowrank(spectrum: Spectrum, rank: int, t: float, b: Floats | None = None) -> Steps:
    """`exact` from the `rank` smallest eigenpairs; entries can be negative.

    No entry is wrong by more than `tail_bound`.
    """
    return (yield from exact(spectrum.first(rank), t, b))


def tail_bound(spectrum: Spectrum, rank: int, t: float) -> float:
    """exp(-t w) of the first eigenpair left out, 0 when none is."""
    if rank >= len(spectrum.values):
        return 0.0
    return float(np.exp(-t * spectrum.values[rank]))


def chebyshev_order(t: float, half_range: float, tolerance: float = 1e-12) -> int:
    """K = ceil(sqrt(2 t phi ln(1/tol))) + 12 with phi = lambda_max / 2."""
    return int(np.ceil(np.sqrt(2.0 * t * half_range * np.log(1.0 / tolerance)))) + 12


def chebyshev(
    lap: Weights,
    t: float,
    b: Floats | None = None,
    *,
    order: int | None = None,
    largest: float | None = None,
) -> Steps:
    """c_0/2 T_0 b + sum_j c_j T_j(L/phi - 1) b with c_j = 2 (-1)^j exp(-t phi) I_j(t phi).

    The order follows from t unless given. `largest` must not underestimate the largest eigenvalue;
    without it Gershgorin's bound is taken.
    """
    kernels = yield from chebyshev_many(lap, [t], b, order=order, largest=largest)
    return kernels[0]


def chebyshev_many(
    lap: Weights,
    times: Sequence[float],
    b: Floats | None = None,
    *,
    order: int | None = None,
    largest: float | None = None,
) -> Generator[None, None, list[Floats]]:
    """The kernels of several times, which share all products with L."""
    n = lap.shape[0]
    half_range = (largest or largest_eigenvalue_bound(lap) or 1.0) / 2
    highest = chebyshev_order(max(times), half_range) if order is None else order
    j = np.arange(highest + 1)
    signs = np.where(j % 2, -2.0, 2.0)
    coefficients = np.array([signs * ive(j, t * half_range) for t in times])
    coefficients[:, 0] /= 2
    shifted = sparse.csr_array(lap / half_range - sparse.eye_array(n))
    columns = n if b is None else b.shape[1]
    out = [np.empty((n, columns)) for _ in times]
    for start in range(0, columns, COLUMNS):
        stop = min(start + COLUMNS, columns)
        first = np.eye(n, stop - start, -start) if b is None else b[:, start:stop]
        parts = yield from _recurrence(shifted, first, coefficients)
        for whole, part in zip(out, parts, strict=True):
            whole[:, start:stop] = part
    if b is None:
        for whole in out:
            yield from symmetric_mean(whole)
    return out


def _recurrence(
    shifted: Weights, first: Floats, coefficients: Floats
) -> Generator[None, None, list[Floats]]:
    """sum_j c_j T_j(M) b by T_{j+1} = 2 M T_j - T_{j-1}, for each row of coefficients."""
    before, now = first, shifted @ first
    sums = [c[0] * before + c[1] * now for c in coefficients]
    pause = max(
        1, int(5e6 / ((shifted.nnz + 4 * first.shape[0] * len(coefficients)) * first.shape[1]))
    )
    for j in range(2, coefficients.shape[1]):
        after = shifted @ now
        after *= 2.0
        after -= before
        before, now = now, after
        for total, c in zip(sums, coefficients, strict=True):
            total += c[j] * now
        if j % pause == 0:
            yield None
    return sums


def euler(lap: Weights, t: float, order: int, b: Floats | None = None) -> Steps:
    """(I + (t/K) L)^-K b: K steps of implicit Euler, a kernel of its own with a heavier tail.

    I + (t/K) L is an M-matrix for the combinatorial Laplacian and the normalised one, so every
    entry of the kernel is nonnegative and accurate in relative terms: its logarithm still tells
    far pairs apart where that of the exact kernel is noise.
    """
    step = (lap * (t / order)).toarray()
    step[np.diag_indices(len(step))] += 1.0
    inverse = yield from positive_inverse(step)
    if b is None:
        return (yield from positive_power(inverse, order))
    out = b
    for _ in range(order):
        out = inverse @ out
        yield None
    return out
