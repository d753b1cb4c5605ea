"""Divergence and curl of a tangent field on a manifold known by its points.

Around each point a linear field is fitted by weighted least squares to the differences that
parallel transport leaves,

    O_ij y_j - y_i = J_i d_ij + ...,   d_ij = T_i^T (x_j - x_i),

so that the curving of the manifold is not taken for a change of the field. J_i is linear in the
field: divergence (its trace) and, on a surface, curl (its antisymmetric part) are sparse matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.numerics.tangents import transports

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

RIDGE = 1e-8
"""Of the trace of the neighbours' spread: neighbours on a line leave a direction open."""


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Applied to a field (n, d): `divergence` (n, n d) and, on surfaces, `curl` (n, n d).

    The curl is counted counterclockwise in each point's own frame; `orientation` (n,) of +1 or -1
    turns it to one side of the surface, and is empty where the surface has no two sides.
    """

    divergence: sparse.csr_array
    curl: sparse.csr_array | None
    orientation: NDArray[np.int64]

    def divergence_of(self, field: Floats) -> Floats:
        """(n,) of a field (n, d)."""
        return np.asarray(self.divergence @ field.ravel())

    def curl_of(self, field: Floats) -> Floats | None:
        """(n,) of a field (n, 2); its size alone on a surface with one side."""
        if self.curl is None:
            return None
        found = np.asarray(self.curl @ field.ravel())
        return found * self.orientation if len(self.orientation) else np.abs(found)


def derivatives(
    positions: Floats, frames: Floats, weights: sparse.csr_array, orientation: Rows
) -> Derivatives:
    """From points (n, D), frames (n, D, d) and a graph that says which neighbours count how much.

    `orientation` is that of `engine.numerics.orientation.of_frames`.
    """
    n, _, d = frames.shape
    first = np.repeat(np.arange(n), np.diff(weights.indptr))
    second = weights.indices.astype(np.int64)
    carried, _ = transports(frames, first, second)
    steps = np.einsum("mDa,mD->ma", frames[first], positions[second] - positions[first])
    slopes = _slopes(first, steps, weights.data, n)
    curl = None
    if d == 2:
        # J21 - J12 = sum_j slope_1 D_2 - slope_2 D_1 with D the transported difference.
        curl = _operator(np.column_stack([-slopes[:, 1], slopes[:, 0]]), carried, first, second, n)
    return Derivatives(_operator(slopes, carried, first, second, n), curl, orientation)


def _slopes(first: Rows, steps: Floats, weights: Floats, n: int) -> Floats:
    """g (m, d) with J_i = sum_j D_ij g_ij^T: w M_i^-1 d_ij, M_i = sum_j w d_ij d_ij^T."""
    d = steps.shape[1]
    outer = (weights[:, None, None] * steps[:, :, None] * steps[:, None, :]).reshape(-1, d * d)
    gather = sparse.csr_array((np.ones(len(first)), (first, np.arange(len(first)))),
                              shape=(n, len(first)))  # fmt: skip
    spread = np.asarray(gather @ outer).reshape(n, d, d)
    trace = np.einsum("naa->n", spread)
    # A point without neighbours has no derivative: its slopes are zero.
    spread += (RIDGE * trace + (trace == 0))[:, None, None] * np.eye(d)
    return np.asarray(
        np.einsum("mab,mb->ma", np.linalg.inv(spread)[first], weights[:, None] * steps)
    )


def _operator(
    slopes: Floats, carried: Floats, first: Rows, second: Rows, n: int
) -> sparse.csr_array:
    """sum_j slope_ij . (O_ij y_j - y_i) as a matrix (n, n d)."""
    d = slopes.shape[1]
    columns = np.arange(d)
    across = np.einsum("ma,mab->mb", slopes, carried)
    rows = np.repeat(first, d)
    to = (second[:, None] * d + columns).ravel()
    own = (first[:, None] * d + columns).ravel()
    return sparse.csr_array(
        (np.concatenate([across.ravel(), -slopes.ravel()]),
         (np.concatenate([rows, rows]), np.concatenate([to, own]))),
        shape=(n, n * d),
    )  # fmt: skip
