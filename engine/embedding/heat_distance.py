"""Geodesic distances read off heat: Varadhan's formula with a volume term.

"A Heat Diffusion Perspective on Geodesic Preserving Dimensionality Reduction", arXiv 2305.19043.
Functions whose name ends in `_steps` yield None between blocks of rows; the plain ones run through.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.numerics.blocks import row_blocks, symmetric_product
from engine.stages import beats, finish

Floats = NDArray[np.float64]

EPS = 1e-16
"""Added to heat before its logarithm, so that distances saturate at sqrt(4 t ln 1e16)."""
EULER_EPS = 1e-100
"""The same for Euler's kernel, whose entries are accurate however small they are."""
RESOLUTION = 1e-14
"""Heat below this share of the greatest is rounding noise in a kernel from eigenvectors."""
WEIGHT_FLOOR = 1e-5
"""Added to heat where it weighs pairs."""


@dataclass(frozen=True, slots=True, eq=False)
class Dissimilarity:
    """d (n, n), the fraction of pairs clipped at 0 and of pairs below the kernel's resolution."""

    values: Floats
    clipped: float
    floor: float


def dissimilarity(
    kernel: Floats,
    t: float,
    *,
    volume: float = 0.0,
    power: float = 1.0,
    log_time: float | None = None,
    diagonal: Literal["zero", "kept"] = "zero",
    eps: float = EPS,
    resolution: float = RESOLUTION,
) -> Dissimilarity:
    """d_ij from the heat kernel H (n, n) at time t.

        S_ij = -4 t log(H_ij + eps) - sigma 4 t log V_ij,   V_ij = 2 / (H_ii + H_jj + 2 eps)
        d_ij = sqrt(max(S_ij, 0))^p

    With sigma (`volume`) = 1, S_ii = 0 by itself; else the diagonal is set to 0 unless "kept".
    With `log_time` = log t (Euler: log(t/K)) the log-normalised variant replaces the square root:
    d_ij = (max(S_ij, 0) / (4 t |log t|))^p. Pairs count as floored when their heat is below
    `resolution` times the greatest (0 for Euler's kernel) or within ten times `eps`.
    """
    return finish(
        dissimilarity_steps(
            kernel,
            t,
            volume=volume,
            power=power,
            log_time=log_time,
            diagonal=diagonal,
            eps=eps,
            resolution=resolution,
        )
    )


def dissimilarity_steps(
    kernel: Floats,
    t: float,
    *,
    volume: float = 0.0,
    power: float = 1.0,
    log_time: float | None = None,
    diagonal: Literal["zero", "kept"] = "zero",
    eps: float = EPS,
    resolution: float = RESOLUTION,
) -> Generator[None, None, Dissimilarity]:
    """`dissimilarity`, yielding between blocks."""
    n = len(kernel)
    own = np.maximum(kernel.diagonal(), 0.0)
    least = max(resolution * float(own.max(initial=0.0)), 10.0 * eps)
    out = np.empty((n, n))
    clipped = floor = 0
    for part in row_blocks(n, 3000.0 * n):
        heat = np.maximum(kernel[part], 0.0)
        floor += int(np.count_nonzero(heat < least))
        heat += eps
        squared = np.log(heat, out=heat)
        if volume:
            # -log V_ij = log((H_ii + H_jj) / 2 + eps), with the sign of the formula above.
            squared -= volume * np.log((own[part, None] + own) / 2 + eps)
        squared *= -4.0 * t
        # The diagonal is no pair: it must count neither as clipped nor as floored.
        clipped += int(np.count_nonzero(squared <= 0.0))
        clipped -= int(np.count_nonzero(squared[:, part].diagonal() <= 0.0))
        out[part] = _length(np.maximum(squared, 0.0, out=squared), t, power, log_time)
        yield None
    floor -= int(np.count_nonzero(own < least))
    if diagonal == "zero":
        np.fill_diagonal(out, 0.0)
    pairs = max(n * (n - 1), 1)
    return Dissimilarity(out, clipped / pairs, floor / pairs)


