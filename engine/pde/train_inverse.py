"""Trains the inverse networks of the random-grid processes that ship, their forward ones at rest.

    python -m engine.pde.train_inverse burgers_family --steps 8000

It begins anew, or with --go-on from the weights there are, and puts the weights in place of the
shipped ones, with what was reached on the exact solutions of 100 held-out draws. The same steps and
seed give the same weights again on the same machine.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.device import single_thread
from engine.pde import shipped
from engine.pde.coverage import HeldOut, held_out
from engine.pde.elbo import LOUD, QUIET, SILENT
from engine.pde.family import Family
from engine.pde.forward import Arrays
from engine.pde.gallery import open_known
from engine.pde.inverse_training import MOST, InverseTraining, begun_anew
from engine.pde.observations import found
from engine.pde.recovery import recovery
from engine.pde.rgnp_training import evaluator
from engine.pde.weighing import weighed
from engine.stages import finish

HELD_OUT = 100
LOOKED_AT = 1000
"""Steps between two looks at the held-out draws."""
COUNTS, NOISES = (20, 50, 225), (0.0, 0.05)
SHAPE: dict[str, Any] = {"lifts": 3, "convolutions": 4, "head": 200, "rank": 1, "informed": True}


def main(words: list[str] | None = None) -> int:
    """The command."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("name", choices=["burgers_family", "poisson_family"])
    asked.add_argument("--steps", type=int, default=8000)
    asked.add_argument("--until", type=int, default=0, help="stop after so many of the steps")
    asked.add_argument("--rate", type=float, default=2e-3)
    asked.add_argument("--fall", type=float, default=0.01)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--go-on", action="store_true", help="from the inverse weights there are")
    asked.add_argument("--begin", type=Path, default=shipped.MODELS, help="folder of the model")
    asked.add_argument("--out", type=Path, default=shipped.MODELS)
    chosen = asked.parse_args(words)
    single_thread()
    chosen.out.mkdir(parents=True, exist_ok=True)
    _run(chosen)
    return 0


def _run(chosen: argparse.Namespace) -> None:
    arrays, head = _read(chosen.begin / f"{chosen.name}.safetensors")
    problem = open_known(chosen.name)
    family = Family(problem, head["params"]["given"])
    rng, earlier = np.random.default_rng(chosen.seed), head.get("inverse", {})
    if not chosen.go_on:
        arrays, earlier = begun_anew(family, arrays, rng=rng, **SHAPE), {}
    training = InverseTraining(
        family, arrays, rng, steps=chosen.steps, rate=chosen.rate, fall=chosen.fall
    )
    draws = finish(held_out(family, HELD_OUT))
    began, values = time.process_time(), []
    for step, value in enumerate(training.run(), 1):
        values.append(value)
        last = step == (chosen.until or chosen.steps)
        if step % LOOKED_AT and not last:
            continue
        reached = _reached(family, training.published(), draws, last)
        spent = round(time.process_time() - began)
        print(f"{chosen.name} step {step}, {spent} s of the processor: log density "
              f"{np.mean(values[-LOOKED_AT:]):.3f}; {reached}", flush=True)  # fmt: skip
        head["inverse"] = {
            "command": " then ".join(filter(None, [earlier.get("command"), _told(chosen)])),
            "steps": earlier.get("steps", 0) + step,
            "processor seconds": earlier.get("processor seconds", 0) + spent,
            "noise in training": {"share without": SILENT, "from": QUIET, "to": LOUD},
            "shape": SHAPE, "most places": MOST, "draws": len(draws.c), "prior's error": 3**-0.5,
            "reached": reached,
        }  # fmt: skip
        _save(chosen.out / f"{chosen.name}.safetensors", training.published(), head)
        if last:
            break


def _told(chosen: argparse.Namespace) -> str:
    """The command, without folders of this machine."""
    told = (f"python -m engine.pde.train_inverse {chosen.name} --steps {chosen.steps} "
            f"--rate {chosen.rate:g} --fall {chosen.fall:g} --seed {chosen.seed}")  # fmt: skip
    told += f" --until {chosen.until}" if chosen.until else ""
    return told + (" --go-on" if chosen.go_on else "")


def _reached(
    family: Family, arrays: Arrays, draws: HeldOut, weighing: bool
) -> list[dict[str, Any]]:
    """Root mean square errors over half the range, and coverage, by coefficient."""
    networks, rows = evaluator(family.problem, arrays, family.given), []
    ways = {"inverse network": found} | ({"both networks": weighed} if weighing else {})
    for by, way in ways.items():
        for noise in NOISES:
            for count in COUNTS:
                now = recovery(networks, draws, count, noise, way)
                rows.append({"by": by, "places": count, "noise": noise,
                             "error": _named(family, now.error),
                             "coverage": _named(family, now.coverage)})  # fmt: skip
    return rows


def _named(family: Family, values: Any) -> dict[str, float]:
    return {n: round(float(v), 3) for n, v in zip(family.sought, values, strict=True)}


def _read(path: Path) -> tuple[Arrays, dict[str, Any]]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        head: dict[str, Any] = json.loads(file.metadata()["made"])
        return {key: file.get_tensor(key) for key in file.keys()}, head  # noqa: SIM118


def _save(path: Path, arrays: Arrays, head: dict[str, Any]) -> None:
    from safetensors.numpy import save_file

    whole = {name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()}
    part = path.with_suffix(".part")
    save_file(whole, part, metadata={"made": json.dumps(head)})
    part.replace(path)
    path.with_suffix(".json").write_text(json.dumps(head, indent=2) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
