"""Zeros of a tangent field on a triangulated surface, by how often it turns around each face.

Around a face the three vectors are carried into the face's plane; the turning of their angles over
2 pi is the index: +1 for a source, sink or vortex, -1 for a saddle. On a closed surface the indices
sum to the Euler characteristic (Poincare and Hopf).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.numerics.tangents import polar_factor

Floats = NDArray[np.float64]
Faces = NDArray[np.int64]


KINDS = ("saddle", "source", "sink", "spiral source", "spiral sink", "vortex")
SPIRAL = 0.1
"""A turning zero that opens or closes by less than this share of its turning is a vortex."""


@dataclass(frozen=True, slots=True, eq=False)
class Singularities:
    """Zeros, each in one face.

    Attributes
    ----------
    faces : (s,) which face
    places : (s, D)
    index : (s,) of +1 or -1
    jacobians : (s, 2, 2) of the field in the face's plane, counterclockwise from the outside
    """

    faces: NDArray[np.int64]
    places: Floats
    index: NDArray[np.int64]
    jacobians: Floats

    @property
    def kinds(self) -> NDArray[np.str_]:
        """What each is, in the words of `KINDS`."""
        trace = np.einsum("saa->s", self.jacobians)
        turning = trace**2 - 4 * np.linalg.det(self.jacobians)
        spiral = turning < 0
        still = spiral & (np.abs(trace) < SPIRAL * np.sqrt(np.abs(turning)))
        named = np.where(trace > 0, "source", "sink").astype("<U13")
        named = np.where(spiral, np.char.add("spiral ", named), named)
        named = np.where(still, "vortex", named)
        return np.asarray(np.where(self.index < 0, "saddle", named))


@dataclass(frozen=True, slots=True, eq=False)
class Charts:
    """The plane of each face: where its corners are, and what carries vectors into it.

    Attributes
    ----------
    faces : (f, 3), counterclockwise from the outside
    positions : (n, D)
    corners : (f, 3, 2) in the plane
    carry : (f, 3, 2, D), a vector at a corner to its two components
    """

    faces: Faces
    positions: Floats
    corners: Floats
    carry: Floats

    @classmethod
    def of_mesh(cls, positions: Floats, faces: Faces) -> Self:
        """In space (n, 3): by the smallest rotation from a corner's normal to the face's."""
        normals, at_corners = face_normals(positions, faces), vertex_normals(positions, faces)
        first = _unit(positions[faces[:, 1]] - positions[faces[:, 0]])
        plane = np.stack([first, np.cross(normals, first)], axis=1)
        steps = positions[faces] - positions[faces[:, :1]]
        # The plane's axes turned back to the corner's normal read its vectors as they are.
        carry = [
            np.stack([_rotated(plane[:, c], normals, at_corners[faces[:, k]]) for c in (0, 1)], 1)
            for k in range(3)
        ]
        corners = np.einsum("fcD,fkD->fkc", plane, steps)
        return cls(faces, positions, corners, np.stack(carry, axis=1))

    @classmethod
    def of_frames(
        cls, positions: Floats, frames: Floats, faces: Faces, orientation: NDArray[np.int64]
    ) -> Self:
        """In any space: the tangent plane (D, 2) of the first corner, by parallel transport."""
        own = frames[faces[:, 0]].copy()
        own[:, :, 1] *= orientation[faces[:, 0]][:, None]
        steps = positions[faces] - positions[faces[:, :1]]
        carry = []
        for k in range(3):
            other = frames[faces[:, k]]
            across, _ = polar_factor(np.einsum("fDa,fDb->fab", own, other))
            carry.append(np.einsum("fab,fDb->faD", across, other))
        corners = np.einsum("fDa,fkD->fka", own, steps)
        return cls(faces, positions, corners, np.stack(carry, axis=1))

    def part(self, faces: NDArray[np.int64]) -> Charts:
        """Only these faces."""
        return Charts(self.faces[faces], self.positions, self.corners[faces], self.carry[faces])

    def zeros(self, vectors: Floats) -> Singularities:
        """Of a tangent field (n, D)."""
        inside = np.einsum("fkcD,fkD->fkc", self.carry, vectors[self.faces])
        found = np.flatnonzero(turning(inside))
        values, corners = inside[found], self.corners[found]
        shares = _zero_inside(values)
        places = np.einsum("sk,skD->sD", shares, self.positions[self.faces[found]])
        return Singularities(
            found, places, turning(values).astype(np.int64), _slopes(corners, values)
        )


def turning(inside: Floats) -> Floats:
    """How often vectors (.., 3, 2) at the corners of faces turn around each: -1, 0 or 1."""
    angles = np.arctan2(inside[..., 1], inside[..., 0])
    steps = np.roll(angles, -1, axis=-1) - angles
    return np.asarray(np.round(((steps + np.pi) % (2 * np.pi) - np.pi).sum(axis=-1) / (2 * np.pi)))


def find(positions: Floats, faces: Faces, vectors: Floats) -> Singularities:
    """Zeros of `vectors` (n, 3), tangent at the vertices of a consistently oriented mesh."""
    return Charts.of_mesh(positions, faces).zeros(vectors)


def _slopes(corners: Floats, values: Floats) -> Floats:
    """The linear map (s, 2, 2) between steps along two sides and the field's changes."""
    sides = (corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
    changes = (values[:, 1:] - values[:, :1]).transpose(0, 2, 1)
    flat = np.abs(np.linalg.det(sides)) <= 1e-14 * (sides**2).sum(axis=(1, 2))
    sides[flat] = np.eye(2)
    return np.asarray(changes @ np.linalg.inv(sides))


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


def _rotated(vectors: Floats, source: Floats, target: Floats) -> Floats:
    """Each vector turned by the smallest rotation that takes one unit normal to the other."""
    axis = np.cross(source, target)
    cosine = np.einsum("fd,fd->f", source, target)[:, None]
    along = np.einsum("fd,fd->f", axis, vectors)[:, None]
    # Rodrigues' formula with sin and cos read off the two normals.
    return np.asarray(
        cosine * vectors + np.cross(axis, vectors) + axis * along / np.maximum(1 + cosine, 1e-12)
    )


def _zero_inside(values: Floats) -> Floats:
    """Shares (s, 3) of the corners where the linear interpolant of vectors (s, 3, 2) vanishes."""
    count = len(values)
    system = np.concatenate([values.transpose(0, 2, 1), np.ones((count, 1, 3))], axis=1)
    right = np.zeros((count, 3, 1))
    right[:, 2] = 1.0
    shares = np.full((count, 3), 1.0 / 3.0)
    good = np.abs(np.linalg.det(system)) > 1e-12 * np.abs(system).max(axis=(1, 2)) ** 2
    shares[good] = np.linalg.solve(system[good], right[good])[:, :, 0]
    return np.asarray(shares.clip(0.0, 1.0))
