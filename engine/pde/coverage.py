"""How good a random-grid process is on draws of its prior that training has not seen.

Coverage is the share of the reference inside two standard deviations of the mean; only a spread
with coverage between 85 and 99 percent is called an error bar.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from engine.pde.elbo import Elbo
from engine.pde.family import Family
from engine.pde.problem import Floats, places
from engine.pde.reference import Reference, distance, reference
from engine.stages import beats

SEED = 7
"""The held-out draws are the same for every fit."""
LEAST, MOST = 0.85, 0.99
AT_ONCE = 1000
HELD = 1e-9
"""A spread below this is none: values there hold by construction."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Coefficients (n, k) and their references, where there is one."""

    c: Floats
    truths: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """Mean relative error in L2 and coverage over the held-out draws; `draws` of them. `each` has
    both for each unknown."""

    error: float
    coverage: float
    draws: int
    each: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def is_error_bar(self) -> bool:
        return LEAST <= self.coverage <= MOST


def held_out(family: Family, count: int) -> Generator[None, None, HeldOut]:
    """Draws and their references; those that have none are left out."""
    draws = family.draws(count, np.random.default_rng(SEED))
    kept, truths = [], []
    for c in draws:
        found = yield from beats(partial(reference, family.problem, c))
        if found.values:
            kept.append(c)
            truths.append(found)
    return HeldOut(np.array(kept).reshape(-1, len(family.low)), tuple(truths))


def fields(networks: Elbo, x: Floats, c: Sequence[float]) -> tuple[Floats, Floats]:
    """Mean and standard deviation (P, m) of u at places (P, d), for one set of coefficients."""
    import torch

    family = networks.family
    zero = (0,) * x.shape[1]
    z = torch.tensor(family.scaled(c)[None], dtype=networks.dtype)
    means, spreads = [], []
    with torch.no_grad():
        for first in range(0, len(x), AT_ONCE):
            part = torch.tensor(x[first : first + AT_ONCE])
            at = networks.forward.at(part.to(networks.dtype), z, [zero])
            base, factor = (j[zero] for j in family.boundary(part, list(c), [zero]))
            means.append((base + factor * at.mean[zero].double()).numpy())
            spreads.append((factor.abs() * at.deviation().double()).numpy())
    return np.concatenate(means), np.concatenate(spreads)


def quality(networks: Elbo, draws: HeldOut) -> Quality:
    """Error and coverage over all unknowns that have a reference, places on the faces that hold by
    construction left out of the coverage."""
    problem = networks.family.problem
    x = places(problem.grid())
    errors, each = [], dict[str, list[tuple[float, float]]]()
    for c, truth in zip(draws.c, draws.truths, strict=True):
        mean, spread = fields(networks, x, c)
        true = {name: truth.values[name].ravel() for name in problem.unknowns
                if name in truth.values}  # fmt: skip
        found = {name: mean[:, problem.unknowns.index(name)] for name in true}
        errors.append(distance(found, true))
        for name, values in true.items():
            wide = spread[:, problem.unknowns.index(name)]
            inside = (np.abs(found[name] - values) <= 2 * wide)[wide > HELD]
            own = distance({name: found[name]}, true)
            each.setdefault(name, []).append((own, float(np.mean(inside))))
    if not errors:
        return Quality(np.nan, np.nan, 0)
    means = {name: tuple(np.mean(rows, axis=0).tolist()) for name, rows in each.items()}
    covered = float(np.mean([coverage for _, coverage in means.values()]))
    return Quality(float(np.mean(errors)), covered, len(errors), means)
