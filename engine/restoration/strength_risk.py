"""How well a picture is restored, without knowing the truth.

Stein's unbiased risk estimate with one random probe b (Ramani, Blu and Unser, IEEE TIP 17, 2008),

    SURE = |f(y) - y|^2 / N - sigma^2 + 2 sigma^2 / (eps N) b.(f(y + eps b) - f(y))
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from engine.layers import Array

PROBE = 5e-3
"""Size of the probe, in the units of the picture."""
GRID = 9
GOLDEN = (5**0.5 - 1) / 2


def risk(
    y: Array, restore: Callable[[Array], Array], sigma: float, rng: np.random.Generator
) -> float:
    """SURE of the mean squared error of `restore` on y, for noise of standard deviation sigma.

    `restore` takes pictures (2, H, W[, 3]) at once.
    """
    probe = rng.standard_normal(y.shape).astype(np.float32)
    both = restore(np.stack([y, y + np.float32(PROBE) * probe])).astype(np.float64)
    plain = both[0]
    divergence = float(np.sum(probe * (both[1] - plain))) / PROBE
    away = float(np.mean((plain - y) ** 2))
    return away - sigma**2 + 2 * sigma**2 * divergence / y.size


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Estimated mean squared errors (k,) at positions (k,) in [0, 1], and the best position."""

    positions: Array
    risks: Array
    best: float


def least(risk_at: Callable[[float], float]) -> Generator[None, None, Course]:
    """The position of least risk: a grid, then golden section around its best; yields between
    evaluations."""
    found: dict[float, float] = {}
    for place in np.linspace(0, 1, GRID).tolist():
        found[place] = risk_at(place)
        yield None
    middle = min(found, key=lambda place: found[place])
    low, high = max(0.0, middle - 1 / (GRID - 1)), min(1.0, middle + 1 / (GRID - 1))
    for _ in range(4):
        inner = (high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        for place in inner:
            if place not in found:
                found[place] = risk_at(place)
                yield None
        low, high = (low, inner[1]) if found[inner[0]] < found[inner[1]] else (inner[0], high)
    places = np.array(sorted(found))
    risks = np.array([found[place] for place in places])
    return Course(places, risks, float(places[risks.argmin()]))
