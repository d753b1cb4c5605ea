"""Gauss and Newton's steps on all numbers of a sum of Gaussians: weights, centres and widths.

Damped as Levenberg and Marquardt do, columns scaled. Derivatives are closed forms: a Gaussian moves
against its slope, and sigma dg/dsigma = sigma^2 g_jj + g along each axis. For a linear equation the
weights are solved for anew after every step (variable projection, Golub and Pereyra 1973).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from engine.pde.cloud import Cloud, hermite
from engine.pde.jets import unit
from engine.pde.points import Points
from engine.pde.problem import Floats, Key, Problem
from engine.pde.projection import Design, Weighing, total

LONGEST_STRETCH = 0.5
"""Most that the logarithm of a width changes in one step."""
STIFFEST = 1e6
FAINTEST = 1e-6
FARTHEST = 5.0
"""How many box lengths a centre may leave; widths may be four times that. Wide Gaussians from afar
are as good as polynomials, and some problems want them."""


class _Derivatives:
    """Products of Hermite polynomials on points (P, d), orders up to four along each axis."""

    def __init__(self, cloud: Cloud, x: Floats) -> None:
        z = [(x[:, j, None] - cloud.centres[:, j]) / cloud.widths[:, j] for j in range(x.shape[1])]
        self.value = np.exp(-0.5 * sum(zj * zj for zj in z))
        self._tables = [
            [hermite(zj, n) / cloud.widths[:, j] ** n for n in range(5)] for j, zj in enumerate(z)
        ]
        self._known: dict[tuple[int, ...], Floats] = {}

    def __call__(self, orders: tuple[int, ...]) -> Floats:
        if orders not in self._known:
            found = self.value
            for table, n in zip(self._tables, orders, strict=True):
                if n:
                    found = found * table[n]
            self._known[orders] = found
        return self._known[orders]


def _by_shape(
    terms: dict[Key, Floats], derivatives: _Derivatives, cloud: Cloud, weights: Floats
) -> Floats:
    """Derivative of sum over keys of p_key u_key by centres, then by log widths: (P, 2 d N)."""
    d = cloud.centres.shape[1]
    blocks = []
    for j in range(d):
        once = np.array(unit(d, j))
        block: Floats = np.zeros_like(derivatives.value)
        for (number, orders), by in terms.items():
            moved = tuple(int(n) for n in np.array(orders) + once)
            block -= by[:, None] * (derivatives(moved) * weights[:, number])
        blocks.append(block)
    for j in range(d):
        twice = 2 * np.array(unit(d, j))
        block = np.zeros_like(derivatives.value)
        for (number, orders), by in terms.items():
            moved = tuple(int(n) for n in np.array(orders) + twice)
            grown = cloud.widths[:, j] ** 2 * derivatives(moved) + derivatives(orders)
            # Scaling x by sigma also scales derivatives along the axis.
            block += by[:, None] * (grown * weights[:, number])
        blocks.append(block)
    return np.hstack(blocks)


def shape_rows(
    problem: Problem, cloud: Cloud, points: Points, design: Design, weights: Floats,
    c: Sequence[float], weigh: Weighing,
) -> Floats:  # fmt: skip
    """Derivative of `Design.missing` by centres and log widths, (rows, 2 d N)."""
    inside = np.sqrt(weigh.residual / len(points.inside))
    jet = design.jet(weights)
    derivatives = _Derivatives(cloud, points.inside)
    blocks = []
    for number, partial in enumerate(problem.partials):
        terms = {key: inside * problem.partial(number, key, jet, points.inside, c)
                 for key in partial}  # fmt: skip
        blocks.append(_by_shape(terms, derivatives, cloud, weights))
    for k, condition in enumerate(problem.conditions):
        factor = design.face_factor(k, weigh)
        ones = np.full(points.faces.shape[1], factor)
        block = _by_shape(
            {condition.key: ones}, _Derivatives(cloud, points.faces[k]), cloud, weights
        )
        if condition.periodic:
            other = points.opposite(problem, k)
            block -= _by_shape({condition.key: ones}, _Derivatives(cloud, other), cloud, weights)
        blocks.append(block)
    return np.vstack(blocks)


class Mover:
    """Moves a cloud step by step; `damping` and what was reached stay between steps."""

    def __init__(self, problem: Problem, cloud: Cloud, weights: Floats, smallest: Floats) -> None:
        self.problem, self.cloud, self.weights = problem, cloud, weights
        self.smallest = smallest
        self.damping = 1e-3

    def step(self, points: Points, c: Sequence[float], weigh: Weighing) -> tuple[Design, float]:
        """One accepted step, or none when damping grows beyond use; the loss after it."""
        design = Design(self.problem, self.cloud, points)
        matrix, missing = design.rows(self.weights, c, weigh)
        loss = total(missing)
        matrix = np.hstack([matrix, shape_rows(self.problem, self.cloud, points, design,
                                               self.weights, c, weigh)])  # fmt: skip
        scale = self._scale(matrix)
        scaled = matrix / scale
        gram = scaled.T @ scaled
        slope = scaled.T @ missing
        while self.damping < STIFFEST:
            change = -_damped(gram, slope, self.damping) / scale
            cloud, weights = self._moved(change)
            tried = Design(self.problem, cloud, points)
            if self.problem.linear:
                zero = np.zeros_like(weights)
                rows, gap = tried.rows(zero, c, weigh)
                weights = tried.solve(rows, -gap).reshape(weights.shape[1], -1).T
            now = total(tried.missing(weights, c, weigh))
            if np.isfinite(now) and now < loss:
                self.cloud, self.weights = cloud, weights
                self.damping = max(self.damping / 5, 1e-12)
                return tried, now
            self.damping *= 5
        self.damping = 1e-3
        return design, loss

    def _scale(self, matrix: Floats) -> Floats:
        """Lengths of columns, held above a share of the longest of their kind: a Gaussian that adds
        nothing has almost no column, and scaling that up would throw it out of the world."""
        n, m = self.weights.shape
        scale = np.linalg.norm(matrix, axis=0).reshape(-1, n)
        kinds = scale.max(axis=1, keepdims=True)
        kinds[:m] = kinds[:m].max()
        return np.asarray(np.maximum(np.maximum(scale, FAINTEST * kinds), 1e-300)).ravel()

    def _moved(self, change: Floats) -> tuple[Cloud, Floats]:
        n, m = self.weights.shape
        d = self.cloud.centres.shape[1]
        weights = self.weights + change[: n * m].reshape(m, n).T
        centres = self.cloud.centres + change[n * m : n * (m + d)].reshape(d, n).T
        low, high = self.problem.bounds.T
        far = FARTHEST * (high - low)
        centres = np.clip(centres, low - far, high + far)
        stretch = change[n * (m + d) :].reshape(d, n).T
        widths = self.cloud.widths * np.exp(np.clip(stretch, -LONGEST_STRETCH, LONGEST_STRETCH))
        return Cloud(centres, np.clip(widths, self.smallest, 4 * far)), weights


def _damped(gram: Floats, slope: Floats, damping: float) -> Floats:
    held = gram + np.diag(np.full(len(gram), damping + 1e-14))
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(held, check_finite=False), slope))
    except np.linalg.LinAlgError:
        return np.asarray(linalg.lstsq(held, slope, check_finite=False)[0])
