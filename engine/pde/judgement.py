"""Scores of a solution against the reference."""

from __future__ import annotations

from engine.judgement import Judgement, Score
from engine.method import Snapshot
from engine.pde.problem import Problem

_SCORES = (
    ("relative error", -1, "Distance from the reference over its size, in L2 over the whole grid "
     "and all unknowns whose reference is known."),
    ("largest error", -1, "Largest distance from the reference on the grid."),
    ("mean residual", -1, "Mean size of what is left over of the equation on the grid."),
)  # fmt: skip


def judge(snapshot: Snapshot, data: Problem) -> Judgement:
    """What the method measured while it drew; without a reference the residual alone."""
    found = snapshot.metrics
    return Judgement(
        scores=tuple(
            Score(name=name, value=found[name], better=better, text=text)
            for name, better, text in _SCORES
            if name in found
        )
    )
