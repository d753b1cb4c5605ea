"""The two losses of a self-tuned restoring network: on patches, and on the open picture."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.data.photograph import Photograph
from engine.device import torch_rng
from engine.layers import Array
from engine.restoration import sliders
from engine.restoration.gated_network import GatedNetwork
from engine.restoration.objectives import relative
from engine.restoration.patch_training import (
    GROUPS,
    PATCHES,
    SIDE,
    RunningMean,
    batch,
    pool_for,
    tiny,
)
from engine.restoration.self_tuning import Pace, SelfTuning
from engine.restoration.stn_params import STNParams

PROBE = 1e-2
"""Length of the step that the divergence is measured with."""
LEAST = 1 / 255
"""Errors are told in units of the noise, or of one level if there is less."""
CROPS = 4
PLACES = np.linspace(0.02, 0.98, 17)


class Tuning:
    """A network and its hyper-parameters."""

    def __init__(
        self, data: Photograph, params: STNParams, sigma: float, rng: np.random.Generator
    ) -> None:
        self.tuned, self.sigma, self.rng = params.tuned, sigma, rng
        seed = int(rng.integers(2**31))
        self.pool = pool_for(data.channels, seed)
        self.network = GatedNetwork(tiny(data.channels), tuned=len(self.tuned), rng=rng)
        self.mean = RunningMean(self.network)
        self._seen = _planes(data.values)
        by_truth = params.judge == "truth" and data.truth is not None
        self._truth = _planes(data.truth) if by_truth and data.truth is not None else None
        self.tuning = SelfTuning(
            self.network.parameters(), torch.zeros(len(self.tuned)), spread=params.spread,
            training=self._training, validation=self._validation, warm_up=params.warm_up,
            draws=GROUPS, generator=torch_rng(rng), clip=1.0,
        )  # fmt: skip

    def advance(self, params: STNParams) -> tuple[bool, float]:
        """One step; whether it tuned, and its loss."""
        tunes = self.tuning.tunes
        pace = Pace(rate=params.rate, tuning_rate=params.tuning_rate, entropy=params.entropy)
        loss = self.tuning.advance(pace)
        if not tunes:
            self.mean.follow(self.network)
        return tunes, loss

    def now(self) -> tuple[list[float], list[float]]:
        """l and sigma."""
        return self.tuning.l.tolist(), self.tuning.sigma.tolist()

    def arrays(self) -> dict[str, Array]:
        return self.mean.arrays()

    def _values(self, at: Tensor) -> dict[str, float]:
        return {t.name: t.value(x) for t, x in zip(self.tuned, at.tolist(), strict=True)}

    def _training(self, at: Tensor) -> Tensor:
        """Mean over hyper-parameters (G, k) of error, decay and dropout as they say."""
        side = SIDE + 2 * sliders.MARGIN
        clean = sliders.inside(self.pool.patches(len(at) * PATCHES, side, self.rng))
        losses = []
        for one, patches in zip(at, np.split(clean, len(at)), strict=True):
            values, target = self._values(one), batch(patches)
            sigma, dropped = values["noise"] / 255, values.get("dropout", 0.0)
            noise = self.rng.standard_normal(patches.shape, np.float32)
            seen = target + sigma * batch(noise)
            if dropped > 0:
                kept = self.rng.random((len(patches), 1, *patches.shape[2:])) >= dropped
                seen = seen * batch(kept) / (1 - dropped)
            kernels = self.network.merged(one)
            loss = relative(self.network.restored(seen, kernels), target, sigma)
            if decay := values.get("decay", 0.0):
                loss = loss + decay * sum(k.square().sum() for k, _ in kernels.values())
            losses.append(loss)
        return torch.stack(losses).mean()

    def _validation(self, at: Tensor) -> Tensor:
        """Mean over hyper-parameters (G, k) of the open picture's error, in units of the noise."""
        crops, truths = self._crops()
        probe = batch(self.rng.standard_normal(tuple(crops.shape), np.float32))
        return torch.stack([self._judged(one, crops, truths, probe) for one in at]).mean()

    def _judged(self, at: Tensor, seen: Tensor, truth: Tensor | None, probe: Tensor) -> Tensor:
        kernels, scale = self.network.merged(at), max(self.sigma, LEAST) ** 2
        output = self.network.restored(seen, kernels)
        if truth is not None:
            return (output - truth).square().mean() / scale
        error = (output - seen).square().mean() - self.sigma**2
        if self.sigma > 0:
            moved = self.network.restored(seen + PROBE * probe, kernels)
            divergence = (probe * (moved - output)).mean() / PROBE
            error = error + 2 * self.sigma**2 * divergence
        return error / scale

    def _crops(self) -> tuple[Tensor, Tensor | None]:
        """Parts of the open picture, and of its truth if that is looked at."""
        height, width = self._seen.shape[1:]
        tops, lefts = (self.rng.integers(n - SIDE + 1, size=CROPS) for n in (height, width))
        places = [np.s_[:, t : t + SIDE, s : s + SIDE] for t, s in zip(tops, lefts, strict=True)]
        parts = batch(np.stack([self._seen[p] for p in places]))
        truth = self._truth
        return parts, None if truth is None else batch(np.stack([truth[p] for p in places]))

    @torch.no_grad()
    def landscape(self) -> tuple[Array, Array]:
        """Validation losses (k, 17) where one number at a time is elsewhere in its range, on the
        same crops; nothing of the training's randomness is used up."""
        state = self.rng.bit_generator.state
        crops, truths = self._crops()
        probe = batch(self.rng.standard_normal(tuple(crops.shape), np.float32))
        self.rng.bit_generator.state = state
        found = np.empty((len(self.tuned), len(PLACES)))
        for k in range(len(self.tuned)):
            for i, share in enumerate(PLACES):
                at = self.tuning.l.detach().clone()
                at[k] = float(np.log(share / (1 - share)))
                found[k, i] = float(self._judged(at, crops, truths, probe))
        return PLACES.copy(), found


def _planes(values: Array) -> Array:
    """(C, H, W), mirrored up to the side of a patch."""
    planes = values[None] if values.ndim == 2 else np.moveaxis(values, 2, 0)
    more = [(0, 0)] + [(0, max(0, SIDE - n)) for n in planes.shape[1:]]
    return np.ascontiguousarray(np.pad(planes, more, mode="reflect"))