def _length(squared: Floats, t: float, power: float, log_time: float | None) -> Floats:
    if log_time is not None:
        squared /= 4.0 * t * abs(log_time)
        return squared if power == 1.0 else np.asarray(squared**power)
    if power == 2.0:
        return squared
    root = np.sqrt(squared, out=squared)
    return root if power == 1.0 else np.asarray(root**power)


def multiscale_times(t: float, scales: int, span: float) -> tuple[Floats, Floats]:
    """Times (k,) on a geometric grid around t and their weights (k,), 1 - t_k / sum t, sum 1."""
    if scales == 1:
        return np.array([t]), np.ones(1)
    times = np.geomspace(t / np.sqrt(span), t * np.sqrt(span), scales)
    share = 1.0 - times / times.sum()
    return times, share / share.sum()


def row_distances(values: Floats) -> Floats:
    """T_ij = |D_i. - D_j.| (n, n): Euclidean distances between rows of `values` (n, k)."""
    return finish(row_distances_steps(values))


def row_distances_steps(values: Floats) -> Generator[None, None, Floats]:
    """`row_distances`, yielding between blocks.

    By products, except where rows are so near one another that the products cancel.
    """
    centred = values - values.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    total = yield from symmetric_product(centred, centred.T)
    for part in row_blocks(len(values), 300.0 * len(values)):
        total[part] *= -2.0
        total[part] += squares + squares[part, None]
        yield None
    for part in row_blocks(len(values), 300.0 * len(values)):
        doubtful = total[part] < 1e-4 * (squares[part, None] + squares)
        i, j = np.nonzero(doubtful)
        i += part.start
        # One triangle, mirrored, and in pieces that stay small when very many rows coincide.
        i, j = i[i > j], j[i > j]
        piece = max(1, 1_000_000 // values.shape[1])
        for start in range(0, len(i), piece):
            a, b = i[start : start + piece], j[start : start + piece]
            gap = values[a] - values[b]
            total[a, b] = total[b, a] = np.einsum("ij,ij->i", gap, gap)
            yield None
    np.fill_diagonal(total, 0.0)
    return (yield from beats(lambda: np.sqrt(np.maximum(total, 0.0, out=total), out=total)))


def denoised_steps(
    distances: Floats, share: float, *, rescale: bool, enlarge: float = 1.0
) -> Generator[None, None, Floats]:
    """(1 - rho) D + rho T with T the distances between rows of D; the diagonal becomes 0.

    `rescale` multiplies T by mean(D) / mean(T), which the published code does not. `enlarge` makes
    up for rows of a subset being shorter: sqrt(n / subset).
    """
    apart = yield from row_distances_steps(distances)

    def mix() -> Floats:
        factor = enlarge
        if rescale and (mean := float(apart.mean())) > 0:
            factor = float(distances.mean()) / mean
        mixed = (1.0 - share) * distances + (share * factor) * apart
        np.fill_diagonal(mixed, 0.0)
        return np.asarray(mixed)

    return (yield from beats(mix))


def capped(distances: Floats, quantile: float) -> Floats:
    """Distances beyond their `quantile` set to it."""
    if quantile >= 1.0:
        return distances
    below = np.tril_indices(len(distances), -1)
    return np.minimum(distances, np.quantile(distances[below], quantile))


def pair_weights(
    kind: Literal["equal", "inverse square", "heat"], distances: Floats, kernel: Floats
) -> Floats | None:
    """Weights (n, n) of the pairs in the layout: 1 (None), d^-2, or H + 1e-5."""
    if kind == "equal":
        return None
    if kind == "heat":
        return np.asarray(np.maximum(kernel, 0.0) + WEIGHT_FLOOR)
    # Coincident points would weigh infinitely much.
    least = 1e-2 * (float(np.median(distances)) or float(distances.max()) or 1.0)
    return np.asarray(np.maximum(distances, least) ** -2)
