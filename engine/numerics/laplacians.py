"""Laplacians of a weighted graph W (n, n) without self-loops."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import sparse

from engine.numerics.graphs import Weights, degrees

Kind = Literal["combinatorial", "normalised"]


def laplacian(weights: Weights, kind: Kind = "combinatorial") -> Weights:
    """L = Deg - W, or L = I - Deg^-1/2 W Deg^-1/2; symmetric, positive semi-definite.

    The row of an isolated vertex is 0 in both, so that its heat stays where it is.
    """
    degree = degrees(weights)
    if kind == "combinatorial":
        return sparse.csr_array(sparse.diags_array(degree) - weights)
    inside = degree > 0
    root = np.where(inside, 1 / np.sqrt(np.where(inside, degree, 1.0)), 0.0)
    scaled = sparse.diags_array(root) @ weights @ sparse.diags_array(root)
    return sparse.csr_array(sparse.diags_array(inside.astype(np.float64)) - scaled)


def largest_eigenvalue_bound(lap: Weights) -> float:
    """A number that no eigenvalue of a Laplacian exceeds: the largest absolute row sum.

    Gershgorin; 2 max degree for the combinatorial one. Never an underestimate, which the Chebyshev
    recurrence would not survive.
    """
    return float(abs(lap).sum(axis=1).max())
