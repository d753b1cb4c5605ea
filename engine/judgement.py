"""How good a picture is, by the family's own scores."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.layers import Layer
from engine.method import Note, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """A number and its meaning. `better`: +1 when higher is better, -1 lower, 0 neither."""

    name: str
    value: float
    better: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """Scores of one settled picture and the diagnostics drawn from the same comparison."""

    scores: tuple[Score, ...]
    layers: tuple[Layer, ...] = ()
    notes: tuple[Note, ...] = field(default_factory=tuple)

    def values(self) -> Mapping[str, float]:
        return {score.name: score.value for score in self.scores}


def judge(method_id: str, snapshot: Snapshot, data: Any) -> Judgement:
    """Score a snapshot against the data it was made from."""
    family = method_id.partition(".")[0]
    module = importlib.import_module(f"engine.{family}.judgement")
    found: Judgement = module.judge(snapshot, data)
    return found
