"""Scores of a solved equation: how far from the truth, and how well the equation holds."""

from __future__ import annotations

from engine.judgement import Judgement, Score
from engine.method import Snapshot
from engine.pde.problem import Problem

_TEXTS = {
    "relative error": "Root mean square error over that of the truth, on the whole grid.",
    "largest error": "Largest distance from the truth on the whole grid.",
    "RMSE": "Root mean square error on the whole grid.",
    "boundary error": "Root mean square of what is missed of boundary and initial values.",
    "mean residual": "Mean size of what is left of the equation where it is shown.",
}


def judge(snapshot: Snapshot, data: Problem) -> Judgement:
    """Errors against the reference, as far as there is one, and the residual."""
    return Judgement(
        scores=tuple(
            Score(name=name, value=snapshot.metrics[name], better=-1, text=text)
            for name, text in _TEXTS.items()
            if name in snapshot.metrics
        )
    )
