"""Trains the random-grid processes that ship with the program.

    python -m engine.pde.train_rgnp poisson_family
    python -m engine.pde.train_rgnp burgers_family --set steps=40000 --minutes 40

Checkpoints lie beside the model while it is trained and are taken up again; with --minutes the rate
falls over the time given instead of over the steps. What was reached on 100 held-out draws against
the references goes into the file and into a card beside it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.device import single_thread
from engine.params import parse, to_json
from engine.pde import shipped
from engine.pde.coverage import Quality, held_out, quality
from engine.pde.family import Family
from engine.pde.gallery import known, open_known
from engine.pde.rgnp_params import RGNPParams
from engine.pde.rgnp_training import Training, evaluator
from engine.stages import finish

HELD_OUT = 100
LOOKED_AT = 2000
"""Steps between two looks at the held-out draws."""
RECIPES: dict[str, dict[str, Any]] = {
    "poisson_family": {"layers": 4, "width": 100, "fourier": 20, "steps": 40000, "fall": 0.003},
    "burgers_family": {
        "layers": 3, "width": 96, "fourier": 8, "fastest": 0.5, "steps": 30000, "fall": 0.01,
        "batch": 24, "interior": 40, "rate": 8e-3, "gain": 2**0.5, "train_eps": True, "eps": 1.0,
    },
    "cavity_family": dict(known("cavity_family").settings),
}  # fmt: skip


def main(words: list[str] | None = None) -> int:
    """The command."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("name", choices=sorted(RECIPES))
    asked.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--minutes", type=float, default=0.0)
    asked.add_argument("--begin", type=Path, help="a trained model whose weights to begin with")
    asked.add_argument("--out", type=Path, default=shipped.MODELS)
    chosen = asked.parse_args(words)
    values = dict(RECIPES[chosen.name])
    for pair in chosen.set:
        key, _, text = pair.partition("=")
        values[key] = parse(RGNPParams, key, text)
    params = RGNPParams(weights="trained here", held_out=HELD_OUT, **values)
    single_thread()
    chosen.out.mkdir(parents=True, exist_ok=True)
    recipe = _Recipe(chosen.name, params, chosen.seed, chosen.minutes, chosen.out)
    recipe.command = _told(chosen)
    recipe.run(chosen.begin)
    return 0


def _told(chosen: argparse.Namespace) -> str:
    """The command, without folders of this machine; after that of the model it begins with."""
    words = ["python -m engine.pde.train_rgnp", chosen.name]
    words += [f"--set {pair}" for pair in chosen.set]
    words += [f"--seed {chosen.seed}"] if chosen.seed else []
    words += [f"--minutes {chosen.minutes:g}"] if chosen.minutes else []
    told = " ".join(words)
    if chosen.begin is None:
        return told
    return f"{_head(chosen.begin)['command']}; then {told} --begin {chosen.begin.name}"


def _head(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        found: dict[str, Any] = json.loads(file.metadata()["made"])
    return found


class _Recipe:
    def __init__(self, name: str, params: RGNPParams, seed: int, minutes: float, out: Path) -> None:
        self.name, self.params, self.seed, self.minutes, self.out = name, params, seed, minutes, out
        self.problem = open_known(name)
        self.family = Family(self.problem, params.given)
        rng = np.random.default_rng(seed)
        self.training = Training(self.family, params, rng, "cpu", self._now)
        self.began = time.monotonic()
        self.spent, self.command = 0.0, ""
        self.before = 0, 0
        self.errors: list[tuple[float, float, float]] = []

    def _elapsed(self) -> float:
        return self.spent + time.monotonic() - self.began

    def _now(self) -> RGNPParams:
        """With a time set, the rate falls by the clock."""
        if not self.minutes:
            return self.params
        share = min(1.0, self._elapsed() / (60 * self.minutes))
        rate = self.params.rate * self.params.fall**share
        return replace(self.params, rate=max(rate, 1e-6), fall=1.0)

    def run(self, begin: Path | None = None) -> None:
        """Train; from the weights of another model, but for the residual noise, which is set."""
        for _ in self.training.observe():
            pass
        draws = finish(held_out(self.family, HELD_OUT))
        if begin is not None:
            self._take(begin, ("log eps",))
            earlier = _head(begin)
            self.before = earlier["steps"], earlier["seconds"]
        self._resume()
        self.began = time.monotonic()
        for told in self.training.run():
            step = self.training.done
            if told is None:
                continue
            over = bool(self.minutes) and self._elapsed() > 60 * self.minutes
            if step % LOOKED_AT and step < self.params.steps and not over:
                continue
            arrays = self.training.published()
            found = quality(evaluator(self.problem, arrays, self.family.given), draws)
            self.errors.append((float(step), found.error, found.coverage))
            each = "".join(f", {name} {error:.4f} {coverage:.3f}" for name, (error, coverage) in
                           found.each.items() if len(found.each) > 1)  # fmt: skip
            print(f"{self.name} step {step}, {self._elapsed():.0f} s: error {found.error:.4f}, "
                  f"coverage {found.coverage:.3f}, residual {told.get('residual', np.nan):.4f}"
                  f"{each}", flush=True)  # fmt: skip
            self._save(arrays, found)
            if over:
                break

    def _file(self) -> Path:
        return self.out / f"{self.name}.safetensors"

    def _resume(self) -> None:
        """Take up the weights of a checkpoint; moments of the optimiser begin afresh."""
        from safetensors import safe_open

        if not self._file().is_file():
            return
        with safe_open(self._file(), framework="numpy") as file:
            head = json.loads(file.metadata()["made"])
            if head["params"] != to_json(self.params) or head["seed"] != self.seed:
                return
            self.errors = [tuple(row) for row in file.get_tensor("course.errors").tolist()]
        self._take(self._file())
        self.training.done = head["steps"] - self.before[0]
        self.spent = head["seconds"] - self.before[1]
        for _ in range(self.training.done):
            self.training.elbo.draw(1, 1)

    def _take(self, path: Path, but: tuple[str, ...] = ()) -> None:
        import torch
        from safetensors.numpy import load_file

        arrays = load_file(path)
        with torch.no_grad():
            for key, leaf in self.training.leaves.items():
                if key not in but:
                    leaf.copy_(torch.tensor(arrays[key]))

    def _save(self, arrays: dict[str, Any], found: Quality) -> None:
        from safetensors.numpy import save_file

        head = {
            "problem": self.name, "wording": shipped.wording_of(self.name),
            "command": self.command,
            "params": to_json(self.params), "seed": self.seed, "minutes": self.minutes,
            "steps": self.before[0] + self.training.done,
            "seconds": self.before[1] + round(self._elapsed()),
            "reached": {"error": found.error, "coverage": found.coverage, "draws": found.draws},
        }  # fmt: skip
        whole = {name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()}
        whole["course.losses"] = self.training.course().astype(np.float32)
        whole["course.errors"] = np.array(self.errors, np.float32)
        part = self._file().with_suffix(".part")
        save_file(whole, part, metadata={"made": json.dumps(head)})
        part.replace(self._file())
        self._file().with_suffix(".json").write_text(json.dumps(head, indent=2) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
