"""Pictures of a solution: prediction, truth, error and residual on the problem's own grid.

Problems in three coordinates are shown at one place of the first, where the LIVE parameter `at`
has it; numbers are over the whole grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import colour
from engine.layers import Axis, Curves, Field, Layer
from engine.method import DataError, Note
from engine.pde.jets import Orders
from engine.pde.problem import Floats, Jet, Problem, places
from engine.pde.reference import Reference, distance

FAR = 0.1
"""A relative error that is worth a word: what is shown is hardly a solution."""
OnGrid = Callable[[Sequence[Floats], Sequence[Orders]], Mapping[Orders, Floats]]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Layers with what is measured of them and what must be said."""

    layers: tuple[Layer, ...]
    metrics: dict[str, float]
    notes: tuple[Note, ...]


def draw(
    problem: Problem,
    c: Sequence[float],
    on_grid: OnGrid,
    truth: Reference | None,
    *,
    at: float,
    unknown: int,
) -> Drawn:
    """All fields of one unknown.

    Raises
    ------
    DataError
        When there is no such unknown.
    """
    if unknown >= len(problem.unknowns):
        names = ", ".join(f"{k} is {u}" for k, u in enumerate(problem.unknowns))
        raise DataError(f"There is no unknown number {unknown}; {names}.")
    axes = problem.grid()
    zero = problem.value_key()[1]
    whole = on_grid(axes, [zero])[zero]
    place = _slice(problem, at)
    shown_axes = tuple(a if k or place is None else a[[place]] for k, a in enumerate(axes))
    orders = sorted({key[1] for p in problem.partials for key in p} | {zero})
    jet = on_grid(shown_axes, orders)
    x = places(shown_axes)
    keyed: Jet = {key: jet[key[1]][:, key[0]] for key in problem.keys if key[1] in jet}
    residual = problem.residual(keyed, x, c)
    name = problem.unknowns[unknown]
    make = _Maker(problem, place, name if len(problem.unknowns) > 1 else "")
    shaped = whole[:, unknown].reshape(problem.shape)
    value = _at(shaped, place)
    known = truth.values[name] if truth is not None and name in truth.values else shaped
    # Of all slices: a colour means the same in each, and a wild guess leaves the truth readable.
    span = None if place is None else colour.limits(known)
    layers: list[Layer] = [make.field("prediction", "prediction", value, limits=span)]
    metrics, notes = _measured(problem, whole, truth)
    metrics |= _at_faces(problem, c, axes, whole)
    if truth is not None and name in truth.values:
        true = _at(truth.values[name], place)
        layers.append(make.field("truth", "truth", true, limits=span))
        layers.append(make.field("error", "error", value - true, signed=True))
    equation = min(unknown, len(residual) - 1)
    layers.append(make.field("residual", "diagnostic", residual[equation], signed=True))
    metrics["mean residual"] = float(np.mean([np.abs(r).mean() for r in residual]))
    return Drawn(tuple(layers), metrics, notes)


def _slice(problem: Problem, at: float) -> int | None:
    return None if problem.dimension < 3 else round(at * (problem.shape[0] - 1))


def _at(values: Floats, place: int | None) -> Floats:
    return values if place is None else values[place]


@dataclass(frozen=True, slots=True)
class _Maker:
    problem: Problem
    place: int | None
    quantity: str

    def field(
        self,
        name: str,
        role: str,
        values: Floats,
        *,
        signed: bool = False,
        limits: tuple[float, float] | None = None,
    ) -> Field:
        first = 0 if self.place is None else 1
        axes = self.problem.axes[first:]
        return Field(
            name=name,
            role=role,  # type: ignore[arg-type]
            values=np.asarray(values, np.float64).reshape(self.problem.shape[first:]),
            extent=tuple(self.problem.cells(k) for k in range(first, self.problem.dimension)),
            axes=tuple(Axis(a.name) for a in axes),
            colormap="coolwarm" if signed else "viridis",
            diverging=signed,
            quantity=self.quantity if role != "diagnostic" else "",
            limits=limits,
            **self._of_slice(),
        )

    def _of_slice(self) -> dict[str, Any]:
        if self.place is None:
            return {}
        axis, places = self.problem.axes[0], self.problem.grid()[0]
        return {
            "slice_of": "at",
            "slice_axis": Axis(axis.name),
            "slice_places": tuple(places.tolist()),
        }


def _measured(
    problem: Problem, whole: Floats, truth: Reference | None
) -> tuple[dict[str, float], tuple[Note, ...]]:
    """Errors over the whole grid and all unknowns whose truth is known."""
    if truth is None:
        return {}, ()
    if not truth.values:
        return {}, (Note(f"The truth is not known: {truth.missing}"),)
    true = {name: truth.values[name].ravel() for name in problem.unknowns if name in truth.values}
    found = {name: whole[:, problem.unknowns.index(name)] for name in true}
    gap = np.concatenate([found[name] - true[name] for name in true])
    metrics = {"largest error": float(np.abs(gap).max()), "RMSE": float(np.sqrt(np.mean(gap**2)))}
    notes = []
    if any(values.any() for values in true.values()):
        metrics["relative error"] = distance(found, true)
        if len(true) > 1:
            metrics |= {f"relative error of {name}": distance({name: found[name]}, true)
                        for name in true}  # fmt: skip
        if metrics["relative error"] > FAR:
            told = f"{metrics['relative error']:.0%}"
            notes.append(Note(f"Far from the reference: the relative error is {told}.", grave=True))
        if truth.error > 0 and metrics["relative error"] < truth.error:
            notes.append(
                Note(f"At reference accuracy: the truth itself is right to {truth.error:.1e}.")
            )
    if truth.error > 0:
        notes.append(Note(f"Truth by {truth.how}, right to {truth.error:.1e}."))
    return metrics, tuple(notes)


def _at_faces(
    problem: Problem, c: Sequence[float], axes: Sequence[Floats], whole: Floats
) -> dict[str, float]:
    """Root mean square of what given values miss on the grid's faces."""
    gaps = []
    for condition in problem.conditions:
        if condition.periodic or any(condition.key[1]):
            continue
        field = whole[:, condition.key[0]].reshape(problem.shape)
        ends = {axis: -1 if side else 0 for axis, side in condition.faces}
        face = [a[[ends[k]]] if k in ends else a for k, a in enumerate(axes)]
        target = problem.target(condition, places(face), c)
        at = tuple(ends.get(k, slice(None)) for k in range(problem.dimension))
        gaps.append(np.ravel(field[at]) - target)
    return {"boundary error": float(np.sqrt(np.mean(np.concatenate(gaps) ** 2)))} if gaps else {}


def courses(losses: Floats, errors: Floats) -> tuple[Layer, ...]:
    """Curves of the loss with its parts (rows: step, loss, residual, boundary, initial) and of the
    relative error (rows: step, error), as far as there are any."""
    found: list[Layer] = []
    if len(losses):
        names = ("loss", "equation", "boundary", "start")
        lines = {n: losses[:, k + 1] for k, n in enumerate(names) if losses[:, k + 1].any()}
        found.append(
            Curves(name="loss", role="diagnostic", x=losses[:, 0], lines=lines,
                   axes=(Axis("step"), Axis("mean square", log=True)))
        )  # fmt: skip
    if len(errors):
        found.append(
            Curves(name="error by step", role="diagnostic", x=errors[:, 0],
                   lines={"relative error": errors[:, 1]},
                   axes=(Axis("step"), Axis("relative error", log=True)))
        )  # fmt: skip
    return tuple(found)
