"""Training of a tunable network, in steps that can be stopped and resumed to the bit.

In every step several positions of the sliders, one from each part of every range, see patches
spoilt as the position says; their losses are added. The learning rate stays level and settles at
the end (a cosine over the last `settle` of the steps), so that a run can be lengthened as long as
it has not begun to settle. What is kept is a running mean of the weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn

from engine.layers import Array
from engine.restoration import sliders
from engine.restoration.model import Model
from engine.restoration.networks import SHAPES, TunableNetwork
from engine.restoration.objectives import band_divergence, band_energy, gradient_histogram, relative
from engine.restoration.training_pictures import Pool
from engine.restoration.tunable_convolution import Mixing

TEXTURE = (1.0, 15.0)
"""Scales of the two texture objectives at `detail` = 1: there each is about as large as the
relative error of a network that was trained without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Factors that may change while a training runs: on its learning rate, and on its objectives,
    the relative error, the energy of texture and the histogram of gradients."""

    rate: float = 1.0
    fidelity: float = 1.0
    texture: float = 1.0
    gradients: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides a training. `halves` computes convolutions in bfloat16 (weights, sums and
    losses stay float32), which is quicker where the processor knows it; `made` and `grained` count
    the pictures made by formula (`Pool`); `fixed` are positions of all sliders, one after another,
    that every step sees in place of drawn ones."""

    shape: str = "live-colour"
    sliders: tuple[str, ...] = ("strength",)
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
    grained: int = 0
    mixing: Mixing = "mip"
    fixed: tuple[float, ...] = ()
    energies: Literal["median", "mean"] = "median"

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        begin = self.steps * (1 - self.settle)
        warm = min(1.0, (step + 1) / 500)
        if step < begin:
            return self.rate * warm
        share = min(1.0, (step - begin) / max(1.0, self.steps - begin))
        return self.last_rate + (self.rate - self.last_rate) * (1 + math.cos(math.pi * share)) / 2


class Patches(Protocol):
    """Where patches come from."""

    def patches(self, count: int, side: int, rng: np.random.Generator) -> Array:
        """Clean patches (count, C, side, side), float32."""
        ...


