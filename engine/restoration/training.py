"""Training of a tunable network, in steps that can be stopped and resumed to the bit.

In every step several positions of the strength slider, one from each part of its range, see
patches with the noise that the position stands for; their losses are added. The learning rate
stays level and settles at the end (a cosine over the last `settle` of the steps), so that a
run can be lengthened as long as it has not begun to settle. What is kept is a running mean of the
weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from engine.layers import Array
from engine.restoration import positions
from engine.restoration.networks import SHAPES, TunableNetwork
from engine.restoration.objectives import relative
from engine.restoration.training_pictures import Pool

STRONGEST = 50 / 255
"""The noise that the strength slider stands for at 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides a training. `halves` computes convolutions in bfloat16 (weights, sums and
    losses stay float32), which is quicker where the processor knows it."""

    shape: str = "live-colour"
    seed: int = 0
    steps: int = 200_000
    settle: float = 0.3
    groups: int = 4
    patches: int = 4
    side: int = 64
    rate: float = 2e-3
    last_rate: float = 1e-5
    averaging: float = 0.999
    halves: bool = False
    made: int = 40

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        begin = self.steps * (1 - self.settle)
        warm = min(1.0, (step + 1) / 500)
        if step < begin:
            return self.rate * warm
        share = min(1.0, (step - begin) / max(1.0, self.steps - begin))
        return self.last_rate + (self.rate - self.last_rate) * (1 + math.cos(math.pi * share)) / 2


class Training:
    """A network, its optimiser, its running mean and its random numbers."""

    def __init__(self, recipe: Recipe, pool: Pool | None = None) -> None:
        self.recipe, self.step = recipe, 0
        shape = SHAPES[recipe.shape]
        start = np.random.default_rng([recipe.seed, 0])
        self.network = TunableNetwork(shape, sliders=1, mixing="mip", rng=start)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=recipe.rate, fused=True)
        self.rng = np.random.default_rng([recipe.seed, 2])
        self.pool = pool or Pool(shape.channels, recipe.seed, made=recipe.made)

    def advance(self) -> float:
        """One step; the mean loss over the positions that it saw."""
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate_at(self.step)
        self.optimiser.zero_grad(set_to_none=True)
        clean = self.pool.patches(recipe.groups * recipe.patches, recipe.side, self.rng)
        noise = self.rng.standard_normal(clean.shape, np.float32)
        omegas = positions.stratified(recipe.groups, self.rng).astype(np.float32)
        loss = self._loss(clean, noise, omegas)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.detach())

    def _loss(self, clean: Array, noise: Array, omegas: Array) -> Tensor:
        target = torch.from_numpy(clean).contiguous(memory_format=torch.channels_last)
        sigmas = omegas[:, 0] * STRONGEST
        drawn = torch.from_numpy(np.repeat(sigmas, self.recipe.patches)[:, None, None, None])
        seen = target + drawn * torch.from_numpy(noise)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.halves):
            output = self.network(seen, torch.from_numpy(omegas))
        groups = zip(output.chunk(len(omegas)), target.chunk(len(omegas)), sigmas, strict=True)
        return torch.stack([relative(o, t, float(s)) for o, t, s in groups]).mean()

    @torch.no_grad()
    def _follow(self) -> None:
        # Early on the mean would still remember the start.
        keep = min(self.recipe.averaging, (1 + self.step) / (10 + self.step))
        now = self.network.state_dict()
        torch._foreach_lerp_(list(self.average.values()), [now[k] for k in self.average], 1 - keep)

    def averaged(self) -> TunableNetwork:
        """A network with the running mean of the weights."""
        made = TunableNetwork(
            SHAPES[self.recipe.shape], sliders=1, mixing="mip", rng=np.random.default_rng(0)
        )
        made.load_state_dict(self.average)
        return made.eval()

    def save(self, path: Path) -> None:
        """Everything that `resumed` needs, put in place of an older file at once."""
        kept = {
            "recipe": json.dumps(asdict(self.recipe)),
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "rng": json.dumps(self.rng.bit_generator.state),
        }
        partial = path.with_suffix(".partial")
        torch.save(kept, partial)
        partial.replace(path)

    @classmethod
    def resumed(cls, path: Path, pool: Pool | None = None, **changed: Any) -> Self:
        """The training of a file, from where it stood; `changed` replaces fields of the recipe
        (a later end, say)."""
        kept: Mapping[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        made = cls(Recipe(**{**json.loads(kept["recipe"]), **changed}), pool)
        made.network.load_state_dict(kept["network"])
        made.average = {k: v.clone() for k, v in kept["average"].items()}
        made.optimiser.load_state_dict(kept["optimiser"])
        made.rng.bit_generator.state = json.loads(kept["rng"])
        made.step = kept["step"]
        return made
