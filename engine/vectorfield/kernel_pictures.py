"""What the kernel is made of and how well it is known: eigenfields, columns, the likelihood."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array, Arrows, Axis, Curves, Field
from engine.vectorfield import field_layers, likelihood

if TYPE_CHECKING:
    from engine.vectorfield.likelihood import Choice
    from engine.vectorfield.rvgp import Fitted, Regression
    from engine.vectorfield.rvgp_params import RVGPParams
    from engine.vectorfield.spectral_regression import Evidence

Floats = NDArray[np.float64]

ACROSS, UP = 40, 48
"""Length scales and noise levels of the likelihood's picture."""
NOISES = (1 / 300, 1.5)
"""Range of the noise, in root mean squares of the observed components."""
CONTOURS = (-3000.0, -300.0, -30.0, -3.0)
"""Drops of the log likelihood; within 3 of the best lie about 95 % of what is likely."""


def spectrum(fitted: Fitted, regression: Regression, shown: int) -> Curves:
    """Eigenvalues with the kernel's weight over them; a hand picks an eigenfield here."""
    kernel = regression.kernel / max(float(regression.kernel.max()), np.finfo(float).tiny)
    values = fitted.values[: regression.modes]
    return Curves(
        name="spectrum", role="diagnostic",
        x=np.arange(1.0, regression.modes + 1),
        lines={
            "eigenvalue over its largest": values / max(float(values[-1]), np.finfo(float).tiny),
            "kernel weight over its largest": kernel,
        },
        axes=(Axis("eigenfield"), Axis("share of the largest")), stems=True,
        marks={"eigenfield": float(min(shown, len(fitted.values)))}, steers="eigenfield",
    )  # fmt: skip


def eigenfield(fitted: Fitted, number: int) -> Arrows:
    """The eigenfield of that number, counted from 1; beyond the last one, the last."""
    local = fitted.fields[:, :, min(number, len(fitted.values)) - 1]
    return _beside(fitted, "eigenfield", np.einsum("nDd,nd->nD", fitted.frames, local))


def column(fitted: Fitted, regression: Regression, row: int, local: Floats) -> Arrows:
    """What a vector at one point, along the shown field (n, d) there, makes the kernel expect
    elsewhere: K(., x) e of the prior."""
    row = min(row, len(local) - 1)
    size = float(np.linalg.norm(local[row]))
    along = local[row] / size if size > 0 else np.eye(local.shape[1])[0]
    fields = fitted.fields[:, :, : regression.modes]
    weights = regression.kernel * (along @ fields[row])
    vectors = np.einsum("nDd,nd->nD", fitted.frames, fields @ weights)
    return _beside(fitted, "kernel column", vectors, steers="kernel_at")


def _beside(fitted: Fitted, name: str, vectors: Floats, steers: str = "") -> Arrows:
    positions, drawn = field_layers.shown(fitted.positions, vectors)
    columns: dict[str, Array] = {"magnitude": np.linalg.norm(vectors, axis=1)}
    return Arrows(
        name=name, role="diagnostic", positions=positions, vectors=drawn,
        axes=field_layers.axes(fitted.positions.shape[1]), columns=columns,
        colour_by="magnitude", colormap="cividis",
        faces=fitted.faces if fitted.positions.shape[1] == 3 else fitted.faces[:0], steers=steers,
    )  # fmt: skip


def surface(
    fitted: Fitted, evidence: Evidence, energy: Floats, params: RVGPParams, choice: Choice,
    modes: int,
) -> Field:  # fmt: skip
    """log p(y) over length scale and noise at the shown amplitude and smoothness, less its best."""
    size = math.sqrt(evidence.square / evidence.count)
    low, high = size * NOISES[0], size * NOISES[1]
    kappas = _middles(*likelihood.KAPPA, ACROSS)
    values = likelihood.surface(
        evidence.first(modes), fitted.values[:modes], energy[:modes], kappas=kappas,
        noises=_middles(low, high, UP), nu=choice.nu, amplitude=choice.amplitude,
        dimension=fitted.frames.shape[2], exponent=params.exponent,
    )  # fmt: skip
    values -= values.max()
    return Field(
        name="likelihood", role="diagnostic", values=values,
        extent=(likelihood.KAPPA, (low, high)),
        axes=(Axis("length scale", log=True), Axis("noise", log=True)),
        contours=CONTOURS, limits=(float(np.median(values)), 0.0),
        steers=("length", "noise"),
    )  # fmt: skip


def _middles(low: float, high: float, count: int) -> Floats:
    """Middles of so many cells that are even in the logarithm."""
    return np.asarray(low * (high / low) ** ((np.arange(count) + 0.5) / count))
