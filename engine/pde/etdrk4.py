"""Exponential time differencing of fourth order for u_t = D u_xx + N(u, u_x) on a period.

Cox and Matthews, J. Comput. Phys. 176 (2002), with the contour integrals of Kassam and Trefethen,
SIAM J. Sci. Comput. 26 (2005): the direct formulas cancel near zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.pde.problem import Floats, Problem

Waves: TypeAlias = NDArray[np.complex128]
CONTOUR = 32


def fits(problem: Problem) -> bool:
    """Whether the problem is of this kind: one unknown, periodic x, constant D, no source in t."""
    if problem.dimension != 2 or problem.time != 0 or len(problem.unknowns) != 1:
        return False
    if not problem.axes[1].periodic:
        return False
    given = problem.partials[0]
    t, xx = (0, (1, 0)), (0, (0, 2))
    if t not in given or xx not in given or any(k[1] not in ((0, 0), (0, 1), (1, 0), (0, 2))
                                                for k in given):  # fmt: skip
        return False
    coefficients = set(range(2, 2 + len(problem.coefficients)))
    steady = all(0 not in p.used for p in (*given.values(), problem.equations))
    return steady and given[t].used <= coefficients and given[xx].used <= coefficients


def solve(problem: Problem, c: Sequence[float], n: int, steps: int, kept: int) -> Floats:
    """Values (kept + 1, n) at equidistant times from start to end; `steps` is a multiple of `kept`.

    Raises
    ------
    FloatingPointError
        When the solution leaves the numbers: the time step is too long for its growth.
    """
    axis = problem.axes[1]
    x = np.column_stack([np.zeros(n), axis.low + axis.length * np.arange(n) / n])
    dt = problem.axes[0].length / steps
    waves = 2 * np.pi * np.fft.rfftfreq(n, axis.length / n)
    blank = {key: np.zeros(n) for key in problem.keys}
    t_factor = float(problem.partial(0, (0, (1, 0)), blank, x, c)[0])
    diffusion = -float(problem.partial(0, (0, (0, 2)), blank, x, c)[0]) / t_factor
    if diffusion < 0:
        raise FloatingPointError("Diffusion is negative: the problem is ill-posed.")
    slope = 1j * waves
    if n % 2 == 0:
        slope[-1] = 0

    def nonlinear(u_hat: Waves) -> Waves:
        jet = {**blank, (0, (0, 0)): np.fft.irfft(u_hat, n),
               (0, (0, 1)): np.fft.irfft(slope * u_hat, n)}  # fmt: skip
        return np.fft.rfft(-problem.residual(jet, x, c)[0] / t_factor)

    start = next(k for k in problem.conditions if k.group == "initial")
    u = np.fft.rfft(problem.target(start, x, c))
    step = stepper(-diffusion * waves**2, dt, nonlinear)
    found = [np.fft.irfft(u, n)]
    with np.errstate(all="ignore"):
        for k in range(1, steps + 1):
            u = step(u)
            if k % (steps // kept) == 0:
                found.append(np.fft.irfft(u, n))
    if not np.isfinite(found[-1]).all():
        raise FloatingPointError(f"The time step {dt:.3g} is too long for this reaction.")
    return np.array(found)


def stepper(
    growth: NDArray[np.floating[Any]], dt: float, nonlinear: Callable[[Waves], Waves]
) -> Callable[[Waves], Waves]:
    """One step of length dt for u' = growth u + nonlinear(u), wave by wave."""
    z = dt * growth
    whole, half = np.exp(z), np.exp(z / 2)
    r = np.exp(1j * np.pi * (np.arange(1, CONTOUR + 1) - 0.5) / CONTOUR)
    lr = z[:, None] + r
    e = np.exp(lr)
    q = dt * ((np.exp(lr / 2) - 1) / lr).mean(axis=1).real
    f1 = dt * ((-4 - lr + e * (4 - 3 * lr + lr**2)) / lr**3).mean(axis=1).real
    f2 = dt * ((2 + lr + e * (lr - 2)) / lr**3).mean(axis=1).real
    f3 = dt * ((-4 - 3 * lr - lr**2 + e * (4 - lr)) / lr**3).mean(axis=1).real

    def step(u: Waves) -> Waves:
        n0 = nonlinear(u)
        a = half * u + q * n0
        na = nonlinear(a)
        b = half * u + q * na
        nb = nonlinear(b)
        c = half * a + q * (2 * nb - n0)
        return np.asarray(whole * u + f1 * n0 + 2 * f2 * (na + nb) + f3 * nonlinear(c))

    return step
