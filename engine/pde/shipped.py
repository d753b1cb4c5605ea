"""Networks that come with the program: trained random-grid processes of the gallery's families.

A file of safetensors for each, with what was reached and how it was made in its header
(`engine.pde.train_rgnp`).
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.pde.forward import Arrays
from engine.pde.problem import Floats, Problem
from resources import FOLDER

MODELS = FOLDER / "models" / "rgnp"
PREFIX = "problem:"


@dataclass(frozen=True, slots=True, eq=False)
class Shipped:
    """Arrays of both networks; quality and courses as of `engine.pde.rgnp.Fitted`."""

    arrays: Arrays
    quality: Floats
    given: int
    losses: Floats
    errors: Floats
    steps: int
    said: str


def known(problem: Problem) -> Shipped | None:
    """The trained networks of a problem of the gallery, whatever its coefficients; None where
    there are none, or where they belong to another wording of it."""
    name = problem.spec.removeprefix(PREFIX).partition("?")[0]
    if not problem.spec.startswith(PREFIX) or not (MODELS / f"{name}.safetensors").is_file():
        return None
    found, wording = _read(name)
    return found if wording == wording_of(name) else None


def wording_of(name: str) -> str:
    """A hash of a problem's text in the gallery."""
    from engine.pde.gallery import known as listed

    return hashlib.sha256(listed(name).text.encode()).hexdigest()


@functools.cache
def _read(name: str) -> tuple[Shipped, str]:
    from safetensors import safe_open

    with safe_open(MODELS / f"{name}.safetensors", framework="numpy") as file:
        head: dict[str, Any] = json.loads(file.metadata()["made"])
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    losses, errors = arrays.pop("course.losses"), arrays.pop("course.errors")
    reached = head["reached"]
    quality = np.array([reached["error"], reached["coverage"], reached["draws"]])
    return Shipped(
        arrays, quality, head["params"]["given"], losses.astype(np.float64),
        errors.astype(np.float64), head["steps"],
        f"Networks as shipped: {head['steps']} steps of training, measured on "
        f"{reached['draws']} held-out draws.",
    ), head["wording"]  # fmt: skip
