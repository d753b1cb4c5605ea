"""Vector fields on surfaces whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.data.vectors import VectorSamples
from engine.numerics.spacing import farthest_points

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


def torus_field(
    *, name: str, spec: str, n: float, observed: float, noise: float, seed: float
) -> VectorSamples:
    """A field on a ring: cos 2b around it and sin a through it, eight zeros whose indices cancel.

    The points are a grid in the two angles a and b, about 2.5 times as many around as through.
    """
    through = max(5, round(np.sqrt(n / 2.5)))
    around = max(8, round(n / through))
    i, j = (k.ravel() for k in np.meshgrid(np.arange(around), np.arange(through), indexing="ij"))
    a, b = 2 * np.pi * i / around, 2 * np.pi * j / through
    ring = 1 + 0.4 * np.cos(b)
    x = np.column_stack([ring * np.cos(a), ring * np.sin(a), 0.4 * np.sin(b)])
    out = np.column_stack([np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)])
    along = np.column_stack([-np.sin(a), np.cos(a), np.zeros_like(a)])
    truth = np.cos(2 * b)[:, None] * along + np.sin(a)[:, None] * np.cross(out, along)

    def at(p: NDArray[np.int64], q: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray((p % around) * through + q % through)

    faces = np.concatenate(
        [np.column_stack([at(i, j), at(i + 1, j), at(i, j + 1)]),
         np.column_stack([at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)])]
    )  # fmt: skip
    return _seen(name, spec, x, truth, outward(x, faces, out), observed, noise, seed)


def blob_field(
    *, name: str, spec: str, n: float, observed: float, noise: float, seed: float
) -> VectorSamples:
    """A closed, dented surface with the tangent part of a smooth field in space: zeros that no
    combing removes."""
    from scipy.spatial import ConvexHull

    from engine.numerics.singularities import vertex_normals

    on_sphere = fibonacci_sphere(int(n))
    u, v, w = on_sphere.T
    radius = 1 + 0.25 * (u**3 - 3 * u * v**2) + 0.2 * w * (u**2 - v**2)
    faces = outward(on_sphere, ConvexHull(on_sphere).simplices.astype(np.int64), on_sphere)
    x = radius[:, None] * on_sphere
    normals = vertex_normals(x, faces)
    inside = np.column_stack([np.sin(2 * x[:, 1]), np.cos(2 * x[:, 2]), 0.6 + 0.5 * x[:, 0]])
    truth = inside - np.einsum("nd,nd->n", inside, normals)[:, None] * normals
    return _seen(name, spec, x, truth, faces, observed, noise, seed)


JET, JET_AT, JET_WIDTH = 25.0, np.deg2rad(42.0), np.deg2rad(13.0)
EDDIES, EDDY_SPEED = 160, 9.0


def winds(
    *, name: str, spec: str, n: float, observed: float, noise: float, seed: float
) -> VectorSamples:
    """Winds on a globe, in metres per second: two jets and a field of eddies.

    The eddies are x cross grad of a stream function, a sum of plane waves in space whose
    wave numbers are 2 to 14 with amplitudes k^-2.5: free of divergence, with most energy in what
    is large, as in the upper air. `observed` is the share of places that have a station.
    """
    from scipy.spatial import ConvexHull

    rng = np.random.default_rng(int(seed) + 1)
    x = fibonacci_sphere(int(n))
    latitude = np.arcsin(np.clip(x[:, 2], -1, 1))
    east = np.column_stack([-x[:, 1], x[:, 0], np.zeros(len(x))])
    east /= np.maximum(np.linalg.norm(east, axis=1, keepdims=True), 1e-9)
    strength = JET * (
        np.exp(-(((latitude - JET_AT) / JET_WIDTH) ** 2))
        + np.exp(-(((latitude + JET_AT) / JET_WIDTH) ** 2))
    ) - 6.0 * np.exp(-((latitude / (1.3 * JET_WIDTH)) ** 2))
    size = rng.uniform(2, 14, EDDIES)
    direction = rng.normal(size=(EDDIES, 3))
    waves = size[:, None] * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    slope = -(size**-2.5) * np.sin(x @ waves.T + rng.uniform(0, 2 * np.pi, EDDIES)) @ waves
    eddies = np.cross(x, slope)
    eddies *= EDDY_SPEED / np.sqrt((eddies**2).sum(axis=1).mean())
    truth = strength[:, None] * east + eddies
    faces = outward(x, ConvexHull(x).simplices.astype(np.int64), x)
    made = _seen(name, spec, x, truth, faces, observed, noise, seed)
    return replace(made, vector_unit="m/s", labels={"latitude": np.rad2deg(latitude)})


def _seen(
    name: str, spec: str, x: Floats, truth: Floats, faces: NDArray[np.int64], observed: float,
    noise: float, seed: float,
) -> VectorSamples:  # fmt: skip
    """The truth with noise at a random share of the points."""
    rng = np.random.default_rng(int(seed))
    seen = _chosen(len(x), max(1, round(observed * len(x))), rng)
    vectors = truth + noise * rng.standard_normal(x.shape)
    return VectorSamples(
        name=name, spec=spec, positions=x, vectors=_masked(vectors, seen), observed=seen,
        faces=faces, truth=truth,
    )  # fmt: skip


def _arc_length(t: Floats) -> Floats:
    """Of the Archimedean spiral r = t / (2 pi)."""
    return np.asarray((t * np.sqrt(1 + t**2) + np.arcsinh(t)) / (4 * np.pi))
