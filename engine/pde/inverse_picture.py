"""Observations in a picture, as spots, and the coefficients that they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.layers import Axis, Curves, Field, Layer, Markers, Points, Spots
from engine.method import Note
from engine.pde.elbo import LOUD, Elbo
from engine.pde.family import Family
from engine.pde.observations import Found, Observations, observe
from engine.pde.problem import Floats, Problem
from engine.pde.reference import Reference

TICK, BAR = 0.3, 0.12


def layers(
    networks: Elbo, params: Any, c: Sequence[float], truth: Reference | None,
    drawn: Sequence[Layer], mean: Floats, spread: Floats, draws: Floats, word: str,
    tell: Callable[[Observations], Found],
) -> tuple[list[Layer], list[Note]]:  # fmt: skip
    """The solution with what is observed of it, and the coefficients found; without a truth and
    without observations set by hand there are none. `mean` (P, m) is the prediction on the whole
    grid, `spread` (P,) and `draws` (samples, P) are those of what is drawn; `tell` finds the
    coefficients."""
    problem = networks.family.problem
    seen = observe(problem, params, truth)
    made: list[Layer] = []
    if problem.dimension == 1:
        spots = None if seen is None else _over_line(seen)
        made.append(_along(drawn, spread, draws, spots, word))
    elif seen is not None:
        made.append(_on_plane(problem, seen, params.at, drawn, truth, mean))
    if seen is None:
        return made, []
    made.append(_points(networks.family, seen))
    alone = params.told_by == "inverse network"
    made += _coefficients(networks.family, tell(seen), c)
    heard = LOUD if networks.inverse.informed else float(np.median(spread))
    notes = []
    if alone and params.noise > heard:
        notes.append(
            Note(f"In training, values carried noise of about {heard:.1g}; at {params.noise:.2g} "
                 "the coefficients' spread is too small.")
        )  # fmt: skip
    return made, notes


def _over_line(seen: Observations) -> Spots:
    return Spots(sets="observed", rows=np.hstack([seen.places, seen.clean]),
                 shown=np.hstack([seen.places, seen.values]), along="reference")  # fmt: skip


def _along(
    drawn: Sequence[Layer], spread: Floats, draws: Floats, spots: Spots | None, word: str
) -> Curves:
    """Mean, band, reference and draws over the one coordinate, which is run through once for each
    line of the band and each draw."""
    field = {x.name: x for x in drawn if isinstance(x, Field)}
    mean = np.asarray(field["prediction"].values)
    (low, high), n = field["prediction"].extent[0], len(mean)
    x = low + (np.arange(n) + 0.5) * (high - low) / n
    none = np.full(n, np.nan)
    true = np.asarray(field["truth"].values) if "truth" in field else none
    runs: list[dict[str, Floats]] = [{"mean": mean, "reference": true}]
    runs += [{f"{word}, ±2σ": mean + sign * 2 * spread} for sign in (1, -1)]
    runs += [{"draws": row} for row in draws]
    # The mean is drawn last, over the others.
    names = dict.fromkeys(name for run in reversed(runs) for name in reversed(run))
    lines = {name: np.concatenate([[*run.get(name, none), np.nan] for run in runs])
             for name in names}  # fmt: skip
    return Curves(
        name="solution", role="diagnostic", x=np.tile([*x, np.nan], len(runs)), lines=lines,
        axes=(field["prediction"].axes[0], Axis("u")), spots=spots,
    )  # fmt: skip


def _on_plane(
    problem: Problem, seen: Observations, at: float, drawn: Sequence[Layer],
    truth: Reference | None, mean: Floats,
) -> Layer:  # fmt: skip
    """The unknown that is shown with all observations. A point that a hand sets takes the values of
    all unknowns; of three coordinates the first is that of the slice, where it stands whole."""
    field = {x.name: x for x in drawn if isinstance(x, Field)}
    true = {} if truth is None else truth.values
    values = np.stack([true.get(name, mean[:, k].reshape(problem.shape))
                       for k, name in enumerate(problem.unknowns)], axis=-1)  # fmt: skip
    before: tuple[float, ...] = ()
    pale = np.zeros(len(seen.places), bool)
    if problem.dimension > 2:
        place = round(at * (problem.shape[0] - 1))
        first, values = problem.grid()[0], values[place]
        before = (float(first[place]),)
        pale = np.abs(seen.places[:, 0] - before[0]) > (first[1] - first[0]) / 2
    spots = Spots(sets="observed", rows=np.hstack([seen.places, seen.clean]),
                  shown=seen.places[:, -2:], before=before, values=values, pale=pale)  # fmt: skip
    return replace(field.get("truth", field["prediction"]), name="observations",
                   role="diagnostic", spots=spots)  # fmt: skip


def _points(family: Family, seen: Observations) -> Points:
    problem = family.problem
    columns = {name: seen.values[:, k] for k, name in enumerate(problem.unknowns)}
    columns |= {f"noise of {name}": seen.noise[:, k] for k, name in enumerate(problem.unknowns)}
    axes = tuple(Axis(a.name) for a in problem.axes)
    places = seen.places
    if problem.dimension == 1:
        places, axes = np.column_stack([places, seen.values[:, 0]]), (*axes, Axis("u"))
    return Points(name="observed", role="data", positions=places, axes=axes, columns=columns,
                  equal_scale=False)  # fmt: skip


def _coefficients(family: Family, said: Found, c: Sequence[float]) -> list[Layer]:
    """Intervals of two standard deviations in the prior's range, and a table with the same."""
    names, q = family.sought, len(family.sought)
    truth = np.array(c[:q])
    low, high = family.low[:q], family.high[:q]

    def share(values: Floats) -> Floats:
        return np.asarray((values - low) / (high - low))

    nan = np.full(q, np.nan)
    # For each coefficient a bar upwards, then a short line for its mean, then one for the truth.
    at = np.arange(q)[:, None] + np.array([0, 0, 0, -BAR, BAR, 0, -TICK, TICK, 0])
    ends = np.array([-0.5, q + 0.3, np.nan] * 2)
    bottom, top = share(said.mean - 2 * said.spread), share(said.mean + 2 * said.spread)
    mean, true = share(said.mean), share(truth)
    lines = {
        "found, ±2σ": np.column_stack([bottom, top, *[nan] * 7]),
        "found": np.column_stack([*[nan] * 3, mean, mean, *[nan] * 4]),
        "truth": np.column_stack([*[nan] * 6, true, true, nan]),
    }  # fmt: skip
    told = ", ".join(f"{k} is {name}" for k, name in enumerate(names))
    curves = Curves(
        name="coefficients", role="diagnostic", x=np.concatenate([at.ravel(), ends]),
        lines={n: np.concatenate([line.ravel(), np.full(6, np.nan)]) for n, line in lines.items()}
        | {"ends of the prior": np.concatenate([np.full(at.size, np.nan), [0, 0, np.nan, 1, 1,
                                                                           np.nan]])},
        axes=(Axis(f"coefficient: {told}"), Axis("place in the prior's range")),
    )  # fmt: skip
    away = (said.mean - truth) / said.spread
    table = Markers(
        name="coefficients found", role="diagnostic", labels=names,
        positions=np.column_stack([np.arange(q, dtype=np.float64), mean]),
        axes=(Axis("number"), Axis("in its range")),
        columns={"coefficient": np.array(names), "found": said.mean, "spread": said.spread,
                 "truth": truth, "off by (σ)": away},
    )  # fmt: skip
    return [curves, table]
