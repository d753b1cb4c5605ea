"""Manifolds with known geodesics, made from a seed."""

from __future__ import annotations

import numpy as np

from engine.data.table import Floats, Table
from engine.data.truth import CircleTruth, FlatTruth, neighbour_truth
from engine.layers import Array


def _table(
    name: str, spec: str, values: Floats, labels: dict[str, Array], label: str, truth: object
) -> Table:
    letters = ("x", "y", "z")
    width = values.shape[1]
    columns = letters[:width] if width <= 3 else tuple(f"x{k + 1}" for k in range(width))
    return Table(
        name=name,
        spec=spec,
        values=values,
        columns=columns,
        labels=labels,
        label=label,
        truth=truth,  # type: ignore[arg-type]
    )


def _immersed(points: Floats, dimension: int, noise: float, rng: np.random.Generator) -> Floats:
    """Turn (n, d) points by d rows of a random orthogonal matrix into `dimension` columns, and add
    isotropic Gaussian noise of standard deviation `noise` in the final space."""
    if dimension > points.shape[1]:
        square = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0]
        points = points @ square[: points.shape[1]]
    return points + noise * rng.normal(size=points.shape)


def _roll(turn: Floats, height: Floats) -> Floats:
    return np.column_stack([turn * np.cos(turn), height, turn * np.sin(turn)])


def _arc_length(turn: Floats) -> Floats:
    """Length along the spiral r = t from 0 to t; the parameter t itself is not a length."""
    return 0.5 * (turn * np.sqrt(1 + turn**2) + np.arcsinh(turn))


def _rolled(
    name: str,
    spec: str,
    turn: Floats,
    clump: Array | None,
    noise: float,
    dimension: int,
    rng: np.random.Generator,
) -> Table:
    height = rng.uniform(0, 5, len(turn))
    values = _immersed(_roll(turn, height), dimension, noise, rng)
    edges = np.linspace(turn.min(), turn.max(), 5)
    quarter = np.clip(np.digitize(turn, edges), 1, 4)
    labels: dict[str, Array] = {"arc length": _arc_length(turn), "height": height}
    labels["quarter"] = quarter.astype(np.int64)
    if clump is not None:
        labels["clump"] = clump
    truth = FlatTruth(np.column_stack([_arc_length(turn), height]))
    table = _table(name, spec, values, labels, "quarter" if clump is None else "clump", truth)
    return table


def swiss_roll(*, name: str, spec: str, n: int, noise: float, dimension: int, seed: int) -> Table:
    """u ~ U(0,1), t = 1.5 pi (1 + 2u), height ~ U(0,5), point (t cos t, height, t sin t)."""
    rng = np.random.default_rng(seed)
    turn = 1.5 * np.pi * (1 + 2 * rng.uniform(size=n))
    return _rolled(name, spec, turn, None, noise, dimension, rng)


def clustered_roll(
    *, name: str, spec: str, n: int, noise: float, dimension: int, seed: int
) -> Table:
    """The roll with t from two Gaussians of means 7 and 12 and standard deviation 1."""
    rng = np.random.default_rng(seed)
    clump = rng.integers(0, 2, n)
    turn = np.abs(rng.normal(np.where(clump == 0, 7.0, 12.0), 1.0))
    return _rolled(name, spec, turn, clump.astype(np.int64), noise, dimension, rng)


def tree(
    *, name: str, spec: str, n: int, noise: float, dimension: int, branches: int, seed: int
) -> Table:
    """Branches of a diffusion-limited tree: sums of uniform(-1, 1) steps. Every branch after the
    first starts at a random point of the first. Truth: shortest paths between noise-free points."""
    rng = np.random.default_rng(seed)
    sizes = [len(part) for part in np.array_split(np.arange(n), branches)]
    parts = [np.cumsum(rng.uniform(-1, 1, (sizes[0], dimension)), axis=0)]
    for size in sizes[1:]:
        start = parts[0][rng.integers(sizes[0])]
        parts.append(start + np.cumsum(rng.uniform(-1, 1, (size, dimension)), axis=0))
    clean = np.concatenate(parts)
    values = clean + noise * rng.normal(size=clean.shape)
    branch = np.repeat(np.arange(branches), sizes)
    along = np.concatenate([np.arange(size) for size in sizes])
    labels: dict[str, Array] = {"branch": branch.astype(np.int64), "along branch": along * 1.0}
    return _table(name, spec, values, labels, "branch", neighbour_truth(clean))


def cycle(*, name: str, spec: str, n: int, noise: float, dimension: int, seed: int) -> Table:
    """A unit circle at uniform angles, turned into `dimension` columns."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, n))
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    values = _immersed(circle, dimension, noise, rng)
    phase = np.digitize(angle, np.linspace(0, 2 * np.pi, 5)[1:-1])
    labels: dict[str, Array] = {"angle": angle, "phase": phase.astype(np.int64)}
    return _table(name, spec, values, labels, "phase", CircleTruth(angle, 1.0))


def spheres(*, name: str, spec: str, n: int, noise: float, gap: float, seed: int) -> Table:
    """Two unit spheres whose surfaces are `gap` apart."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    which = np.arange(n) % 2
    points[:, 0] += which * (2 + gap)
    values = points + noise * rng.normal(size=points.shape)
    labels: dict[str, Array] = {"sphere": which.astype(np.int64), "height": points[:, 2]}
    return _table(name, spec, values, labels, "sphere", None)


def blobs(*, name: str, spec: str, n: int, seed: int) -> Table:
    """scikit-learn's isotropic clusters: ten features, four centres."""
    from sklearn.datasets import make_blobs

    values, which = make_blobs(n_samples=n, n_features=10, centers=4, random_state=seed)
    return _table(name, spec, values, {"blob": which.astype(np.int64)}, "blob", None)
