"""Principal components: the few directions in which rows differ most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COVARIANCE_COLUMNS = 2000
"""Up to so many columns the covariance is formed; beyond, a randomised decomposition."""


def project(values: Floats, count: int, seed: int) -> Floats:
    """The rows of `values` (n, D) on their first `count` principal axes, (n, count), centred.

    Each axis points so that its largest loading is positive; `seed` matters beyond 2000 columns.
    """
    centred = values - values.mean(axis=0)
    if centred.shape[1] <= COVARIANCE_COLUMNS:
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, ::-1][:, :count]
    else:
        from sklearn.utils.extmath import randomized_svd

        _, _, right = randomized_svd(centred, count, random_state=seed)
        axes = np.asarray(right).T
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return np.asarray(centred @ (axes * signs))
