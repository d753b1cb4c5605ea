"""Packs a training's checkpoint into a file that ships, with a card that says how it was made.

python -m engine.restoration.pack CHECKPOINT --out resources/models/restoration-grey.safetensors
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from engine import device
from engine.restoration import model, train
from engine.restoration.model import Model
from engine.restoration.training import Training
from engine.restoration.training_pictures import PHOTOGRAPHS, Pool

CARD = """# {title}

A restoring network of tunable convolutions (arXiv 2304.00898) for {kind} pictures.

| | |
|---|---|
| Network | `{shape}`, {weights} weights when merged |
| Sliders | {sliders} |
| Steps of the last part of training | {steps} |
| Seed | {seed} |
| Loss | error relative to what was spoilt{texture} |
| Arithmetic in training | {arithmetic} |
| Weights | running mean, {averaging} |
| Terms | BSD-3-Clause, as the program |

Made by

    {command}
    {packed}

## Closeness to the truth

PSNR in dB on `{judge}`, which was not trained on; noise drawn with seed 0 and not clipped; sliders
at what was done to the picture. Beside it the better of two settings of non-local means, which
was told the noise.

| Spoilt by | This network | Non-local means | Difference |
|---|---|---|---|
{table}

## Pictures

Half of the patches come from these, as scikit-image hands them out, the other half from pictures
made by formula (dead leaves, grain, lettering, gratings: `engine/restoration/procedural.py`).
Neither
`astronaut` nor `camera` was trained on.

| Picture | Licence as stated there |
|---|---|
{pictures}
"""


def pack(checkpoint: Path, out: Path, *, command: str = "") -> dict[str, float]:
    """Write `out` and the card beside it; what was measured comes back."""
    kept: Mapping[str, Any] = torch.load(checkpoint, weights_only=True, map_location="cpu")
    recipe = json.loads(kept["recipe"])
    channels = {"colour": 3, "grey": 1}[recipe["shape"].rpartition("-")[2]]
    training = Training.resumed(checkpoint, Pool(channels, 0, made=1, side=64))
    names = training.recipe.sliders
    network = training.averaged()
    reached = train.judged(network, names)
    facts = {
        "network": training.recipe.shape, "steps": training.step, "recipe": recipe,
        "pictures": {p.file: p.licence for p in PHOTOGRAPHS}, "reached": reached,
        "licence": "BSD-3-Clause",
    }  # fmt: skip
    model.write(out, Model(network, names, "kernels", facts))
    text = _card(training, channels, reached, command or _command(training), out, checkpoint)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    return reached


def _command(training: Training) -> str:
    """The command whose defaults and options give this recipe."""
    recipe = training.recipe
    words = ["python", "-m", "engine.restoration.train", recipe.shape]
    words += ["--sliders", *recipe.sliders, "--seed", str(recipe.seed), "--steps",
              str(recipe.steps), "--groups", str(recipe.groups), "--patches",
              str(recipe.patches), "--side", str(recipe.side), "--rate", f"{recipe.rate:g}",
              "--out", "FOLDER"]  # fmt: skip
    return shlex.join(words + ["--halves"] * recipe.halves)


def _card(
    training: Training, channels: int, reached: Mapping[str, float], command: str, out: Path,
    checkpoint: Path,
) -> str:  # fmt: skip
    recipe, shape = training.recipe, model.SHIPPED / out.name
    sizes = training.averaged().shape.convolutions().values()
    weights = sum(i * o * side**2 + o for i, o, side, _, _ in sizes)
    return CARD.format(
        title=out.stem, kind="colour" if channels == 3 else "grey", shape=recipe.shape,
        weights=weights, sliders=", ".join(recipe.sliders), steps=training.step, seed=recipe.seed,
        texture=", and texture as far as `detail` asks" if "detail" in recipe.sliders else "",
        arithmetic="bfloat16 convolutions" if recipe.halves else "float32",
        averaging=recipe.averaging, command=command,
        packed=f"python -m engine.restoration.pack FOLDER/{checkpoint.name} --out "
               f"resources/models/{shape.name}",
        judge=train.JUDGE[channels], table=_table(reached, channels),
        pictures="\n".join(f"| {p.file} | {p.licence} |" for p in PHOTOGRAPHS),
    )  # fmt: skip


def _table(reached: Mapping[str, float], channels: int) -> str:
    better = dict(zip(map(str, train.LEVELS), train.NLM[channels], strict=True))
    rows = []
    for case, value in reached.items():
        if case in better:
            rows.append(f"| noise {case} | {value:.2f} | {better[case]:.2f} "
                        f"| {value - better[case]:+.2f} |")  # fmt: skip
        elif case.startswith("energy"):
            told = "with detail at 1" if case == "energy" else "with detail at 0"
            rows.append(f"| noise 25, {told}: energy of fine texture over the truth's "
                        f"| {value:.2f} | | |")  # fmt: skip
        else:
            rows.append(f"| {case} | {value:.2f} | | |")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--command", default="", help="how it was trained, if in several parts")
    given = parser.parse_args(arguments)
    device.single_thread()
    for case, value in pack(given.checkpoint, given.out, command=given.command).items():
        print(f"{case}: {value:.2f}")


if __name__ == "__main__":
    main()
