"""Known geodesic distances of the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FlatTruth:
    """A surface that unrolls: geodesics are straight lines between intrinsic coordinates (n, d)."""

    coordinates: Floats

    def distances(self, rows: Rows, columns: Rows) -> Floats:
        """Euclidean distances (len(rows), len(columns))."""
        from scipy.spatial.distance import cdist

        return np.asarray(cdist(self.coordinates[rows], self.coordinates[columns]))


@dataclass(frozen=True, slots=True, eq=False)
class CircleTruth:
    """Points on a circle at `angles` (n,): the shorter arc."""

    angles: Floats
    radius: float

    def distances(self, rows: Rows, columns: Rows) -> Floats:
        gap = np.abs(self.angles[rows, None] - self.angles[None, columns]) % (2 * np.pi)
        return np.asarray(self.radius * np.minimum(gap, 2 * np.pi - gap))


@dataclass(frozen=True, slots=True, eq=False)
class GraphTruth:
    """Shortest paths along the edges of a graph over noise-free points.

    `edges` (m, 2) and `lengths` (m,) describe a connected undirected graph on n points.
    """

    n: int
    edges: Rows
    lengths: Floats

    def distances(self, rows: Rows, columns: Rows) -> Floats:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        graph = csr_array(
            (self.lengths, (self.edges[:, 0], self.edges[:, 1])), shape=(self.n, self.n)
        )
        return np.asarray(dijkstra(graph, directed=False, indices=rows))[:, columns]


def neighbour_truth(points: Floats, k: int = 10) -> GraphTruth:
    """Shortest paths on the k-nearest-neighbour graph of noise-free points (n, D).

    Where that graph is in pieces, the edges of a minimum spanning tree join them: an infinite
    distance would spoil every average.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
    from scipy.spatial import cKDTree
    from scipy.spatial.distance import cdist

    n = len(points)
    found = cKDTree(points).query(points, k=min(k + 1, n))
    lengths, near = np.asarray(found[0]), np.asarray(found[1])
    first = np.repeat(np.arange(n), near.shape[1] - 1)
    second, length = near[:, 1:].ravel(), lengths[:, 1:].ravel()
    # csgraph reads a stored zero as no edge: coinciding points stay joined by a tiny length.
    length = np.maximum(length, 1e-12)
    graph = coo_array((length, (first, second)), shape=(n, n)).tocsr()
    pieces, _ = connected_components(graph, directed=False)
    if pieces > 1:
        tree = coo_array(minimum_spanning_tree(cdist(points, points) + 1e-12))
        first = np.concatenate([first, tree.row])
        second = np.concatenate([second, tree.col])
        length = np.concatenate([length, tree.data])
    return GraphTruth(n, np.column_stack([first, second]).astype(np.int64), length)
