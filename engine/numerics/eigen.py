"""The smallest eigenvalues of a large sparse symmetric matrix, with their vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh, splu

Floats = NDArray[np.float64]

SHIFT = 0.01
"""In units of the mean diagonal: below zero, so that the shifted matrix is positive definite even
when there are zero modes."""
DENSE = 600
"""Up to so many rows all eigenvalues are computed."""
TIE = 1e-6
"""Relative gap below which two eigenvalues count as one."""


def smallest_pairs(
    matrix: sparse.csc_array, k: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The k smallest eigenvalues (k,) ascending and their orthonormal vectors (n, k).

    Shift-invert Lanczos about a small negative number: the factor is that of a positive definite
    matrix, and Lanczos converges in a few dozen solves.
    """
    n = matrix.shape[0]
    if n <= DENSE or k > n // 3:
        values, vectors = np.linalg.eigh(matrix.toarray())
        return values[:k], vectors[:, :k]
    sigma = -SHIFT * float(matrix.diagonal().mean())
    shifted = sparse.csc_array(matrix - sigma * sparse.eye_array(n, format="csc"))
    # Symmetric mode keeps the pivots on the diagonal: a fraction of the fill of a general LU.
    factor = splu(
        shifted,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    inverse = LinearOperator(matrix.shape, matvec=factor.solve, dtype=np.float64)
    values, vectors = eigsh(
        matrix, k=k, sigma=sigma, which="LM", OPinv=inverse, v0=rng.standard_normal(n)
    )
    order = np.argsort(values)
    return values[order], vectors[:, order]


def whole_clusters(values: Floats, most: int) -> int:
    """The largest number of leading eigenvalues, at most `most`, that splits no cluster of equal
    ones. An eigenspace cut in two is an arbitrary half of it."""
    if most >= len(values):
        return len(values)
    scale = max(float(np.abs(values).max()), np.finfo(float).tiny)
    for k in range(most, 0, -1):
        if values[k] - values[k - 1] > TIE * max(abs(float(values[k])), TIE * scale):
            return k
    return most
