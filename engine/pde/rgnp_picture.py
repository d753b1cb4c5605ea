"""The picture of a random-grid process: mean, spread, draws, and what observations say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.layers import Axis, Curves, Field, Layer
from engine.method import Note, Snapshot
from engine.pde import fields, inverse_picture, jets
from engine.pde.coverage import AT_ONCE, Quality
from engine.pde.elbo import Elbo
from engine.pde.fitted import as_text
from engine.pde.forward import Spread
from engine.pde.jets import Orders
from engine.pde.observations import Found, Observations, found
from engine.pde.problem import Floats, Problem, places
from engine.pde.reference import Reference
from engine.pde.rgnp_training import NAMES
from engine.pde.underway import STOPPED
from engine.pde.weighing import weighed

if TYPE_CHECKING:
    from engine.pde.rgnp import Fitted
    from engine.pde.rgnp_params import RGNPParams


class Process:
    """The process at one set of coefficients; what was computed on a grid is kept."""

    def __init__(self, networks: Elbo, c: Sequence[float]) -> None:
        self.networks, self.c = networks, tuple(c)
        self.problem = networks.family.problem
        self._kept: dict[tuple[Any, ...], tuple[dict[Orders, Floats], Floats, Floats, Floats]] = {}
        self._weighed: tuple[tuple[bytes, ...], Found] | None = None

    def told(self, seen: Observations, *, alone: bool, hasty: bool) -> Found:
        """The sought coefficients: by the inverse network alone, or by both networks. The latter
        are kept, as a slice does not change them; in haste one pass stands in until they are."""
        key = (seen.places.tobytes(), seen.clean.tobytes(), seen.noise.tobytes())
        kept = self._weighed
        if not alone and kept is not None and kept[0] == key:
            return kept[1]
        if alone or hasty:
            return found(self.networks, seen, self.c)
        told = weighed(self.networks, seen, self.c)
        self._weighed = key, told
        return told

    def on_grid(self, axes: Sequence[Floats], wanted: Sequence[Orders]) -> dict[Orders, Floats]:
        """Derivatives (P, m) of the mean."""
        found = self.at(axes, wanted)[0]
        return {o: found[o] for o in wanted}

    def at(
        self, axes: Sequence[Floats], wanted: Sequence[Orders]
    ) -> tuple[dict[Orders, Floats], Floats, Floats, Floats]:
        """Derivatives of the mean, D sqrt(lambda) (P, m), D C (P, m, k), and D's sign kept."""
        shape = tuple(len(a) for a in axes)
        # Of the same shape there are slices at other places.
        key = (*shape, *(float(a[0]) for a in axes))
        known = self._kept.get(key)
        if known is None or any(o not in known[0] for o in wanted):
            # A grid of which all is shown is asked for its residual next.
            whole = shape == self.problem.shape and self.problem.dimension < 3
            orders = self.networks.family.orders if whole else jets.closure(wanted)
            known = self._kept[key] = self._computed(places(axes), orders)
        return known

    def _computed(
        self, x: Floats, orders: Sequence[Orders]
    ) -> tuple[dict[Orders, Floats], Floats, Floats, Floats]:
        import torch

        networks, zero = self.networks, self.problem.value_key()[1]
        z = torch.tensor(networks.family.scaled(self.c)[None], dtype=networks.dtype)
        parts: list[tuple[dict[Orders, Floats], Floats, Floats]] = []
        with torch.no_grad():
            for first in range(0, len(x), AT_ONCE):
                place = torch.tensor(x[first : first + AT_ONCE])
                at: Spread = networks.forward.at(place.to(networks.dtype), z, orders)
                base, factor = networks.family.boundary(place, list(self.c), orders)
                mean = {o: v.double() for o, v in at.mean.items()}
                u = jets.added(base, jets.product(factor, mean))
                d = factor[zero]
                shared = at.shared[zero].double().reshape(*d.shape, at.rank)
                parts.append(({o: v.numpy() for o, v in u.items()},
                              (d * at.own[zero].double()).numpy(),
                              (d[:, :, None] * shared).numpy()))  # fmt: skip
        means = {o: np.concatenate([p[0][o] for p in parts]) for o in orders}
        own, shared_all = (np.concatenate([p[k] for p in parts]) for k in (1, 2))
        spread = np.sqrt(own**2 + (shared_all**2).sum(axis=2))
        return means, own, shared_all, spread


def snapshot(
    process: Process,
    fitted: Fitted,
    params: RGNPParams,
    truth: Reference | None,
    *,
    coarse: str = "",
    hasty: bool = False,
) -> Snapshot:
    """All layers and numbers; `hasty`: see `Process.told`. Raises `DataError` for an unknown that
    there is not, or observations that are none."""
    problem, networks, c = process.problem, process.networks, process.c
    drawn = fields.draw(problem, c, process.on_grid, truth, at=params.at, unknown=params.unknown)
    measured = fitted.measured
    spread, draws = _spread(problem, process, params)
    mean = process.on_grid(problem.grid(), [zero := problem.value_key()[1]])[zero]
    said, notes = inverse_picture.layers(
        networks, params, c, truth, drawn.layers, mean, spread, draws, word(measured),
        partial(process.told, alone=params.told_by == "inverse network", hasty=hasty),
    )  # fmt: skip
    # What a hand works on comes first of what is below the pictures.
    layers: list[Layer] = [drawn.layers[0], *said, *drawn.layers[1:]]
    layers.append(like(drawn.layers[0], word(measured), "uncertainty", spread))
    if draws.size:
        layers.append(_draws(drawn.layers[0], draws))
    layers += courses(fitted.losses, fitted.errors)
    size = float(sum(v.numel() for v in networks.leaves.values()))
    metrics = {**drawn.metrics, **_numbers(measured), "numbers fitted": size}
    if truth is not None and fields_known(problem, truth):
        metrics["inside 2σ here"] = _inside(problem, process, truth)
    notes = [*notes, *_notes(fitted, problem, measured), *drawn.notes]
    return Snapshot(layers=tuple(layers), params=params, metrics=metrics, step=fitted.step,
                    notes=tuple(notes), coarse=coarse)  # fmt: skip


