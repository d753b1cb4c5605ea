"""Burgers' equation between walls where u = 0, continued oddly beyond them: then it is periodic.

u_t + c u u_x = nu u_xx on [0, L] keeps an odd u odd, so that exponential time differencing on a
period of 2 L solves it (`engine.pde.etdrk4`). The start bends at the walls when continued; its
waves fall with the third power, and diffusion smooths it at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.pde.etdrk4 import Waves, stepper
from engine.pde.problem import Floats, Problem


def solve(problem: Problem, c: Sequence[float], n: int, steps: int, times: int) -> Floats:
    """Values (times, n + 1) at equidistant times and places, walls included.

    `c` are viscosity, speed and what else the start asks for; `steps` between two times.

    Raises
    ------
    FloatingPointError
        When the solution leaves the numbers.
    """
    clock, axis = problem.axes
    viscosity, speed = c[0], c[1]
    x = axis.low + axis.length * np.arange(n + 1) / n
    given = next(k for k in problem.conditions if k.group == "initial")
    half = problem.target(given, np.column_stack([np.zeros(n + 1), x]), c)
    half[[0, -1]] = 0
    u = np.fft.rfft(np.concatenate([half[:-1], -half[:0:-1]]))
    waves = np.pi / axis.length * np.arange(n + 1)
    slope = 1j * waves
    slope[-1] = 0

    def nonlinear(u_hat: Waves) -> Waves:
        return np.asarray(-0.5 * speed * slope * np.fft.rfft(np.fft.irfft(u_hat, 2 * n) ** 2))

    step = stepper(-viscosity * waves**2, clock.length / (steps * (times - 1)), nonlinear)
    found = [half]
    with np.errstate(all="ignore"):
        for _ in range(times - 1):
            for _ in range(steps):
                u = step(u)
            now = np.fft.irfft(u, 2 * n)[: n + 1]
            now[[0, -1]] = 0
            found.append(now)
    if not np.isfinite(found[-1]).all():
        raise FloatingPointError("The time step is too long for this flow.")
    return np.array(found)
