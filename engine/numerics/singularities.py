"""Zeros of a tangent field on a triangulated surface, by how often it turns around each face.

Around a face the three vectors are carried into the face's plane by the smallest rotation between
normals; the turning of their angles over 2 pi is the index: +1 for a source, sink or vortex, -1 for
a saddle. On a closed surface the indices sum to the Euler characteristic (Poincare and Hopf).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Faces = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Singularities:
    """Faces (s,) that hold a zero, where (s, 3), and their index (s,) of +1 or -1."""

    faces: NDArray[np.int64]
    places: Floats
    index: NDArray[np.int64]


def face_normals(positions: Floats, faces: Faces) -> Floats:
    """Unit normals (f, 3); zero for a face without area."""
    a, b, c = (positions[faces[:, k]] for k in range(3))
    return _unit(np.cross(b - a, c - a))


def vertex_normals(positions: Floats, faces: Faces) -> Floats:
    """Unit normals (n, 3), the faces around a vertex weighted by their area."""
    a, b, c = (positions[faces[:, k]] for k in range(3))
    found = np.zeros_like(positions)
    area = np.cross(b - a, c - a)
    for k in range(3):
        np.add.at(found, faces[:, k], area)
    return _unit(found)


def _unit(vectors: Floats) -> Floats:
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(size > 0, size, 1.0))


def find(positions: Floats, faces: Faces, vectors: Floats) -> Singularities:
    """Zeros of `vectors` (n, 3), tangent at the vertices of a consistently oriented mesh."""
    normals = face_normals(positions, faces)
    of_vertices = vertex_normals(positions, faces)
    first = _unit(positions[faces[:, 1]] - positions[faces[:, 0]])
    second = np.cross(normals, first)
    carried = np.stack(
        [_rotated(vectors[faces[:, k]], of_vertices[faces[:, k]], normals) for k in range(3)], 1
    )
    x, y = np.einsum("fkd,fd->fk", carried, first), np.einsum("fkd,fd->fk", carried, second)
    angles = np.arctan2(y, x)
    steps = np.roll(angles, -1, axis=1) - angles
    turns = np.round(((steps + np.pi) % (2 * np.pi) - np.pi).sum(axis=1) / (2 * np.pi))
    found = np.flatnonzero(turns)
    places = _zero_inside(positions[faces[found]], x[found], y[found])
    return Singularities(found, places, turns[found].astype(np.int64))


def _rotated(vectors: Floats, source: Floats, target: Floats) -> Floats:
    """Each vector turned by the smallest rotation that takes one unit normal to the other."""
    axis = np.cross(source, target)
    cosine = np.einsum("fd,fd->f", source, target)[:, None]
    along = np.einsum("fd,fd->f", axis, vectors)[:, None]
    # Rodrigues' formula with sin and cos read off the two normals.
    return np.asarray(
        cosine * vectors + np.cross(axis, vectors) + axis * along / np.maximum(1 + cosine, 1e-12)
    )


def _zero_inside(corners: Floats, x: Floats, y: Floats) -> Floats:
    """Where the linear interpolant of the vectors vanishes in each face (s, 3)."""
    system = np.stack([x, y, np.ones_like(x)], axis=1)
    right = np.zeros((len(x), 3, 1))
    right[:, 2] = 1.0
    shares = np.full((len(x), 3), 1.0 / 3.0)
    good = np.abs(np.linalg.det(system)) > 1e-12 * np.abs(system).max(axis=(1, 2)) ** 2
    shares[good] = np.linalg.solve(system[good], right[good])[:, :, 0]
    return np.asarray(np.einsum("sk,skd->sd", shares.clip(0.0, 1.0), corners))
