"""Nonlinear diffusion u_t = alpha lap(u^2 / 2) in a square by differences of second order.

The solution falls to zero at the sides like a square root, so that no polynomial method is accurate
there; five-point differences of u^2 / 2 keep the flux.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.integrate import solve_ivp

from engine.pde.problem import Floats, Problem


def solve(problem: Problem, c: Sequence[float], n: int, times: Floats) -> Floats:
    """Values (times, n, n) on equidistant nodes of the square, by Runge and Kutta's fifth order.

    Raises
    ------
    FloatingPointError
        When the explicit steps break their limit h^2 / (8 alpha max u).
    """
    (alpha,) = c
    x, y = (np.linspace(a.low, a.high, n) for a in problem.axes[1:])
    step = x[1] - x[0]
    mesh = np.meshgrid(x, y, indexing="ij")
    at = np.column_stack([np.zeros(n * n), *(m.ravel() for m in mesh)])
    start = next(k for k in problem.conditions if k.group == "initial")
    field = problem.target(start, at, c).reshape(n, n).copy()
    field[[0, -1]] = field[:, [0, -1]] = 0
    inside = n - 2

    def slope(_: float, v: Floats) -> Floats:
        half = np.zeros((n, n))
        half[1:-1, 1:-1] = 0.5 * v.reshape(inside, inside) ** 2
        around = half[2:, 1:-1] + half[:-2, 1:-1] + half[1:-1, 2:] + half[1:-1, :-2]
        return np.asarray(alpha / step**2 * (around - 4 * half[1:-1, 1:-1])).ravel()

    found = solve_ivp(slope, (times[0], times[-1]), field[1:-1, 1:-1].ravel(), t_eval=times,
                      rtol=1e-6, atol=1e-8)  # fmt: skip
    if not found.success or not np.isfinite(found.y).all():
        limit = step**2 / (8 * alpha * field.max())
        raise FloatingPointError(f"Explicit time steps beyond {limit:.3g} are not stable here.")
    result = np.zeros((len(times), n, n))
    result[0] = field
    result[:, 1:-1, 1:-1] = found.y.T.reshape(len(times), inside, inside)
    return result
