"""Square collocation on a plane: derivatives of values on the grid by D_j = K_j^(n) K_j^-1.

Conditions of each axis are solved for its end nodes, U = E_1 V E_2^T + lift, and the equation is
asked at the others. Where coefficients allow it this is a Sylvester equation, A V + V B^T = F;
otherwise that of the mean coefficients preconditions GMRES.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import LinearOperator, gmres

from engine.method import DataError
from engine.pde import lags
from engine.pde.gp_line import taken
from engine.pde.lattice import Face, Lattice
from engine.pde.problem import Floats, Key
from engine.pde.spectral import Spectrum

SAME = 1e-12
"""Relative change of a coefficient along an axis that counts as none."""
TOLERANCE = 1e-12
ROUNDS, RESTART = 8, 40
SETTLED = 1e-7


class Axis:
    """Matrices of one axis: derivatives on the nodes, and conditions solved for end nodes."""

    def __init__(self, distances: Floats, spectrum: Spectrum, jitter: float) -> None:
        self.table = spectrum.table(distances, 3)
        try:
            self.factor = lags.factor(self.table[0], jitter)
        except lags.NotPositive:
            raise DataError("The kernel matrix is not positive; take more jitter or fewer "
                            "nodes.") from None  # fmt: skip
        self.count = len(distances)
        self._derivatives = {0: np.eye(self.count)}

    def derivative(self, order: int) -> Floats:
        """K^(order) K^-1."""
        if order not in self._derivatives:
            turned = self.factor.solve(lags.gathered(self.table[order], order).T)
            self._derivatives[order] = np.ascontiguousarray(turned.T)
        return self._derivatives[order]

    def condition(self, faces: Sequence[Face]) -> None:
        """Take the faces' conditions."""
        rows = taken(faces, self.count)
        self.free = np.setdiff1d(np.arange(self.count), rows)
        self.asks = np.zeros((len(faces), self.count))
        for row, face in zip(self.asks, faces, strict=True):
            row[:] = self.derivative(face.order)[face.index]
        self.extend = np.zeros((self.count, len(self.free)))
        self.extend[self.free] = np.eye(len(self.free))
        self.lift = np.zeros((self.count, len(faces)))
        if rows:
            try:
                inverse = np.linalg.inv(self.asks[:, rows])
            except np.linalg.LinAlgError:
                raise DataError("Two conditions at one face ask for the same.") from None
            self.extend[rows] = -inverse @ self.asks[:, self.free]
            self.lift[rows] = inverse

    def inner(self, order: int) -> Floats:
        """The derivative at free nodes, of values on free nodes."""
        if order == 0:
            return np.eye(len(self.free))
        return np.asarray((self.derivative(order) @ self.extend)[self.free])


@dataclass(frozen=True, slots=True, eq=False)
class _Sylvester:
    """A V + V B^T = F by Bartels and Stewart's method, for many F."""

    one: tuple[Floats, Floats]
    other: tuple[Floats, Floats]

    @classmethod
    def of(cls, a: Floats, b: Floats) -> _Sylvester:
        one = linalg.schur(a, check_finite=False)
        # Axes that are alike are taken apart once.
        alike = a.shape == b.shape and np.array_equal(a, b)
        return cls(one, one if alike else linalg.schur(b, check_finite=False))

    def solve(self, right: Floats) -> Floats:
        (r, u), (s, v) = self.one, self.other
        turned = u.T @ right @ v
        trsyl: Any = linalg.get_lapack_funcs("trsyl", (r, s, turned))
        found, scale, info = trsyl(r, s, turned, tranb="T")
        if info < 0 or scale == 0:
            raise DataError("The collocation system is singular; change frequencies or nodes.")
        return np.asarray(u @ (found / scale) @ v.T)


