"""Collocation nodes on one axis with their differentiation and interpolation matrices.

Chebyshev points and barycentric formulas: Berrut and Trefethen, SIAM Review 46 (2004). On a
periodic axis equidistant points and trigonometric interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.pde.problem import Coordinate

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Places (n,) in ascending order and the matrices (n, n) of first and second derivative."""

    axis: Coordinate
    places: Floats
    first: Floats
    second: Floats

    def derivative(self, order: int) -> Floats:
        return (np.eye(len(self.places)), self.first, self.second)[order]

    def to(self, wanted: Floats) -> Floats:
        """Matrix (len(wanted), n) that interpolates values on the nodes."""
        if self.axis.periodic:
            return trigonometric(self.places, wanted, self.axis.length)
        return _barycentric(self.places, wanted)


def nodes(axis: Coordinate, n: int) -> Nodes:
    """n Chebyshev points of the second kind, or n equidistant ones (n even) of a period."""
    return _periodic(axis, n + n % 2) if axis.periodic else _chebyshev(axis, n)


def _chebyshev(axis: Coordinate, n: int) -> Nodes:
    angle = np.pi * np.arange(n) / (n - 1)
    # The difference of cosines as a product of sines loses no digits near the ends.
    gap = 2 * np.sin(np.add.outer(angle, angle) / 2) * np.sin(np.subtract.outer(angle, angle) / 2)
    half = axis.length / 2
    places = axis.low + half * (1 - np.cos(angle))
    places[-1] = axis.high
    weights = np.where(np.arange(n) % 2, -1.0, 1.0)
    weights[[0, -1]] /= 2
    np.fill_diagonal(gap, 1.0)
    first = weights[None, :] / weights[:, None] / (gap * half)
    np.fill_diagonal(first, 0.0)
    np.fill_diagonal(first, -first.sum(axis=1))
    second = 2 * first * (np.diag(first)[:, None] - 1 / (gap * half))
    np.fill_diagonal(second, 0.0)
    np.fill_diagonal(second, -second.sum(axis=1))
    return Nodes(axis, places, first, second)


def _periodic(axis: Coordinate, n: int) -> Nodes:
    places = axis.low + axis.length * np.arange(n) / n
    waves = 2j * np.pi * np.fft.fftfreq(n, axis.length / n)
    slope = waves.copy()
    slope[n // 2] = 0
    turned = np.fft.fft(np.eye(n), axis=0)
    first = np.fft.ifft(slope[:, None] * turned, axis=0).real
    second = np.fft.ifft(waves[:, None] ** 2 * turned, axis=0).real
    return Nodes(axis, places, np.ascontiguousarray(first), np.ascontiguousarray(second))


def _barycentric(places: Floats, wanted: Floats) -> Floats:
    n = len(places)
    weights = np.where(np.arange(n) % 2, -1.0, 1.0)
    weights[[0, -1]] /= 2
    gap = wanted[:, None] - places[None, :]
    hit = np.abs(gap) < 1e-14 * (places[-1] - places[0])
    matrix = weights / np.where(hit, 1.0, gap)
    on_node = hit.any(axis=1)
    matrix[on_node] = hit[on_node]
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def trigonometric(places: Floats, wanted: Floats, length: float) -> Floats:
    """Matrix that interpolates values on n equidistant places of a period, n even."""
    n = len(places)
    angle = np.pi * (wanted[:, None] - places[None, :]) / length
    hit = np.abs(np.sin(angle)) < 1e-13
    safe = np.where(hit, 0.5, angle)
    return np.asarray(np.where(hit, 1.0, np.sin(n * safe) / (n * np.tan(safe))))