class Training:
    """A network, its optimiser, its running mean and its random numbers."""

    def __init__(
        self, recipe: Recipe, pool: Patches | None = None, network: nn.Module | None = None
    ) -> None:
        self.recipe, self.step, self.weights = recipe, 0, Weights()
        shape = SHAPES[recipe.shape]
        start = np.random.default_rng([recipe.seed, 0])
        count = len(recipe.sliders)
        self.network = network or TunableNetwork(
            shape, sliders=count, mixing=recipe.mixing, rng=start
        )
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        learnt = [p for p in self.network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(learnt, lr=recipe.rate, fused=True)
        self.rng = np.random.default_rng([recipe.seed, 2])
        self.pool: Patches = pool or Pool(
            shape.channels, recipe.seed, made=recipe.made, grained=recipe.grained
        )

    def advance(self) -> float:
        """One step; the mean loss over the positions that it saw."""
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate_at(self.step) * self.weights.rate
        self.optimiser.zero_grad(set_to_none=True)
        side = recipe.side + 2 * sliders.MARGIN
        groups = len(recipe.fixed) // len(recipe.sliders) or recipe.groups
        clean = self.pool.patches(groups * recipe.patches, side, self.rng)
        if recipe.fixed:
            omegas = np.array(recipe.fixed, np.float32).reshape(groups, -1)
        else:
            omegas = sliders.drawn(groups, recipe.sliders, self.rng).astype(np.float32)
        loss = self._loss(clean, omegas)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.optimiser.param_groups[0]["params"], 1.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.detach())

    def _loss(self, clean: Array, omegas: Array) -> Tensor:
        parts = np.split(clean, len(omegas))
        places = [dict(zip(self.recipe.sliders, omega.tolist(), strict=True)) for omega in omegas]
        drawn = zip(parts, places, strict=True)
        spoilt = np.concatenate([sliders.spoilt(part, at, self.rng) for part, at in drawn])
        seen, target = _torch(spoilt), _torch(sliders.inside(clean))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.halves):
            output = self.network(seen, torch.from_numpy(omegas))
        o, s, t = (x.chunk(len(omegas)) for x in (output, seen, target))
        asked = [
            self._asked(o[k], s[k], t[k], place.get("detail", 0)) for k, place in enumerate(places)
        ]
        return torch.stack(asked).mean()

    def _asked(self, output: Tensor, seen: Tensor, target: Tensor, detail: float) -> Tensor:
        """The loss at one position: the error relative to what was spoilt and, as far as `detail`
        says, how far the texture is from the target's."""
        weights, scale = self.weights, float((seen - target).square().mean().sqrt())
        loss = weights.fidelity * relative(output, target, scale)
        if detail > 0:
            band, gradient = weights.texture * TEXTURE[0], weights.gradients * TEXTURE[1]
            apart = band_energy if self.recipe.energies == "median" else band_divergence
            texture = band * apart(output, target)
            loss = loss + detail * (texture + gradient * gradient_histogram(output, target))
        return loss

    @torch.no_grad()
    def _follow(self) -> None:
        # Early on the mean would still remember the start.
        keep = min(self.recipe.averaging, (1 + self.step) / (10 + self.step))
        now = self.network.state_dict()
        torch._foreach_lerp_(list(self.average.values()), [now[k] for k in self.average], 1 - keep)

    def averaged(self) -> TunableNetwork:
        """A network with the running mean of the weights."""
        shape, count = SHAPES[self.recipe.shape], len(self.recipe.sliders)
        rng = np.random.default_rng(0)
        made = TunableNetwork(shape, sliders=count, mixing=self.recipe.mixing, rng=rng)
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
    def begun(cls, model: Model, recipe: Recipe, pool: Patches | None = None) -> Self:
        """A new training of a packed network, whose shape, sliders and mixing the recipe has."""
        made = cls(recipe, pool)
        made.network.load_state_dict(model.network.state_dict())
        made.average = {k: v.detach().clone() for k, v in model.network.state_dict().items()}
        return made

    @classmethod
    def widened(cls, path: Path, recipe: Recipe, pool: Patches | None = None) -> Self:
        """A new training that begins with the network of a file, which has the first of the
        recipe's sliders; the kernels of the others begin at zero, so that with these at 0 the
        network is what it was."""
        kept: Mapping[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        made = cls(recipe, pool)
        old = made.network.state_dict()
        for name, value in kept["average"].items():
            old[name] = _widened(name, value, old[name], len(recipe.sliders))
        made.network.load_state_dict(old)
        made.average = {k: v.detach().clone() for k, v in old.items()}
        return made

    @classmethod
    def resumed(cls, path: Path, pool: Patches | None = None, **changed: Any) -> Self:
        """The training of a file, from where it stood; `changed` replaces fields of the recipe
        (a later end, say)."""
        kept: Mapping[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        recipe = {**json.loads(kept["recipe"]), **changed}
        for name, default in (("sliders", ("strength",)), ("fixed", ())):
            recipe[name] = tuple(recipe.get(name, default))
        made = cls(Recipe(**recipe), pool)
        made.network.load_state_dict(kept["network"])
        made.average = {k: v.clone() for k, v in kept["average"].items()}
        made.optimiser.load_state_dict(kept["optimiser"])
        made.rng.bit_generator.state = json.loads(kept["rng"])
        made.step = kept["step"]
        return made


def _widened(name: str, value: Tensor, wide: Tensor, sliders: int) -> Tensor:
    """A parameter of a layer for more sliders. Encodings are cos of all sliders, then sin of all;
    kernels come in that order with the constant one last."""
    known = (value.shape[1] if name.endswith("slope") else len(value) - 1) // 2
    places = [*range(known), *(sliders + k for k in range(known))]
    made = torch.zeros_like(wide)
    if name.endswith("slope"):
        made[range(2 * sliders), range(2 * sliders)] = 1.0
        rows = torch.tensor([*places, 2 * sliders])
        made[rows[:, None], torch.tensor(places)[None]] = value
        return made
    made[[*places, 2 * sliders]] = value
    return made


def _torch(patches: Array) -> Tensor:
    made = torch.from_numpy(np.ascontiguousarray(patches, np.float32))
    return made.contiguous(memory_format=torch.channels_last)