class Plane:
    """The collocation system of a problem on a plane (`newton.System`); unknowns are the values on
    free nodes, in one row."""

    def __init__(self, lattice: Lattice, spectra: Sequence[Spectrum], jitter: float) -> None:
        self.lattice, self.problem = lattice, lattice.problem
        self.linear = self.problem.linear
        self.keys = list(self.problem.partials[0])
        self.axes = [Axis(lattice.lags(k), s, jitter) for k, s in enumerate(spectra)]
        for face in lattice.faces:
            if sum(face.key[1]) != face.order:
                raise DataError("A condition may hold a derivative across its face only.")
        self._faces = [[f for f in lattice.faces if f.axis == k] for k in range(2)]
        for axis, faces in zip(self.axes, self._faces, strict=True):
            axis.condition(faces)
        self.lift = self._lifted()
        self.shape = tuple(len(axis.free) for axis in self.axes)
        self.nodes = np.ix_(*(axis.free for axis in self.axes))
        numbers = np.arange(lattice.places.shape[0]).reshape(lattice.shape)
        self.places = lattice.places[numbers[self.nodes].ravel()]
        self._inner = {key: tuple(a.inner(n) for a, n in zip(self.axes, key[1], strict=True))
                       for key in self.keys}  # fmt: skip
        self._given = {key: self._derived(self.lift, key[1])[self.nodes] for key in self.keys}

    def _lifted(self) -> Floats:
        """Some values on the grid that keep all conditions."""
        found = np.zeros(self.lattice.shape)
        one, other = self.axes
        if self._faces[0]:
            found += one.lift @ np.array([f.values for f in self._faces[0]])
        if self._faces[1]:
            wanted = np.column_stack([f.values for f in self._faces[1]])
            found += (wanted - found @ other.asks.T) @ other.lift.T
        return found

    def _derived(self, values: Floats, orders: tuple[int, ...]) -> Floats:
        for k, order in enumerate(orders):
            if order:
                matrix = self.axes[k].derivative(order)
                values = matrix @ values if k == 0 else values @ matrix.T
        return values

    def values(self, at: Floats) -> Floats:
        """On all nodes."""
        one, other = self.axes
        return self.lift + one.extend @ at.reshape(self.shape) @ other.extend.T

    def weights(self, values: Floats) -> Floats:
        """K_1^-1 U K_2^-1."""
        one, other = self.axes
        return other.factor.solve(one.factor.solve(values).T).T

    def start(self) -> Floats:
        return np.zeros(self.shape[0] * self.shape[1])

    def _jet(self, at: Floats) -> dict[Key, Floats]:
        inner = at.reshape(self.shape)
        found = {key: (_both(self._inner[key], inner, key[1]) + self._given[key]).ravel()
                 for key in self.keys}  # fmt: skip
        value = self.problem.value_key()
        if value not in found:
            found[value] = self.values(at)[self.nodes].ravel()
        return found

    def missing(self, at: Floats) -> Floats:
        found = self.problem.residual(self._jet(at), self.places, self.lattice.c)[0]
        return np.asarray(found, np.float64)

    def size(self, step: Floats) -> float:
        return float(np.linalg.norm(step))

    def solver(self, at: Floats) -> Callable[[Floats], Floats]:
        jet = self._jet(at)
        slopes = {key: self.problem.partial(0, key, jet, self.places, self.lattice.c)
                  .reshape(self.shape) for key in self.keys}  # fmt: skip
        if not all(np.isfinite(s).all() for s in slopes.values()):
            raise DataError("The equation has no finite value on the grid; check its formulas.")
        a, b, exact = self._split(slopes)
        sylvester = _Sylvester.of(a, b)

        def direct(right: Floats) -> Floats:
            return sylvester.solve(right.reshape(self.shape)).ravel()

        return direct if exact else lambda right: self._iterated(slopes, direct, right)

    def _split(self, slopes: dict[Key, Floats]) -> tuple[Floats, Floats, bool]:
        """The operators along each axis, and whether they are all of the equation."""
        a = np.zeros((self.shape[0], self.shape[0]))
        b = np.zeros((self.shape[1], self.shape[1]))
        exact = True
        for key, slope in slopes.items():
            p, q = key[1]
            scale = SAME * np.abs(slope).max()
            by_one, by_other = slope.mean(axis=1), slope.mean(axis=0)
            one = bool(np.abs(slope - by_one[:, None]).max() <= scale)
            other = bool(np.abs(slope - by_other).max() <= scale)
            if p and q:
                exact = False
            elif p or (q == 0 and one):
                a += by_one[:, None] * self._inner[key][0]
                exact &= one
            else:
                b += by_other[:, None] * self._inner[key][1]
                exact &= other
        return a, b, exact

    def _iterated(
        self, slopes: dict[Key, Floats], direct: Callable[[Floats], Floats], right: Floats
    ) -> Floats:
        def times(v: Floats) -> Floats:
            inner = np.asarray(v).reshape(self.shape)
            parts = (slope * _both(self._inner[key], inner, key[1])
                     for key, slope in slopes.items())  # fmt: skip
            return np.asarray(sum(parts)).ravel()

        size = len(right)
        if not right.any():
            return np.zeros(size)
        # Right preconditioning: what is measured is the equation itself.
        operator = LinearOperator((size, size), matvec=lambda v: times(direct(v)), dtype=float)
        found, _ = gmres(operator, right, rtol=TOLERANCE, restart=RESTART, maxiter=ROUNDS)
        step = direct(found)
        if np.linalg.norm(times(step) - right) > SETTLED * np.linalg.norm(right):
            raise DataError("The system could not be solved: its coefficients vary too much for "
                            "Gaussian processes on this grid.")  # fmt: skip
        return step


def _both(matrices: tuple[Floats, ...], inner: Floats, orders: tuple[int, ...]) -> Floats:
    """A V B^T, leaving out what is the identity."""
    one, other = matrices
    if orders[0]:
        inner = one @ inner
    return inner @ other.T if orders[1] else inner
