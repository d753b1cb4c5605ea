"""A map for given LIVE parameters: in full, or as a preview that the hand can drag."""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from engine.embedding import heat_distance as distance
from engine.embedding.heat_params import Params
from engine.embedding.heat_stages import Fitted
from engine.method import DataError
from engine.numerics import heat, mds
from engine.numerics.blocks import row_blocks
from engine.numerics.entropy import row_entropy
from engine.numerics.procrustes import turn
from engine.stages import Stages, beats, finish

Floats = NDArray[np.float64]

PREVIEW_SWEEPS = 8
HARD_SWEEPS = 20
"""With weights, or distances that saturate, classical scaling is a worse start."""
SWEEPS = 100
RESOLVED = (1e-13, 1e-6)
"""From eigenvectors, Euler's entries below the first are rounding noise (the settled frame's solves
keep them); between the two they show how the kernel's tail falls with distance."""
LEAST_LOG = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Positions of the computed points (m, d) and what is known of each and of all."""

    positions: Floats
    distortion: Floats
    entropy: Floats
    stresses: tuple[float, ...]
    clipped: float
    floor: float
    points: Floats
    """(q, d): positions of the points that were laid out; `positions` itself when settled."""


def time_of(fitted: Fitted, params: Params) -> float:
    return fitted.automatic_time if params.time is None else params.time


def settle(
    fitted: Fitted, params: Params, kept: Stages
) -> Generator[mds.Sweep | None, None, Layout]:
    """The full layout; yields every sweep of the scaling, None otherwise."""
    times, shares = _times(fitted, params)
    check_log_time(times, params)
    key = (params.kernel, params.order, params.rank, tuple(times))
    kernels = yield from kept.get_by_steps("kernel", key, lambda: _kernels(fitted, params, times))
    apart = yield from _apart(kernels, times, shares, params)
    aim = yield from _aim(apart.values, kernels[0], params)
    start = yield from beats(lambda: mds.classical(apart.values, params.dimension))
    stresses = []
    positions = start
    for sweep in mds.smacof(aim, start, sweeps=SWEEPS):
        if sweep is not None:
            stresses.append(sweep.normalised)
            positions = sweep.layout
        yield sweep
    positions = aligned(fitted, positions)
    distortion = yield from _distortion(apart.values, positions)
    entropy = yield from _entropy(kernels)
    return Layout(
        positions, distortion, entropy, tuple(stresses), apart.clipped, apart.floor, positions
    )


def _aim(distances: Floats, kernel: Floats, params: Params) -> Generator[None, None, mds.Target]:
    """What the scaling aims at; of several times' kernels the first weighs the pairs."""
    if params.weights == "equal":
        return mds.target(distances)
    weights = yield from beats(lambda: distance.pair_weights(params.weights, distances, kernel))
    assert weights is not None
    return (yield from mds.weighted_target(distances, weights))


def aligned(fitted: Fitted, positions: Floats) -> Floats:
    """Turned and mirrored to the fit's reference; distances are kept."""
    return turn(positions, fitted.reference[:, : positions.shape[1]])


def _times(fitted: Fitted, params: Params) -> tuple[Floats, Floats]:
    scales = 1 if params.kernel == "euler" else params.scales
    return distance.multiscale_times(time_of(fitted, params), scales, params.span)


def check_log_time(times: Floats, params: Params) -> None:
    """Refuse a division by a logarithm near 0.

    Raises
    ------
    DataError
        In one sentence.
    """
    if not params.log_normalise:
        return
    for t in times:
        if abs(_log_time(float(t), params) or 0.0) < LEAST_LOG:
            what = "diffusion time per Euler step" if params.kernel == "euler" else "diffusion time"
            raise DataError(
                f"Normalising by log time divides by nearly 0 when the {what} is near 1; "
                "move the diffusion time or switch the normalisation off."
            )


def floor_of(params: Params) -> float:
    if params.kernel != "euler":
        return distance.EPS
    return distance.EULER_EPS if params.floor is None else params.floor


def _log_time(t: float, params: Params) -> float | None:
    if not params.log_normalise:
        return None
    return float(np.log(t / params.order if params.kernel == "euler" else t))


