"""A cavity at rest whose lid begins to move: stream function and vorticity in time.

    psi_xx + psi_yy = -w,    w_t + psi_y w_x - psi_x w_y = nu (w_xx + w_yy),    nu = mu / rho
    lid: u = s (1 - (2 x - 1)^6) t

Differences of second order on the grid of `engine.pde.cavity`; in time the second backward
difference, transport extrapolated, so that one factorisation serves all steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from engine.pde.cavity import System
from engine.pde.problem import Floats


def solve(c: Sequence[float], n: int, times: int, steps: int) -> tuple[Floats, Floats]:
    """Velocities u, v (times, n, n) for t from 0 to 1, `steps` between two times, of density c[0],
    viscosity c[1] and lid speed c[2].

    Raises
    ------
    FloatingPointError
        When the steps are too long for the flow.
    """
    density, viscosity, speed = c[:3]
    system = System(n)
    dt = 1.0 / (steps * (times - 1))
    across = 2 * np.linspace(0, 1, n) - 1
    lid = speed * (1 - across**6)
    # Woods' formula for a lid that is not uniform: 3 U / h becomes 3 U / h - h U'' / 2.
    bent = lid - system.h**2 / 6 * speed * -120 * across**4
    given = system.given * bent[system.wall // n]
    first, later = (_factor(system, viscosity / density, order / dt) for order in (1.0, 1.5))
    state = np.zeros(2 * n * n)
    before, carried_before = state, np.zeros(len(system.inside))
    u, v = np.zeros((2, times, n, n))
    for k in range(1, steps * (times - 1) + 1):
        w, w_before = state[n * n :][system.inside], before[n * n :][system.inside]
        carried = system.carried(state)
        if k == 1:
            past, moved, factor = w / dt, carried, first
        else:
            past = (2 * w - 0.5 * w_before) / dt
            moved, factor = 2 * carried - carried_before, later
        right = np.concatenate([np.zeros(n * n), past - moved, -given * (k * dt)])
        before, state, carried_before = state, factor.solve(right), carried
        if k % steps == 0:
            u[k // steps], v[k // steps] = system.velocity(state)
            u[k // steps, :, -1] = lid * (k * dt)
    if not np.isfinite(u).all():
        raise FloatingPointError("The time step is too long for this flow.")
    return u, v


def _factor(system: System, diffusion: float, by_time: float) -> Any:
    n = system.n
    empty = sparse.csr_array((len(system.wall), n * n))
    none = sparse.csr_array((len(system.inside), n * n))
    return splu(
        sparse.csc_array(
            sparse.vstack(
                [sparse.hstack([system.lap, system.pick]), sparse.hstack([system.closed, empty]),
                 sparse.hstack([none, by_time * system.pick - diffusion * system.lap]),
                 system.walls]
            )
        )
    )  # fmt: skip
