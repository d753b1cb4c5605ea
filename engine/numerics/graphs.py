"""Weighted neighbour graphs: how near two points of a data set are, as a sparse matrix.

All weights W are symmetric, nonnegative, float64, (n, n) CSR with an empty diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from engine.numerics.neighbours import BLOCK, Neighbours

Floats = NDArray[np.float64]
Weights = sparse.csr_array
Kind = Literal["alpha decay", "gaussian", "fuzzy"]

TAIL = 1e-4
"""One-sided terms of the alpha-decay kernel below this are dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A graph and what a person must know of it.

    Attributes
    ----------
    weights : W (n, n)
    component : (n,) number of the component that each point is in, largest first
    sizes : points per component before any were joined, descending
    duplicates : points at distance 0 from another
    truncated : fraction of points whose kernel reaches beyond the neighbours that were searched
    joined : edges added to connect components
    """

    weights: Weights
    component: NDArray[np.int64]
    sizes: tuple[int, ...]
    duplicates: int
    truncated: float = 0.0
    joined: int = 0


def build(
    values: Floats,
    neighbours: Neighbours,
    *,
    kind: Kind = "alpha decay",
    knn: int = 10,
    decay: float = 40.0,
    anisotropy: float = 0.0,
    connect_components: bool = False,
) -> Graph:
    """The graph of the rows of `values` (n, D), from neighbours searched for at least `knn`."""
    knn = min(knn, neighbours.indices.shape[1])
    truncated = 0.0
    if kind == "alpha decay":
        weights = alpha_decay(neighbours, knn, decay)
        reach = bandwidths(neighbours, knn) * np.log(1 / TAIL) ** (1 / decay)
        if neighbours.indices.shape[1] < len(values) - 1:
            truncated = float(np.mean(neighbours.distances[:, -1] < reach))
    elif kind == "gaussian":
        weights = gaussian(neighbours, knn)
    else:
        weights = fuzzy(neighbours, knn)
    if anisotropy:
        weights = anisotropic(weights, anisotropy)
    component, sizes = components(weights)
    joined = 0
    if connect_components and len(sizes) > 1:
        edges = bridges(values, component)
        weights = with_edges(weights, edges, float(np.exp(-1.0)))
        joined = len(edges)
    duplicates = int(np.count_nonzero(neighbours.distances[:, 0] == 0))
    return Graph(weights, component, sizes, duplicates, truncated, joined)


def bandwidths(neighbours: Neighbours, knn: int) -> Floats:
    """eps_i (n,): distance to the knn-th other point, kept above 0 where points coincide."""
    eps = neighbours.distances[:, knn - 1]
    scale = float(np.median(eps)) or float(eps.max()) or 1.0
    return np.asarray(np.maximum(eps, 1e-12 * scale))


def alpha_decay(neighbours: Neighbours, knn: int, decay: float) -> Weights:
    """K_ij = (exp(-(d_ij/eps_i)^decay) + exp(-(d_ij/eps_j)^decay)) / 2, terms below 1e-4 dropped.

    Moon et al. 2019 (PHATE), Methods; decay = 2 is the adaptive Gaussian kernel.
    """
    eps = bandwidths(neighbours, knn)
    with np.errstate(over="ignore"):  # far neighbours of a steep kernel: exp(-inf) = 0
        one_sided = np.exp(-((neighbours.distances / eps[:, None]) ** decay))
    one_sided[one_sided < TAIL] = 0.0
    directed = _directed(neighbours.indices, one_sided)
    return _clean(directed + directed.T) * 0.5


def gaussian(neighbours: Neighbours, knn: int) -> Weights:
    """exp(-d_ij^2 / s^2) on the knn nearest, symmetrised by the mean; s the mean of those d."""
    near = neighbours.first(knn)
    scale = float(near.distances.mean()) or 1.0
    directed = _directed(near.indices, np.exp(-((near.distances / scale) ** 2)))
    return _clean(directed + directed.T) * 0.5


def fuzzy(neighbours: Neighbours, knn: int) -> Weights:
    """The fuzzy simplicial set of McInnes et al. (arXiv 1802.03426), Algorithms 2 and 3.

    w_ij = exp(-(d_ij - rho_i)+ / sigma_i) with sum_j w_ij = log2 knn, then W = A + A' - A * A'.
    """
    near = neighbours.first(knn)
    rho = near.distances[:, :1]
    excess = np.maximum(near.distances - rho, 0.0)
    target = np.log2(max(knn, 2))
    low = np.zeros((len(excess), 1))
    high = np.full((len(excess), 1), (excess.max() or 1.0) * 1e3)
    floor = 1e-3 * (float(near.distances.mean()) or 1.0)  # the published lower limit of sigma
    for _ in range(80):
        middle = (low + high) / 2
        too_wide = np.exp(-excess / middle).sum(axis=1, keepdims=True) > target
        high, low = np.where(too_wide, middle, high), np.where(too_wide, low, middle)
    directed = _directed(near.indices, np.exp(-excess / np.maximum(high, floor)))
    both = directed + directed.T - directed.multiply(directed.T)
    return _clean(sparse.csr_array(both))


def anisotropic(weights: Weights, power: float) -> Weights:
    """D^-a K D^-a with D the row sums of K including the unit diagonal; 1 removes density.

    Coifman and Lafon 2006, section 3.
    """
    scale = (degrees(weights) + 1.0) ** -power
    return sparse.csr_array(sparse.diags_array(scale) @ weights @ sparse.diags_array(scale))


def degrees(weights: Weights) -> Floats:
    """Row sums (n,)."""
    return np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()


def affinity(weights: Weights) -> Weights:
    """K: the weights with a unit diagonal, as random walks want it."""
    return sparse.csr_array(weights + sparse.eye_array(weights.shape[0], format="csr"))


def components(weights: Weights) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Each point's component (0 the largest) and the sizes, descending."""
    count, labels = connected_components(weights, directed=False)
    sizes = np.bincount(labels, minlength=count)
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    return rank[labels], tuple(int(s) for s in sizes[order])