def _kernels(fitted: Fitted, params: Params, times: Floats) -> Generator[None, None, list[Floats]]:
    """H (m, m) at every time, by the evaluator that was asked for."""
    if params.kernel == "chebyshev":
        largest = 1.01 * float(fitted.values[-1])
        return (
            yield from heat.chebyshev_many(fitted.lap, [float(t) for t in times], largest=largest)
        )
    kernels = []
    for t in times:
        if params.kernel == "euler":
            kernel = yield from heat.euler(fitted.lap, float(t), params.order)
        elif params.kernel == "lowrank":
            rank = eigenvectors_kept(fitted, params)
            kernel = yield from heat.lowrank(fitted.spectrum, rank, float(t))
        else:
            kernel = yield from heat.exact(fitted.spectrum, float(t))
        kernels.append(kernel)
    return kernels


def eigenvectors_kept(fitted: Fitted, params: Params) -> int:
    return max(2, int(np.ceil(params.rank * len(fitted.values))))


def _apart(
    kernels: list[Floats],
    times: Floats,
    shares: Floats,
    params: Params,
    enlarge: float = 1.0,
) -> Generator[None, None, distance.Dissimilarity]:
    """D (m, m): every time's distances averaged, then denoised and capped."""
    keep = params.denoising != "off" and params.diagonal == "kept"
    values: Floats | None = None
    clipped = floor = 0.0
    for kernel, t, share in zip(kernels, times, shares, strict=True):
        one = yield from distance.dissimilarity_steps(
            kernel,
            float(t),
            volume=params.volume,
            power=params.power,
            log_time=_log_time(float(t), params),
            diagonal="kept" if keep else "zero",
            eps=floor_of(params),
            resolution=0.0 if params.kernel == "euler" else distance.RESOLUTION,
        )
        if len(times) == 1:
            values = one.values
        else:
            values = yield from beats(functools.partial(_added, values, float(share), one.values))
        clipped += share * one.clipped
        floor += share * one.floor
    assert values is not None
    if params.denoising != "off":
        values = yield from distance.denoised_steps(
            values, params.denoise, rescale=params.denoising == "rescaled", enlarge=enlarge
        )
    if params.far_limit < 1.0:
        values = yield from beats(functools.partial(distance.capped, values, params.far_limit))
    return distance.Dissimilarity(values, float(clipped), float(floor))


def _added(total: Floats | None, share: float, values: Floats) -> Floats:
    return share * values if total is None else total + share * values


def _distortion(distances: Floats, positions: Floats) -> Generator[None, None, Floats]:
    """Per point sqrt(sum_j (d_ij - |y_i - y_j|)^2 / sum_j d_ij^2), (m,)."""
    out = np.empty(len(positions))
    for part in row_blocks(len(positions), 1500.0 * len(positions)):
        gap = cdist(positions[part], positions)
        gap -= distances[part]
        size = np.einsum("ij,ij->i", distances[part], distances[part])
        out[part] = np.einsum("ij,ij->i", gap, gap) / np.where(size > 0, size, 1.0)
        yield None
    return np.asarray(np.sqrt(out))


def _entropy(kernels: list[Floats]) -> Generator[None, None, Floats]:
    """Entropy of each point's heat (m,), nats, averaged over times."""
    found = np.zeros(len(kernels[0]))
    for kernel in kernels:
        for part in row_blocks(len(kernel), 3000.0 * len(kernel)):
            found[part] += row_entropy(np.maximum(kernel[part], 0.0))
            yield None
    return found / len(kernels)


