"""The random walk on a neighbour graph and its eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from engine.numerics.graphs import Weights, degrees

Floats = NDArray[np.float64]

DENSE = 700
"""Up to so many points all eigenpairs cost less than a few by Lanczos."""


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """P = Deg^-1 K of a kernel K with unit diagonal, by its symmetric conjugate.

    Attributes
    ----------
    values : mu (k,), descending, mu_0 = 1
    vectors : orthonormal v (n, k) of Deg^-1/2 K Deg^-1/2; the first is sqrt(stationary)
    stationary : pi (n,), degrees over their sum
    """

    values: Floats
    vectors: Floats
    stationary: Floats

    def right(self) -> Floats:
        """psi = v / v_0 (n, k): right eigenvectors of P, psi_0 = 1, orthonormal under pi."""
        return np.asarray(self.vectors / np.sqrt(self.stationary)[:, None])

    def powers(self, t: float) -> Floats:
        """mu^t (k,); an eigenvalue below 0 has no real power and counts as 0 for fractional t."""
        if float(t).is_integer():
            return np.asarray(self.values**t)
        return np.asarray(np.maximum(self.values, 0.0) ** t)

    def power(self, t: float, rows: NDArray[np.int64] | slice = slice(None)) -> Floats:
        """Rows of P^t (len(rows), n), nonnegative."""
        left = self.powers(t)
        # What has decayed below rounding takes no part in the product.
        kept = np.flatnonzero(np.abs(left) > 1e-17)
        scale = np.sqrt(self.stationary)
        inside = self.vectors[rows][:, kept] * left[kept]
        product = inside @ self.vectors[:, kept].T
        product *= scale
        product /= scale[rows, None]
        return np.maximum(product, 0.0)


def with_diagonal(weights: Weights, density: float = 0.0) -> Weights:
    """K (n, n) with unit diagonal, its sampling density divided out: K_ij / (q_i q_j)^density.

    Coifman and Lafon 2006, section 3; q are the row sums.
    """
    kernel = sparse.csr_array(weights + sparse.eye_array(weights.shape[0]))
    if density:
        scale = sparse.diags_array(degrees(kernel) ** -density)
        kernel = sparse.csr_array(scale @ kernel @ scale)
    return kernel


def decompose(kernel: Weights | Floats, count: int) -> Walk:
    """The `count` eigenpairs of greatest eigenvalue, each vector's largest entry positive.

    The stationary pair is known and taken out first, so that it is the first even where the graph
    is in parts and the eigenvalue 1 is multiple.
    """
    n = kernel.shape[0]
    mass = np.asarray(kernel.sum(axis=1), dtype=np.float64).ravel()
    stationary = mass / mass.sum()
    first = np.sqrt(stationary)
    scale = sparse.diags_array(mass**-0.5)
    walk = scale @ kernel @ scale
    count = min(count, n)
    if n <= DENSE or count > n // 4:
        matrix = walk @ np.eye(n)
        values, vectors = np.linalg.eigh(matrix - np.outer(first, first))
    else:
        rest = LinearOperator(
            (n, n), matvec=lambda x: walk @ x - first * (first @ x), dtype=np.float64
        )
        start = np.cos(np.arange(n) * 2.399963) + 0.1
        values, vectors = eigsh(rest, k=count, which="LA", v0=start)
    order = np.argsort(-values)
    # The pair that was taken out has left a 0 with the same vector behind.
    own = np.abs(vectors.T @ first)[order] > 0.5
    order = order[~own][: count - 1]
    values, vectors = values[order], vectors[:, order]
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    return Walk(
        np.concatenate([[1.0], np.minimum(values, 1.0)]),
        np.column_stack([first, vectors * signs]),
        stationary,
    )