def bridges(values: Floats, component: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shortest edges (e, 2) that join all components into a tree (Boruvka's rounds)."""
    component = component.copy()
    edges: list[tuple[int, int]] = []
    while (count := int(component.max()) + 1) > 1:
        best = _nearest_outside(values, component, count)
        for i, j in best:
            a, b = component[i], component[j]
            if a != b:
                edges.append((min(i, j), max(i, j)))
                component[component == max(a, b)] = min(a, b)
        component = np.unique(component, return_inverse=True)[1].ravel()
    return np.array(sorted(edges), np.int64).reshape(-1, 2)


def _nearest_outside(
    values: Floats, component: NDArray[np.int64], count: int
) -> list[tuple[int, int]]:
    """For each component the shortest pair (inside, outside)."""
    length = np.full(count, np.inf)
    pair = [(0, 0)] * count
    block = max(1, BLOCK // len(values))
    for start in range(0, len(values), block):
        own = component[start : start + block]
        apart = cdist(values[start : start + block], values)
        apart[own[:, None] == component[None, :]] = np.inf
        nearest = apart.argmin(axis=1)
        for row, column in enumerate(nearest):
            distance, c = apart[row, column], int(own[row])
            if distance < length[c]:
                length[c], pair[c] = distance, (start + row, int(column))
    return pair


def with_edges(weights: Weights, edges: NDArray[np.int64], weight: float) -> Weights:
    """The graph with more edges, all of one weight: the kernel at its own bandwidth, exp(-1)."""
    shape = weights.shape
    one = sparse.csr_array((np.full(len(edges), weight), (edges[:, 0], edges[:, 1])), shape=shape)
    return _clean(weights + one + one.T)


def edges(weights: Weights) -> tuple[NDArray[np.int32], Floats]:
    """Pairs i < j (m, 2) with their weights (m,)."""
    upper = sparse.triu(weights, k=1, format="coo")
    return np.column_stack([upper.row, upper.col]).astype(np.int32), np.asarray(upper.data)


def _directed(indices: NDArray[np.int64], values: Floats) -> Weights:
    n, k = indices.shape
    starts = np.arange(0, n * k + 1, k)
    return sparse.csr_array((values.ravel(), indices.ravel(), starts), shape=(n, n))


def _clean(weights: Weights) -> Weights:
    """CSR with sorted indices, no stored zeros and no diagonal."""
    tidy = sparse.csr_array(weights)
    tidy.setdiag(0.0)
    tidy.eliminate_zeros()
    tidy.sort_indices()
    return tidy
