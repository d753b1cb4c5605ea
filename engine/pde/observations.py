"""What is observed of a solution, and what it says of the coefficients.

Rows are places and values: those a hand has set, or random places of the box with the reference's
values. Noise of a chosen size is added to both. The inverse network reads them once.

What is seen decides what can be found. In rho (u_t + u . grad u) + grad p = mu lap u velocities
alone know mu / rho and no more: the pressure takes up any gradient, and in the curl of this there
is nothing else. With the pressure both can be told, rho as far as inertia counts. All unknowns are
therefore observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.method import DataError
from engine.pde.elbo import Elbo
from engine.pde.problem import Floats, Problem
from engine.pde.reference import Reference

INSIDE = 0.02
"""Random places keep this share of a side from the faces, where values say nothing: they are given
there, and (u - B) / D is noise."""
SMALLEST = 1e-3
NEAR = 1e-5
"""Places may be rounded by this share of a side."""


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Places (n, d), values as set (n, m) and the noise added to them (n, m)."""

    places: Floats
    clean: Floats
    noise: Floats

    @property
    def values(self) -> Floats:
        return np.asarray(self.clean + self.noise)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Mean and standard deviation (q,) of the sought coefficients."""

    mean: Floats
    spread: Floats


def observe(problem: Problem, params: Any, truth: Reference | None) -> Observations | None:
    """The rows set by hand; else random ones, None without a truth to take values from.

    Raises
    ------
    DataError
        For numbers that are no rows of places and values, or places outside the box.
    """
    rng = np.random.default_rng(params.observation_seed)
    d, m = problem.dimension, len(problem.unknowns)
    low, high = problem.bounds.T
    if params.observed:
        rows = _rows(problem, params.observed)
        places, clean = rows[:, :d], rows[:, d:]
    else:
        if truth is None or any(u not in truth.values for u in problem.unknowns):
            return None
        share = INSIDE + (1 - 2 * INSIDE) * rng.random((params.places, d))
        if d > 2:
            # A grid of three coordinates is coarse: between its slices nothing is known well.
            cells = np.array(problem.shape) - 1
            given = [any((k, 1) in o.faces for o in problem.conditions) for k in range(d)]
            share = np.clip(np.rint(share * cells), 1, cells - given) / cells
        places = low + (high - low) * share
        clean = np.column_stack([between(problem, truth.values[u], places)
                                 for u in problem.unknowns])  # fmt: skip
    fixed = np.random.default_rng((params.observation_seed, 1))
    return Observations(places, clean, params.noise * fixed.standard_normal((len(places), m)))


def _rows(problem: Problem, flat: Sequence[float]) -> Floats:
    width = problem.dimension + len(problem.unknowns)
    names = ", ".join([*(a.name for a in problem.axes), *problem.unknowns])
    if len(flat) % width:
        raise DataError(
            f"Observations are rows of {width} numbers ({names}); {len(flat)} numbers were given."
        )
    rows = np.array(flat, np.float64).reshape(-1, width)
    low, high = problem.bounds.T
    inside = np.clip(rows[:, : len(low)], low, high)
    if (np.abs(inside - rows[:, : len(low)]) > NEAR * (high - low)).any():
        raise DataError("An observation lies outside the box; its place must be inside.")
    rows[:, : len(low)] = inside
    return rows


def between(problem: Problem, values: Floats, places: Floats) -> Floats:
    """Values on the problem's grid, interpolated linearly at places (n, d)."""
    from scipy.interpolate import interpn

    return np.asarray(interpn(problem.grid(), values, places, method="linear"))


def found(networks: Elbo, seen: Observations, c: Sequence[float]) -> Found:
    """One pass of the inverse network; of the coefficients `c` it reads the given ones."""
    import torch

    family = networks.family
    zero = (0,) * seen.places.shape[1]
    x = torch.tensor(seen.places)
    base, factor = (j[zero].numpy() for j in family.boundary(x, list(c), [zero]))
    factor = np.where(np.abs(factor) < SMALLEST, np.where(factor < 0, -SMALLEST, SMALLEST), factor)
    n = (seen.values - base) / factor

    def ready(array: Any) -> Any:
        return torch.tensor(np.asarray(array)[None], dtype=networks.dtype)

    with torch.no_grad():
        mean, variance, shared = networks.inverse.at(
            ready(seen.places), ready(n), ready(family.scaled(c))
        )
        spread = (variance + shared.square().sum(2)).sqrt()
    q = len(family.sought)
    half = (family.high - family.low)[:q] / 2
    middle = (family.high + family.low)[:q] / 2
    return Found(middle + half * mean[0].double().numpy(), half * spread[0].double().numpy())
