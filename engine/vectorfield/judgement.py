"""Scores of a field against the truth, at the points whose vectors were kept back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.vectors import VectorSamples
from engine.judgement import Judgement, Score
from engine.layers import Arrows, Axis, Points
from engine.method import Snapshot
from engine.vectorfield.training import is_used

Floats = NDArray[np.float64]


def judge(snapshot: Snapshot, data: VectorSamples) -> Judgement:
    """Relative error, direction and coverage at the rows that were not learnt from; without a
    truth, how far the field passes from the vectors themselves and from those taken out."""
    field: Any = snapshot.layer("field")
    assert isinstance(field, Arrows)
    if field.vectors.shape[1] != data.positions.shape[1]:
        return Judgement(scores=())
    used = is_used(field.standing) if len(field.standing) else data.observed
    truth = np.full_like(data.positions, np.nan) if data.truth is None else data.truth
    known = np.isfinite(truth).all(axis=1)
    if not known.any():
        return _against_vectors(field, data, used, snapshot.metrics)
    back = known & ~used
    rows = np.asarray(back if back.any() else known)
    kept = "at the points whose vectors were kept back" if back.any() else ""
    found, true = field.vectors[rows], truth[rows]
    wrong = np.linalg.norm(found - true, axis=1)
    scores = [
        Score(name="relative error", value=_relative(found, true), better=-1,
              text=f"Root mean square error over that of the true field {kept}."),
        Score(name="mean cosine", value=_cosine(found, true),
              text=f"Mean cosine of the angle between field and truth {kept}."),
    ]  # fmt: skip
    std = field.columns.get("standard deviation")
    if std is not None:
        scores.append(_coverage(wrong, np.asarray(std)[rows], _components(snapshot, data), kept))
    return Judgement(scores=tuple(scores), layers=(_reliability(field, data, rows),))


def _components(snapshot: Snapshot, data: VectorSamples) -> int:
    return int(snapshot.chosen.get("dimension", data.positions.shape[1]))


def _cosine(found: Floats, truth: Floats) -> float:
    length = np.linalg.norm(found, axis=1) * np.linalg.norm(truth, axis=1)
    some = length > 0
    if not some.any():
        return 0.0
    return float(np.mean(np.einsum("nd,nd->n", found, truth)[some] / length[some]))


def _coverage(wrong: Floats, std: Floats, components: int, kept: str) -> Score:
    """Share of points whose error lies in the 95 % ball of an isotropic Gaussian spread."""
    from scipy.stats import chi2

    radius = np.sqrt(chi2.ppf(0.95, components) / components)
    return Score(
        name="95 % coverage", value=float(np.mean(wrong <= radius * std)), better=0,
        text=f"Share of true vectors inside the region that should hold 95 % of them {kept}. "
        "Less means that the spread is too small.",
    )  # fmt: skip


def _reliability(field: Arrows, data: VectorSamples, rows: NDArray[np.bool_]) -> Points:
    """Error of each point against the spread that was promised there."""
    assert data.truth is not None
    wrong = np.linalg.norm(field.vectors - data.truth, axis=1)
    std = field.columns.get("standard deviation", np.zeros(len(wrong)))
    ids = np.flatnonzero(rows)
    return Points(
        name="error against spread", role="diagnostic",
        positions=np.column_stack([np.asarray(std)[ids], wrong[ids]]),
        axes=(Axis("standard deviation"), Axis("error")), ids=ids, equal_scale=False,
    )  # fmt: skip


def _against_vectors(
    field: Arrows, data: VectorSamples, used: NDArray[np.bool_], metrics: Mapping[str, float]
) -> Judgement:
    known = np.isfinite(data.vectors).all(axis=1)
    seen, back = known & used, known & ~used
    found, given = field.vectors[seen], data.vectors[seen]
    scores = [
        Score(name="misfit", value=_relative(found, given), better=0,
              text="Root mean square distance of the field from the vectors it was learnt from, "
              "over their own size. Small means close to the data, noise and all."),
        Score(name="mean cosine", value=_cosine(found, given), better=0,
              text="Mean cosine of the angle between field and the vectors it was learnt from."),
    ]  # fmt: skip
    if back.any():
        scores.append(
            Score(name="error at vectors kept back", better=-1,
                  value=_relative(field.vectors[back], data.vectors[back]),
                  text="Root mean square distance of the field from the vectors that it was not "
                  "learnt from, over their own size; their noise counts as well.")
        )  # fmt: skip
    if "left-out error" in metrics:
        scores += [
            Score(name="left-out error", value=metrics["left-out error"], better=-1,
                  text="Root mean square error of each vector as foretold by all the others, over "
                  "that of the vectors. The noise of the vectors counts as error too."),
            Score(name="left-out coverage", value=metrics["left-out coverage"], better=0,
                  text="Share of vectors inside the region that, by all the others, should hold "
                  "95 % of them. Less means that the spread is too small."),
        ]  # fmt: skip
    return Judgement(scores=tuple(scores))


def _relative(found: Floats, given: Floats) -> float:
    return float(np.linalg.norm(found - given)) / max(float(np.linalg.norm(given)), 1e-300)
