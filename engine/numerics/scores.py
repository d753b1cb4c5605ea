"""How well a map keeps what is known of the data: distances, neighbours, classes.

All take dense matrices of distances between the same n points, (n, n) with zero diagonal, or the
positions of the points; nothing here knows where they come from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def pairwise(positions: Floats) -> Floats:
    """Euclidean distances (n, n) between rows (n, d), without the cancellation of a product."""
    from scipy.spatial.distance import pdist, squareform

    return np.asarray(squareform(pdist(positions)))


def _ranks(values: Floats) -> Floats:
    """Ranks from 1 along the last axis, ties sharing their mean."""
    order = np.argsort(values, axis=-1)
    ascending = np.take_along_axis(values, order, axis=-1)
    if np.any(ascending[..., 1:] == ascending[..., :-1]):
        return np.asarray(rankdata(values, axis=-1), dtype=np.float64)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, values.shape[-1] + 1.0), axis=-1)
    return ranks


def _correlations(a: Floats, b: Floats) -> Floats:
    """Pearson correlation along the last axis; 0 where either side is constant."""
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    size = np.sqrt(np.einsum("...i,...i->...", a, a) * np.einsum("...i,...i->...", b, b))
    inner = np.einsum("...i,...i->...", a, b)
    return np.asarray(np.where(size > 0, inner / np.where(size > 0, size, 1.0), 0.0))


def row_pearson(found: Floats, true: Floats) -> float:
    """Mean over rows of the Pearson correlation, the row's own 0 included (arXiv 2305.19043)."""
    return float(_correlations(found, true).mean())


def row_spearman(found: Floats, true: Floats) -> float:
    """Mean over rows of the rank correlation, the row's own 0 included (arXiv 2305.19043)."""
    return float(_correlations(_ranks(found), _ranks(true)).mean())


PAIRS = 300_000
"""Pairs that a correlation over all of them is estimated from; its error is below 0.002."""


def demap(found: Floats, true: Floats) -> float:
    """Rank correlation over all pairs at once: denoised embedding manifold preservation.

    Moon et al. 2019; `true` are geodesics between the noise-free points. Of more than `PAIRS`
    pairs that many are drawn, always the same.
    """
    upper = np.triu_indices(len(found), 1)
    if len(upper[0]) > PAIRS:
        drawn = np.random.default_rng(0).integers(len(upper[0]), size=PAIRS)
        upper = (upper[0][drawn], upper[1][drawn])
    return float(_correlations(_ranks(found[upper]), _ranks(true[upper])))


def scaled_error(found: Floats, true: Floats) -> float:
    """min over s of |s found - true|_F / |true|_F: the error that no choice of unit removes."""
    size = float(np.vdot(found, found))
    scale = float(np.vdot(found, true)) / size if size > 0 else 0.0
    total = float(np.linalg.norm(true))
    return float(np.linalg.norm(scale * found - true)) / total if total > 0 else 0.0


def nearest(distances: Floats, k: int) -> Rows:
    """The k nearest others (n, k) of each point, nearest first; equal ones in order of number."""
    away = distances.copy()
    np.fill_diagonal(away, np.inf)
    few = np.sort(np.argpartition(away, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(np.take_along_axis(away, few, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(few, order, axis=1), dtype=np.int64)


def preserved_neighbours(found: Rows, true: Rows) -> float:
    """P@k: mean share of the k true neighbours (n, k) that are among the k found ones."""
    n = len(found)
    member = np.zeros((n, n), bool)
    member[np.arange(n)[:, None], true] = True
    return float(member[np.arange(n)[:, None], found].mean())


def trustworthiness(distances: Floats, near: Rows) -> float:
    """1 - 2 / (n k (2n - 3k - 1)) sum_i sum_{j near i in the map} max(r(i, j) - k, 0).

    Venna and Kaski 2001; r(i, j) is the rank of j among the neighbours of i by `distances` in the
    data, `near` (n, k) the nearest in the map. Needs k < n / 2.
    """
    n, k = near.shape
    penalty = 0.0
    for column in near.T:
        reach = distances[np.arange(n), column]
        # The point itself, at distance 0, makes the count of those nearer a rank from 1.
        rank = np.count_nonzero(distances < reach[:, None], axis=1)
        penalty += float(np.maximum(rank - k, 0).sum())
    return float(1.0 - 2.0 * penalty / (n * k * (2 * n - 3 * k - 1)))


def classified(near: Rows, classes: Rows) -> float:
    """Share of points whose class is the commonest among their neighbours `near` (n, k).

    Each point is left out of its own vote; of equally common classes the lowest number wins.
    """
    count = int(classes.max()) + 1
    votes = np.zeros((len(near), count), np.int64)
    for column in near.T:
        votes[np.arange(len(near)), classes[column]] += 1
    return float(np.mean(votes.argmax(axis=1) == classes))


def purity(near: Rows, classes: Rows) -> float:
    """Mean share of the neighbours `near` (n, k) that are of the point's own class."""
    return float(np.mean(classes[near] == classes[:, None]))


def clustered(positions: Floats, classes: Rows, seed: int = 0) -> tuple[float, float]:
    """Normalised mutual information and adjusted Rand index of k-means on standardised positions
    (n, d) against `classes`, with as many clusters as there are classes; ten starts."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    spread = positions.std(axis=0)
    ready = (positions - positions.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    count = min(len(np.unique(classes)), len(np.unique(ready, axis=0)))
    groups = KMeans(count, n_init=10, random_state=seed).fit_predict(ready)
    return (
        float(normalized_mutual_info_score(classes, groups)),
        float(adjusted_rand_score(classes, groups)),
    )
