"""A field at points that were not among those it was learnt on (arXiv 2309.16746 has no such step).

Nystroem's extension: an eigenfield of the graph satisfies u_i = (1 - lam)^-1 sum_j p_ij O_ij u_j
with p the random walk's steps, and so is read off the neighbours of any point. With unit weights
the same holds of the combinatorial Laplacian as u_i = (k - lam)^-1 sum_j O_ij u_j with k
neighbours. Where the factor grows beyond ten the eigenfield is too rough to be carried: it is left
out, and its prior variance is added to the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from engine.numerics.tangents import polar_factor, principal_directions

Floats = NDArray[np.float64]

ROUGHEST = 0.9
"""Eigenvalue, of the walk or over the neighbours' number, above which an eigenfield is left out."""
REACH = 3.0
"""Points farther from the data than so many typical neighbour distances are not on the manifold."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """What new points need of the graph: the kernel's width h (0 for unit weights), the typical
    distance to the last neighbour, what each point's weight is divided by (n,), and the neighbours
    to take for the graph and the frames."""

    width: float
    reach: float
    density: Floats
    knn: int
    frame_knn: int


@dataclass(frozen=True, slots=True, eq=False)
class Extended:
    """Frames (q, D, d) and eigenfields (q, d, k) at new points; `carried` (k,) tells which of them
    could be, `near` (q,) which points lie on the manifold as far as its own points tell."""

    frames: Floats
    fields: Floats
    carried: NDArray[np.bool_]
    near: NDArray[np.bool_]


def extend(
    points: Floats, positions: Floats, frames: Floats, fields: Floats, eigenvalues: Floats,
    graph: Graph,
) -> Extended:  # fmt: skip
    """Eigenfields (n, d, k) of unscaled `eigenvalues` (k,) from points (n, D) to new ones (q, D).

    A point that coincides with one of the old ones has its frame and eigenfields.
    """
    tree = cKDTree(positions)
    most = max(graph.knn, graph.frame_knn)
    distances, nearest = (np.asarray(found) for found in tree.query(points, k=most))
    around = np.concatenate([points[:, None], positions[nearest[:, : graph.frame_knn]]], axis=1)
    own = np.ascontiguousarray(principal_directions(around)[0][:, :, : frames.shape[2]])
    weights = np.ones((len(points), graph.knn))
    rows = nearest[:, : graph.knn]
    if graph.width > 0:
        weights = np.exp(-((distances[:, : graph.knn] / graph.width) ** 2)) / graph.density[rows]
    scale = 1.0 - eigenvalues if graph.width > 0 else 1.0 - eigenvalues / graph.knn
    carried = scale > 1.0 - ROUGHEST
    # A point far from all has weights that underflow; it is not near, whatever they are.
    total = np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    summed = np.zeros((len(points), *fields.shape[1:]))
    for k in range(graph.knn):
        across, _ = polar_factor(np.einsum("qDa,qDb->qab", own, frames[rows[:, k]]))
        summed += (weights[:, k : k + 1] / total)[:, :, None] * (across @ fields[rows[:, k]])
    found = np.where(carried, summed / np.where(carried, scale, 1.0), 0.0)
    same = distances[:, 0] <= 1e-12 * graph.reach
    own[same], found[same] = frames[nearest[same, 0]], fields[nearest[same, 0]] * carried
    return Extended(own, found, carried, distances[:, 0] <= REACH * graph.reach)
