"""Kernels whose spectrum is a mixture, with all derivatives in closed form.

    k(z) = sum over q of w_q g(z; s_q) cos(m_q z)

Student-t mixture: g is Matern's function of smoothness 5/2, v = sqrt(5) s |z|; Gaussian mixture:
g = exp(-s^2 z^2). The plain kernels are the same without the cosine. `weights` w, `frequencies` m
in radians per unit and `widths` s, one over the correlation length. arXiv 2311.04465, section 3.

Derivatives by |z| would be wrong at 0 in automatic differentiation, hence the closed forms. Lags
are not negative: what is odd changes its sign where it is gathered (`engine.pde.lags`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np

from engine.pde.problem import Floats

Family = Literal["Student-t mixture", "Gaussian mixture", "Matern", "squared exponential"]
PLAIN = ("Matern", "squared exponential")
TAILED = ("Student-t mixture", "Matern")
BUMP_REACH = 3.0
"""Widths by which a component reaches beyond its frequency."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """A mixture along one axis: three arrays (q,)."""

    family: Family
    weights: Floats
    frequencies: Floats
    widths: Floats

    @property
    def waves(self) -> Floats:
        """Frequencies in use: none in a plain kernel."""
        plain = self.family in PLAIN
        return np.zeros_like(self.frequencies) if plain else self.frequencies

    @property
    def variance(self) -> float:
        """k(0)."""
        return float(self.weights.sum())

    @property
    def highest(self) -> float:
        """About the highest frequency that the kernel holds, radians per unit."""
        return float(np.max(np.abs(self.waves) + BUMP_REACH * self.widths))

    def table(self, lags: Floats, orders: int) -> Floats:
        """k and its derivatives 1 .. orders - 1 at lags (n,) not negative, (orders, n)."""
        bumps = envelopes(self.family, lags, self.widths, orders)
        waves = cosines(lags, self.waves, orders)
        found = np.empty((orders, len(lags)))
        for n in range(orders):
            found[n] = _leibniz(bumps, waves, n) @ self.weights
        return found

    def density(self, frequencies: Floats) -> Floats:
        """Power spectrum at frequencies (n,) in radians per unit, its integral over all of them
        being k(0) times 2 pi, both sides added."""
        gap = [frequencies[:, None] - sign * self.waves for sign in (1, -1)]
        if self.family in TAILED:
            rate = np.sqrt(5) * self.widths
            shapes = [(16 / 3) * rate**5 / (rate**2 + d**2) ** 3 for d in gap]
        else:
            shapes = [np.sqrt(np.pi) / self.widths * np.exp(-((d / self.widths) ** 2) / 4)
                      for d in gap]  # fmt: skip
        return np.asarray((shapes[0] + shapes[1]) @ self.weights / 2)


def envelopes(family: str, lags: Floats, widths: Floats, orders: int) -> list[Floats]:
    """g and its derivatives 1 .. orders - 1 by the lag, each (n, q); up to the fourth."""
    return (_matern if family in TAILED else _bell)(lags[:, None], widths, orders)


def _matern(z: Floats, widths: Floats, orders: int) -> list[Floats]:
    a = np.sqrt(5) * widths
    v, third = a * z, a / 3
    fade = np.exp(-v)
    found = [(1 + v + v * v / 3) * fade]
    if orders > 1:
        found.append(-third * (v * (1 + v)) * fade)
    if orders > 2:
        found.append(-third * a * (1 + v - v * v) * fade)
    if orders > 3:
        found.append(third * a**2 * (v * (3 - v)) * fade)
    if orders > 4:
        found.append(third * a**3 * (3 - 5 * v + v * v) * fade)
    return found


def _bell(z: Floats, widths: Floats, orders: int) -> list[Floats]:
    b = widths**2
    y = b * z
    yy = y * z
    fade = np.exp(-yy)
    found = [fade]
    if orders > 1:
        found.append(-2 * y * fade)
    if orders > 2:
        found.append(b * (4 * yy - 2) * fade)
    if orders > 3:
        found.append(b * y * (12 - 8 * yy) * fade)
    if orders > 4:
        found.append(b * b * ((16 * yy - 48) * yy + 12) * fade)
    return found


def cosines(lags: Floats, waves: Floats, orders: int) -> list[Floats]:
    """cos(m z) and its derivatives 1 .. orders - 1 by the lag, each (n, q)."""
    angle = lags[:, None] * waves
    even, odd = np.cos(angle), np.sin(angle)
    turned = (even, -odd, -even, odd)
    return [even] + [waves**n * turned[n % 4] for n in range(1, orders)]


def _leibniz(one: Sequence[Floats], other: Sequence[Floats], order: int) -> Floats:
    """Derivative of a product."""
    found = one[order] * other[0]
    for j in range(1, order + 1):
        found += comb(order, j) * one[order - j] * other[j]
    return found


class Slopes:
    """Tables of k, k', k'' at lags, and what they gain by log weights, log widths and frequencies.

    g depends on s z alone, so that s dg/ds = z g', and of its n-th derivative n g_n + z g_(n+1).
    """

    def __init__(self, spectrum: Spectrum, lags: Floats) -> None:
        self.spectrum, self._lags = spectrum, lags
        self._bumps = envelopes(spectrum.family, lags, spectrum.widths, 4)
        self._waves = cosines(lags, spectrum.waves, 4)
        self._parts = [_leibniz(self._bumps, self._waves, n) for n in range(3)]
        self.table = np.array([part @ spectrum.weights for part in self._parts])

    def gains(self, by: Floats) -> tuple[Floats, Floats, Floats]:
        """Of sum over n and lags of by[n] k_n: derivatives (q,) by log w, log s and m."""
        z, w = self._lags[:, None], self.spectrum.weights
        used = [n for n in range(3) if by[n].any()]
        weights = sum(by[n] @ self._parts[n] for n in used)
        stretched = [n * self._bumps[n] + z * self._bumps[n + 1] for n in range(3)]
        widths = sum(by[n] @ _leibniz(stretched, self._waves, n) for n in used)
        turned = self._turned(z)
        frequencies = sum(by[n] @ _leibniz(self._bumps, turned, n) for n in used)
        moved = np.asarray(w * frequencies)
        if self.spectrum.family in PLAIN:
            moved = np.zeros_like(moved)
        return np.asarray(w * weights), np.asarray(w * widths), moved

    def _turned(self, z: Floats) -> list[Floats]:
        """Derivatives of cosines by their frequency: of -m sin mz it is -sin mz - m z cos mz."""
        m = self.spectrum.waves
        even, odd = self._waves[0], np.sin(z * m)
        return [-z * odd, -odd - z * m * even, -2 * m * even + z * m * m * odd]
