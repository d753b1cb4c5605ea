"""Gaussian-process regression in the span of k eigenfields: all that follows a slider is k x k.

With rows U_i (d, k) of the eigenfields at the observed points stacked into B (N, k), the tangent
observations y (N,) and r = sqrt(s):

    G = B^T B / sigma^2,  b = B^T y / sigma^2,  yy = y^T y / sigma^2       once per training set
    A = I + (r r^T o G)                                                   A = C C^T
    w = r o A^-1 (r o b)                       mean_i = U_i w
    cov_i = (C^-1 (U_i o r)^T)^T (C^-1 (U_i o r)^T)
    log p(y) = -1/2 (yy - |C^-1 (r o b)|^2 + log|A| + sum log sigma^2 + N log 2 pi)

This equals the dense regression with covariance B S B^T + sigma^2 I by the matrix inversion lemma.
Variances are sums of squares: they cannot be negative. float64: A's condition is the ratio of
signal to noise squared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

JITTERS = (0.0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Sums over the observed points: all that regression needs to know of them.

    Attributes
    ----------
    gram : G (k, k) sum of B^T B, in units of the noise
    moment : b (k,)
    square : yy
    count : N, observed components
    log_scale : sum of log of the relative noise variances; 0 when all points are as noisy
    """

    gram: Floats
    moment: Floats
    square: float
    count: int
    log_scale: float = 0.0

    @classmethod
    def of(cls, fields: Floats, observed: Floats, relative: Floats | None = None) -> Self:
        """From eigenfields at the observed points (m, d, k) and tangent vectors (m, d).

        `relative` (m,) are noise variances relative to the common one.
        """
        m, d, k = fields.shape
        rows = fields.reshape(m * d, k)
        y = observed.reshape(m * d)
        if relative is None:
            return cls(rows.T @ rows, rows.T @ y, float(y @ y), m * d)
        weight = np.repeat(1.0 / relative, d)
        weighted = rows * weight[:, None]
        return cls(
            weighted.T @ rows, weighted.T @ y, float(weight @ y**2), m * d,
            d * float(np.log(relative).sum()),
        )  # fmt: skip

    def with_points(
        self, fields: Floats, vectors: Floats, sign: int, relative: Floats | None = None
    ) -> Self:
        """With more points (sign 1) or without some of its own (sign -1): `fields` (c, d, k),
        `vectors` (c, d), `relative` (c,) as in `of`. An update of rank c d: c d k^2 products."""
        change = type(self).of(fields, vectors, relative)
        return type(self)(
            self.gram + sign * change.gram,
            self.moment + sign * change.moment,
            max(0.0, self.square + sign * change.square),
            self.count + sign * change.count,
            self.log_scale + sign * change.log_scale,
        )

    def first(self, k: int) -> Self:
        """The same points seen by the first k eigenfields."""
        return type(self)(
            self.gram[:k, :k], self.moment[:k], self.square, self.count, self.log_scale
        )


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """The regression at one kernel and one noise.

    Attributes
    ----------
    weights : w (k,), the mean field in eigenfields
    spread : (k, k), the covariance of the weights is spread^T spread
    log_likelihood : log p(y)
    """

    weights: Floats
    spread: Floats
    log_likelihood: float

    def mean(self, fields: Floats) -> Floats:
        """Mean at points with eigenfields (q, d, k): (q, d)."""
        return np.asarray(fields @ self.weights)

    def covariance(self, fields: Floats) -> Floats:
        """Covariance at each point (q, d, d)."""
        q, d, k = fields.shape
        z = (fields.reshape(q * d, k) @ self.spread.T).reshape(q, d, k)
        return np.asarray(z @ z.transpose(0, 2, 1))

    def sample(self, rng: np.random.Generator) -> Floats:
        """Weights (k,) of one field drawn from the posterior."""
        return np.asarray(self.weights + self.spread.T @ rng.standard_normal(len(self.weights)))


def regress(evidence: Evidence, kernel: Floats, noise: float) -> Posterior:
    """The posterior for kernel weights s (k,) and noise standard deviation `noise` > 0.

    Raises
    ------
    FloatingPointError
        When A has no Cholesky factor even with 1e-4 of its mean diagonal added.
    """
    variance = noise**2
    r = np.sqrt(kernel)
    a = (r[:, None] * evidence.gram * r) / variance
    a.flat[:: len(a) + 1] += 1.0
    factor = _factor(a, noise)
    half = solve_triangular(factor, r * evidence.moment, lower=True) / variance
    spread = solve_triangular(factor, np.diag(r), lower=True)
    likelihood = -0.5 * (
        evidence.square / variance
        - float(half @ half)
        + 2.0 * float(np.log(np.diag(factor)).sum())
        + evidence.count * math.log(2.0 * math.pi * variance)
        + evidence.log_scale
    )
    return Posterior(spread.T @ half, spread, likelihood)


def _factor(a: Floats, noise: float) -> Floats:
    scale = float(np.trace(a)) / len(a)
    for jitter in JITTERS:
        trial = a.copy()
        trial.flat[:: len(a) + 1] += jitter * scale
        try:
            return np.asarray(cholesky(trial, lower=True))
        except np.linalg.LinAlgError:
            continue
    raise FloatingPointError(f"The regression has no Cholesky factor at noise {noise:g}.")
