"""A self-tuned network's picture, where its numbers went, and what they are good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from engine.data.photograph import Photograph
from engine.layers import Array, Axis, Curves, Field, Layer
from engine.method import Note, Snapshot
from engine.restoration import picture_layers
from engine.restoration.gated_network import GatedNetwork
from engine.restoration.patch_training import loaded, restored, tiny
from engine.restoration.stn import EVERY, Fitted
from engine.restoration.stn_params import STNParams, Tuned

REACH = 2.0
"""Spreads to either side within which weights have learnt to follow."""


def snapshot(
    photograph: Photograph, fitted: Fitted, arrays: Mapping[str, Array], fit: STNParams,
    params: STNParams,
) -> Snapshot:  # fmt: skip
    """The frame at the numbers of `params`; `fit` are the parameters of the training."""
    tuned = fit.tuned
    k = len(tuned)
    at, spread = fitted.course[-1, 2 : 2 + k], fitted.course[-1, 2 + k :]
    values = [params.value_of(t.name) for t in tuned]
    places = [a if v is None else t.place(v) for t, a, v in zip(tuned, at, values, strict=True)]
    network = GatedNetwork(tiny(photograph.channels), tuned=k, rng=np.random.default_rng(0))
    loaded(network, arrays)
    with torch.no_grad():
        kernels = network.merged(torch.tensor(places, dtype=torch.float32))
    picture = restored(photograph.values, network.shape, lambda x: network.restored(x, kernels))
    found = picture_layers.metrics(photograph, picture)
    metrics = {name: value for name, value in found.items() if np.isfinite(value)}
    metrics |= {f"tuned {t.name}": t.value(a) for t, a in zip(tuned, at, strict=True)}
    chosen = {t.name: t.value(a) for t, a, v in zip(tuned, at, values, strict=True) if v is None}
    return Snapshot(
        layers=(
            *picture_layers.pictures(photograph, picture, params.gain),
            *picture_layers.curves(photograph, picture),
            *_plane(tuned, fitted, places),
            *(_validation(t, fitted, i, places[i], at[i], spread[i]) for i, t in enumerate(tuned)),
            *(_course(t, fitted, i, k) for i, t in enumerate(tuned)),
            _losses(fitted),
        ),
        params=params, metrics=metrics, step=len(fitted.course), chosen=chosen,
        notes=_notes(tuned, places, at, spread),
    )  # fmt: skip


def _validation(
    tuned: Tuned, fitted: Fitted, k: int, place: float, at: float, spread: float
) -> Curves:
    """What the open picture says of a number, the others being as tuned; between the outer marks
    the weights have learnt to follow it."""
    shares = fitted.places
    x = np.array([tuned.value(float(np.log(s / (1 - s)))) for s in shares])
    marks = {
        "from": tuned.value(at - REACH * spread),
        "now": tuned.value(place),
        "to": tuned.value(at + REACH * spread),
    }
    return Curves(
        name=f"validation by {tuned.name}", role="diagnostic", x=x,
        lines={"validation": fitted.across[-1, k]}, marks=marks, steers=tuned.name,
        axes=(_axis(tuned), Axis("squared error over noise")),
    )  # fmt: skip


def _course(tuned: Tuned, fitted: Fitted, k: int, count: int) -> Field:
    """Where a number went, and how far around it the weights were asked to follow, over how much
    worse than the best the open picture said each value was at the time."""
    at, spread = fitted.course[:, 2 + k], fitted.course[:, 2 + count + k]
    steps = np.arange(1.0, len(at) + 1)
    paths = {
        name: np.column_stack([steps, [tuned.value(v) for v in at + sign * spread]])
        for name, sign in (("tuned", 0.0), ("from", -REACH), ("to", REACH))
    }
    worse = _worse(fitted.across[:, k])
    return Field(
        name=f"course of {tuned.name}", role="diagnostic", values=worse, paths=paths,
        extent=((0.0, float(EVERY * len(worse))), (tuned.low, tuned.high)), limits=_limits(worse),
        axes=(Axis("training", "steps"), _axis(tuned)), marks={"now": tuple(paths["tuned"][-1])},
    )  # fmt: skip


def _plane(tuned: Sequence[Tuned], fitted: Fitted, places: Sequence[float]) -> tuple[Layer, ...]:
    """The way of the first two numbers over what the open picture says of them now, and the
    ellipse of the spreads within which the weights have learnt to follow."""
    if len(tuned) < 2:
        return ()
    k, one, two = len(tuned), tuned[0], tuned[1]
    course = fitted.course[:, 2:4]
    turn = np.linspace(0, 2 * np.pi, 73)
    reach = REACH * fitted.course[-1, 2 + k : 4 + k]
    around = course[-1] + reach * np.column_stack([np.cos(turn), np.sin(turn)])

    def values(rows: Array) -> Array:
        return np.array([(one.value(a), two.value(b)) for a, b in rows])

    worse = _worse(fitted.plane.reshape(1, -1)).reshape(fitted.plane.shape)
    end = values(course)[-1]
    return (Field(
        name=f"course of {one.name} and {two.name}", role="diagnostic", values=worse,
        extent=((one.low, one.high), (two.low, two.high)), axes=(_axis(one), _axis(two)),
        paths={"tuned": values(course), "reach": values(around)}, limits=_limits(worse),
        marks={"now": (one.value(places[0]), two.value(places[1])), "tuned": tuple(end)},
        steers=(one.name, two.name),
    ),)  # fmt: skip


def _worse(losses: Array) -> Array:
    """Losses (m, n) over the least of their row."""
    return np.asarray(losses - losses.min(axis=1, keepdims=True))


def _limits(worse: Array) -> tuple[float, float]:
    """The valley is looked at, not the heights around it."""
    return 0.0, max(float(np.median(worse)), 1e-3)


def _axis(tuned: Tuned) -> Axis:
    return Axis(tuned.name, tuned.unit, log=tuned.log)


def _losses(fitted: Fitted) -> Curves:
    """Both losses by step, each kept from its last step."""
    loss, tunes = fitted.course[:, 0], fitted.course[:, 1] > 0
    lines = {}
    for name, own in (("training", ~tunes), ("validation", tunes)):
        if own.any():
            last = np.maximum.accumulate(np.where(own, np.arange(len(loss)), -1))
            lines[name] = loss[np.where(last < 0, np.argmax(own), last)]
    return Curves(name="losses", role="diagnostic", x=_steps(fitted), lines=lines,
                  axes=(Axis("step"), Axis("loss")))  # fmt: skip


def _steps(fitted: Fitted) -> Array:
    return np.arange(1.0, len(fitted.course) + 1)


def _notes(
    tuned: Sequence[Tuned], places: Sequence[float], at: Array, spread: Array
) -> tuple[Note, ...]:
    notes = []
    for t, place, middle, reach in zip(tuned, places, at, REACH * spread, strict=True):
        if abs(place - middle) > reach + 1e-9:
            low, high = t.value(middle - reach), t.value(middle + reach)
            notes.append(
                Note(f"The network has learnt to follow {t.name} from {low:.3g} to {high:.3g} "
                     f"only; at {t.value(place):.3g} it is a guess.")
            )  # fmt: skip
    return tuple(notes)
