"""A move of a restoration slider on a picture of 512 x 512: to the first frame, and to the settled
one with its scores, beside a fit from nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine import catalog
from engine.data import open_any
from engine.method import Refines, Snapshot
from tests.bench.report import Report, seconds

MOVES: dict[str, tuple[str, tuple[float, ...]]] = {
    "restoration.tunable": ("strength", (15.0, 17.5, 20.0)),
    "restoration.total_variation": ("weight", (0.08, 0.09, 0.1)),
    "restoration.non_local_means": ("strength", (0.7, 0.8, 0.9)),
    "restoration.wavelet": ("strength", (0.8, 0.9, 1.0)),
    "restoration.wiener": ("balance", (1e-3, 3e-3, 1e-2)),
    "restoration.richardson_lucy": ("iterations", (17, 23, 34)),
    "restoration.tv_deconvolution": ("weight", (3e-4, 5e-4, 1e-3)),
}
"""Method to the slider that is moved, and where to."""
BLURRED = ("restoration.wiener", "restoration.richardson_lucy", "restoration.tv_deconvolution")


def measure(*, quick: bool) -> Report:
    report = Report("sliders", ("picture", "method", "first frame (ms)", "settled (ms)", "fit (s)"))
    for name in ("camera",) if quick else ("camera", "astronaut"):
        for method, (slider, places) in MOVES.items():
            if method not in catalog.cards():
                continue
            spoilt = "noise=2&blur=1.6" if method in BLURRED else "noise=25"
            data = open_any(f"sample:{name}?{spoilt}")
            first, settled, fit = _moved(method, data, slider, places)
            report.add(name, method, 1e3 * first, 1e3 * settled, fit)
    return report


def _moved(
    method: str, data: Any, slider: str, places: tuple[float, ...]
) -> tuple[float, float, float]:
    kind = catalog.card(method).load()
    made = kind(kind.Params())
    fit = seconds(lambda: list(made.fit(data, rng=np.random.default_rng(0), device="cpu")))
    moved = [replace(made.params, **{slider: place}) for place in places]
    first = [seconds(lambda: _first(made, p)) for p in moved]  # noqa: B023
    settled = [seconds(lambda: made.evaluate(p)) for p in reversed(moved)]  # noqa: B023
    return float(np.median(first)), float(np.median(settled)), fit


def _first(made: Any, params: Any) -> Snapshot:
    if not isinstance(made, Refines):
        return made.evaluate(params)
    return next(frame for frame in made.refine(params) if frame is not None)
