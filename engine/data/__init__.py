"""Data sets: what methods accept, and how files and samples become it."""

from engine.data.opening import open_any
from engine.data.table import Table, Truth

__all__ = ["Table", "Truth", "open_any"]
