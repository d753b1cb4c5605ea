"""Triangles through the points of a surface: Delaunay stars in the tangent planes.

Each point sees its neighbours in its tangent plane; the star is the ring of those that it shares a
Delaunay triangle with. The ring is the convex hull of the neighbours inverted at the unit circle,
p / |p|^2: a circle through the point becomes a line, an empty one a side of the hull. A triangle
that its three corners agree on is certain; what two or one of them propose fills the gaps where it
crosses nothing.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

GAP = 0.9 * np.pi
"""A wider gap between neighbours of the ring is the rim of the surface."""
ROUND = 0.02
"""Sine of the angle by which a corner of the hull may be dented: points of one circle, as on a
grid, all stay, and their triangles are settled by votes."""
HOLE = 8
"""Sides of a hole that is closed; a wider one is taken for a rim."""


def triangles(positions: Floats, frames: Floats, nearest: Rows, orientation: Rows) -> Rows:
    """(m, 3), counterclockwise on the side that `orientation` (n,) says is the outside.

    positions (n, D), frames (n, D, 2), nearest (n, K) rows of the neighbours.
    """
    n = len(nearest)
    steps = positions[nearest] - positions[:, None, :]
    flat = np.einsum("nDa,nkD->nka", frames, steps)
    flat[:, :, 1] *= orientation[:, None]
    angles = np.arctan2(flat[:, :, 1], flat[:, :, 0])
    order = np.argsort(angles, axis=1, kind="stable")
    rows = np.arange(n)[:, None]
    flat, ring = flat[rows, order], nearest[rows, order]
    square = (flat**2).sum(axis=2, keepdims=True)
    # Points that coincide with the centre are no neighbours in the plane.
    alive = square[:, :, 0] > 1e-24 * square.max(axis=1)
    inverted = flat / np.where(square > 0, square, 1.0)
    alive = _hull(inverted, alive)
    following = _next(alive)
    gap = (angles[rows, order][rows, following] - angles[rows, order]) % (2 * np.pi)
    first, place = np.nonzero(alive & (gap > 0) & (gap < GAP))
    proposed = np.column_stack([first, ring[first, place], ring[first, following[first, place]]])
    return _agreed(proposed, n)


def _hull(points: Floats, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of (n, K, 2), in order of angle about the origin, are corners of the hull with the
    origin. A point inside the triangle of its neighbours and the origin is none, whatever else
    goes; all such go at once until none is left."""
    rows = np.arange(len(points))[:, None]
    while True:
        before, after = points[rows, _previous(alive)], points[rows, _next(alive)]
        one, two = points - before, after - points
        turn = one[:, :, 0] * two[:, :, 1] - one[:, :, 1] * two[:, :, 0]
        # Across the rim the neighbours are more than half a turn apart: nothing is hidden there.
        open_side = before[:, :, 0] * after[:, :, 1] - before[:, :, 1] * after[:, :, 0] <= 0
        sizes = np.linalg.norm(one, axis=2) * np.linalg.norm(two, axis=2)
        hidden = alive & (turn <= -ROUND * sizes) & ~open_side
        if not hidden.any():
            return alive
        alive = alive & ~hidden


def _next(alive: NDArray[np.bool_]) -> Rows:
    """For each place of a ring (n, K) the next one alive, around the end."""
    most = alive.shape[1]
    twice = np.concatenate([alive, alive], axis=1)
    place = np.where(twice, np.arange(2 * most), 2 * most)
    nearest = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(nearest[:, 1 : most + 1] % most)


def _previous(alive: NDArray[np.bool_]) -> Rows:
    most = alive.shape[1]
    return np.asarray(most - 1 - _next(alive[:, ::-1])[:, ::-1])


def _agreed(proposed: Rows, n: int) -> Rows:
    """Triangles by how many of their corners propose them; no directed edge is used twice."""
    turned = np.argmin(proposed, axis=1)
    same = proposed[np.arange(len(proposed))[:, None], (turned[:, None] + np.arange(3)) % 3]
    found, votes = np.unique(same, axis=0, return_counts=True)
    certain = found[votes >= 3]
    repeated = _repeated(_directed(certain, n).ravel())
    kept = certain[~np.isin(_directed(certain, n), repeated).any(axis=1)]
    used = set(_directed(kept, n).ravel().tolist())
    more: list[list[int]] = []
    _take(found[votes == 2], 0, used, more, n)
    unsure = found[votes <= 2]
    while _take(unsure, 2, used, more, n):
        pass
    _close(used, more, n)
    return np.concatenate([kept, np.array(more, np.int64).reshape(-1, 3)])


def _take(unsure: Rows, touching: int, used: set[int], taken: list[list[int]], n: int) -> int:
    """Add triangles whose sides are free, and as many of them as said touch others; how many."""
    before = len(taken)
    for triangle, edges in zip(unsure.tolist(), _directed(unsure, n).tolist(), strict=True):
        if used.isdisjoint(edges):
            touched = sum((e % n) * n + e // n in used for e in edges)
            if touched >= touching:
                used.update(edges)
                taken.append(triangle)
    return len(taken) - before


def _close(used: set[int], taken: list[list[int]], n: int) -> None:
    """Fill small holes, where stars of points of one circle disagree, with fans."""
    free = {(e % n): e // n for e in used if (e % n) * n + e // n not in used}
    while free:
        start, loop = next(iter(free)), []
        here: int | None = start
        while here is not None and here in free:
            loop.append(here)
            here = free.pop(here)
        if here == start and 3 <= len(loop) <= HOLE:
            fans = [[loop[0], b, c] for b, c in itertools.pairwise(loop[1:])]
            edges = [e for f in fans for e in _directed(np.array([f]), n)[0].tolist()]
            if used.isdisjoint(edges) and len(set(edges)) == len(edges):
                used.update(edges)
                taken.extend(fans)


def _directed(faces: Rows, n: int) -> Rows:
    """One number for each directed edge (m, 3)."""
    return np.asarray(faces * n + np.roll(faces, -1, axis=1))


def _repeated(values: Rows) -> Rows:
    found, counts = np.unique(values, return_counts=True)
    return np.asarray(found[counts > 1])
