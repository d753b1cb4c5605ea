"""Kernels of vector fields as weights on the eigenfields of the connection Laplacian.

    K(i, j) = P_i S P_j^T,   S = diag(s_1 .. s_k)
    Matern:  s = (2 nu / kappa^2 + lam)^-(nu + d/2)      heat (nu = inf):  s = exp(-kappa^2 lam / 2)

arXiv 2309.16746, with the exponent of the Riemannian convention; the published code's is -nu
("graph"). Eigenvalues are in units of their median, so that kappa means the same at any number of
points and neighbours.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Exponent = Literal["manifold", "graph"]


def spectrum(
    eigenvalues: Floats, *, kappa: float, nu: float, dimension: int, exponent: Exponent = "manifold"
) -> Floats:
    """s (k,) up to a factor: 1 at eigenvalue 0; `nu` infinite is the heat kernel."""
    if math.isinf(nu):
        return np.asarray(np.exp(-0.5 * kappa**2 * eigenvalues))
    power = nu + (dimension / 2 if exponent == "manifold" else 0.0)
    # (2 nu / kappa^2 + lam)^-p over its value at lam = 0; log1p keeps large nu from overflowing.
    return np.asarray(np.exp(-power * np.log1p(eigenvalues * kappa**2 / (2 * nu))))


def normalised(weights: Floats, energy: Floats, amplitude: float) -> Floats:
    """Scaled so that a tangent component has the prior variance amplitude^2 on average.

    `energy` (k,) is the mean square of each eigenfield over points and components.
    """
    total = float(weights @ energy)
    return np.asarray(weights * (amplitude**2 / max(total, np.finfo(float).tiny)))


def unresolved(
    weights: Floats,
    eigenvalues: Floats,
    *,
    kappa: float,
    nu: float,
    dimension: int,
    exponent: Exponent = "manifold",
) -> float:
    """Share of the prior's variance in eigenfields beyond the k kept.

    Weyl's law continues the spectrum: lam_j = lam_k (j / k)^(2/d). The sum over j > k is taken as
    an integral on a logarithmic grid up to where s has fallen to nothing.
    """
    k = len(eigenvalues)
    last = float(eigenvalues[-1])
    if k < 2 or last <= 0:
        return 0.0
    j = np.geomspace(k, 1e6 * k, 4000)
    tail = spectrum(last * (j / k) ** (2 / dimension), kappa=kappa, nu=nu,
                    dimension=dimension, exponent=exponent)  # fmt: skip
    beyond = float(np.trapezoid(tail, j))
    return beyond / (beyond + float(weights.sum()))
