"""What is seen of a regressed field: arrows, spread, spectrum, zeros, and what must be known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.layers import Layer, Network
from engine.method import Note, Snapshot
from engine.numerics.graphs import degrees
from engine.vectorfield import field_layers, kernel_pictures, spectral_kernel
from engine.vectorfield.calculus import DRAWS, Calculus, Draw
from engine.vectorfield.left_out import left_out
from engine.vectorfield.rvgp_params import RVGPParams
from engine.vectorfield.training import zero_vectors

if TYPE_CHECKING:
    from engine.vectorfield.likelihood import Choice
    from engine.vectorfield.rvgp import Fitted, Regression

Floats = NDArray[np.float64]

UNDERSAMPLED = 0.5
"""Cosine of 60 degrees: tangent planes at the ends of an edge are as far apart."""
COARSE = 0.05
"""Share of the prior's variance beyond the kept eigenfields that is worth a word."""
NORMAL = 0.3
"""Share of a vector's length outside its tangent plane that is worth a word."""


def snapshot(
    fitted: Fitted,
    params: RVGPParams,
    regression: Regression,
    graph: Network,
    calculus: Calculus,
    *,
    full: bool,
    surface: Layer | None = None,
) -> Snapshot:
    """The frame at LIVE parameters; without `full`, the spread and the zeros are left out, without
    `surface` that of the likelihood."""
    fields = fitted.fields[:, :, : regression.modes]
    weights = shown_weights(regression, params)
    local = _smoothed(fitted, fields, weights, params.smoothing)
    vectors = np.einsum("nDd,nd->nD", fitted.frames, local)
    spread = _spread(fitted, regression, fields) if full else None
    d = fitted.frames.shape[2]
    training, choice = fitted.training, regression.choice
    field = field_layers.Field(
        fitted.positions, fitted.faces, fitted.truth, training.standing(regression.used)
    )
    held = _held(params, choice) if training.differs(regression.used) else {}
    painted = training.notes(params, regression.used, held=bool(held))
    columns = {**calculus.columns(local), "normal part": _normal_part(fitted)}
    layers = field_layers.layers(field, vectors, spread, columns)
    if full:
        draw = _draws(fitted, regression, params.smoothing)
        layers += field_layers.zeros(field, vectors, calculus, draw)
        layers += [
            kernel_pictures.eigenfield(fitted, params.eigenfield),
            kernel_pictures.column(fitted, regression, params.kernel_at, local),
            graph, kernel_pictures.spectrum(fitted, regression, params.eigenfield),
        ]  # fmt: skip
    if surface is not None:
        layers.append(surface)
    left_out = "" if surface is not None else "the likelihood follows"
    return Snapshot(
        layers=tuple(layers),
        params=params,
        metrics={**_metrics(fitted, regression), **(_foretold(fitted, regression) if full else {})},
        step=1,
        notes=(*painted, *zero_vectors(fitted.tangent), *_notes(fitted, params, regression)),
        coarse=left_out if full else "the mean; its spread follows",
        chosen={"length": choice.kappa, "noise": choice.noise, "amplitude": choice.amplitude,
                "modes": regression.modes, "dimension": d},
        held=held,
    )  # fmt: skip


def shown_weights(regression: Regression, params: RVGPParams) -> Floats:
    """Of the mean, or of the draw that is asked for (k,)."""
    if params.sample:
        return regression.posterior.sample(np.random.default_rng(params.sample))
    return regression.posterior.weights


def graph_of(fitted: Fitted) -> Network:
    """The graph's edges; those along which the tangent plane turns by more than 60° are grave."""
    entries = sparse.coo_array(fitted.weights)
    once = entries.row < entries.col
    cosines = fitted.cosines[once]
    return Network(
        name="graph", role="diagnostic", over="field",
        edges=np.column_stack([entries.row[once], entries.col[once]]).astype(np.int32),
        weights=entries.data[once], grave=cosines < UNDERSAMPLED,
        columns={"angle (°)": np.degrees(np.arccos(cosines.clip(0.0, 1.0)))},
    )  # fmt: skip


def _held(params: RVGPParams, choice: Choice) -> dict[str, Any]:
    """Values left to the method, as the fit chose them."""
    found: dict[str, Any] = {}
    if params.smoothness == "auto":
        found["smoothness"] = "infinite" if math.isinf(choice.nu) else str(choice.nu)
    asked = {"length": choice.kappa, "amplitude": choice.amplitude, "noise": choice.noise}
    found.update({name: value for name, value in asked.items() if getattr(params, name) is None})
    return found


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


def _draws(fitted: Fitted, regression: Regression, time: float) -> Draw:
    """Fields drawn from the posterior, diffused as the shown one is; the same draws every time."""
    rng = np.random.default_rng(0)
    drawn = np.column_stack([regression.posterior.sample(rng) for _ in range(DRAWS)])
    drawn *= np.exp(-time * fitted.values[: regression.modes])[:, None]

    def at(rows: NDArray[np.int64]) -> Floats:
        local = np.einsum("rdk,ks->srd", fitted.fields[rows, :, : regression.modes], drawn)
        return np.asarray(np.einsum("rDd,srd->srD", fitted.frames[rows], local))

    return at


def _spread(fitted: Fitted, regression: Regression, fields: Floats) -> field_layers.Spread:
    """Covariance of the field at each point, in its frame.

    What the kept eigenfields cannot resolve is added as a share of the prior's variance.
    """
    choice = regression.choice
    covariance = regression.posterior.covariance(fields)
    beyond = unresolved(fitted, regression) * choice.amplitude**2
    covariance += beyond * np.eye(fields.shape[1])
    return field_layers.Spread(fitted.frames, covariance, choice.noise)


def _normal_part(fitted: Fitted) -> Floats:
    """Share of each observed vector that stuck out of its tangent plane (n,), NaN elsewhere."""
    share = np.full(len(fitted.positions), np.nan)
    share[fitted.rows] = fitted.normal
    return share


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


def _metrics(fitted: Fitted, regression: Regression) -> dict[str, float]:
    return {
        "log likelihood": regression.posterior.log_likelihood,
        "length scale": regression.choice.kappa,
        "noise": regression.choice.noise,
        "amplitude": regression.choice.amplitude,
        "unresolved variance": unresolved(fitted, regression),
    }


def _foretold(fitted: Fitted, regression: Regression) -> dict[str, float]:
    """How well the vectors foretell each other, where there is no truth to ask."""
    if fitted.truth is not None:
        return {}
    rows = np.flatnonzero(regression.used)
    vectors, relative = fitted.known
    fields = fitted.fields[rows, :, : regression.modes]
    posterior = regression.posterior
    return left_out(
        vectors[rows], posterior.mean(fields), posterior.covariance(fields),
        regression.choice.noise * np.sqrt(relative[rows]),
    ).metrics  # fmt: skip


def _notes(fitted: Fitted, params: RVGPParams, regression: Regression) -> tuple[Note, ...]:
    found = []
    parts = np.bincount(fitted.component)
    if len(parts) > 1:
        silent = len(parts) - len(np.unique(fitted.component[regression.used]))
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
    finer = unresolved(fitted, regression)
    if finer > COARSE:
        found.append(
            Note(
                f"About {finer:.0%} of the field's variance is finer than the "
                f"{regression.modes} eigenfields used resolve: compute more of them.",
                grave=True,
            )
        )
    for name in regression.choice.at_bound:
        found.append(Note(f"The most likely {name} lies at the end of its range."))
    return tuple(found)
