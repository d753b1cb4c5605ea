"""Heat geodesic against the reference implementations of PHATE and UMAP on the same swiss roll.

Seconds are wall time of one fit from the table to the 2-D map, with the methods' own defaults and
the same number of threads. Agreement is the mean Spearman correlation of map distances with true
geodesics, on 1000 rows where there are more.
"""

from __future__ import annotations

import gc
import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from engine.data import open_any
from engine.embedding.heat_geodesic import HeatGeodesic
from engine.numerics.scores import row_spearman
from tests.bench.report import Report, seconds

SIZES = (1000, 5000, 20000)
Map = Callable[[Any], np.ndarray]


def measure(*, quick: bool) -> Report:
    report = Report("embeddings", ("points", "method", "seconds", "ratio", "agreement"))
    for n in (500,) if quick else SIZES:
        data = open_any(f"sample:swiss_roll?n={n}")
        first = None
        for name, make in {"heat geodesic": _heat, "phate": _phate, "umap-learn": _umap}.items():
            if (module := _needed(name)) and importlib.util.find_spec(module) is None:
                report.add(n, name, "not installed", "", "")
                continue
            _warm(make, quick)
            took, score = _one(make, data)
            first = first or took
            report.add(n, name, took, took / first, score)
    report.remarks.append("ratio: seconds over those of heat geodesic at the same size.")
    if any(row[2] == "not installed" for row in report.rows):
        report.remarks.append("Peers are installed by: pip install -e '.[bench]'")
    return report


def _needed(name: str) -> str:
    return {"phate": "phate", "umap-learn": "umap"}.get(name, "")


_warmed: set[str] = set()


def _warm(make: Map, quick: bool) -> None:
    """Imports and compilation are no part of a fit."""
    if make.__name__ not in _warmed:
        _warmed.add(make.__name__)
        make(open_any("sample:swiss_roll?n=300"))


def _one(make: Map, data: Any) -> tuple[float, float]:
    gc.collect()
    made: list[np.ndarray] = []
    took = seconds(lambda: made.append(make(data)))
    rows = np.random.default_rng(0).permutation(len(data))[:1000]
    found = cdist(made[0][rows], made[0][rows])
    return took, float(np.mean(row_spearman(found, data.truth.distances(rows, rows))))


def _heat(data: Any) -> np.ndarray:
    method = HeatGeodesic(HeatGeodesic.Params())
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return np.asarray(method.evaluate(HeatGeodesic.Params()).layer("map").positions)


def _phate(data: Any) -> np.ndarray:
    import phate

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(phate.PHATE(verbose=0, random_state=0).fit_transform(data.values))


def _umap(data: Any) -> np.ndarray:
    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(umap.UMAP(random_state=0).fit_transform(data.values))
