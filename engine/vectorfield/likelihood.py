"""Kernel parameters by marginal likelihood: every step of the search is k x k.

With u the whitened weights (w = r o u), the gradient is what the posterior says of its own prior:

    d log p / d log s_j = 1/2 (E u_j^2 - 1)
    d log p / d log sigma^2 = 1/2 (E |y - B w|^2 / sigma^2 - N)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.vectorfield import spectral_kernel
from engine.vectorfield.spectral_kernel import Exponent
from engine.vectorfield.spectral_regression import Evidence, regress

Floats = NDArray[np.float64]

KAPPA = (0.05, 20.0)
STARTS = (0.3, 1.0, 3.0)
QUIETEST = 1e-8
"""Smallest noise variance in units of the mean square of the observations."""
LOUDEST = 10.0
SEARCHED = ("length scale", "amplitude", "noise")
AMPLITUDE = (1e-3, 1e3)
"""Prior standard deviation in units of the observations' root mean square."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A kernel and a noise, and how well they explain the observations.

    `at_bound` names the parameters that the search would have moved further.
    """

    nu: float
    kappa: float
    amplitude: float
    noise: float
    log_likelihood: float
    at_bound: tuple[str, ...] = ()


def weights(
    eigenvalues: Floats, energy: Floats, *, kappa: float, nu: float, amplitude: float,
    dimension: int, exponent: Exponent,
) -> Floats:  # fmt: skip
    """s (k,), scaled to the prior standard deviation `amplitude` of a tangent component."""
    found = spectral_kernel.spectrum(
        eigenvalues, kappa=kappa, nu=nu, dimension=dimension, exponent=exponent
    )
    return spectral_kernel.normalised(found, energy, amplitude)


def best(
    evidence: Evidence, eigenvalues: Floats, energy: Floats, *, nu: float, dimension: int,
    exponent: Exponent,
) -> Choice:  # fmt: skip
    """The most likely kappa, amplitude and noise for one smoothness, from three starts."""
    scale = max(evidence.square / max(evidence.count, 1), np.finfo(float).tiny)
    low = np.log([KAPPA[0], scale * AMPLITUDE[0] ** 2, scale * QUIETEST])
    high = np.log([KAPPA[1], scale * AMPLITUDE[1] ** 2, scale * LOUDEST])

    def objective(theta: Floats) -> tuple[float, Floats]:
        value, slope = _likelihood(
            theta, evidence, eigenvalues, energy, nu=nu, dimension=dimension, exponent=exponent
        )
        return -value, -slope

    found = None
    for kappa in STARTS:
        start = np.array([math.log(kappa), math.log(scale), math.log(0.01 * scale)])
        trial = minimize(
            objective, start, jac=True, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)),
            options={"maxiter": 200},
        )  # fmt: skip
        if found is None or trial.fun < found.fun:
            found = trial
    assert found is not None
    edges = np.isclose(found.x, low, atol=1e-6) | np.isclose(found.x, high, atol=1e-6)
    kappa, amplitude2, noise2 = np.exp(found.x)
    return Choice(
        nu, float(kappa), math.sqrt(amplitude2), math.sqrt(noise2), float(-found.fun),
        tuple(name for name, there in zip(SEARCHED, edges, strict=True) if there),
    )  # fmt: skip


def _likelihood(
    theta: Floats, evidence: Evidence, eigenvalues: Floats, energy: Floats, *, nu: float,
    dimension: int, exponent: Exponent,
) -> tuple[float, Floats]:  # fmt: skip
    """log p(y) and its slope in (log kappa, log amplitude^2, log noise^2)."""
    kappa, amplitude, noise = math.exp(theta[0]), math.exp(theta[1] / 2), math.exp(theta[2] / 2)
    s = weights(
        eigenvalues, energy, kappa=kappa, nu=nu, amplitude=amplitude, dimension=dimension,
        exponent=exponent,
    )  # fmt: skip
    posterior = regress(evidence, s, noise)
    # spread = C^-1 diag(r): its columns over r are those of C^-1, whose squares sum to diag A^-1.
    r = np.sqrt(s)
    safe = np.where(r > 0, r, 1.0)
    second = (posterior.weights / safe) ** 2 + ((posterior.spread / safe) ** 2).sum(axis=0)
    by_weight = 0.5 * (np.where(r > 0, second, 1.0) - 1.0)
    steep = _log_slope(eigenvalues, kappa, nu, dimension, exponent)
    share = s * energy / max(float(s @ energy), np.finfo(float).tiny)
    w = posterior.weights
    left = evidence.square - 2 * float(w @ evidence.moment) + float(w @ evidence.gram @ w)
    inverse_trace = float(((posterior.spread / safe) ** 2).sum())
    by_noise = 0.5 * (left / noise**2 + len(s) - inverse_trace - evidence.count)
    slope = np.array(
        [float(by_weight @ (steep - float(share @ steep))), float(by_weight.sum()), by_noise]
    )
    return posterior.log_likelihood, slope


def _log_slope(
    eigenvalues: Floats, kappa: float, nu: float, dimension: int, exponent: Exponent
) -> Floats:
    """d log s_j / d log kappa of the unscaled kernel."""
    if math.isinf(nu):
        return np.asarray(-(kappa**2) * eigenvalues)
    power = nu + (dimension / 2 if exponent == "manifold" else 0.0)
    x = eigenvalues * kappa**2 / (2 * nu)
    return np.asarray(-2 * power * x / (1 + x))


def surface(
    evidence: Evidence, eigenvalues: Floats, energy: Floats, *, kappas: Floats, noises: Floats,
    nu: float, amplitude: float, dimension: int, exponent: Exponent,
) -> Floats:  # fmt: skip
    """log p(y) on a grid (len(kappas), len(noises)) about a slider's position."""
    found = np.empty((len(kappas), len(noises)))
    for i, kappa in enumerate(kappas):
        s = weights(
            eigenvalues, energy, kappa=float(kappa), nu=nu, amplitude=amplitude,
            dimension=dimension, exponent=exponent,
        )  # fmt: skip
        # One eigendecomposition serves every noise.
        r = np.sqrt(s)
        values, vectors = np.linalg.eigh(r[:, None] * evidence.gram * r)
        along = vectors.T @ (r * evidence.moment)
        for j, noise in enumerate(noises):
            variance = float(noise) ** 2
            inside = 1.0 + values.clip(min=0.0) / variance
            found[i, j] = -0.5 * (
                evidence.square / variance
                - float((along**2 / inside).sum()) / variance**2
                + float(np.log(inside).sum())
                + evidence.count * math.log(2 * math.pi * variance)
                + evidence.log_scale
            )
    return found
