"""What is seen of a regressed field: arrows, spread, spectrum, zeros, and what must be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.layers import Array, Arrows, Axis, Curves, Layer, Markers
from engine.method import Note, Snapshot
from engine.numerics import singularities
from engine.numerics.graphs import degrees
from engine.vectorfield import spectral_kernel
from engine.vectorfield.rvgp_params import RVGPParams

if TYPE_CHECKING:
    from engine.vectorfield.rvgp import Fitted, Regression

Floats = NDArray[np.float64]

UNDERSAMPLED = 0.5
"""Cosine of 60 degrees: tangent planes at the ends of an edge are as far apart."""
NORMAL = 0.3
"""Share of a vector's length outside its tangent plane that is worth a word."""


def snapshot(fitted: Fitted, params: RVGPParams, regression: Regression, *, full: bool) -> Snapshot:
    """The frame at LIVE parameters; without `full`, the spread and the zeros are left out."""
    fields = fitted.fields[:, :, : regression.modes]
    weights = regression.posterior.weights
    if params.sample:
        weights = regression.posterior.sample(np.random.default_rng(params.sample))
    local = _smoothed(fitted, fields, weights, params.smoothing)
    vectors = np.einsum("nDd,nd->nD", fitted.frames, local)
    std = _spread(fitted, regression, fields) if full else None
    layers: list[Layer] = [_arrows(fitted, vectors, std)]
    if full:
        layers += _truth(fitted, vectors)
        layers.append(_spectrum(fitted, regression))
        layers += _zeros(fitted, vectors)
    choice = regression.choice
    return Snapshot(
        layers=tuple(layers),
        params=params,
        metrics=_metrics(fitted, regression),
        step=1,
        notes=_notes(fitted, params, regression),
        coarse="" if full else "the mean; its spread follows",
        chosen={"length": choice.kappa, "noise": choice.noise, "amplitude": choice.amplitude,
                "modes": regression.modes, "dimension": fitted.frames.shape[2]},
    )  # fmt: skip


def _smoothed(fitted: Fitted, fields: Floats, weights: Floats, time: float) -> Floats:
    """exp(-t L) on the field; magnitudes diffuse apart from directions, so that they do not fade.

    Vector diffusion, arXiv 2309.16746: |v|(t) = exp(-t L0)|v| over exp(-t L0) 1, with L0 the random
    walk's Laplacian, which leaves 1 alone. t is in units of the median eigenvalue.
    """
    if not time:
        return np.asarray(fields @ weights)
    from scipy.sparse.linalg import expm_multiply

    before = np.linalg.norm(fields @ weights, axis=1)
    after = fields @ (weights * np.exp(-time * fitted.values[: len(weights)]))
    degree = degrees(fitted.weights)
    walk = sparse.diags_array(1 / np.where(degree > 0, degree, 1.0)) @ fitted.weights
    scalar = sparse.csr_array(walk - sparse.eye_array(len(degree)))
    magnitude = expm_multiply(scalar * (time / fitted.unit), before, traceA=0.0)
    length = np.linalg.norm(after, axis=1)
    return np.asarray(after * (magnitude / np.where(length > 0, length, 1.0))[:, None])


def _spread(fitted: Fitted, regression: Regression, fields: Floats) -> Floats:
    """Standard deviation of the field at each point: the root of the covariance's trace (n,).

    What the kept eigenfields cannot resolve is added as a share of the prior's variance.
    """
    choice = regression.choice
    z = fields.reshape(-1, regression.modes) @ regression.posterior.spread.T
    n, d = fields.shape[:2]
    variance = np.einsum("qk,qk->q", z, z).reshape(n, d).sum(axis=1)
    beyond = d * unresolved(fitted, regression) * choice.amplitude**2
    return np.asarray(np.sqrt(variance + beyond))


def unresolved(fitted: Fitted, regression: Regression) -> float:
    """Share of the prior's variance beyond the kept eigenfields."""
    choice = regression.choice
    lowest = fitted.values[: regression.modes]
    raw = spectral_kernel.spectrum(
        lowest, kappa=choice.kappa, nu=choice.nu, dimension=fitted.frames.shape[2]
    )
    return spectral_kernel.unresolved(
        raw, lowest, kappa=choice.kappa, nu=choice.nu, dimension=fitted.frames.shape[2]
    )


def _axes(fitted: Fitted) -> tuple[Axis, ...]:
    if fitted.positions.shape[1] <= 3:
        return tuple(Axis(name) for name in "xyz"[: fitted.positions.shape[1]])
    return tuple(Axis(f"PC {k + 1}") for k in range(3))


