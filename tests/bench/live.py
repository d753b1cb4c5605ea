"""What a LIVE slider costs, beside fitting again with the new value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.data import open_any
from engine.embedding.heat_geodesic import HeatGeodesic
from tests.bench.report import Report, seconds

TIMES = np.geomspace(2.0, 60.0, 7)


def measure(*, quick: bool) -> Report:
    report = Report("live", ("points", "what", "seconds", "refit over it"))
    for n in (300,) if quick else (1000, 2000, 5000):
        data = open_any(f"sample:swiss_roll?n={n}")
        params = HeatGeodesic.Params(time=5.0)
        refit = seconds(lambda: _fitted(data, params))  # noqa: B023
        method = _fitted(data, params)
        moved = [replace(params, time=float(t)) for t in TIMES]
        first = np.median([seconds(lambda: next(method.refine(p))) for p in moved])  # noqa: B023
        full = np.median([seconds(lambda: method.evaluate(p)) for p in moved])  # noqa: B023
        report.add(n, "refit", refit, 1.0)
        report.add(n, "preview while dragging", float(first), refit / float(first))
        report.add(n, "settled after release", float(full), refit / float(full))
    return report


def _fitted(data: Any, params: Any) -> HeatGeodesic:
    method = HeatGeodesic(params)
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method
