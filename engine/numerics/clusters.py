"""Many rows stood for by clusters: the walk from rows to clusters and back."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.numerics import walks
from engine.numerics.graphs import Weights

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

COORDINATES = 100
"""Eigenvectors of the walk in whose coordinates rows are clustered."""


def spectral_clusters(kernel: Weights, count: int, seed: int) -> Rows:
    """At most `count` clusters of the rows of K (n, n), (n,), numbered without gaps: mini-batch
    k-means on mu psi, so that rows whose walks agree come together."""
    from sklearn.cluster import MiniBatchKMeans

    walk = walks.decompose(kernel, COORDINATES + 1)
    places = walk.right()[:, 1:] * walk.values[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = MiniBatchKMeans(
            count, n_init=1, init="random", batch_size=2048, max_iter=20, random_state=seed
        ).fit_predict(places)
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.int64)


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
