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
    type of `y`; yields after each. `start` is a dual to go on from."""
    p = np.zeros((2, *y.shape), y.dtype) if start is None else start.copy()
    ahead, before, slope = p.copy(), np.empty_like(p), np.empty_like(p)
    x, t = np.empty_like(y), 1.0
    for _ in range(iterations if weight > 0 else 0):
        before, p = p, before
        divergence(ahead, x)
        x *= weight
        x += y
        gradient(x, slope)
        slope *= STEP / weight
        np.add(ahead, slope, out=p)
        project(p, together=together)
        after = (1 + (1 + 4 * t * t) ** 0.5) / 2
        np.subtract(p, before, out=ahead)
        ahead *= (t - 1) / after
        ahead += p
        t = after
        yield
    divergence(p, x)
    return y + y.dtype.type(weight) * x, p
