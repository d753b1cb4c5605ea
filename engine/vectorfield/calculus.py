"""What a fitted field does on its manifold: divergence, curl, and zeros with their kind.

A surface given by its points gets triangles of its own (`engine.numerics.stars`), to look for zeros
in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from engine.layers import Array
from engine.numerics import orientation, stars
from engine.numerics.derivatives import Derivatives, derivatives
from engine.numerics.singularities import Charts, Singularities, turning

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Draw = Callable[[Rows], Floats]
"""Fields drawn from the posterior at some rows (r,), as vectors (draws, r, D)."""

MOST = 24
"""Neighbours that a triangle is looked for among."""
WIDTH = 0.7
"""Width of the neighbours' Gaussian weights, in median distances to the last of them."""
DRAWS = 30
AROUND = 2.0
"""A zero of a draw is looked for this many edges around."""


@dataclass(frozen=True, slots=True, eq=False)
class Calculus:
    """`charts` are None for other than surfaces; `edge` is the typical length of their edges."""

    derivatives: Derivatives
    charts: Charts | None
    edge: float

    @classmethod
    def of(cls, positions: Floats, faces: Rows, frames: Floats, weights: sparse.csr_array) -> Self:
        """From points (n, D), triangles (f, 3) if there are any, frames (n, D, d), and the graph
        (n, n) that says which points are neighbours along the manifold."""
        ambient, d = frames.shape[1:]
        sides = orientation.of_frames(positions, faces, frames, weights)
        found = derivatives(positions, frames, weights, sides)
        if d != 2 or not len(sides):
            return cls(found, None, 0.0)
        if not len(faces):
            faces = stars.triangles(positions, frames, _ring(positions, weights), sides)
        if ambient == 3:
            charts = Charts.of_mesh(positions, faces)
        else:
            charts = Charts.of_frames(positions, frames, faces, sides)
        sides_of = positions[faces] - positions[np.roll(faces, -1, axis=1)]
        edge = float(np.median(np.linalg.norm(sides_of, axis=2))) if len(faces) else 0.0
        return cls(found, charts, edge)

    def columns(self, local: Floats) -> dict[str, Array]:
        """Divergence and curl (n,) of a field (n, d) in its frames."""
        found: dict[str, Array] = {"divergence": self.derivatives.divergence_of(local)}
        curl = self.derivatives.curl_of(local)
        if curl is not None:
            found["curl" if len(self.derivatives.orientation) else "size of curl"] = curl
        return found

    def zeros(self, vectors: Floats) -> Singularities | None:
        """Of a tangent field (n, D); None where none can be looked for."""
        return self.charts.zeros(vectors) if self.charts is not None else None

    def stability(self, zeros: Singularities, draw: Draw) -> Floats:
        """Share (s,) of drawn fields that have a zero of the same index within an edge's length."""
        if self.charts is None or not len(zeros.faces):
            return np.empty(0)
        middles = self.charts.positions[self.charts.faces].mean(axis=1)
        near = cKDTree(middles).query_ball_point(zeros.places, AROUND * self.edge)
        faces = np.unique(np.concatenate([*map(np.asarray, near), zeros.faces])).astype(np.int64)
        part = self.charts.part(faces)
        rows, corners = np.unique(part.faces, return_inverse=True)
        drawn = draw(rows)
        inside = np.einsum(
            "fkcD,rfkD->rfkc", part.carry, drawn[:, corners.reshape(part.faces.shape)]
        )
        kept = np.zeros(len(zeros.faces))
        whole = np.zeros((len(self.charts.positions), drawn.shape[2]))
        for values, turns in zip(drawn, turning(inside), strict=True):
            hit = np.flatnonzero(turns)
            whole[rows] = values
            places, index = part.part(hit).zeros(whole), turns[hit]
            kept += _matched(zeros, places, index, self.edge)
        return kept / len(drawn)


def near(positions: Floats, k: int) -> sparse.csr_array:
    """A graph (n, n) of the k nearest neighbours with Gaussian weights, for methods without one."""
    n = len(positions)
    k = min(k, n - 1)
    found = cKDTree(positions).query(positions, k=k + 1)
    distances, nearest = np.asarray(found[0]), np.asarray(found[1])
    own = nearest == np.arange(n)[:, None]
    # Among coincident points a row may not find itself first, or at all.
    own[~own.any(axis=1), -1] = True
    distances, nearest = distances[~own].reshape(n, k), nearest[~own].reshape(n, k)
    h = WIDTH * float(np.median(distances[:, -1])) or 1.0
    values = np.maximum(np.exp(-((distances / h) ** 2)), np.finfo(float).tiny)
    return sparse.csr_array((values.ravel(), nearest.ravel(), np.arange(n + 1) * k), shape=(n, n))


def _ring(positions: Floats, weights: sparse.csr_array) -> Rows:
    """The nearest of each point's neighbours in the graph (n, K); where it has fewer, itself."""
    n = len(positions)
    counts = np.diff(weights.indptr)
    first = np.repeat(np.arange(n), counts)
    length = np.linalg.norm(positions[weights.indices] - positions[first], axis=1)
    order = np.lexsort((length, first))
    place = np.arange(len(first)) - np.repeat(weights.indptr[:-1], counts)
    kept = place < MOST
    ring = np.tile(np.arange(n)[:, None], (1, min(MOST, int(counts.max(initial=1)))))
    ring[first[kept], place[kept]] = weights.indices[order][kept]
    return ring


def _matched(
    zeros: Singularities, found: Singularities, index: Floats, reach: float
) -> NDArray[np.bool_]:
    """Which zeros have one of `found` with the same index within reach."""
    kept = np.zeros(len(zeros.faces), bool)
    for sign in (-1, 1):
        own, theirs = zeros.index == sign, found.places[index == sign]
        if own.any() and len(theirs):
            kept[own] = cKDTree(theirs).query(zeros.places[own])[0] <= reach
    return kept
