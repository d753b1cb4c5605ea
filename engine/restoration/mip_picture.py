"""A predicted network's picture, and how large weights and gradients are along its slider."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from engine.data.photograph import Photograph
from engine.layers import Array, Axis, Curves
from engine.method import Note, Snapshot
from engine.restoration import picture_layers
from engine.restoration.hypernetwork import PredictedNetwork
from engine.restoration.mip import SIZES, Fitted
from engine.restoration.mip_params import MIPParams
from engine.restoration.patch_training import loaded, restored

SMOOTHED = 50
OTHER = {"magnitude invariant": "plain", "plain": "magnitude invariant"}


def snapshot(
    photograph: Photograph, fitted: Fitted, network: PredictedNetwork,
    arrays: Mapping[str, Array], params: MIPParams,
) -> Snapshot:  # fmt: skip
    """The frame at the sliders of `params`; `arrays` are the hypernetwork's."""
    loaded(network, arrays)
    strength, deblur = params.position(fitted.sigma)
    with torch.no_grad():
        weights = network.hyper(torch.tensor([strength, deblur], dtype=torch.float32))
    picture = restored(photograph.values, network.shape, lambda x: network.restored(x, weights))
    found = picture_layers.metrics(photograph, picture)
    metrics = {name: value for name, value in found.items() if np.isfinite(value)}
    encoding = network.hyper.encoding
    return Snapshot(
        layers=(
            *picture_layers.pictures(photograph, picture, params.gain),
            *picture_layers.curves(photograph, picture),
            _sizes("size of weights", fitted.weight_sizes, encoding, strength),
            _sizes("size of gradients", fitted.gradient_sizes, encoding, strength),
            _losses(fitted, encoding),
        ),
        params=params, metrics=metrics, step=len(fitted.losses), notes=_notes(fitted),
        chosen={} if params.strength is not None else {"strength": min(50.0, 255 * fitted.sigma)},
    )  # fmt: skip


def _sizes(name: str, sizes: Array, encoding: str, strength: float) -> Curves:
    """Norms of what is predicted, or of the loss's gradient, along the strength."""
    both = (encoding, OTHER[encoding])
    names = [f"{e}, {when}" for when in ("at the start", "trained") for e in both]
    lines = {n: sizes[:, k] for k, n in enumerate(names) if np.isfinite(sizes[:, k]).all()}
    return Curves(
        name=name, role="diagnostic", x=50 * SIZES, lines=lines, marks={"now": 50 * strength},
        steers="strength", axes=(Axis("strength", "levels"), Axis("norm")),
    )  # fmt: skip


def _losses(fitted: Fitted, encoding: str) -> Curves:
    """Losses by step, each the mean of those before it."""
    lines = {}
    for k, name in enumerate((encoding, OTHER[encoding])):
        loss = fitted.losses[:, k]
        if np.isfinite(loss).all():
            sums = np.concatenate([[0.0], np.cumsum(loss)])
            first = np.maximum(0, np.arange(1, len(sums)) - SMOOTHED)
            lines[name] = (sums[1:] - sums[first]) / (np.arange(1, len(sums)) - first)
    return Curves(
        name="loss", role="diagnostic", x=np.arange(1.0, len(fitted.losses) + 1), lines=lines,
        axes=(Axis("step"), Axis("loss")),
    )  # fmt: skip


def _notes(fitted: Fitted) -> tuple[Note, ...]:
    if 255 * fitted.sigma > 50:
        return (Note("There is more noise than the 50 levels that the network learns.", True),)
    return ()
