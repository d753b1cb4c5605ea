"""Trains a network as the shipped ones were: `python -m engine.restoration.train live-colour`.

Goes on where the folder's checkpoint stands, and says at each checkpoint how near the picture it
is judged by comes, beside non-local means.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from engine import device
from engine.layers import Array
from engine.restoration.networks import SHAPES, MergedNetwork, TunableNetwork
from engine.restoration.quality import psnr
from engine.restoration.training import STRONGEST, Recipe, Training
from engine.restoration.training_pictures import folder, read

LEVELS = (15, 25, 50)
NLM = {1: (31.01, 29.09, 26.64), 3: (33.00, 30.16, 26.22)}
"""PSNR of the better of two settings of non-local means on `camera` (grey) and `astronaut`."""
JUDGE = {1: "camera.png", 3: "astronaut.png"}


def judged(network: TunableNetwork) -> list[float]:
    """PSNR in dB at `LEVELS` on the picture that the network is judged by, its slider matched."""
    where = folder()
    if where is None:
        return []
    clean = read(where / JUDGE[network.shape.channels])
    merged, found = MergedNetwork(network), []
    for level in LEVELS:
        sigma = level / 255
        noise = np.random.default_rng(0).standard_normal(clean.shape)
        merged.at(torch.tensor([sigma / STRONGEST], dtype=torch.float32))
        restored = merged(_batch(clean + sigma * noise))
        found.append(psnr(_picture(restored), clean))
    return found


def _batch(picture: Array) -> torch.Tensor:
    planes = picture[None] if picture.ndim == 2 else np.moveaxis(picture, 2, 0)
    return torch.from_numpy(np.ascontiguousarray(planes[None], np.float32))


def _picture(batch: torch.Tensor) -> Array:
    planes = batch[0].numpy()
    return planes[0] if len(planes) == 1 else np.moveaxis(planes, 0, 2)


def main(arguments: list[str] | None = None) -> None:
    given = _parsed(arguments)
    device.single_thread()
    given.out.mkdir(parents=True, exist_ok=True)
    kept = given.out / "checkpoint.pt"
    if kept.exists():
        training = Training.resumed(kept, steps=given.steps)
    else:
        recipe = Recipe(
            shape=given.network, seed=given.seed, steps=given.steps, halves=given.halves,
            groups=given.groups, patches=given.patches, side=given.side, rate=given.rate,
        )  # fmt: skip
        training = Training(recipe)
    if training.pool.missing:
        print("not at hand:", ", ".join(training.pool.missing), flush=True)
    begun = last = time.monotonic()
    losses: list[float] = []
    while training.step < training.recipe.steps:
        losses.append(training.advance())
        now = time.monotonic()
        over = now - begun > 60 * given.minutes or training.step == training.recipe.steps
        if over or now - last > 60 * given.every:
            last = now
            training.save(kept)
            _tell(training, losses, now - begun)
            losses.clear()
        if over:
            break


def _tell(training: Training, losses: list[float], seconds: float) -> None:
    network = training.averaged()
    reached = judged(network)
    better = NLM[network.shape.channels]
    told = " ".join(
        f"{level}: {value:.2f} ({value - nlm:+.2f})"
        for level, value, nlm in zip(LEVELS, reached, better, strict=False)
    )
    rate = training.recipe.rate_at(training.step)
    print(
        f"step {training.step} {seconds / 60:.1f} min cpu {time.process_time() / 60:.1f} "
        f"rate {rate:.1e} loss {np.mean(losses):.4f} | {told}",
        flush=True,
    )


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = Recipe()
    parser.add_argument("network", choices=list(SHAPES))
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this long")
    parser.add_argument("--every", type=float, default=3.0, help="minutes between checkpoints")
    parser.add_argument("--groups", type=int, default=defaults.groups)
    parser.add_argument("--patches", type=int, default=defaults.patches)
    parser.add_argument("--side", type=int, default=defaults.side)
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--halves", action="store_true", help="convolutions in bfloat16")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
