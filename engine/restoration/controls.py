"""What tunable kernels are compared with, on the same network and the same pictures.

Each is trained for the two ends of `strength`, noise of 5 and of 50 levels, and reaches what lies
between by its own rule; with `a` going from 0 to 1 between the ends

    DNI      K(a) = (1 - a) K_A + a K_B                       two networks, B fine-tuned from A
    AdaFM    K(a) = (1 + a g) K,  b(a) = b + a (g b + d)      g, d per channel, learnt for B alone
    CFSNet   h + (1 - a v) main(h) + a v tune(h)              a second branch in every block

"Deep Network Interpolation", CVPR 2019, arXiv 1811.10515; "Modulating Image Restoration with
Continual Levels via Adaptive Feature Modification Layers" (kernels of side 1), CVPR 2019, arXiv
1904.08118; "CFSNet", ICCV 2019, arXiv 1904.00634. All three are affine in `a` once merged, CFSNet
in a network of twice the inner width, so that each is a tunable network of two kernels in the end.

The noise plane ("FFDNet", arXiv 1710.04026) is a plain network that sees the strength as a further
channel, and can have another in every place.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from engine import device
from engine.data.photographs import PICTURES
from engine.layers import Array
from engine.restoration import model
from engine.restoration.model import Control, Model
from engine.restoration.networks import SHAPES, Shape, TunableNetwork
from engine.restoration.quality import psnr
from engine.restoration.restorer import Restorer
from engine.restoration.training import Patches, Recipe, Training
from engine.restoration.training_pictures import Pool, read
from engine.restoration.tunable_params import TunableParams, position

WEAK = 0.1
"""The position of `strength` that the first end is trained for: noise of 5 levels."""

JUDGE = {1: "camera.png", 3: "astronaut.png"}

Ends: TypeAlias = Mapping[str, tuple[Tensor, Tensor, Tensor, Tensor]]
"""Name of a layer to kernel and bias that do not depend on `a`, and those that `a` is a factor
of."""


def plain(shape: Shape, rng: np.random.Generator) -> TunableNetwork:
    """A network of the same layers without sliders: one kernel each, at every position."""
    made = TunableNetwork(shape, sliders=1, mixing="mlp", rng=rng, kernels=1)
    with torch.no_grad():
        for name in shape.convolutions():
            layer = made.convolution(name)
            layer.slope.zero_().requires_grad_(False)
            layer.offset.fill_(1.0).requires_grad_(False)
    return made


def affine(shape: Shape, ends: Ends) -> TunableNetwork:
    """The tunable network of kernels K + a dK, with a = (strength - WEAK) / (1 - WEAK)."""
    made = TunableNetwork(shape, sliders=1, mixing="mlp", rng=np.random.default_rng(0), kernels=2)
    step = 1 / (1 - WEAK)
    with torch.no_grad():
        for name, (kernel, bias, kernel_step, bias_step) in ends.items():
            layer = made.convolution(name)
            layer.weight.copy_(torch.stack([kernel, kernel_step]))
            layer.bias.copy_(torch.stack([bias, bias_step]))
            layer.slope.copy_(torch.tensor([[0.0], [step]]))
            layer.offset.copy_(torch.tensor([1.0, -WEAK * step]))
    return made.eval()


def of(network: TunableNetwork) -> dict[str, tuple[Tensor, Tensor]]:
    """Kernels and biases of a plain network."""
    layers = {name: network.convolution(name) for name in network.shape.convolutions()}
    return {n: (layer.weight[0].detach(), layer.bias[0].detach()) for n, layer in layers.items()}


def interpolated(weak: TunableNetwork, strong: TunableNetwork) -> TunableNetwork:
    """Deep network interpolation of two plain networks."""
    a, b = of(weak), of(strong)
    ends = {n: (a[n][0], a[n][1], b[n][0] - a[n][0], b[n][1] - a[n][1]) for n in a}
    return affine(weak.shape, ends)


class Adapted(nn.Module):
    """AdaFM on a frozen plain network; trained at the strong end."""

    def __init__(self, base: TunableNetwork) -> None:
        super().__init__()
        self.shape, self._base, self._frozen = base.shape, [base], of(base)
        self.gain, self.shift = nn.ParameterDict(), nn.ParameterDict()
        for name, (_, bias) in self._frozen.items():
            self.gain[name.replace(".", "_")] = nn.Parameter(torch.zeros_like(bias))
            self.shift[name.replace(".", "_")] = nn.Parameter(torch.zeros_like(bias))

    def ends(self) -> Ends:
        found = {}
        for name, (kernel, bias) in self._frozen.items():
            gain, shift = (p[name.replace(".", "_")] for p in (self.gain, self.shift))
            found[name] = (kernel, bias, gain[:, None, None, None] * kernel, gain * bias + shift)
        return found

    def forward(self, x: Tensor, omega: Tensor) -> Tensor:
        """Pictures at a = 1; `omega` is that of the strong end."""
        return _at_one(self._base[0], x, self.ends())


class Coupled(nn.Module):
    """CFSNet on a frozen plain network: a tuning block beside every residual block, coupled per
    channel by `a v`. Its coupling layers are linear without bias, hence the vector v."""

    def __init__(self, base: TunableNetwork) -> None:
        super().__init__()
        self.shape = replace(base.shape, inner=2)
        self._wide = [plain(self.shape, np.random.default_rng(0))]
        self._frozen = of(base)
        self.tune, self.coupling = nn.ParameterDict(), nn.ParameterDict()
        for name, (kernel, bias) in self._frozen.items():
            if "." in name:
                key = name.replace(".", "_")
                self.tune[key] = nn.Parameter(kernel.clone())
                self.tune[f"{key}_bias"] = nn.Parameter(bias.clone())
                if name.endswith(".b"):
                    self.coupling[key] = nn.Parameter(torch.ones_like(bias))

    def ends(self) -> Ends:
        found = {}
        for name, (kernel, bias) in self._frozen.items():
            key = name.replace(".", "_")
            if "." not in name:
                found[name] = (kernel, bias, torch.zeros_like(kernel), torch.zeros_like(bias))
                continue
            tune, tune_bias = self.tune[key], self.tune[f"{key}_bias"]
            if name.endswith(".a"):
                both, biases = torch.cat([kernel, tune]), torch.cat([bias, tune_bias])
                found[name] = (both, biases, torch.zeros_like(both), torch.zeros_like(biases))
                continue
            v = self.coupling[key]
            wide = torch.cat([kernel, torch.zeros_like(kernel)], dim=1)
            step = v[:, None, None, None] * torch.cat([-kernel, tune], dim=1)
            found[name] = (wide, bias, step, v * (tune_bias - bias))
        return found

    def forward(self, x: Tensor, omega: Tensor) -> Tensor:
        """Pictures at a = 1; `omega` is that of the strong end."""
        return _at_one(self._wide[0], x, self.ends())


def _at_one(network: TunableNetwork, x: Tensor, ends: Ends) -> Tensor:
    return network.convolved(x, {n: (k + dk, b + db) for n, (k, b, dk, db) in ends.items()})


class WithPlane(nn.Module):
    """A plain network that sees `strength` as a plane beside the picture."""

    def __init__(self, shape: Shape, rng: np.random.Generator) -> None:
        super().__init__()
        self.plain = plain(replace(shape, planes=1), rng)

    def forward(self, x: Tensor, omega: Tensor) -> Tensor:
        """Pictures (B, C, H, W) at G positions (G, 1), of which each has the next B / G."""
        h, w = x.shape[2] // 2, x.shape[3] // 2
        planes = omega.repeat_interleave(len(x) // len(omega), 0)[:, :, None, None]
        seen = planes.expand(-1, -1, h, w).to(x.dtype)
        restored: Tensor = self.plain(x, omega[0], seen)
        return restored


def trained(training: Training, module: nn.Module) -> nn.Module:
    """Run a training to its end; `module` is its network, with the mean of the weights put in."""
    while training.step < training.recipe.steps:
        training.advance()
    module.load_state_dict(training.average)
    return module.eval()


def train(recipe: Recipe, pool: Patches) -> Iterator[tuple[Control, TunableNetwork]]:
    """Tunable kernels, then the four others, each for `recipe.steps` (a half at either end for
    those with two)."""
    shape = SHAPES[recipe.shape]
    tunable = Training(recipe, pool)
    trained(tunable, tunable.network)
    yield "kernels", tunable.averaged()
    plane = WithPlane(shape, np.random.default_rng([recipe.seed, 3]))
    trained(Training(recipe, pool, plane), plane)
    yield "noise plane", plane.plain
    half = replace(
        recipe, steps=recipe.steps // 2, patches=recipe.patches * recipe.groups, fixed=(WEAK,)
    )
    weak = plain(shape, np.random.default_rng([recipe.seed, 4]))
    trained(Training(half, pool, weak), weak)
    strong_recipe = replace(half, fixed=(1.0,))
    strong = plain(shape, np.random.default_rng(0))
    strong.load_state_dict(weak.state_dict())
    trained(Training(strong_recipe, pool, strong), strong)
    yield "DNI", interpolated(weak, strong)
    adapted = Adapted(weak)
    trained(Training(strong_recipe, pool, adapted), adapted)
    yield "AdaFM", affine(adapted.shape, adapted.ends())
    coupled = Coupled(weak)
    trained(Training(strong_recipe, pool, coupled), coupled)
    yield "CFSNet", affine(coupled.shape, coupled.ends())


LEVELS = (5, 15, 25, 35, 50)


def closeness(made: Model, clean: Array) -> dict[str, tuple[float, float]]:
    """PSNR in dB by level of noise: with the slider at the noise, and at its best of 11 places."""
    found = {}
    for level in LEVELS:
        drawn = np.random.default_rng(0).standard_normal(clean.shape)
        noisy = (clean + level / 255 * drawn).astype(np.float32)
        restorer = Restorer(noisy, made)
        asked = sorted({float(level), *np.linspace(0, 50, 11).tolist()})
        by_place = {
            s: psnr(restorer.other(noisy, position(TunableParams(strength=s), made, 0)), clean)
            for s in asked
        }
        found[f"{level}"] = (by_place[level], max(by_place.values()))
    return found


CARD = """# What the sliders are compared with, {kind}

