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
        """mu^t (k,). Where mu < 0 the real part of its principal power, |mu|^t cos(pi t), which is
        mu^t at every whole t and glides between them."""
        left = np.abs(self.values) ** t
        below = self.values < 0.0
        left[below] *= (-1.0) ** t if float(t).is_integer() else np.cos(np.pi * t)
        return np.asarray(left)

    def power(
        self,
        t: float,
        rows: NDArray[np.int64] | slice = slice(None),
        columns: slice = slice(None),
        *,
        least: float = 1e-17,
    ) -> Floats:
        """Rows and columns of P^t, nonnegative; eigenvectors of which less than `least` is left
        take no part."""
        left = self.powers(t)
        scale = np.sqrt(self.stationary)
        vectors = self.vectors[columns]
        product = None
        for part in _runs(np.abs(left) > least):
            term = (self.vectors[rows, part] * left[part]) @ vectors[:, part].T
            product = term if product is None else product + term
        assert product is not None
        product *= scale[columns]
        product /= scale[rows, None]
        return np.maximum(product, 0.0, out=product)


def _runs(kept: NDArray[np.bool_]) -> list[slice]:
    """Leading and trailing True, between which eigenvalues near 0 have faded: as slices, for
    picking single columns would copy a whole matrix."""
    gone = np.flatnonzero(~kept)
    if len(gone) == 0:
        return [slice(0, len(kept))]
    runs = [slice(0, int(gone[0])), slice(int(gone[-1]) + 1, len(kept))]
    return [run for run in runs if run.start < run.stop]


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
