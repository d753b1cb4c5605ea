"""PHATE's time and potential: how long to diffuse, and what to compare afterwards.

Moon et al., Visualizing structure and transitions in high-dimensional biological data, Nature
Biotechnology 37 (2019), Methods.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.numerics.walks import Walk

Floats = NDArray[np.float64]

LONGEST = 100
"""Times 1, ..., 100 are looked at for the knee."""
FLOOR = 1e-7
"""Added to probabilities before their logarithm."""
STEEPEST = 0.99
"""Between this gamma and 1 the potential divides by nearly 0; the published code stops here too."""


def singular_values(walk: Walk) -> Floats:
    """Singular values (n,) of P, descending; those of the non-symmetric P, as in the published
    code, while the paper writes the symmetric affinity."""
    steps = walk.power(1.0)
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(steps.T @ steps)[::-1], 0.0)))


def entropy_curve(values: Floats) -> tuple[Floats, Floats]:
    """Times t = 1, ..., 100 and the von Neumann entropy -sum p log p (nats) at each, with
    p = s^t / sum s^t. The published code labels this curve from 0: its automatic t is one less.
    """
    times = np.arange(1, LONGEST + 1, dtype=np.float64)
    shares = values[None, :] ** times[:, None]
    shares /= shares.sum(axis=1, keepdims=True)
    shares += np.finfo(np.float64).eps
    return times, np.asarray(-(shares * np.log(shares)).sum(axis=1))


def knee(x: Floats, y: Floats) -> float:
    """The x at which two straight lines, left and right of it, leave the least residual."""
    best, found = np.inf, float(x[0])
    for k in range(2, len(x) - 1):
        residual = _residual(x[: k + 1], y[: k + 1]) + _residual(x[k:], y[k:])
        if residual < best:
            best, found = residual, float(x[k])
    return found


def _residual(x: Floats, y: Floats) -> float:
    slope, level = np.polyfit(x, y, 1)
    return float(np.abs(y - slope * x - level).sum())


def potential(probabilities: Floats, gamma: float) -> Floats:
    """U (k, n) from rows of P^t: -log(P^t + 1e-7) for gamma = 1, else
    2 / (1 - gamma) (P^t)^((1 - gamma) / 2), the square root for gamma = 0."""
    if gamma >= 1.0:
        return np.asarray(-np.log(probabilities + FLOOR))
    rest = 1.0 - min(gamma, STEEPEST)
    return np.asarray(2.0 / rest * probabilities ** (rest / 2.0))
