"""How well an inverse finds coefficients from exact solutions at random places.

Errors are root mean squares in units of half the prior's range, where the prior's own mean errs by
0.58 (1 / sqrt 3); coverage is the share of coefficients within two standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.pde.coverage import HeldOut
from engine.pde.elbo import Elbo
from engine.pde.observations import Found, Observations, found, scattered
from engine.pde.problem import Floats

SEED = 3
PRIOR = 3**-0.5
"""The error of the prior's mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Recovery:
    """Error and coverage (q,) by sought coefficient, from `places` values with noise of that
    deviation."""

    places: int
    noise: float
    error: Floats
    coverage: Floats


def recovery(
    networks: Elbo, draws: HeldOut, count: int, noise: float,
    by: Callable[[Elbo, Observations, Sequence[float]], Found] = found,
) -> Recovery:  # fmt: skip
    """Over held-out draws that have a reference of every unknown, `count` places for each; `by`
    says how coefficients are found (`engine.pde.weighing` is the other way)."""
    family = networks.family
    rng, q = np.random.default_rng(SEED), len(family.sought)
    away, inside = [], []
    for c, truth in zip(draws.c, draws.truths, strict=True):
        places, clean = scattered(family.problem, truth, count, rng)
        added = noise * rng.standard_normal(clean.shape)
        said = by(networks, Observations(places, clean, added, noise), c)
        gap = np.abs(said.mean - c[:q])
        away.append(gap / ((family.high - family.low)[:q] / 2))
        inside.append(gap <= 2 * said.spread)
    error = np.sqrt(np.mean(np.square(away), axis=0))
    return Recovery(count, noise, np.asarray(error), np.asarray(np.mean(inside, axis=0)))
