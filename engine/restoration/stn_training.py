"""The two losses of a self-tuned restoring network: on patches, and on the open picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.photograph import Photograph
from engine.device import torch_rng
from engine.layers import Array
from engine.restoration import sliders
from engine.restoration.gated_network import GatedNetwork
from engine.restoration.objectives import band_energy, gradient_histogram, relative
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
from engine.restoration.stn_judge import Judge, Parts
from engine.restoration.stn_params import STNParams
from engine.restoration.training import TEXTURE

CROPS = 4
PLACES = (np.arange(16) + 0.5) / 16
"""Shares of a number's range at which the open picture is asked what it says of it."""
PLANE = (np.arange(10) + 0.5) / 10
"""The same for two numbers at once."""
WIDEST_SPREAD = 1.5
"""In units of the unconstrained numbers: two such spreads to either side of the middle are nine
tenths of a range."""


@dataclass(frozen=True, slots=True, eq=False)
class Landscape:
    """Validation losses: `across` (k, 16) where one number is elsewhere in its range, the others
    being as tuned; `plane` (10, 10) over the first two, (0, 0) where there is but one."""

    across: NDArray[np.float64]
    plane: NDArray[np.float64]


class Tuning:
    """A network and its hyper-parameters."""

    def __init__(
        self, data: Photograph, params: STNParams, sigma: float, rng: np.random.Generator
    ) -> None:
        self.tuned, self.rng, self._worth = params.tuned, rng, params.texture
        seed = int(rng.integers(2**31))
        self.pool = pool_for(data.channels, seed)
        self.network = GatedNetwork(tiny(data.channels), tuned=len(self.tuned), rng=rng)
        self.mean = RunningMean(self.network)
        self.judge = Judge(data, sigma, by_truth=params.judge == "truth")
        # The landscape is always of the same parts, so that its pictures can be compared.
        self._looked = self.judge.parts(CROPS, np.random.default_rng(seed))
        start = torch.tensor([np.log(t.start / (1 - t.start)) for t in self.tuned])
        self.tuning = SelfTuning(
            self.network.parameters(), start.float(), spread=params.spread,
            training=self._training, validation=self._validation, warm_up=params.warm_up,
            draws=GROUPS, generator=torch_rng(rng), clip=1.0,
            widest=max(WIDEST_SPREAD, params.spread),
        )  # fmt: skip

    def advance(self, params: STNParams) -> tuple[bool, float]:
        """One step; whether it tuned, and its loss."""
        tunes, self._worth = self.tuning.tunes, params.texture
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

    def _training(self, at: Tensor) -> Tensor:
        """Mean over hyper-parameters (G, k) of the loss on patches as they say."""
        return torch.stack([self._asked(one) for one in at]).mean()

    def _asked(self, at: Tensor) -> Tensor:
        """Error, texture and decay at hyper-parameters (k,), on patches that they spoilt."""
        values = {t.name: t.value(x) for t, x in zip(self.tuned, at.tolist(), strict=True)}
        seen, target, scale = self._spoilt(values)
        kernels = self.network.merged(at)
        output = self.network.restored(seen, kernels)
        loss = relative(output, target, scale)
        if detail := values.get("detail", 0.0):
            band, gradient = TEXTURE
            texture = band * band_energy(output, target)
            loss = loss + detail * (texture + gradient * gradient_histogram(output, target))
        if decay := values.get("decay", 0.0):
            loss = loss + decay * sum(k.square().sum() for k, _ in kernels.values())
        return loss

    def _spoilt(self, values: Mapping[str, float]) -> tuple[Tensor, Tensor, float]:
        """Patches, what they were, and how far they were spoilt before pixels were blanked."""
        side = SIDE + 2 * sliders.MARGIN
        clean = self.pool.patches(PATCHES, side, self.rng, values.get("exposure", 1.0))
        place = {
            "strength": values["noise"] / 255 / sliders.STRONGEST,
            "deblur": values.get("blur", 0.0) / sliders.WIDEST,
            "jpeg": values.get("compression", 0.0),
        }
        seen, target = batch(sliders.spoilt(clean, place, self.rng)), batch(sliders.inside(clean))
        scale = float((seen - target).square().mean().sqrt())
        if dropped := values.get("dropout", 0.0):
            kept = self.rng.random((PATCHES, 1, SIDE, SIDE)) >= dropped
            seen = seen * batch(kept) / (1 - dropped)
        return seen, target, scale

    def _validation(self, at: Tensor) -> Tensor:
        """Mean over hyper-parameters (G, k) of what the open picture says."""
        parts = self.judge.parts(CROPS, self.rng)
        return torch.stack([self._judged(one, parts) for one in at]).mean()

    def _judged(self, at: Tensor, parts: Parts) -> Tensor:
        kernels = self.network.merged(at)
        return self.judge.loss(lambda x: self.network.restored(x, kernels), parts, self._worth)

    @torch.no_grad()
    def landscape(self) -> Landscape:
        """What the open picture would say of other hyper-parameters; nothing of the training's
        randomness is used up."""
        now, count = self.tuning.l.detach(), len(self.tuned)
        places, coarse = (np.log(x / (1 - x)).tolist() for x in (PLACES, PLANE))

        def at(*changed: tuple[int, float]) -> float:
            there = now.clone()
            for k, value in changed:
                there[k] = value
            return float(self._judged(there, self._looked))

        across = np.array([[at((k, one)) for one in places] for k in range(count)])
        plane = np.empty((len(PLANE),) * 2 if count > 1 else (0, 0))
        for i, j in np.ndindex(plane.shape):
            plane[i, j] = at((0, coarse[i]), (1, coarse[j]))
        return Landscape(across, plane)
