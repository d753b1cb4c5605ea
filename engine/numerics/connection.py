"""The connection Laplacian: the Laplacian of vector fields on a graph.

    (L v)_i = sum_j w_ij (v_i - O_ij v_j)                        combinatorial
    Ls = I - Deg^-1/2 [w_ij O_ij] Deg^-1/2                       normalised

Singer and Wu (2012). With the sampling density divided out of the weights (Coifman and Lafon's
alpha = 1) it tends to the Bochner Laplacian: on the unit sphere l (l + 1) - 1 with multiplicity
2 (2 l + 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.numerics.graphs import Weights, degrees
from engine.numerics.neighbours import Neighbours

Floats = NDArray[np.float64]
Kind = Literal["combinatorial", "normalised"]


def tangent_weights(neighbours: Neighbours, knn: int, width: float) -> Weights:
    """w_ij = exp(-|x_i - x_j|^2 / h^2) on the union of the k-nearest-neighbour lists.

    h is `width` times the median distance to the k-th neighbour.
    """
    near = neighbours.first(knn)
    h = width * float(np.median(near.distances[:, -1]))
    return _union(near, np.exp(-((near.distances / h) ** 2)) if h > 0 else None)


def unit_weights(neighbours: Neighbours, knn: int) -> Weights:
    """1 on the union of the k-nearest-neighbour lists."""
    return _union(neighbours.first(knn), None)


def _union(near: Neighbours, values: Floats | None) -> Weights:
    n, k = near.indices.shape
    entries = np.ones(n * k) if values is None else values.ravel()
    # A weight that underflows would be no edge, and a far point no longer part of the graph.
    entries = np.maximum(entries, np.finfo(np.float64).tiny)
    first = np.repeat(np.arange(n), k)
    one_way = sparse.csr_array((entries, (first, near.indices.ravel())), shape=(n, n))
    return sparse.csr_array(one_way.maximum(one_way.T))


def without_density(weights: Weights) -> Weights:
    """w_ij / (q_i q_j) with q the degrees: the sampling density no longer counts."""
    q = degrees(weights)
    scale = sparse.diags_array(1.0 / np.where(q > 0, q, 1.0))
    return sparse.csr_array(scale @ weights @ scale)


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """A graph with what carries vectors along its edges, in the order of the weights' entries.

    Attributes
    ----------
    weights : W (n, n)
    carried : O (nnz, d, d), row's coordinates from column's
    """

    weights: Weights
    carried: Floats

    @property
    def dimension(self) -> int:
        return int(self.carried.shape[1])

    def adjacency(self, values: Floats | None = None) -> sparse.bsr_array:
        """[w_ij O_ij] (n d, n d); with `values` (nnz,) in place of the weights."""
        n, d = self.weights.shape[0], self.dimension
        scale = self.weights.data if values is None else values
        blocks = self.carried * scale[:, None, None]
        return sparse.bsr_array(
            (blocks, self.weights.indices, self.weights.indptr), shape=(n * d, n * d)
        )

    def laplacian(self, kind: Kind) -> sparse.csc_array:
        """(n d, n d), symmetric and positive semi-definite."""
        d = self.dimension
        degree = degrees(self.weights)
        if kind == "combinatorial":
            diagonal, scaled = degree, self.weights.data
        else:
            root = 1.0 / np.sqrt(np.where(degree > 0, degree, 1.0))
            rows = np.repeat(np.arange(len(degree)), np.diff(self.weights.indptr))
            scaled = self.weights.data * root[rows] * root[self.weights.indices]
            diagonal = np.ones(len(degree))
        full = sparse.diags_array(np.repeat(diagonal, d)) - self.adjacency(scaled)
        # Transports are transposes of one another up to rounding; the solver wants them exactly.
        return sparse.csc_array((full + full.T) / 2)
