"""How well each observed vector is foretold by all the others, without a second fit.

Leave-one-out residuals of a Gaussian process in closed form (Rasmussen and Williams, Gaussian
Processes for Machine Learning, 2006, section 5.4.2), with the components of a vector left out
together: with C_i the covariance of the field at point i and s_i^2 its noise,

    H_i = C_i / s_i^2
    residual_i = (1 - H_i)^-1 (y_i - mean_i)
    covariance_i = s_i^2 (1 - H_i)^-1

The kernel stays that of all the vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 1e-8
"""Where 1 - H has a smaller eigenvalue, rounding decides what the others would have said."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Residuals (m, d) and their squares in units of the foretold covariance (m,)."""

    residuals: Floats
    squares: Floats
    observed: Floats

    @property
    def error(self) -> float:
        """Root mean square residual over that of the observed vectors."""
        size = float(np.linalg.norm(self.observed))
        return float(np.linalg.norm(self.residuals)) / size if size > 0 else float("nan")

    @property
    def coverage(self) -> float:
        """Share of vectors in the region that should hold 95 % of them."""
        from scipy.stats import chi2

        return float(np.mean(self.squares <= chi2.ppf(0.95, self.observed.shape[1])))

    @property
    def metrics(self) -> dict[str, float]:
        """Names that the family's judgement reads; empty where rounding decides."""
        if not np.isfinite(self.residuals).all():
            return {}
        return {"left-out error": self.error, "left-out coverage": self.coverage}


def left_out(observed: Floats, mean: Floats, covariance: Floats, noise: Floats) -> LeftOut:
    """From observed vectors and the field's mean there (m, d), its covariance (m, d, d) and the
    noise's standard deviation at each point (m,).

    Points that no other can speak for have residuals of NaN.
    """
    rest = np.eye(observed.shape[1]) - covariance / (noise**2)[:, None, None]
    values, turned = np.linalg.eigh(rest)
    values = np.where(values > LEAST, values, np.nan)
    misfit = np.einsum("mab,ma->mb", turned, observed - mean)
    residuals = np.einsum("mab,mb->ma", turned, misfit / values)
    squares = (misfit**2 / values).sum(axis=1) / noise**2
    return LeftOut(residuals, squares, observed)
