"""Products and inverses of symmetric matrices by blocks, so that whoever runs them can breathe.

Only the lower triangle is computed, half the work, and mirrored. Everything here is a generator
that yields None about every 30 ms of one core. scipy's LAPACK calls hold the interpreter's lock for
their whole length, numpy's do not; hence no call of scipy's on anything large.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Floats = NDArray[np.float64]

FLOPS = 6e8
"""Work between two yields."""
TINY = 1e-150
"""Entries of positive matrices below this are set to 0: their products would be subnormal numbers,
a hundred times slower, and all logarithms floor far above."""


def row_blocks(n: int, flops_per_row: float, largest: int = 256) -> Iterator[slice]:
    """Slices of 0..n that take about `FLOPS` each."""
    rows = int(min(max(FLOPS / max(flops_per_row, 1.0), 8), largest))
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))


def symmetric_product(a: Floats, b: Floats) -> Generator[None, None, Floats]:
    """a @ b, (n, m) times (m, n), where the result is known to be symmetric."""
    n = len(a)
    out = np.empty((n, n))
    for part in row_blocks(n, 2.0 * n * a.shape[1]):
        out[part, : part.stop] = a[part] @ b[:, : part.stop]
        _mirror(out, part)
        yield None
    return out


def symmetric_mean(a: Floats) -> Generator[None, None, Floats]:
    """(a + a') / 2, in the memory of `a`."""
    for part in row_blocks(len(a), 300.0 * len(a)):
        a[part, : part.stop] += a[: part.stop, part].T
        a[part, : part.stop] /= 2.0
        # The square on the diagonal has read its own upper half before that was overwritten.
        _mirror(a, part)
        yield None
    return a


def _mirror(out: Floats, part: slice) -> None:
    """Copy rows `part` of the lower triangle to the upper one."""
    square = np.tril(out[part, part])
    out[part, part] = square + np.tril(square, -1).T
    out[: part.start, part] = out[part, : part.start].T


def positive_power(a: Floats, power: int) -> Generator[None, None, Floats]:
    """a^power of a symmetric nonnegative matrix by prime factors of the power.

    Sums of nonnegative products lose no relative accuracy, whatever the size of the result.
    """
    if power == 1:
        return a
    prime = next(p for p in range(2, power + 1) if power % p == 0)
    if prime == power and prime > 2:
        part = yield from positive_power(a, prime - 1)
        product = yield from symmetric_product(part, a)
    elif prime == power:
        product = yield from symmetric_product(a, a)
    else:
        part = yield from positive_power(a, prime)
        return (yield from positive_power(part, power // prime))
    product[product < TINY] = 0.0
    return product


def positive_inverse(a: Floats) -> Generator[None, None, Floats]:
    """The inverse of a symmetric M-matrix (n, n), with small relative error in every entry.

    Off the diagonal each update of the sweeps adds numbers of one sign, so nothing cancels and the
    exponentially small entries come out right.
    """
    inverse = yield from symmetric_inverse(a)
    inverse[inverse < TINY] = 0.0
    return inverse


def symmetric_inverse(a: Floats, size: int = 128) -> Generator[None, None, Floats]:
    """The inverse of a symmetric positive definite matrix (n, n) by block sweeps.

    Beaton 1964, Goodnight 1979: after sweeping block k the matrix holds -A_kk^-1, A_ik A_kk^-1 and
    A_ij - A_ik A_kk^-1 A_kj.
    """
    n = len(a)
    work = np.array(a, dtype=np.float64)
    for start in range(0, n, size):
        stop = min(start + size, n)
        pivot = np.tril(work[start:stop, start:stop])
        pivot += np.tril(pivot, -1).T
        inverse = cho_solve(cho_factor(pivot, lower=True), np.eye(stop - start))
        inverse = (inverse + inverse.T) / 2
        column = np.vstack([work[start:stop, :start].T, pivot, work[stop:, start:stop]])
        moved = column @ inverse
        for part in row_blocks(n, 2.0 * n * (stop - start)):
            work[part, : part.stop] -= moved[part] @ column[: part.stop].T
            yield None
        work[start:stop, :start] = moved[:start].T
        work[stop:, start:stop] = moved[stop:]
        work[start:stop, start:stop] = -inverse
    for part in row_blocks(n, 200.0 * n):
        work[part, : part.stop] *= -1.0
        _mirror(work, part)
        yield None
    return work