def preview(fitted: Fitted, params: Params) -> Layout:
    """A layout of the preview points, which all others follow.

    Heat between the preview points comes from the eigenvectors, the scaling takes a few sweeps, and
    Y = s (B - P B_q) + P Y_q: the layout B of the fit, of which the part that interpolation from
    the preview points gives is replaced by the new one; s is the new extent over the old.
    """
    times, shares = _times(fitted, params)
    check_log_time(times, params)
    some = fitted.vectors[fitted.preview]
    q, m = some.shape
    kernels = [_heat_between(fitted, some, float(t), params) for t in times]
    apart = finish(_apart(kernels, times, shares, params, float(np.sqrt(m / q))))
    aim = finish(_aim(apart.values, kernels[0], params))
    points = mds.classical(apart.values, params.dimension)
    stresses = []
    easy = params.weights == "equal" and params.kernel == "euler"
    sweeps = PREVIEW_SWEEPS if easy else HARD_SWEEPS
    for sweep in mds.smacof(aim, points, sweeps=sweeps):
        if sweep is not None:
            stresses.append(sweep.normalised)
            points = sweep.layout
    points = turn(points, fitted.reference[fitted.preview, : params.dimension])
    distortion = finish(_distortion(apart.values, points))
    entropy = np.mean([_sampled_entropy(k, m) for k in kernels], axis=0)
    return Layout(
        _follow(fitted, points),
        fitted.spread @ distortion,
        fitted.spread @ entropy,
        tuple(stresses),
        apart.clipped,
        apart.floor,
        points,
    )


def _heat_between(fitted: Fitted, some: Floats, t: float, params: Params) -> Floats:
    """H (q, q) between the previewed points, from their rows (q, m) of the eigenvectors."""
    values = fitted.values
    if params.kernel == "euler":
        left = heat.euler_response(values, t, params.order)
    else:
        left = heat.response(values, t)
        if params.kernel == "lowrank":
            left[eigenvectors_kept(fitted, params) :] = 0.0
    count = max(1, int(np.count_nonzero(left > 1e-18)))
    # A product with its own transpose costs half, and its result is exactly symmetric.
    half = some[:, :count] * np.sqrt(left[:count])
    kernel = half @ half.T
    return _with_tail(kernel, fitted.tail) if params.kernel == "euler" else kernel


def _with_tail(kernel: Floats, tail: Floats) -> Floats:
    """Euler's kernel (q, q) with its unresolved entries filled in.

    Its tail is exponential, as is that of one implicit step, of which `tail` holds r = -log; hence
    -log H = a + b r + c sqrt(r), fitted where H is small but resolved. Measured on the swiss
    roll for t = .5 to 10 and K = 10 to 100: -log H is right to 1 % where it is unresolved.
    """
    least, most = RESOLVED
    reached = np.isfinite(tail)
    noise = kernel < least
    shown = ~noise & (kernel < most) & reached
    unresolved = noise & reached
    filled = np.where(noise & ~reached, 0.0, np.maximum(kernel, least))
    if np.count_nonzero(shown) < 10 * len(kernel) or not unresolved.any():
        return filled
    terms = _tail_terms(tail[shown])
    # Normal equations: three unknowns, and a hundred thousand rows to go through 30 times a second.
    rule = np.linalg.solve(terms @ terms.T, terms @ -np.log(kernel[shown]))
    away = rule @ _tail_terms(tail[unresolved])
    filled[unresolved] = np.exp(-np.clip(away, -np.log(least), 340.0))
    return np.asarray(filled)


def _tail_terms(tail: Floats) -> Floats:
    return np.array([np.ones(len(tail)), tail, np.sqrt(tail)])


def _sampled_entropy(kernel: Floats, m: int) -> Floats:
    """Entropy of rows (q,) over m points of which `kernel` (q, q) knows q: own heat exactly, the
    heat of others as a mean."""
    q = len(kernel)
    heat_here = np.maximum(kernel, 0.0)
    own = row_entropy(heat_here.diagonal()[:, None])
    return np.asarray(own + (row_entropy(heat_here) - own) * ((m - 1) / max(q - 1, 1)))


def _follow(fitted: Fitted, points: Floats) -> Floats:
    """Positions (m, d) of all computed points, given those of the previewed ones (q, d)."""
    followed = fitted.spread @ points
    if fitted.layout.shape == followed.shape:
        old = fitted.previewed
        extent = float(np.linalg.norm(old))
        scale = float(np.linalg.norm(points)) / extent if extent > 0 else 1.0
        followed += scale * (fitted.layout - fitted.spread @ old)
    return np.asarray(followed - followed.mean(axis=0))
