"""A cavity at rest whose lid begins to move: velocities and pressure by polynomials.

    rho (u_t + u . grad u) + grad p = mu lap u,    div u = 0,    p(t, 0, 0) = 0
    lid: u = s (1 - (2 x - 1)^6) t

Galerkin's method: velocities of degree n in each direction and pressures of degree n - 2, between
which div is of full rank (Maday and Patera, in State-of-the-Art Surveys on Computational Mechanics,
ASME (1989)); in time the second backward difference, transport extrapolated, so that the pressure's
matrix is factored once. What the lid's ends make of the flow is no polynomial and goes before
(`engine.pde.lid_corner`): polynomials alone left the pressure two percent wrong at degree 40.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from scipy.linalg import cho_factor, cho_solve, eigh

from engine.pde import lid_corner
from engine.pde.problem import Floats

SLOPE = 12.0
"""Of the lid's speed at its left end, over s t."""
Pair = tuple[Floats, Floats]


def lid(x: Floats) -> Floats:
    """Its speed at x over s t."""
    return np.asarray(1 - (2 * x - 1) ** 6)


def solve(
    c: Sequence[float], degree: int, shape: tuple[int, int, int], steps: int
) -> tuple[Floats, Floats, Floats]:
    """Velocities u, v and pressure p of `shape`, on even grids of t, x and y in [0, 1].

    At the lid's ends the pressure has no bound; its value there is the mean over the quarter of a
    cell.

    Parameters
    ----------
    c : density rho and viscosity mu; as a third number the lid's s, which otherwise is 1
    degree : n
    steps : of time between two places of the grid

    Raises
    ------
    FloatingPointError
        When the steps are too long for the flow.
    """
    density, viscosity, speed = (*c, 1.0)[:3]
    flow = _Flow(_Line(degree), density, viscosity, speed, 1.0 / (steps * (shape[0] - 1)))
    picture = _Picture(flow.line, shape[1:])
    u, v, p = np.zeros((3, *shape))
    for k in range(1, shape[0]):
        with np.errstate(all="ignore"):
            for _ in range(steps):
                flow.step()
        if not np.isfinite(flow.pressure).all():
            raise FloatingPointError("The time step is too long for this flow.")
        u[k], v[k] = picture.velocity(flow)
        p[k] = picture.pressure(flow)
    return u, v, p


class _Line:
    """One side: values at Lobatto's nodes, and at Gauss's (g,) to integrate at.

    `to`, `slope` (g, n + 1) give values and slopes at Gauss's nodes from values; `modes`
    (n + 1, n - 1) are eigenvectors of u'' with zero ends, of unit mass, `rates` their decay;
    `value`, `rise` (n - 1, g) integrate with them and with their slopes, `test` (n - 1, g) with
    Legendre's polynomials, of unit mass, for the pressure.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        inner = np.sort(legendre.Legendre.basis(n).deriv().roots().real)
        self.nodes = (np.concatenate([[-1.0], inner, [1.0]]) + 1) / 2
        # Products of three polynomials are integrated without error.
        places, weights = legendre.leggauss(3 * n // 2 + 1)
        self.places, weights = (places + 1) / 2, weights / 2
        self._inverse = np.linalg.inv(_legendre(self.nodes, n))
        self.to = self.at(self.places)
        derived = legendre.legder(np.diag(2 * np.sqrt(2 * np.arange(n + 1) + 1)))
        self.slope = legendre.legval(2 * self.places - 1, derived).T @ self._inverse
        inside = slice(1, n)
        mass, stiffness = ((f.T * weights @ f)[inside, inside] for f in (self.to, self.slope))
        self.rates, found = eigh(stiffness, mass)
        self.modes = np.zeros((n + 1, n - 1))
        self.modes[inside] = found
        self.value, self.rise, self.test = (
            f.T * weights for f in (self.to @ self.modes, self.slope @ self.modes,
                                    _legendre(self.places, n - 2))
        )  # fmt: skip

    def at(self, x: Floats) -> Floats:
        """Matrix (x, n + 1) from values at the nodes to those at x."""
        return np.asarray(_legendre(x, self.n) @ self._inverse)


def _legendre(x: Floats, degree: int) -> Floats:
    """Legendre's polynomials on [0, 1], of unit mass, (x, degree + 1)."""
    scale = np.sqrt(2 * np.arange(degree + 1) + 1)
    return np.asarray(legendre.legvander(2 * np.asarray(x) - 1, degree) * scale)


