"""Fieldwright's engine: everything that computes, without a window.

    import engine
    fit = engine.run(engine.RunSpec(method="embedding.heat_geodesic", data="sample:swiss_roll"))
    engine.save_model("roll.safetensors", fit)

Importing this package loads neither torch nor any drawing library; names are resolved on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "Card": "engine.catalog",
    "Fit": "engine.runs",
    "FitJob": "engine.jobs",
    "FitWorker": "engine.jobs",
    "LiveWorker": "engine.jobs",
    "Note": "engine.method",
    "RunSpec": "engine.runs",
    "Snapshot": "engine.method",
    "Step": "engine.method",
    "before_and_after": "engine.io.pictures",
    "begin": "engine.runs",
    "cards": "engine.catalog",
    "load_model": "engine.io.models",
    "open_any": "engine.data",
    "rng": "engine.device",
    "run": "engine.runs",
    "save_figure": "engine.io.figures",
    "save_model": "engine.io.models",
    "save_picture": "engine.io.pictures",
    "save_table": "engine.io.tables",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'engine' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_PUBLIC]
