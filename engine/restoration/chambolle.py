"""Total variation by projections of its dual.

    min_x |x - y|^2 / 2 + w TV(x),     x = y + w div p,     |p| <= 1 at every pixel

Chambolle, An algorithm for total variation minimization and applications, J. Math. Imaging Vision
20 (2004): gradient steps on p, each projected; with the momentum of Beck and Teboulle, Fast
gradient-based algorithms for constrained total variation image denoising, IEEE Trans. Image
Processing 18 (2009), which a fixed number of iterations needs where w is large.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.floating]

STEP = 0.125
"""One over the norm of div grad."""
AT_ONCE = 500_000
"""Values of the rows that are worked on together: they stay in the cache, and of a large picture
there is no third or fourth array of the dual's size."""


def gradient(x: Planes, out: Planes) -> None:
    """Differences to the next row and column of (C, H, W) into (2, C, H, W); 0 at the far edges."""
    np.subtract(x[:, 1:], x[:, :-1], out=out[0, :, :-1])
    np.subtract(x[:, :, 1:], x[:, :, :-1], out=out[1, :, :, :-1])
    out[0, :, -1] = 0
    out[1, :, :, -1] = 0


def divergence(p: Planes, out: Planes) -> None:
    """Minus the adjoint of `gradient`: (2, C, H, W) into (C, H, W)."""
    out[:] = 0
    out[:, :-1] += p[0, :, :-1]
    out[:, 1:] -= p[0, :, :-1]
    out[:, :, :-1] += p[1, :, :, :-1]
    out[:, :, 1:] -= p[1, :, :, :-1]


def project(p: Planes, *, together: bool) -> None:
    """Shorten to 1 what is longer, at every pixel; `together` takes one length for all channels."""
    length = np.einsum("dchw,dchw->chw", p, p)
    if together:
        length = length.sum(axis=0, keepdims=True)
    np.sqrt(length, out=length)
    np.maximum(length, 1, out=length)
    p /= length


def variation(x: Planes, *, together: bool) -> float:
    """TV of (C, H, W)."""
    p = np.empty((2, *x.shape), x.dtype)
    gradient(x, p)
    axes = (0, 1) if together else 0
    return float(np.sqrt((p * p).sum(axis=axes)).sum(dtype=np.float64))


def descend(
    y: Planes, weight: float, iterations: int, *, together: bool, start: Planes | None = None
) -> Generator[None, None, tuple[Planes, Planes]]:
    """The minimiser (C, H, W) and its dual (2, C, H, W) after a fixed number of iterations, in the
    type of `y`; yields after each, and between bands of rows. `start` is a dual to go on from."""
    p = np.zeros((2, *y.shape), y.dtype) if start is None else start.copy()
    rows, t = bands(y.shape), 1.0
    if weight > 0 and iterations > 0:
        ahead = p.copy()
        for _ in range(iterations):
            after = (1 + (1 + 4 * t * t) ** 0.5) / 2
            upper = _primal(ahead, y, weight, slice(0, 1))
            for band in rows:
                upper = _advance(p, ahead, y, weight, (t - 1) / after, band, upper, together)
                yield
            t = after
        del ahead
    x = np.empty_like(y)
    for band in rows:
        x[:, band] = _primal(p, y, weight, band)
    return x, p


def bands(shape: tuple[int, ...]) -> list[slice]:
    """Rows (C, H, W) in bands of about `AT_ONCE` values."""
    rows = max(1, AT_ONCE // max(1, shape[0] * shape[2]))
    return [slice(top, min(top + rows, shape[1])) for top in range(0, shape[1], rows)]


def _advance(
    p: Planes, ahead: Planes, y: Planes, weight: float, momentum: float, band: slice,
    upper: Planes, together: bool,
) -> Planes:  # fmt: skip
    """One iteration of p and of the point `ahead` of it, in a band. `upper` is the picture in the
    band's first row, from before the rows above it were changed; that of the next is returned."""
    below = slice(band.start + 1, min(band.stop + 1, y.shape[1]))
    x = np.concatenate([upper, _primal(ahead, y, weight, below)], axis=1)
    count = band.stop - band.start
    slope = np.empty((2, *x.shape), y.dtype)
    gradient(x, slope)
    slope = slope[:, :, :count]
    slope *= STEP / weight
    slope += ahead[:, :, band]
    project(slope, together=together)
    np.subtract(slope, p[:, :, band], out=ahead[:, :, band])
    ahead[:, :, band] *= momentum
    ahead[:, :, band] += slope
    p[:, :, band] = slope
    return np.array(x[:, count:])


def _primal(p: Planes, y: Planes, weight: float, rows: slice) -> Planes:
    """y + weight div p in some rows."""
    x = _divergence_in(p, rows)
    x *= weight
    x += y[:, rows]
    return x


def _divergence_in(p: Planes, rows: slice) -> Planes:
    """`divergence` in some rows, of a p that is 0 at the far edges."""
    out = p[0, :, rows].copy()
    first = 1 if rows.start == 0 else 0
    out[:, first:] -= p[0, :, rows.start - 1 + first : rows.stop - 1]
    out[:, :, :-1] += p[1, :, rows, :-1]
    out[:, :, 1:] -= p[1, :, rows, :-1]
    return out
