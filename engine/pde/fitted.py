"""What a fit of Gaussians learns, as arrays that go into a file and come back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.pde.cloud import Cloud
from engine.pde.problem import Floats, Problem
from engine.pde.solution import Solution


def as_bytes(text: str) -> NDArray[np.uint8]:
    """A text as an array."""
    return np.frombuffer(text.encode(), np.uint8).copy()


def as_text(array: NDArray[np.uint8]) -> str:
    """Inverse of `as_bytes`."""
    return bytes(np.asarray(array, np.uint8)).decode()


def open_problem(spec: NDArray[np.uint8]) -> Problem:
    """The problem of a saved fit, from its address or its text."""
    from engine.data import open_any

    found = open_any(as_text(spec))
    assert isinstance(found, Problem)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A solution with what it was made from.

    `centres` and `widths` (K, N, d), `factor` (K, N, d, d) of turned Gaussians; `weights` (N, m) by
    least squares, (K, N) or (1, K, N) where features feed the network w1, b1, w2, b2. `inside`
    (P, d) and `faces` (conditions, B, d) are the last points, `weigh` the three loss weights.
    Solved in pieces of time (`edges`, along axis number `time`), `weights` are (K, N, m).
    `losses` (steps, 5) and `errors` (pictures, 2) are their course; `said` what went wrong.
    """

    spec: NDArray[np.uint8]
    c: Floats
    projected: bool
    centres: Floats
    widths: Floats
    weights: Floats
    inside: Floats
    faces: Floats
    weigh: Floats
    losses: Floats
    errors: Floats
    said: NDArray[np.uint8]
    planned: int
    step: int
    factor: Floats | None = None
    edges: Floats | None = None
    time: int = 0
    w1: Floats | None = None
    b1: Floats | None = None
    w2: Floats | None = None
    b2: Floats | None = None

    @property
    def solution(self) -> Solution:
        """The function it stands for."""
        turned = self.factor if self.factor is not None else [None] * len(self.centres)
        clouds = tuple(Cloud(m, s, f) for m, s, f in
                       zip(self.centres, self.widths, turned, strict=True))  # fmt: skip
        if self.projected:
            if self.edges is not None:
                pieces = self.edges, self.time
                return Solution(clouds, tuple(self.weights), pieces=pieces)
            return Solution(clouds, (self.weights,))
        if self.weights.ndim == 3:
            weights = (np.ascontiguousarray(self.weights[0].T),)
        else:
            weights = tuple(w[:, None] for w in self.weights)
        if self.w1 is None or self.b1 is None or self.w2 is None or self.b2 is None:
            return Solution(clouds, weights, added=True)
        return Solution(clouds, weights, (self.w1, self.b1, self.w2, self.b2))
