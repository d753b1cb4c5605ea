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
from engine.pde.elbo import SMALLEST, Elbo
from engine.pde.problem import Floats, Problem
from engine.pde.reference import Reference

INSIDE = 0.02
"""Random places keep this share of a side from the faces, where values say nothing: they are given
there, and (u - B) / D is noise."""
NOTHING = 1e3
"""Deviation of N where D vanishes: the value is given there, and tells nothing."""
NEAR = 1e-5
"""Places may be rounded by this share of a side."""


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Places (n, d), values as set (n, m), the noise added to them (n, m), and its deviation."""

    places: Floats
    clean: Floats
    noise: Floats
    deviation: float

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
    if params.observed:
        rows = _rows(problem, params.observed)
        places, clean = rows[:, :d], rows[:, d:]
    else:
        if truth is None or any(u not in truth.values for u in problem.unknowns):
            return None
        places, clean = scattered(problem, truth, params.places, rng)
    fixed = np.random.default_rng((params.observation_seed, 1))
    noise = params.noise * fixed.standard_normal((len(places), m))
    return Observations(places, clean, noise, params.noise)


def scattered(
    problem: Problem, truth: Reference, count: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Random places (count, d) inside the box and the values (count, m) there."""
    low, high = problem.bounds.T
    share = INSIDE + (1 - 2 * INSIDE) * rng.random((count, len(low)))
    if len(low) > 2:
        # A grid of three coordinates is coarse: between its slices nothing is known well.
        cells = np.array(problem.shape) - 1
        given = [any((k, 1) in o.faces for o in problem.conditions) for k in range(len(low))]
        share = np.clip(np.rint(share * cells), 1, cells - given) / cells
    places = low + (high - low) * share
    values = [between(problem, truth.values[u], places) for u in problem.unknowns]
    return places, np.column_stack(values)


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
    """Values on the problem's grid, interpolated by cubics at places (n, d).

    (u - B) / D divides what interpolation is wrong by: beside the start of a wave that falls fast,
    lines between grid points are off by more than the equation says of its coefficients.
    """
    from scipy.interpolate import NdBSpline, make_interp_spline

    knots, degrees, inner = [], [], np.asarray(values, np.float64)
    for k, axis in enumerate(problem.grid()):
        along = make_interp_spline(axis, inner, min(3, len(axis) - 1), axis=k)
        knots.append(along.t)
        degrees.append(along.k)
        # The axis of a spline comes first in its coefficients.
        inner = np.moveaxis(along.c, 0, k)
    return np.asarray(NdBSpline(tuple(knots), inner, tuple(degrees))(places))


def found(networks: Elbo, seen: Observations, c: Sequence[float]) -> Found:
    """What the inverse network says of the sought coefficients."""
    family = networks.family
    mean, covariance = said(networks, seen, c)
    q = len(family.sought)
    half, middle = (family.high - family.low)[:q] / 2, (family.high + family.low)[:q] / 2
    return Found(middle + half * mean, half * np.sqrt(np.diag(covariance)))


def said(networks: Elbo, seen: Observations, c: Sequence[float]) -> tuple[Floats, Floats]:
    """One pass of the inverse network: mean (q,) and covariance (q, q) of z. Of the coefficients
    `c` it reads the given ones, and an informed one the deviation of the noise."""
    import torch

    family = networks.family
    zero = (0,) * seen.places.shape[1]
    x = torch.tensor(seen.places)
    base, factor = (j[zero].numpy() for j in family.boundary(x, list(c), [zero]))
    small = np.abs(factor) < SMALLEST
    factor = np.where(small, np.where(factor < 0, -SMALLEST, SMALLEST), factor)
    n = (seen.values - base) / factor

    def ready(array: Any) -> Any:
        return torch.tensor(np.asarray(array)[None], dtype=networks.dtype)

    with torch.no_grad():
        mean, variance, shared = networks.inverse.at(
            ready(seen.places), ready(n), ready(family.scaled(c)),
            ready(np.where(small, NOTHING, seen.deviation / np.abs(factor))),
        )  # fmt: skip
    c_own = shared[0].double().numpy()
    return mean[0].double().numpy(), np.diag(variance[0].double().numpy()) + c_own @ c_own.T
