"""Where a problem is asked for: points inside the box and on its faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.pde.problem import Floats, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """`inside` (P, d); `faces` (conditions, B, d) on the face (edge, corner) of each condition,
    the low one of a periodic axis, whose other end is `opposite`."""

    inside: Floats
    faces: Floats

    def opposite(self, problem: Problem, number: int) -> Floats:
        """The same places on the high end of a periodic axis."""
        axis = problem.conditions[number].axis
        moved: Floats = self.faces[number].copy()
        moved[:, axis] = problem.bounds[axis, 1]
        return moved


def spread(n: int, d: int, rng: np.random.Generator) -> Floats:
    """n points (n, d) of the unit cube, evenly spread, from a random start.

    Roberts' sequence: multiples of the powers of the root of x^(d+1) = x + 1.
    """
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (d + 1))
    step = root ** -np.arange(1.0, d + 1)
    return np.asarray((rng.random(d) + np.arange(1, n + 1)[:, None] * step) % 1.0)


def draw(
    problem: Problem, inside: int, per_face: int, rng: np.random.Generator, *, even: bool = True
) -> Points:
    """Points, evenly spread or independent uniform ones (as the papers draw them)."""
    low, high = problem.bounds.T
    d = problem.dimension

    def some(n: int) -> Floats:
        places = spread(n, d, rng) if even else rng.random((n, d))
        return np.asarray(low + (high - low) * places)

    interior = some(inside)
    faces = np.empty((len(problem.conditions), per_face if d > 1 else 1, d))
    for k, condition in enumerate(problem.conditions):
        face = some(faces.shape[1])
        for axis, side in condition.faces:
            face[:, axis] = problem.bounds[axis, side]
        faces[k] = face
    return Points(interior, faces)
