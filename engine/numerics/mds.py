"""Multidimensional scaling: points whose distances are the given ones, as nearly as possible."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigsh

from engine.numerics.blocks import symmetric_inverse
from engine.stages import beats

Floats = NDArray[np.float64]

BLOCK = 131_072
"""Entries of one block of pairs: 1 MB, which stays in the cache through its dozen operations."""


def classical(distances: Floats, dimension: int) -> Floats:
    """Y (n, d) = V sqrt(max(lambda, 0)) from the top eigenpairs of B = -1/2 J D^2 J.

    Torgerson 1952. Columns in order of falling eigenvalue; each column's sign makes its largest
    entry positive. `distances` (n, n) symmetric with zero diagonal.
    """
    n = len(distances)
    squared = distances**2
    mean = squared.mean(axis=0)
    squared -= mean
    squared -= mean[:, None]
    squared += mean.mean()
    squared *= -0.5
    if not squared.any():  # all distances are 0: one point, and nothing for Lanczos to begin with
        return np.zeros((n, dimension))
    if n <= max(64, 4 * dimension):
        values, vectors = np.linalg.eigh(squared)
    else:
        operator = LinearOperator((n, n), matvec=lambda v: squared @ v, dtype=np.float64)
        values, vectors = eigsh(operator, k=dimension, which="LA", v0=_start(n))
    order = np.argsort(-values)[:dimension]
    values, vectors = np.maximum(values[order], 0.0), vectors[:, order]
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    layout = np.zeros((n, dimension))
    layout[:, : len(order)] = vectors * signs * np.sqrt(values)
    return np.asarray(layout)


def _start(n: int) -> Floats:
    """A fixed start for Lanczos, far from the constant vector, which B maps to 0."""
    return np.asarray(np.cos(np.arange(n) * 2.399963) + 0.1)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One pass over all pairs.

    `stress` is sum_{i<j} w_ij (d_ij - |y_i - y_j|)^2 at `layout`; `normalised` is
    sqrt(stress / sum_{i<j} w_ij d_ij^2), free of scale.
    """

    index: int
    stress: float
    normalised: float
    layout: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What `smacof` aims at.

    Attributes
    ----------
    pull : w_ij d_ij (n, n); d itself for unit weights
    total : sum_{i<j} w_ij d_ij^2
    weights : w (n, n), None for 1
    sums : row sums of w (n,)
    inverse : of the weight Laplacian plus 11'/n, which makes it invertible and changes nothing on
        centred points
    """

    pull: Floats
    total: float
    weights: Floats | None = None
    inverse: Floats | None = None
    sums: Floats | None = None


def target(distances: Floats) -> Target:
    """Dissimilarities (n, n), symmetric with zero diagonal, that all count alike."""
    return Target(distances, float(np.vdot(distances, distances)) / 2)


def weighted_target(distances: Floats, weights: Floats) -> Generator[None, None, Target]:
    """Dissimilarities that count by symmetric positive `weights` (n, n), whose diagonal is ignored.

    Inverts an n x n matrix, yielding None between blocks.
    """
    n = len(weights)

    def normalised() -> tuple[Floats, Floats, Floats, Floats]:
        scaled = weights.copy()
        np.fill_diagonal(scaled, 0.0)
        # The scale of the weights is arbitrary; a mean of 1 keeps the two terms below comparable.
        scaled *= n * (n - 1) / scaled.sum()
        sums = scaled.sum(axis=1)
        lap = 1.0 / n - scaled
        lap[np.diag_indices(n)] += sums
        return scaled, sums, lap, scaled * distances

    scaled, sums, lap, pull = yield from beats(normalised)
    inverse = yield from symmetric_inverse(lap)
    return Target(pull, float(np.vdot(pull, distances)) / 2, scaled, inverse, sums)


def guttman(aim: Target, layout: Floats) -> Generator[None, None, tuple[Floats, float]]:
    """The Guttman transform of a centred `layout` and the stress at it, yielding between blocks.

    de Leeuw 1977: Y+ = V^+ B(Y) Y with B_ij = -w_ij d_ij / |y_i - y_j|, B_ii = -sum_j B_ij.
    The stress comes with it, for <Y, B(Y) Y> = sum_{i<j} w_ij d_ij |y_i - y_j|.
    """
    n = len(layout)
    ones = np.column_stack([layout, np.ones(n)])
    # |y_i - y_j|^2 as one product; pairs nearer than 1e-7 of the extent count as that far apart.
    squares = np.einsum("ij,ij->i", layout, layout)
    left = np.column_stack([-2 * layout, squares, np.ones(n)])
    right = np.ascontiguousarray(np.column_stack([layout, np.ones(n), squares]).T)
    floor = max(1e-14 * float(squares.max()), 1e-300)
    sums = np.zeros_like(ones)
    rows = max(1, min(BLOCK // n, n))
    for start in range(0, n, rows):
        part, before = slice(start, start + rows), slice(0, start)
        if start:  # the matrix is symmetric: the lower triangle serves both sides
            ratio = _ratio(aim.pull[part, before], left[part] @ right[:, before], floor)
            sums[part] += ratio @ ones[before]
            sums[before] += ratio.T @ ones[part]
        sums[part] += _ratio(aim.pull[part, part], left[part] @ right[:, part], floor) @ ones[part]
        yield None
    moved = sums[:, -1:] * layout - sums[:, :-1]
    reached = float(np.vdot(layout, moved))
    if aim.weights is None or aim.inverse is None or aim.sums is None:
        return moved / n, max(aim.total - 2 * reached + n * float(squares.sum()), 0.0)
    spread = float(aim.sums @ squares) - float(np.vdot(layout, aim.weights @ layout))
    yield None
    return aim.inverse @ moved, max(aim.total - 2 * reached + spread, 0.0)


def _ratio(pull: Floats, squared: Floats, floor: float) -> Floats:
    """w d / |y_i - y_j|, in the memory of `squared`."""
    np.maximum(squared, floor, out=squared)
    np.sqrt(squared, out=squared)
    return np.asarray(np.divide(pull, squared, out=squared))


def smacof(
    aim: Target, start: Floats, *, tolerance: float = 1e-5, sweeps: int = 100
) -> Generator[Sweep | None, None, Sweep]:
    """Minimise the stress from `start` (n, d); yields a `Sweep` per pass, None within one.

    Steps are extrapolated (Anderson 1965, depth 5); one that would raise the stress is replaced by
    the plain Guttman transform, so that the stress never increases, as in plain SMACOF. Ends when
    two sweeps in a row lower the stress by less than `tolerance` of itself, or after `sweeps`.
    Returns the last sweep.
    """
    layout = start - start.mean(axis=0)
    moved, stress = yield from guttman(aim, layout)
    done = Sweep(0, stress, _normalised(aim, stress), layout)
    yield done
    memory = _Anderson()
    quiet = 0
    for index in range(1, sweeps + 1):
        trial = memory.propose(layout, moved)
        new, new_stress = yield from guttman(aim, trial)
        if new_stress > stress and trial is not moved:
            memory.forget()
            trial = moved
            new, new_stress = yield from guttman(aim, trial)
        if new_stress > stress:  # rounding: nothing is left to gain
            break
        quiet = quiet + 1 if stress - new_stress <= tolerance * stress else 0
        layout, moved, stress = trial, new, new_stress
        done = Sweep(index, stress, _normalised(aim, stress), layout)
        yield done
        if quiet >= 2:
            break
    return done


def _normalised(aim: Target, stress: float) -> float:
    return float(np.sqrt(stress / aim.total)) if aim.total > 0 else 0.0


class _Anderson:
    """Extrapolation of a fixed-point map from its last few steps (Walker and Ni 2011)."""

    def __init__(self, depth: int = 5) -> None:
        self._depth = depth
        self._steps: list[tuple[Floats, Floats]] = []

    def forget(self) -> None:
        self._steps.clear()

    def propose(self, point: Floats, image: Floats) -> Floats:
        """The combination of the last images whose combined residual is least."""
        self._steps.append((image.ravel(), (image - point).ravel()))
        if len(self._steps) > self._depth + 1:
            self._steps.pop(0)
        if len(self._steps) < 2:
            return image
        images = np.diff(np.array([s[0] for s in self._steps]), axis=0)
        residuals = np.diff(np.array([s[1] for s in self._steps]), axis=0)
        last = self._steps[-1][1]
        share, *_ = np.linalg.lstsq(residuals.T, last, rcond=1e-10)
        return np.asarray((image.ravel() - share @ images).reshape(point.shape))
