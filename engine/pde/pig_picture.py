"""The picture of Gaussians that solve an equation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.layers import Axis, Points
from engine.method import Note, Snapshot
from engine.pde import fields
from engine.pde.fitted import Fitted, as_text
from engine.pde.pig_params import PIGParams
from engine.pde.problem import Floats, Problem
from engine.pde.reference import Reference
from engine.pde.solution import Solution
from engine.pde.underway import STOPPED

MANY_DEAD = 0.3


def snapshot(
    problem: Problem,
    fitted: Fitted,
    solution: Solution,
    params: PIGParams,
    c: Sequence[float],
    truth: Reference | None,
    *,
    coarse: str = "",
) -> Snapshot:
    """All layers and numbers. Raises `DataError` for an unknown that there is not."""
    drawn = fields.draw(problem, c, solution.on_grid, truth, at=params.at, unknown=params.unknown)
    dead = solution.dead(problem.grid())
    metrics = {**drawn.metrics, "dead Gaussians": dead, "numbers fitted": solution.size}
    if len(fitted.errors):
        metrics["best relative error"] = float(fitted.errors[:, 1].min())
    layers = (*drawn.layers, gaussians(problem, solution),
              *fields.courses(fitted.losses, fitted.errors))  # fmt: skip
    return Snapshot(
        layers=layers,
        params=params,
        metrics=metrics,
        step=fitted.step,
        notes=(*_notes(problem, fitted, dead), *drawn.notes),
        coarse=coarse,
        chosen={"weight_residual": float(fitted.weigh[0])},
    )


def gaussians(problem: Problem, solution: Solution) -> Points:
    """Centres with weight, widths and angle; on a line the height of each is its second place."""
    centres = np.concatenate([cloud.centres for cloud in solution.clouds])
    widths = np.concatenate([cloud.widths for cloud in solution.clouds])
    weight = np.concatenate([_strongest(w) for w in solution.weights])
    columns = {"weight": weight, "size of weight": np.log10(np.maximum(np.abs(weight), 1e-12))}
    for k, axis in enumerate(problem.axes):
        columns[f"width {axis.name}"] = widths[:, k]
    if len(solution.clouds) > 1:
        counts = [len(cloud) for cloud in solution.clouds]
        columns["feature" if solution.pieces is None else "piece of time"] = np.repeat(
            np.arange(len(counts)), counts
        )
    if solution.clouds[0].factor is not None and problem.dimension == 2:
        columns["angle"] = np.concatenate([_angle(cloud.factor) for cloud in solution.clouds])
    axes = [Axis(a.name) for a in problem.axes]
    if problem.dimension == 1:
        centres = np.column_stack([centres[:, 0], weight])
        axes.append(Axis("weight"))
    return Points(
        name="gaussians", role="diagnostic", positions=centres, axes=tuple(axes), columns=columns,
        colour_by="size of weight", equal_scale=False,
        half_axes=_half_axes(problem, solution, widths),
    )  # fmt: skip


def _half_axes(problem: Problem, solution: Solution, widths: Floats) -> Floats:
    """One width from the centre along each axis of the bump (n, 2, 2); on a plane alone."""
    if problem.dimension != 2:
        return np.empty((0, 0, 2))
    if solution.clouds[0].factor is None:
        return widths[:, :, None] * np.eye(2)
    found = []
    for cloud in solution.clouds:
        assert cloud.factor is not None
        precision, turned = np.linalg.eigh(cloud.factor @ np.swapaxes(cloud.factor, -1, -2))
        found.append(turned / np.sqrt(np.maximum(precision, 1e-300))[:, None, :])
    return np.concatenate(found)


def _strongest(weights: Floats) -> Floats:
    """Of several weights the one of largest size, with its sign."""
    column = np.abs(weights).argmax(axis=1)
    return np.asarray(weights[np.arange(len(weights)), column])


def _angle(factor: Floats | None) -> Floats:
    """Direction of the long axis, radians from the first axis."""
    assert factor is not None
    precision = factor @ np.swapaxes(factor, -1, -2)
    _, vectors = np.linalg.eigh(precision)
    return np.asarray(np.arctan2(vectors[:, 1, 0], vectors[:, 0, 0]))


def _notes(problem: Problem, fitted: Fitted, dead: float) -> tuple[Note, ...]:
    found = problem.notes
    found += [Note(line) for line in as_text(fitted.said).splitlines()]
    if fitted.step < fitted.planned:
        found.append(Note(f"{STOPPED} {fitted.step} of {fitted.planned} steps."))
    if dead > MANY_DEAD:
        found.append(Note(f"{dead:.0%} of the Gaussians add nothing; fewer would do as well."))
    return tuple(found)
