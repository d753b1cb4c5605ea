"""How far heat has spread, as the entropy of the kernel's rows, and the time at which it levels."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from engine.numerics.heat import NOTHING, Spectrum

Floats = NDArray[np.float64]

TIMES = 40
ALL_ROWS = 500
"""Up to so many points all rows count; beyond, the curve is estimated from `SOME_ROWS`."""
SOME_ROWS = 128
FLOOR = 1e-10


def diffusion_times(mean_degree: float) -> Floats:
    """Times (40,) in [0.05, 200] / mean degree, geometric; diffusion is as fast as the degree."""
    scale = mean_degree if mean_degree > 0 else 1.0
    return np.asarray(np.geomspace(0.05, 200.0, TIMES) / scale)


def rows_for(n: int) -> NDArray[np.int64]:
    """Rows that the curve is computed from: all, or evenly spaced ones."""
    if n <= ALL_ROWS:
        return np.arange(n, dtype=np.int64)
    return np.linspace(0, n - 1, SOME_ROWS).round().astype(np.int64)


def entropy_curve(spectrum: Spectrum, times: Floats) -> Generator[None, None, Floats]:
    """Mean over points of -sum_j H_ij log(H_ij + 1e-10) at each time, in nats; yields between.

    log n at most, when the heat is even. The sum over points, which the paper writes, is n times
    as much and has the same knee.
    """
    vectors = spectrum.vectors
    some = vectors[rows_for(len(vectors))]
    curve = np.empty(len(times))
    for k, t in enumerate(times):
        kept = max(1, int(np.searchsorted(spectrum.values, NOTHING / t)))
        left = some[:, :kept] * np.exp(-t * spectrum.values[:kept])
        curve[k] = row_entropy(np.maximum(left @ vectors[:, :kept].T, 0.0)).mean()
        yield None
    return curve


def row_entropy(kernel: Floats) -> Floats:
    """-sum_j H_ij log(H_ij + 1e-10) (n,) of nonnegative rows (n, m)."""
    logs = np.log(kernel + FLOOR)
    logs *= kernel
    return np.asarray(-logs.sum(axis=1))


def knee(x: Floats, y: Floats, sensitivity: float = 0.5) -> float | None:
    """The x at which a concave increasing curve bends, or None.

    Kneedle (Satopaa et al. 2011): both axes scaled to [0, 1], the knee is the greatest y - x,
    provided that the difference later falls by `sensitivity` times the mean spacing of x.
    """
    span_x, span_y = float(x[-1] - x[0]), float(y.max() - y.min())
    if span_y <= 1e-9 * max(1.0, float(abs(y).max())) or span_x <= 0:
        return None
    difference = (y - y.min()) / span_y - (x - x[0]) / span_x
    top = int(difference.argmax())
    if top in (0, len(x) - 1):
        return None
    threshold = difference[top] - sensitivity / (len(x) - 1)
    return float(x[top]) if difference[top:].min() < threshold else None
