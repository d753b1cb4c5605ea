"""Vector fields on surfaces whose truth is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.vectors import VectorSamples

Floats = NDArray[np.float64]

GOLDEN = np.pi * (1 + np.sqrt(5))
SPIN = np.array([0.3, -0.5, 0.8])
WAVELENGTH = 13.0


def fibonacci_sphere(n: int) -> Floats:
    """n nearly even points of the unit sphere (n, 3)."""
    i = np.arange(n) + 0.5
    z = 1 - 2 * i / n
    around = np.sqrt(1 - z**2)
    return np.column_stack([around * np.cos(GOLDEN * i), around * np.sin(GOLDEN * i), z])


def sphere_vectors(x: Floats) -> Floats:
    """3 (g - (g.x) x) + x cross a with g = (yz, xz, xy): degrees 3 and 1, fourteen zeros."""
    g = np.column_stack([x[:, 1] * x[:, 2], x[:, 0] * x[:, 2], x[:, 0] * x[:, 1]])
    return np.asarray(3 * (g - (g * x).sum(axis=1, keepdims=True) * x) + np.cross(x, SPIN))


def _masked(vectors: Floats, observed: NDArray[np.bool_]) -> Floats:
    return np.where(observed[:, None], vectors, np.nan)


def _chosen(n: int, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    observed = np.zeros(n, bool)
    observed[rng.permutation(n)[: min(count, n)]] = True
    return observed


def sphere_field(
    *, name: str, spec: str, n: float, observed: float, noise: float, seed: float
) -> VectorSamples:
    """A smooth field on the unit sphere, seen at some of n points of a Fibonacci lattice."""
    from scipy.spatial import ConvexHull

    rng = np.random.default_rng(int(seed))
    x = fibonacci_sphere(int(n))
    truth = sphere_vectors(x)
    seen = _chosen(len(x), int(observed * n), rng)
    faces = outward(x, ConvexHull(x).simplices.astype(np.int64), x)
    vectors = truth + noise * rng.standard_normal(x.shape) if noise else truth
    return VectorSamples(
        name=name, spec=spec, positions=x, vectors=_masked(vectors, seen), observed=seen,
        faces=faces, truth=truth,
    )  # fmt: skip


def outward(x: Floats, faces: NDArray[np.int64], normals: Floats) -> NDArray[np.int64]:
    """The faces with their corners ordered counter-clockwise seen along -normals (n, 3)."""
    a, b, c = (x[faces[:, k]] for k in range(3))
    wrong = np.einsum("fd,fd->f", np.cross(b - a, c - a), normals[faces].mean(axis=1)) < 0
    return np.where(wrong[:, None], faces[:, ::-1], faces)


def tight_roll(
    *, name: str, spec: str, n: float, observed: float, noise: float, seed: float
) -> VectorSamples:
    """A strip rolled so tightly that neighbours in space are far apart along the sheet.

    Layers lie 1 apart; the field turns with the arc length. `observed` is the share of points with
    a vector; `noise` is added to each ambient component.
    """
    count = int(n)
    rng = np.random.default_rng(int(seed))
    low, high = 3 * np.pi, 11 * np.pi
    t = np.sqrt(low**2 + (high**2 - low**2) * rng.random(15 * count))
    h = 3 * rng.random(15 * count)
    x = np.column_stack([t * np.cos(t) / (2 * np.pi), h, t * np.sin(t) / (2 * np.pi)])
    kept = farthest_points(x, count, int(rng.integers(len(x))))
    t, h, x = t[kept], h[kept], x[kept]
    along = np.column_stack([np.cos(t) - t * np.sin(t), np.zeros(count), np.sin(t) + t * np.cos(t)])
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.array([0.0, 1.0, 0.0])
    s = _arc_length(t)
    s = s - s.min()
    phase = (2 * np.pi * s / WAVELENGTH)[:, None]
    truth = np.cos(phase) * along + np.sin(phase) * across
    seen = _chosen(count, round(observed * count), rng)
    vectors = truth + noise * rng.standard_normal(x.shape)
    return VectorSamples(
        name=name, spec=spec, positions=x, vectors=_masked(vectors, seen), observed=seen,
        truth=truth, labels={"arc length": s},
    )  # fmt: skip


def _arc_length(t: Floats) -> Floats:
    """Of the Archimedean spiral r = t / (2 pi)."""
    return np.asarray((t * np.sqrt(1 + t**2) + np.arcsinh(t)) / (4 * np.pi))


def farthest_points(x: Floats, count: int, first: int) -> NDArray[np.int64]:
    """Greedy farthest-point sampling: `count` rows of x (n, D), each farthest from those before.

    A running minimum of distances: O(n count) time, O(n) memory.
    """
    chosen = np.empty(count, np.int64)
    chosen[0] = first
    nearest = ((x - x[first]) ** 2).sum(axis=1)
    for k in range(1, count):
        chosen[k] = int(nearest.argmax())
        np.minimum(nearest, ((x - x[chosen[k]]) ** 2).sum(axis=1), out=nearest)
    return chosen