Networks of `{shape}`, all trained for {steps} steps with seed {seed} by

    python -m engine.restoration.controls {shape} --steps {steps} --seed {seed} --out FOLDER

(a half of the steps at either end, noise of 5 and of 50 levels, for those that go between two
networks), in bfloat16, on the pictures of the shipped network. Tunable kernels and opacity are
those of a network trained as long, which does not ship. BSD-3-Clause, as the program.

PSNR in dB on `{judge}`, which was not trained on, by level of noise: slider at the noise, and
in brackets at its best place.

| | {levels} |
|---|{lines}|
{rows}
"""


def main(arguments: list[str] | None = None) -> None:
    """`python -m engine.restoration.controls live-colour --out resources/models`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("network", choices=list(SHAPES))
    parser.add_argument("--out", type=Path, required=True, help="folder of the model files")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    device.single_thread()
    given.out.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(shape=given.network, steps=given.steps, seed=given.seed, halves=True)
    channels = SHAPES[given.network].channels
    pool = Pool(channels, recipe.seed, made=recipe.made)
    facts = {"steps": recipe.steps, "seed": recipe.seed, "network": recipe.shape}
    reached: dict[Control, dict[str, tuple[float, float]]] = {}
    clean = read(PICTURES / JUDGE[channels])
    for control, network in train(recipe, pool):
        made = Model(network, ("strength",), control, facts)
        reached[control] = closeness(made, clean)
        if control == "kernels":
            reached["opacity"] = closeness(replace(made, control="opacity"), clean)
            continue
        path = given.out / model.shipped(control, channels).name
        model.write(path, made)
        print(path.name, reached[control], flush=True)
        _write_card(given.out, recipe, channels, reached)


def _write_card(
    out: Path, recipe: Recipe, channels: int,
    reached: Mapping[Control, Mapping[str, tuple[float, float]]],
) -> None:  # fmt: skip
    rows = [
        f"| {control} | " + " | ".join(f"{at:.2f} ({best:.2f})" for at, best in by.values()) + " |"
        for control, by in reached.items()
    ]
    kind = "colour" if channels == 3 else "grey"
    text = CARD.format(
        kind=kind, shape=recipe.shape, steps=recipe.steps, seed=recipe.seed, judge=JUDGE[channels],
        levels=" | ".join(map(str, LEVELS)), lines="|".join(["---"] * len(LEVELS)),
        rows="\n".join(rows),
    )  # fmt: skip
    (out / f"controls-{kind}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
