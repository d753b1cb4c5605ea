"""The lid-driven cavity at rest in time: stream function and vorticity, Newton's method.

    psi_xx + psi_yy = -w,    psi_y w_x - psi_x w_y = (w_xx + w_yy) / Re,    u = psi_y, v = -psi_x

Differences of second order on an n x n grid, vorticity at the walls by Woods' formula, which is of
second order as well. Compared with Ghia, Ghia and Shin, J. Comput. Phys. 48 (1982).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from engine.pde.problem import Floats

STEPS = 30
SETTLED = 1e-10
SMALLEST_START = 100.0
"""A higher Reynolds number is approached from this one."""


def solve(reynolds: float, n: int) -> tuple[Floats, Floats]:
    """Velocities u, v (n, n) on the unit square, first index along x.

    Raises
    ------
    FloatingPointError
        When Newton's method does not settle.
    """
    system = System(n)
    state = np.zeros(2 * n * n)
    for number in dict.fromkeys((min(SMALLEST_START, reynolds), reynolds)):
        state = _newton(partial(system.residual, number), partial(system.jacobian, number), state)
    return system.velocity(state)


def _newton(residual: Any, jacobian: Any, state: Floats) -> Floats:
    for _ in range(STEPS):
        missing = residual(state)
        change = splu(jacobian(state)).solve(-missing)
        state = state + change
        if not np.isfinite(state).all():
            break
        if np.abs(change).max() < SETTLED * max(1.0, np.abs(state).max()):
            return state
    raise FloatingPointError("The flow could not be found at this Reynolds number.")


class System:
    """Matrices on the grid; the state is psi, then w, all nodes of both."""

    def __init__(self, n: int) -> None:
        self.n, self.h = n, 1 / (n - 1)
        index = np.arange(n * n).reshape(n, n)
        self.inside = index[1:-1, 1:-1].ravel()
        wall = np.ones((n, n), bool)
        wall[1:-1, 1:-1] = False
        self.wall = np.flatnonzero(wall)
        eye = sparse.eye_array(n)
        first = sparse.diags_array([-1.0, 1.0], offsets=[-1, 1], shape=(n, n)) / (2 * self.h)
        second = sparse.diags_array([1.0, -2.0, 1.0], offsets=[-1, 0, 1], shape=(n, n)) / self.h**2
        pick = sparse.csr_array(sparse.eye_array(n * n))[self.inside]
        self.dx: Any = pick @ sparse.kron(first, eye, "csr")
        self.dy: Any = pick @ sparse.kron(eye, first, "csr")
        self.lap: Any = pick @ (sparse.kron(second, eye, "csr") + sparse.kron(eye, second, "csr"))
        self.pick = pick
        self.walls, self.given = self._walls(index)
        self.closed = sparse.csr_array(sparse.eye_array(n * n))[self.wall]

    def _walls(self, index: np.ndarray[Any, Any]) -> tuple[sparse.csr_array, Floats]:
        """Woods: w_0 = -3 (psi_1 - psi_0) / h^2 - w_1 / 2 - 3 U / h at the lid, U = 1."""
        n, h = self.n, self.h
        sides = ((index[1:-1, -1], index[1:-1, -2], 3 / h), (index[1:-1, 0], index[1:-1, 1], 0.0),
                 (index[0, :], index[1, :], 0.0), (index[-1, :], index[-2, :], 0.0))  # fmt: skip
        place = {int(k): row for row, k in enumerate(self.wall)}
        rows: list[int] = []
        columns: list[int] = []
        entries: list[float] = []
        given = np.zeros(len(self.wall))
        for wall, near, lid in sides:
            for a, b in zip(wall, near, strict=True):
                row = place[int(a)]
                rows += [row] * 4
                columns += [n * n + a, n * n + b, b, a]
                entries += [1.0, 0.5, 3 / h**2, -3 / h**2]
                given[row] = lid
        shape = (len(self.wall), 2 * n * n)
        return sparse.csr_array((entries, (rows, columns)), shape=shape), given

    def carried(self, state: Floats) -> Floats:
        """Transport of vorticity, u w_x + v w_y, inside."""
        psi, w = np.split(state, 2)
        found: Floats = (self.dy @ psi) * (self.dx @ w) - (self.dx @ psi) * (self.dy @ w)
        return found

    def residual(self, reynolds: float, state: Floats) -> Floats:
        psi, w = np.split(state, 2)
        carried = self.carried(state)
        return np.concatenate(
            [self.lap @ psi + w[self.inside], psi[self.wall],
             carried - self.lap @ w / reynolds, self.walls @ state + self.given]
        )  # fmt: skip

    def jacobian(self, reynolds: float, state: Floats) -> sparse.csc_array:
        psi, w = np.split(state, 2)

        def scaled(by: Floats, matrix: Any) -> Any:
            return sparse.diags_array(by) @ matrix

        by_psi: Any = scaled(self.dx @ w, self.dy) - scaled(self.dy @ w, self.dx)
        by_w: Any = scaled(self.dy @ psi, self.dx) - scaled(self.dx @ psi, self.dy)
        empty = sparse.csr_array((len(self.wall), self.n**2))
        return sparse.csc_array(
            sparse.vstack(
                [sparse.hstack([self.lap, self.pick]), sparse.hstack([self.closed, empty]),
                 sparse.hstack([by_psi, by_w - self.lap / reynolds]), self.walls]
            )
        )  # fmt: skip

    def velocity(self, state: Floats) -> tuple[Floats, Floats]:
        """Of fourth order inside would be wasted: central differences, walls as they are."""
        n = self.n
        psi = state[: n * n]
        u, v = np.zeros((n, n)), np.zeros((n, n))
        u[1:-1, 1:-1] = np.asarray(self.dy @ psi).reshape(n - 2, n - 2)
        v[1:-1, 1:-1] = -np.asarray(self.dx @ psi).reshape(n - 2, n - 2)
        u[:, -1] = 1.0
        return u, v
