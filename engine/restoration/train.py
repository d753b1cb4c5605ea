"""Trains a network as the shipped ones were: `python -m engine.restoration.train live-colour`.

Goes on where the folder's checkpoint stands, and says at each checkpoint how near the picture it
is judged by comes, beside non-local means.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.random import default_rng as rng
from scipy import ndimage

from engine import device
from engine.layers import Array
from engine.restoration import model, sliders
from engine.restoration.networks import SHAPES, MergedNetwork, TunableNetwork
from engine.restoration.quality import psnr
from engine.restoration.sliders import BEST, MARGIN, SLIDERS, STRONGEST, WIDEST, WORST
from engine.restoration.training import Recipe, Training, Weights
from engine.restoration.training_pictures import folder, read

LEVELS = (15, 25, 50)
NLM = {1: (31.01, 29.09, 26.64), 3: (33.00, 30.16, 26.22)}
"""PSNR of the better of two settings of non-local means on `camera` (grey) and `astronaut`."""
JUDGE = {1: "camera.png", 3: "astronaut.png"}
OTHERS: Mapping[str, Mapping[str, float]] = {
    "blur 1.5, noise 3": {"deblur": 1.5 / WIDEST, "strength": 3 / 50},
    "jpeg 20": {"jpeg": (BEST - 20) / (BEST - WORST)},
    "jpeg 50, noise 10": {"jpeg": (BEST - 50) / (BEST - WORST), "strength": 10 / 50},
}


def judged(network: TunableNetwork, names: Sequence[str]) -> dict[str, float]:
    """PSNR in dB on the picture that the network is judged by, its sliders matched to how it was
    spoilt. For "detail 1" the last number is the texture's energy over that of the truth."""
    where = folder()
    if where is None:
        return {}
    clean = read(where / JUDGE[network.shape.channels])
    found: dict[str, float] = {}

    def restored(spoilt: Array, position: Mapping[str, float]) -> Array:
        merged = MergedNetwork(network)
        omega = [position.get(name, 0.0) for name in names]
        merged.at(torch.tensor(omega, dtype=torch.float32))
        return _picture(merged(_batch(spoilt)))

    for level in LEVELS:
        noisy = clean + level / 255 * rng(0).standard_normal(clean.shape)
        at = {"strength": level / 255 / STRONGEST}
        found[f"{level}"] = psnr(restored(noisy, at), clean)
        if level == 25 and "detail" in names:
            textured = restored(noisy, at | {"detail": 1.0})
            found["25, detail 1"] = psnr(textured, clean)
            found["energy"] = _energy(textured) / _energy(clean)
            found["energy without"] = _energy(restored(noisy, at)) / _energy(clean)
    for case, position in OTHERS.items():
        if not set(position) <= set(names):
            continue
        widths = [(MARGIN, MARGIN)] * 2 + [(0, 0)] * (clean.ndim - 2)
        padded = _batch(np.pad(clean, widths, mode="reflect")).numpy()
        spoilt = _picture(torch.from_numpy(sliders.spoilt(padded, position, rng(0))))
        found[f"{case}, before"] = psnr(spoilt, clean)
        found[case] = psnr(restored(spoilt, position), clean)
    return found


def _energy(picture: Array) -> float:
    """Of the finest band: what is left when the picture is smoothed."""
    smooth = ndimage.gaussian_filter(picture, (1, 1) + (0,) * (picture.ndim - 2))
    return float(np.mean((picture - smooth) ** 2))


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
            shape=given.network, sliders=tuple(given.sliders), seed=given.seed,
            steps=given.steps, halves=given.halves, groups=given.groups,
            patches=given.patches, side=given.side, rate=given.rate, settle=given.settle,
            grained=given.grained, energies=given.energies, fixed=tuple(given.fixed),
        )  # fmt: skip
        training = _begun(given, recipe)
    training.weights = Weights(texture=given.texture, gradients=given.gradients)
    if missing := getattr(training.pool, "missing", []):
        print("not at hand:", ", ".join(missing), flush=True)
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


def _begun(given: argparse.Namespace, recipe: Recipe) -> Training:
    if given.begin:
        return Training.begun(model.read(given.begin), recipe)
    return Training.widened(given.widen, recipe) if given.widen else Training(recipe)


def _tell(training: Training, losses: list[float], seconds: float) -> None:
    network = training.averaged()
    reached = judged(network, training.recipe.sliders)
    better = dict(zip(map(str, LEVELS), NLM[network.shape.channels], strict=True))
    told = " | ".join(
        f"{case}: {value:.2f}" + (f" ({value - better[case]:+.2f})" if case in better else "")
        for case, value in reached.items()
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
    parser.add_argument("--sliders", nargs="+", choices=SLIDERS, default=list(defaults.sliders))
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--widen", type=Path, help="begin with a checkpoint of fewer sliders")
    parser.add_argument("--begin", type=Path, help="begin with a packed network of these sliders")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this long")
    parser.add_argument("--every", type=float, default=3.0, help="minutes between checkpoints")
    parser.add_argument("--groups", type=int, default=defaults.groups)
    parser.add_argument("--patches", type=int, default=defaults.patches)
    parser.add_argument("--side", type=int, default=defaults.side)
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--settle", type=float, default=defaults.settle,
                        help="share of the steps over which the rate falls")  # fmt: skip
    parser.add_argument("--grained", type=int, default=0, help="pictures of strong fine texture")
    parser.add_argument(
        "--fixed", type=float, nargs="+", default=[], help="train at these positions alone"
    )
    parser.add_argument("--texture", type=float, default=1.0, help="factor on texture's energy")
    parser.add_argument("--gradients", type=float, default=1.0, help="factor on their histogram")
    parser.add_argument("--energies", choices=("median", "mean"), default=defaults.energies,
                        help="of texture that cannot be told")  # fmt: skip
    parser.add_argument("--halves", action="store_true", help="convolutions in bfloat16")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
