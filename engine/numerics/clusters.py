"""Many rows stood for by clusters: the walk from rows to clusters and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.numerics.graphs import Weights, degrees

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

COORDINATES = 100
"""Singular vectors of the walk in whose coordinates rows are clustered."""
SPARE, ROUNDS = 10, 8
"""Vectors beyond those, and rounds of multiplication, as published."""


def spectral_clusters(kernel: Weights, count: int, seed: int) -> Rows:
    """At most `count` clusters of the rows of K (n, n), (n,), numbered without gaps: mini-batch
    k-means on mu psi, so that rows whose walks agree come together."""
    from sklearn.cluster import MiniBatchKMeans

    mass = degrees(kernel)
    scale = sparse.diags_array(mass**-0.5)
    walk = sparse.csr_array(scale @ kernel @ scale)
    values, vectors = slow_subspace(walk, min(COORDINATES, len(mass)), seed)
    places = vectors * values / np.sqrt(mass / mass.sum())[:, None]
    found = MiniBatchKMeans(
        count, n_init=1, init="random", batch_size=2048, max_iter=20, random_state=seed
    ).fit_predict(places)
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.int64)


def slow_subspace(walk: Weights, count: int, seed: int) -> tuple[Floats, Floats]:
    """Roughly the `count` greatest eigenvalues (count,) of a symmetric matrix (n, n) and their
    eigenvectors (n, count), from a few rounds on random vectors (Halko, Martinsson and Tropp 2011).

    As rough as the published code's: Lanczos takes ten times as long to tell apart what k-means
    then throws together.
    """
    n = walk.shape[0]
    some = np.random.default_rng(seed).normal(size=(n, min(count + SPARE, n)))
    for _ in range(ROUNDS):
        some = walk @ _orthonormal(some)
    some = _orthonormal(_orthonormal(some))
    values, turned = np.linalg.eigh(some.T @ (walk @ some))
    return values[::-1][:count], some @ turned[:, ::-1][:, :count]


def _orthonormal(vectors: Floats) -> Floats:
    """By Cholesky's factor of the Gram matrix: products only, which let other threads run."""
    gram = vectors.T @ vectors
    # Where rows coincide the walk has fewer directions than asked for; those left over stay short.
    gram[np.diag_indices(len(gram))] += 1e-12 * np.trace(gram) / len(gram)
    return np.asarray(vectors @ np.linalg.inv(np.linalg.cholesky(gram)).T)


def condensed(kernel: Weights, cluster: Rows) -> tuple[Weights, Floats]:
    """P_nm (n, m), row-normalised sums of K over clusters, and the symmetric S (m, m) whose rows,
    normalised, are P_mn P_nm. Moon et al. 2019, Methods, "Fast and scalable PHATE".

    S = A' Deg_n^-1 A with A = K C, since P_nm = Deg_n^-1 A and P_mn = Deg_m^-1 A'.
    """
    n, m = len(cluster), int(cluster.max()) + 1
    member = sparse.csr_array((np.ones(n), (np.arange(n), cluster)), shape=(n, m))
    sums = sparse.csr_array(kernel @ member)
    mass = np.asarray(sums.sum(axis=1), dtype=np.float64).ravel()
    place = sparse.csr_array(sparse.diags_array(1.0 / mass) @ sums)
    return place, np.asarray((sums.T @ place).toarray())


def centres(values: Floats, cluster: Rows) -> Floats:
    """Mean row (m, D) of each cluster."""
    m = int(cluster.max()) + 1
    sums = np.zeros((m, values.shape[1]))
    np.add.at(sums, cluster, values)
    return sums / np.bincount(cluster, minlength=m)[:, None]
