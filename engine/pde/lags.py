"""Matrices that depend on i - j alone: kernels on equidistant places.

Everything is read off the first column: sums over diagonals, the trace with an inverse (Gohberg and
Semencul's formula), and Cholesky's factor with what had to be added to the diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from engine.pde.problem import Floats

MOST_JITTER = 1e-3


class NotPositive(ArithmeticError):
    """A kernel matrix that no allowed jitter makes positive definite."""


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """Cholesky's lower factor of K + jitter I, and the jitter that it took."""

    lower: Floats
    jitter: float

    def solve(self, right: Floats) -> Floats:
        return np.asarray(linalg.cho_solve((self.lower, True), right, check_finite=False))

    @property
    def logdet(self) -> float:
        return float(2 * np.log(np.diag(self.lower)).sum())


def gathered(column: Floats, order: int) -> Floats:
    """The matrix of k^(order)(x_i - x_j) from its values at lags that are not negative."""
    return np.asarray(linalg.toeplitz(column, column if order % 2 == 0 else -column))


def factor(column: Floats, jitter: float) -> Factor:
    """Cholesky's factor; on failure the jitter is raised tenfold, to a thousandth at most.

    Raises
    ------
    NotPositive
    """
    matrix = gathered(column, 0)
    if not np.isfinite(column).all():
        raise NotPositive
    while True:
        held = matrix.copy()
        held[np.diag_indices_from(held)] += jitter
        try:
            lower = linalg.cholesky(held, lower=True, overwrite_a=True, check_finite=False)
            return Factor(np.asarray(lower), jitter)
        except np.linalg.LinAlgError:
            if jitter >= MOST_JITTER:
                raise NotPositive from None
            jitter = min(10 * jitter, MOST_JITTER)


def diagonal_sums(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Of the matrix one @ other^T, (n, m) each: sums over i - j = l, and over j - i = l, (n,)."""
    n = len(one)
    if one.ndim == 1 or one.shape[1] == 1:
        both = np.correlate(one.ravel(), other.ravel(), "full")
        return both[n - 1 :], both[n - 1 :: -1]
    size = 2 * n
    turned = np.fft.rfft(one, size, axis=0) * np.conj(np.fft.rfft(other, size, axis=0))
    both = np.fft.irfft(turned.sum(axis=1), size)
    return both[:n], np.concatenate([both[:1], both[: size - n : -1]])


def folded(one: Floats, other: Floats, order: int) -> Floats:
    """Derivative (n,) of the sum of one @ other^T times the matrix of k^(order) by its lags."""
    down, up = diagonal_sums(one, other)
    found = down + up if order % 2 == 0 else down - up
    found[0] = down[0] if order % 2 == 0 else 0.0
    return np.asarray(found)


def inverse_sums(first: Floats) -> Floats:
    """Derivative (n,) of log det K by k at each lag, from the first column of K's inverse."""
    n = len(first)
    other = np.concatenate([[0.0], first[:0:-1]])
    steps = np.arange(n)

    def band(x: Floats) -> Floats:
        plain = np.correlate(x, x, "full")[n - 1 :]
        return (n - steps) * plain - np.correlate(x, steps * x, "full")[n - 1 :]

    found = 2 * (band(first) - band(other)) / first[0]
    found[0] /= 2
    return np.asarray(found)