def word(measured: Quality) -> str:
    """What the spread may be called."""
    return "error bar" if measured.is_error_bar else "model spread"


def fields_known(problem: Problem, truth: Reference) -> bool:
    return any(name in truth.values for name in problem.unknowns)


def like(layer: Layer, name: str, role: Any, values: Floats) -> Field:
    """A field on the grid of another."""
    assert isinstance(layer, Field)
    return Field(name=name, role=role, values=values.reshape(layer.values.shape),
                 extent=layer.extent, axes=layer.axes, quantity=layer.quantity)  # fmt: skip


def _spread(problem: Problem, process: Process, params: RGNPParams) -> tuple[Floats, Floats]:
    """Standard deviation (P,) and draws (samples, P) of the unknown that is shown."""
    axes = problem.grid()
    if problem.dimension > 2:
        axes = (axes[0][[round(params.at * (problem.shape[0] - 1))]], *axes[1:])
    mean, own, shared, spread = process.at(axes, [problem.value_key()[1]])
    k, rng = params.unknown, np.random.default_rng(params.sample_seed)
    zero = problem.value_key()[1]
    draws = np.empty((params.samples, len(spread)))
    for row in draws:
        e2 = rng.standard_normal(shared.shape[2])
        row[:] = mean[zero][:, k] + own[:, k] * rng.standard_normal(len(own)) + shared[:, k] @ e2
    return spread[:, k], draws


def _draws(layer: Layer, draws: Floats) -> Field:
    """Fields drawn from the process, one after the other along a further axis."""
    assert isinstance(layer, Field)
    values = np.stack([row.reshape(layer.values.shape) for row in draws], axis=-1)
    return Field(
        name="draws", role="uncertainty", values=values,
        extent=(*layer.extent, (0.5, len(draws) + 0.5)), axes=(*layer.axes, Axis("draw")),
    )  # fmt: skip


def _inside(problem: Problem, process: Process, truth: Reference) -> float:
    """Share of the reference inside two standard deviations, where the spread is not zero."""
    zero = problem.value_key()[1]
    mean, _, _, spread = process.at(problem.grid(), [zero])
    shares = []
    for k, name in enumerate(problem.unknowns):
        if name in truth.values:
            free = spread[:, k] > 1e-9
            gap = np.abs(mean[zero][:, k] - truth.values[name].ravel())
            shares.append(float(np.mean((gap <= 2 * spread[:, k])[free])))
    return float(np.mean(shares))


def _numbers(measured: Quality) -> dict[str, float]:
    if not measured.draws:
        return {}
    return {"held-out error": measured.error, "coverage": measured.coverage}


def _notes(fitted: Fitted, problem: Problem, measured: Quality) -> list[Note]:
    notes = problem.notes
    notes += [Note(line) for line in as_text(fitted.said).splitlines()]
    if fitted.step < fitted.planned:
        notes.append(Note(f"{STOPPED} {fitted.step} of {fitted.planned} steps."))
    if not measured.draws:
        notes.append(Note("No held-out draw has a reference: nothing is known of the spread.",
                          grave=True))  # fmt: skip
    elif measured.is_error_bar:
        notes.append(Note(f"The band is an error bar: within 2σ lie {measured.coverage:.0%} of the "
                          f"references of {measured.draws} held-out draws."))  # fmt: skip
    else:
        notes.append(Note(f"The band is the model's spread and no error bar: within 2σ lie "
                          f"{measured.coverage:.1%} of the references of {measured.draws} held-out "
                          "draws, not 85 to 99 percent."))  # fmt: skip
    return notes


def courses(losses: Floats, errors: Floats) -> list[Layer]:
    """The objective's parts, and error and coverage on the held-out draws, by step."""
    found: list[Layer] = []
    column: Mapping[str, Floats] = {n: losses[:, k + 1] for k, n in enumerate(NAMES)}
    if len(losses):
        lines = {"negative ELBO": column["loss"], "equation": -column["equation"],
                 "root mean square residual": column["residual"]}  # fmt: skip
        lines = {n: np.where(v > 0, v, np.nan) for n, v in lines.items()}
        found.append(Curves(name="loss", role="diagnostic", x=losses[:, 0], lines=lines,
                            axes=(Axis("step"), Axis("value", log=True))))  # fmt: skip
        parts = {"inverse network": column["inverse"], "entropy": column["entropy"]}
        if column["data"].any():
            parts["data"] = column["data"]
        found.append(Curves(name="ELBO's other parts", role="diagnostic", x=losses[:, 0],
                            lines=parts, axes=(Axis("step"), Axis("nats"))))  # fmt: skip
    if len(errors) > 1:
        found.append(
            Curves(name="held-out draws", role="diagnostic", x=errors[:, 0],
                   lines={"relative error": errors[:, 1], "coverage": errors[:, 2]},
                   axes=(Axis("step"), Axis("share", log=True)))
        )  # fmt: skip
    return found
