"""The picture of a physics-informed network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.layers import Axis, Curves, Field, Layer, Points
from engine.method import Note, Snapshot
from engine.pde import fields
from engine.pde.fitted import as_text
from engine.pde.jets import Orders, closure
from engine.pde.mlp import Network
from engine.pde.problem import Floats, Problem, places
from engine.pde.reference import Reference
from engine.pde.underway import STOPPED

if TYPE_CHECKING:
    from engine.pde.pinn import Fitted
    from engine.pde.pinn_params import PINNParams

AT_ONCE = 16_000


def snapshot(
    problem: Problem,
    fitted: Fitted,
    network: Network,
    params: PINNParams,
    c: Sequence[float],
    truth: Reference | None,
    *,
    coarse: str = "",
) -> Snapshot:
    """All layers and numbers. Raises `DataError` for an unknown that there is not."""

    def on_grid(axes: Sequence[Floats], wanted: Sequence[Orders]) -> dict[Orders, Floats]:
        return _evaluated(network, places(axes), wanted, c)

    drawn = fields.draw(problem, c, on_grid, truth, at=params.at, unknown=params.unknown)
    layers: list[Layer] = [*drawn.layers, *_points(problem, fitted)]
    layers += fields.courses(fitted.losses, fitted.errors)
    layers += _causal(problem, fitted)
    layers += [_spectrum(x) for x in drawn.layers if x.name == "error" and isinstance(x, Field)]
    numbers = sum(leaf.numel() for leaf in network.leaves.values())
    metrics = {**drawn.metrics, "numbers fitted": float(numbers)}
    if len(fitted.errors):
        metrics["best relative error"] = float(fitted.errors[:, 1].min())
    notes = problem.notes
    notes += [Note(line) for line in as_text(fitted.said).splitlines()]
    if fitted.step < fitted.planned:
        notes.append(Note(f"{STOPPED} {fitted.step} of {fitted.planned} steps."))
    return Snapshot(
        layers=tuple(layers), params=params, metrics=metrics, step=fitted.step,
        notes=(*notes, *drawn.notes), coarse=coarse,
        chosen={"weight_residual": float(fitted.weigh[0])},
    )  # fmt: skip


def _evaluated(
    network: Network, x: Floats, wanted: Sequence[Orders], c: Sequence[float]
) -> dict[Orders, Floats]:
    import torch

    if network.params.over_range:
        x = np.hstack([x, np.tile(np.array(c), (len(x), 1))])
    orders = closure(wanted)
    parts: dict[Orders, list[Floats]] = {o: [] for o in wanted}
    with torch.no_grad():
        for first in range(0, len(x), AT_ONCE):
            jet = network.jet(torch.tensor(x[first : first + AT_ONCE]), orders)
            for o in wanted:
                parts[o].append(jet[o].numpy())
    return {o: np.concatenate(p) for o, p in parts.items()}


def _points(problem: Problem, fitted: Fitted) -> list[Layer]:
    if problem.dimension == 1:
        return []
    axes = tuple(Axis(a.name) for a in problem.axes)
    return [Points(name="points", role="data", positions=fitted.points, axes=axes,
                   equal_scale=False)]  # fmt: skip


def _causal(problem: Problem, fitted: Fitted) -> list[Layer]:
    """Weights of time slices: training has passed through time when the last is above 0.9."""
    if not len(fitted.causal) or problem.time is None:
        return []
    axis = problem.axes[problem.time]
    middle = axis.low + axis.length * (np.arange(len(fitted.causal)) + 0.5) / len(fitted.causal)
    return [
        Curves(
            name="causal weights",
            role="diagnostic",
            x=middle,
            lines={"weight": fitted.causal},
            axes=(Axis(axis.name), Axis("weight")),
        )
    ]


def _spectrum(error: Field) -> Curves:
    """Root mean square of the error's Fourier coefficients along the last axis."""
    values = np.asarray(error.values)
    size = np.abs(np.fft.rfft(values, axis=-1)) / values.shape[-1]
    mean = np.sqrt((size.reshape(-1, size.shape[-1]) ** 2).mean(axis=0))
    return Curves(
        name="error by frequency", role="diagnostic", x=np.arange(size.shape[-1], dtype=np.float64),
        lines={"error": mean}, axes=(Axis(f"waves along {error.axes[-1].name}"),
                                     Axis("amplitude", log=True)),
    )  # fmt: skip
