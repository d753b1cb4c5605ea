"""t-SNE's probabilities and its descent, one iteration at a time.

van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9 (2008); forces by Barnes and Hut's
tree, van der Maaten, JMLR 15 (2014). The schedule is scikit-learn's: momentum 0.5 under early
exaggeration for 250 iterations, then 0.8; the forces are its compiled ones, run on one thread, for
their sums over several depend on which ends first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.numerics.blocks import row_blocks
from engine.numerics.neighbours import Neighbours
from engine.numerics.principal import project
from engine.stages import beats

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

EXAGGERATED = 250
"""Iterations under early exaggeration."""
CHECK_EVERY = 10
"""Iterations between two looks at the divergence."""
PATIENCE = 300
"""Iterations without progress after which the descent ends."""
STILL = 1e-7
"""Norm of the gradient below which it ends."""
ANGLE = 0.5
"""Cells of the tree seen under a smaller angle than this count as one point."""
BISECTIONS = 60
QUICK = 2000
"""Below so many rows an iteration is shorter than a beat."""


def neighbours_for(n: int, perplexity: float) -> int:
    """How many neighbours have a probability worth keeping: three times the perplexity."""
    return min(n - 1, int(3.0 * perplexity + 1))


def joint_probabilities(
    near: Neighbours, perplexity: float
) -> Generator[None, None, sparse.csr_array]:
    """P (n, n), symmetric, of sum 1, yielding between blocks of rows.

    p_j|i is proportional to exp(-b_i d_ij^2) with b_i such that its entropy is log(perplexity).
    """
    n, k = near.indices.shape
    inside = np.empty((n, k))
    for part in row_blocks(n, 400.0 * BISECTIONS * k):
        inside[part] = _conditional(near.distances[part] ** 2, np.log(perplexity))
        yield None

    def symmetric() -> sparse.csr_array:
        starts = np.arange(0, n * k + 1, k)
        directed = sparse.csr_array((inside.ravel(), near.indices.ravel(), starts), shape=(n, n))
        both = sparse.csr_array(directed + directed.T)
        both.data /= both.data.sum()
        return both

    return (yield from beats(symmetric))


def _conditional(squares: Floats, entropy: float) -> Floats:
    """Rows of probabilities (m, k) of the wanted entropy, by bisection of log b."""
    squares = squares - squares.min(axis=1, keepdims=True)
    mean = squares.mean(axis=1, keepdims=True)
    squares /= np.where(mean > 0, mean, 1.0)
    low = np.full((len(squares), 1), np.log(1e-10))
    high = np.full((len(squares), 1), np.log(1e20))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        shares, found = _shares(squares, np.exp(middle))
        too_even = found > entropy
        low, high = np.where(too_even, middle, low), np.where(too_even, high, middle)
    return shares


def _shares(squares: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Probabilities (m, k) and their entropy (m, 1), nats."""
    reach = squares * beta
    shares = np.exp(-reach)
    total = shares.sum(axis=1, keepdims=True)
    shares /= total
    return shares, np.log(total) + (shares * reach).sum(axis=1, keepdims=True)


def start(values: Floats, dimension: int, seed: int) -> Singles:
    """Principal components (n, d) scaled to a deviation of 1e-4 along the first; random numbers of
    that size where the data have fewer columns than the map."""
    n = len(values)
    first = np.random.default_rng(seed).normal(size=(n, dimension)) * 1e-4
    count = min(dimension, values.shape[1])
    principal = project(values, count, seed)
    spread = float(principal[:, 0].std())
    if spread > 0:
        first[:, :count] = principal / spread * 1e-4
    return first.astype(np.float32)


def forces(probabilities: sparse.csr_array, layout: Singles, angle: float) -> tuple[float, Singles]:
    """Divergence sum p log(p / q) and its gradient (n, d) for d = 2 or 3.

    One degree of freedom in either dimension, as in the papers. scikit-learn takes two in three
    dimensions, for which its forces are not the gradient.
    """
    from sklearn.manifold import _barnes_hut_tsne as tree

    out = np.zeros_like(layout)
    divergence = tree.gradient(
        probabilities.data.astype(np.float32, copy=False),
        layout,
        probabilities.indices.astype(np.int64, copy=False),
        probabilities.indptr.astype(np.int64, copy=False),
        out,
        angle,
        layout.shape[1],
        False,
        dof=1,
        compute_error=True,
        num_threads=1,
    )
    out *= 4.0
    return float(divergence), out


@dataclass(frozen=True, slots=True)
class Pace:
    """What may change from one iteration to the next; the automatic `rate` is that of Belkina et
    al. 2019 as scikit-learn scales it, n / exaggeration / 4 and at least 50."""

    exaggeration: float
    rate: float | None

    def rate_for(self, n: int) -> float:
        return max(n / self.exaggeration / 4.0, 50.0) if self.rate is None else self.rate


@dataclass(frozen=True, slots=True, eq=False)
class Iteration:
    """The layout (n, d) after `index` iterations; `divergence` is that before the last of them, of
    the probabilities themselves also while they are exaggerated."""

    index: int
    divergence: float
    layout: Singles


def descend(
    probabilities: sparse.csr_array, layout: Singles, iterations: int, pace: Callable[[], Pace]
) -> Generator[Iteration | None, None, None]:
    """Gradient descent with momentum and gains; yields every iteration, None within a long one."""
    exact = probabilities.data.astype(np.float32)
    probabilities = sparse.csr_array(
        (exact, probabilities.indices.astype(np.int64), probabilities.indptr.astype(np.int64)),
        shape=probabilities.shape,
    )
    best, best_at = np.inf, 0
    update, gains = np.zeros_like(layout), np.ones_like(layout)
    for index in range(1, iterations + 1):
        now = pace()
        factor = now.exaggeration if index <= EXAGGERATED else 1.0
        if index == EXAGGERATED + 1:
            update, gains = np.zeros_like(layout), np.ones_like(layout)
            best, best_at = np.inf, index
        probabilities.data = exact * np.float32(factor)
        call = functools.partial(forces, probabilities, layout, ANGLE)
        # The first call loads the library, which takes seconds.
        inline = index > 1 and len(layout) < QUICK
        divergence, gradient = call() if inline else (yield from beats(call))
        divergence = divergence / factor - float(np.log(factor))
        # A gain grows while its coordinate keeps its direction and shrinks where that turns.
        gains = np.where(update * gradient < 0.0, gains + np.float32(0.2), gains * np.float32(0.8))
        np.maximum(gains, np.float32(0.01), out=gains)
        gradient *= gains
        momentum = np.float32(0.5 if index <= EXAGGERATED else 0.8)
        update = momentum * update - np.float32(now.rate_for(len(layout))) * gradient
        layout = layout + update
        yield Iteration(index, divergence, layout)
        if index % CHECK_EVERY == 0 and index > EXAGGERATED:
            if divergence < best:
                best, best_at = divergence, index
            if index - best_at > PATIENCE or float(np.linalg.norm(gradient)) <= STILL:
                return
