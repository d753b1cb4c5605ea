"""Data sets: what methods accept, and how files and samples become it."""

from engine.data.errors import OpenError
from engine.data.opening import Preview, open_any, preview
from engine.data.samples import samples
from engine.data.table import Table, Truth
from engine.data.vectors import VectorSamples

__all__ = [
    "OpenError",
    "Preview",
    "Table",
    "Truth",
    "VectorSamples",
    "open_any",
    "preview",
    "samples",
]