class _Flow:
    """The flow at time t, and its next step.

    `u`, `v` (n + 1, n + 1) at the nodes and `pressure` (n - 1, n - 1) in Legendre's polynomials are
    what is added to the corners' flow, which is s t times that at t = 1.
    """

    def __init__(
        self, line: _Line, density: float, viscosity: float, speed: float, dt: float
    ) -> None:
        self.line, self.density, self.viscosity = line, density, viscosity
        self.speed, self.dt, self.steps = speed, dt, 0
        self.first, self.later = (
            _Saddle(line, order * density / dt, viscosity) for order in (1.0, 1.5)
        )
        self.u, self.v = np.zeros((2, line.n + 1, line.n + 1))
        self.pressure = np.zeros((line.n - 1, line.n - 1))
        self.corners = lid_corner.flow(SLOPE, line.places[:, None], line.places)
        self.carrier = _carrier(line.nodes)
        self._before: Any = None

    @property
    def size(self) -> float:
        """s t."""
        return self.speed * self.steps * self.dt

    def step(self) -> None:
        now = [(value, self._transport(k)) for k, value in enumerate(self._velocity())]
        saddle = self.later if self._before else self.first
        self.steps += 1
        carried = self.size * self.carrier[0], self.size * self.carrier[1]
        lifted = (self.size * self.corners.u, self.size * self.corners.v)
        forces = []
        for k, (value, moved) in enumerate(now):
            past = value
            if self._before:
                past = 2 * value - 0.5 * self._before[k][0]
                moved = 2 * moved - self._before[k][1]
            known = self._inside(carried[k]) + lifted[k]
            force = self.density * (past / self.dt - moved) - saddle.by_time * known
            by = self.line.value
            forces.append(by @ force @ by.T - self.viscosity * self._stiffness(carried[k]))
        u, v, self.pressure = saddle.solve(forces, self._leaving(carried))
        modes = self.line.modes
        self.u, self.v = (f + modes @ g @ modes.T for f, g in zip(carried, (u, v), strict=True))
        self._before = now

    def _inside(self, f: Floats) -> Floats:
        return np.asarray(self.line.to @ f @ self.line.to.T)

    def _velocity(self) -> Pair:
        """The whole of it at Gauss's nodes."""
        return (self._inside(self.u) + self.size * self.corners.u,
                self._inside(self.v) + self.size * self.corners.v)  # fmt: skip

    def _transport(self, k: int) -> Floats:
        """u f_x + v f_y of the k-th velocity at Gauss's nodes."""
        f, to, slope, at = (self.u, self.v)[k], self.line.to, self.line.slope, self.corners
        along, across = ((at.u_x, at.u_y), (at.v_x, at.v_y))[k]
        u, v = self._velocity()
        found = u * (slope @ f @ to.T + self.size * along)
        return np.asarray(found + v * (to @ f @ slope.T + self.size * across))

    def _stiffness(self, f: Floats) -> Floats:
        line = self.line
        along = line.rise @ (line.slope @ f @ line.to.T) @ line.value.T
        return np.asarray(along + line.value @ (line.to @ f @ line.slope.T) @ line.rise.T)

    def _leaving(self, f: Pair) -> Floats:
        """Integrals of the pressure's polynomials with div f."""
        line = self.line
        inside = line.slope @ f[0] @ line.to.T + line.to @ f[1] @ line.slope.T
        return np.asarray(line.test @ inside @ line.test.T)