def _shown(fitted: Fitted, vectors: Floats) -> tuple[Floats, Floats]:
    """Positions and vectors (n, 2 or 3), on three principal components when there are more."""
    if fitted.positions.shape[1] <= 3:
        return fitted.positions, vectors
    centred = fitted.positions - fitted.positions.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return centred @ axes[:3].T, vectors @ axes[:3].T


def _arrows(fitted: Fitted, vectors: Floats, std: Floats | None) -> Arrows:
    n = len(vectors)
    seen = np.full(n, "predicted", dtype="<U9")
    seen[fitted.rows] = "observed"
    columns: dict[str, Array] = {"magnitude": np.linalg.norm(vectors, axis=1)}
    if std is not None:
        columns["standard deviation"] = std
    columns["row is"] = seen
    positions, drawn = _shown(fitted, vectors)
    return Arrows(
        name="field", role="prediction", positions=positions, vectors=drawn, axes=_axes(fitted),
        columns=columns, colour_by="magnitude",
    )  # fmt: skip


def _truth(fitted: Fitted, vectors: Floats) -> list[Layer]:
    if fitted.truth is None:
        return []
    positions, true = _shown(fitted, fitted.truth)
    _, wrong = _shown(fitted, vectors - fitted.truth)
    axes = _axes(fitted)
    return [
        Arrows(
            name="truth", role="truth", positions=positions, vectors=true, axes=axes,
            columns={"magnitude": np.linalg.norm(fitted.truth, axis=1)}, colour_by="magnitude",
        ),
        Arrows(
            name="error", role="error", positions=positions, vectors=wrong, axes=axes,
            columns={"magnitude": np.linalg.norm(vectors - fitted.truth, axis=1)},
            colour_by="magnitude", colormap="magma",
        ),
    ]  # fmt: skip


def _spectrum(fitted: Fitted, regression: Regression) -> Curves:
    """Eigenvalues with the kernel's weight over them."""
    kernel = regression.kernel / max(float(regression.kernel.max()), np.finfo(float).tiny)
    return Curves(
        name="spectrum", role="diagnostic",
        x=np.arange(1.0, regression.modes + 1),
        lines={
            "eigenvalue over its largest": fitted.values[: regression.modes]
            / max(float(fitted.values[-1]), np.finfo(float).tiny),
            "kernel weight over its largest": kernel,
        },
        axes=(Axis("eigenfield"), Axis("share of the largest")), stems=True,
    )  # fmt: skip


def _zeros(fitted: Fitted, vectors: Floats) -> list[Layer]:
    """Sources, vortices and saddles on a mesh, with their index."""
    if not len(fitted.faces) or fitted.positions.shape[1] != 3 or fitted.frames.shape[2] != 2:
        return []
    found = singularities.find(fitted.positions, fitted.faces, vectors)
    if not len(found.faces):
        return []
    return [
        Markers(
            name="singularities", role="diagnostic", positions=found.places,
            labels=tuple("+1" if index > 0 else "\u22121" for index in found.index),
            axes=_axes(fitted),
        )
    ]  # fmt: skip


def _metrics(fitted: Fitted, regression: Regression) -> dict[str, float]:
    return {
        "log likelihood": regression.posterior.log_likelihood,
        "length scale": regression.choice.kappa,
        "noise": regression.choice.noise,
        "amplitude": regression.choice.amplitude,
        "unresolved variance": unresolved(fitted, regression),
    }


def _notes(fitted: Fitted, params: RVGPParams, regression: Regression) -> tuple[Note, ...]:
    found = []
    parts = np.bincount(fitted.component)
    if len(parts) > 1:
        silent = len(parts) - len(np.unique(fitted.component[fitted.rows]))
        told = f"The graph falls into {len(parts)} parts; a vector in one says nothing of another."
        if silent:
            told += f" {silent} of them have no vector: there the field is a guess of zero."
        found.append(Note(told, grave=True))
    steep = float(np.mean(fitted.cosines < UNDERSAMPLED))
    if steep > 0:
        found.append(
            Note(
                f"Tangent planes turn by more than 60° along {steep:.1%} of the edges: the "
                "surface is under-sampled there.",
                grave=steep > 0.02,
            )
        )
    outside = int(np.count_nonzero(fitted.normal > NORMAL))
    if outside:
        found.append(
            Note(
                f"{outside} of {len(fitted.rows)} vectors stick out of their tangent plane by more "
                f"than {NORMAL:.0%} of their length; that part is left aside."
            )
        )
    if fitted.duplicates:
        found.append(Note(f"{fitted.duplicates} points coincide with another."))
    if len(fitted.values) < params.computed:
        found.append(Note(f"{len(fitted.values)} eigenfields were computed."))
    for name in regression.choice.at_bound:
        found.append(Note(f"The most likely {name} lies at the end of its range."))
    return tuple(found)
