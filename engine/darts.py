"""Triangles of many arrows: flat darts in the plane, shaded prisms with cones in space.

The screen and the printed figure draw the same ones.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from engine.numerics.spacing import farthest_points, typical_spacing

Floats = NDArray[np.float32]
Reals = NDArray[np.floating]

SIDES = 5
NECK = 0.62
"""Where the head begins, as a share of the length."""
LIGHT = np.array([0.35, -0.45, 0.82], np.float32)
DARKEST = 0.55
REACH = 1.25
"""Length of a long arrow in spacings of the drawn ones."""


def flat(positions: Reals, vectors: Reals, width: float) -> Floats:
    """(9 n, 3) corners of arrows from positions (n, 2) along vectors (n, 2) in the plane.

    `width` is that of a long arrow's shaft; short arrows are as slender.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    along = vectors / np.where(length > 0, length, 1.0)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    half = np.minimum(0.06 * length, width / 2) * across
    neck, tip = positions + NECK * vectors, positions + vectors
    corners = [
        positions - half, positions + half, neck + half,
        positions - half, neck + half, neck - half,
        neck - 3.2 * half, neck + 3.2 * half, tip,
    ]  # fmt: skip
    flat_ones = np.stack(corners, axis=1).reshape(-1, 2)
    return np.pad(flat_ones, ((0, 0), (0, 1))).astype(np.float32)


def solid(positions: Reals, vectors: Reals, width: float) -> tuple[Floats, Floats]:
    """Corners (n c, 3) of arrows in space, and how bright each is (n c,), c per arrow."""
    mesh, normals = _unit_arrow()
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    along = vectors / np.where(length > 0, length, 1.0)
    # Any direction that is not along the arrow gives a frame around it.
    other = np.where(np.abs(along[:, :1]) < 0.8, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    first = np.cross(along, other)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-12)
    frame = np.stack([first, np.cross(along, first), along], axis=1).astype(np.float32)
    size = np.stack(
        [np.minimum(0.06 * length, width / 2)] * 2 + [length], axis=2
    ).reshape(-1, 1, 3).astype(np.float32)  # fmt: skip
    corners = positions[:, None, :] + (mesh[None] * size) @ frame
    bright = np.clip((normals[None] @ frame) @ LIGHT, 0.0, 1.0)
    shade = DARKEST + (1 - DARKEST) * bright
    return corners.reshape(-1, 3).astype(np.float32), shade.reshape(-1).astype(np.float32)


def _unit_arrow() -> tuple[Floats, Floats]:
    """Corners (c, 3) of an arrow along z of length 1 and shaft radius 1, with face normals."""
    angle = 2 * np.pi * np.arange(SIDES + 1) / SIDES
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    corners: list[list[tuple[float, float, float]]] = []
    for a, b in itertools.pairwise(ring):
        low, high = (*a, 0.0), (*b, 0.0)
        corners.append([low, high, (*b, NECK)])
        corners.append([low, (*b, NECK), (*a, NECK)])
        corners.append([(*(3.0 * a), NECK), (*(3.0 * b), NECK), (0.0, 0.0, 1.0)])
    mesh = np.array(corners, np.float32)
    middle = mesh.mean(axis=1) * [1.0, 1.0, 0.0]
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    # The cone's sides are so steep that the direction away from the axis is their normal, nearly.
    return mesh.reshape(-1, 3), np.repeat(middle, 3, axis=0).astype(np.float32)


THINNED = 8000
"""Of more arrows so many are drawn by lot before the even choice among them."""


def even_rows(positions: Reals, vectors: Reals, most: int) -> NDArray[np.int64]:
    """At most so many rows that are arrows, spread evenly: any first part of them is even too."""
    rows = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    if len(rows) > THINNED:
        rows = np.sort(np.random.default_rng(0).choice(rows, THINNED, replace=False))
    if len(rows) <= 1:
        return rows
    return rows[farthest_points(positions[rows], min(most, len(rows)), 0)]


def drawn_length(positions: Reals, vectors: Reals) -> float:
    """How long a vector of size 1 is drawn, in units of the axes, so that a long arrow (95th
    percentile) of those drawn reaches its neighbour."""
    length = np.linalg.norm(vectors, axis=1)
    length = length[length > 0]
    if not len(length):
        return 1.0
    return REACH * (typical_spacing(positions) or 1.0) / float(np.percentile(length, 95))


def shaft_width(drawn: Reals) -> float:
    """Width of a long arrow's shaft, from the drawn vectors (n, d)."""
    return float(0.16 * np.percentile(np.linalg.norm(drawn, axis=1), 95))