def _carrier(nodes: Floats) -> Pair:
    """Velocities (n + 1, n + 1) with the values on the walls that the corners' flow has not, over
    s t, evenly filled in between."""
    at = lid_corner.flow(SLOPE, nodes[:, None], nodes)
    found = []
    for field in (at.u, at.v):
        given = -field
        if field is at.u:
            given[:, -1] += lid(nodes)
        x, y = nodes[:, None], nodes
        whole = given[:1] * (1 - x) + given[-1:] * x
        whole = whole + (given - whole)[:, :1] * (1 - y) + (given - whole)[:, -1:] * y
        found.append(whole)
    return found[0], found[1]


class _Saddle:
    """(by_time - mu lap) u + grad p = f, div u = -g."""

    def __init__(self, line: _Line, by_time: float, viscosity: float) -> None:
        self.by_time = by_time
        self.damping = by_time + viscosity * (line.rates[:, None] + line.rates)
        self.rise = line.test @ line.slope @ line.modes
        self.value = line.test @ line.to @ line.modes
        a, c, n = self.rise, self.value, line.n - 1
        # div of the damped gradient, summed along one axis after the other.
        by_line = np.einsum("bj,kj,ij->ibk", c, c, 1 / self.damping, optimize=True)
        squares = np.einsum("ai,ki->aki", a, a).reshape(n * n, n)
        along = (squares @ by_line.reshape(n, n * n)).reshape(n, n, n, n).transpose(0, 2, 1, 3)
        matrix = (along + along.transpose(1, 0, 3, 2)).reshape(n * n, n * n)
        # A constant pressure does nothing.
        matrix[0, 0] += np.trace(matrix) / n**2
        self.factor = cho_factor(matrix, lower=True, overwrite_a=True)

    def solve(self, forces: Sequence[Floats], leaving: Floats) -> tuple[Floats, Floats, Floats]:
        """u and v in eigenvectors, p in Legendre's polynomials, all (n - 1, n - 1)."""
        a, c = self.rise, self.value
        free = [f / self.damping for f in forces]
        missing = a @ free[0] @ c.T + c @ free[1] @ a.T + leaving
        p = -cho_solve(self.factor, missing.ravel()).reshape(leaving.shape)
        u = free[0] + a.T @ p @ c / self.damping
        v = free[1] + c.T @ p @ a / self.damping
        return u, v, p


class _Picture:
    """Values on an even grid (x, y)."""

    def __init__(self, line: _Line, shape: tuple[int, ...]) -> None:
        self.x, self.y = (np.linspace(0, 1, n) for n in shape)
        self._to = line.at(self.x), line.at(self.y)
        self._tests = _legendre(self.x, line.n - 2), _legendre(self.y, line.n - 2)
        self.corners = lid_corner.flow(SLOPE, self.x[:, None], self.y)
        self._log = self.corners.p
        # What the other end adds is zero, as log 1.
        mean = lid_corner.mean_pressure(SLOPE, *(0.5 / (n - 1) for n in shape))
        self._log[0, -1], self._log[-1, -1] = mean, -mean

    def velocity(self, flow: _Flow) -> Pair:
        found = []
        for f, corner in ((flow.u, self.corners.u), (flow.v, self.corners.v)):
            field = np.asarray(self._to[0] @ f @ self._to[1].T) + flow.size * corner
            field[[0, -1]] = 0
            field[:, [0, -1]] = 0
            found.append(field)
        found[0][:, -1] = flow.size * lid(self.x)
        return found[0], found[1]

    def pressure(self, flow: _Flow) -> Floats:
        found = self._tests[0] @ flow.pressure @ self._tests[1].T
        found = found + flow.viscosity * flow.size * self._log
        return np.asarray(found - found[0, 0])
