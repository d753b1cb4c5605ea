"""The picture of a Gaussian process that solves an equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.layers import Axis, Curves, Field, Layer
from engine.method import Note, Snapshot
from engine.pde import fields
from engine.pde.fitted import as_text
from engine.pde.gphm_direct import Solved, handles, notes
from engine.pde.gphm_params import GPHMParams
from engine.pde.problem import Floats, Problem
from engine.pde.reference import Reference
from engine.pde.spectral import PLAIN, Spectrum
from engine.pde.underway import STOPPED

if TYPE_CHECKING:
    from engine.pde.gphm import Fitted

FAINT = 1e-3
"""Amplitudes below this share of the largest are not drawn."""
BEYOND = 1.1
"""How far past the highest frequency the amplitude spectrum is drawn."""


def snapshot(
    problem: Problem,
    fitted: Fitted,
    solved: Solved,
    params: GPHMParams,
    c: Sequence[float],
    truth: Reference | None,
    *,
    spread: Floats | None = None,
    trained: bool = False,
    coarse: str = "",
    held: Mapping[str, Any] | None = None,
) -> Snapshot:
    """All layers and numbers."""
    drawn = fields.draw(problem, c, solved.mean.on_grid, truth, at=1.0, unknown=0)
    # What a hand moves stands before what it is judged by.
    layers = [x for x in drawn.layers if x.role in ("prediction", "truth")]
    layers += _spectra(problem, solved, drawn.layers)
    layers += [x for x in drawn.layers if x.role in ("error", "diagnostic")]
    layers += _spread(drawn.layers, spread)
    metrics = {**drawn.metrics, "numbers fitted": solved.numbers}
    for axis, value in zip(problem.axes, solved.slowest, strict=True):
        metrics[f"slowest eigenvalue along {axis.name}"] = value
    found = problem.notes
    if trained:
        layers += fields.courses(fitted.losses, fitted.errors)
        layers += _precisions(fitted)
        found += [Note(line) for line in as_text(fitted.said).splitlines()]
        if len(fitted.errors):
            metrics["best relative error"] = float(fitted.errors[:, 1].min())
        if fitted.step < fitted.planned:
            found.append(Note(f"{STOPPED} {fitted.step} of {fitted.planned} steps."))
    elif fitted.trained:
        found.append(Note("Solved directly at the parameters shown, not trained at them."))
    return Snapshot(
        layers=tuple(layers), params=params, metrics=metrics,
        step=fitted.step if trained else 0,
        notes=(*found, *notes(solved, params.jitter), *drawn.notes), coarse=coarse,
        chosen={"highest": solved.cycles, "nodes": float(solved.lattice.shape[0])},
        held=dict(held or {}),
    )  # fmt: skip


def _spread(layers: Sequence[Layer], spread: Floats | None) -> list[Layer]:
    """The spread as a field, and beside the error's size."""
    first = layers[0]
    if spread is None or not isinstance(first, Field):
        return []
    found: list[Layer] = [
        Field(name="approximate spread", role="uncertainty", values=spread, extent=first.extent,
              axes=first.axes)
    ]  # fmt: skip
    error = next((x for x in layers if isinstance(x, Field) and x.name == "error"), None)
    if error is not None:
        (low, high), count = first.extent[0], len(spread)
        x = low + (np.arange(count) + 0.5) * (high - low) / count
        lines = {"size of the error": np.abs(error.values), "two spreads (approximate)": 2 * spread}
        found.append(Curves(name="error and spread", role="uncertainty", x=x, lines=lines,
                            axes=(first.axes[0], Axis("size", log=True))))  # fmt: skip
    return found


def _spectra(problem: Problem, solved: Solved, layers: Sequence[Layer]) -> list[Layer]:
    """The mixture of each axis as handles, with the amplitudes of the truth behind them."""
    shown = {x.name: x for x in layers if isinstance(x, Field)}
    name = "truth" if "truth" in shown else "prediction"
    found: list[Layer] = []
    for k, spectrum in enumerate(solved.spectra):
        if spectrum.family in PLAIN:
            continue
        behind = _amplitudes(np.asarray(shown[name].values), problem, k, spectrum)
        title = "spectrum" if problem.dimension == 1 else f"spectrum along {problem.axes[k].name}"
        places = np.concatenate([spectrum.frequencies, behind[0]])
        empty = np.full(len(behind[0]), np.nan)
        lines = {
            "weight": np.concatenate([spectrum.weights, empty]),
            f"{name} (scaled)": np.concatenate([np.full(len(spectrum.weights), np.nan), behind[1]]),
        }
        found.append(Curves(
            name=title, role="diagnostic", x=places, lines=lines, stems=True,
            axes=(Axis("frequency", "rad"), Axis("weight", log=True)),
            handles=handles(spectrum, k), marks=_nyquist(solved, k, places),
        ))  # fmt: skip
    return found


def _nyquist(solved: Solved, axis: int, places: Floats) -> dict[str, float]:
    """The highest frequency that the nodes tell apart, where it is in the picture."""
    limit = 2 * np.pi * solved.lattice.nyquist(axis)
    return {"Nyquist": limit} if limit <= places.max() else {}


def _amplitudes(
    values: Floats, problem: Problem, axis: int, spectrum: Spectrum
) -> tuple[Floats, Floats]:
    """Frequencies in radians and root mean square amplitudes along an axis, the largest as high as
    the median weight, which a single handle does not move; only as far as the mixture reaches."""
    lines = np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
    count = lines.shape[1]
    windowed = (lines - lines.mean(axis=1, keepdims=True)) * np.hanning(count)
    size = np.sqrt((np.abs(np.fft.rfft(windowed, axis=1)) ** 2).mean(axis=0))
    places = 2 * np.pi * np.fft.rfftfreq(count, problem.axes[axis].length / (count - 1))
    reach = BEYOND * max(float(spectrum.frequencies.max()), places[min(8, len(places) - 1)])
    kept = places <= reach
    places, size = places[kept], size[kept]
    top = size.max(initial=0.0)
    if not top > 0:
        return places, np.full(len(places), np.nan)
    told = np.where(size > FAINT * top, size / top, np.nan)
    return places, told * np.median(spectrum.weights)


def _precisions(fitted: Fitted) -> list[Layer]:
    if not len(fitted.precisions):
        return []
    steps, boundary, equation = fitted.precisions.T
    return [
        Curves(name="log precisions", role="diagnostic", x=steps,
               lines={"equation": equation, "boundary": boundary},
               axes=(Axis("step"), Axis("log precision")))
    ]  # fmt: skip
