"""The embedding panel: a table in its own coordinates beside its map."""

from __future__ import annotations

from workbench.panels.panel import Panel


class EmbeddingPanel(Panel):
    """Nothing beyond what every panel has: data, map, distances, spectrum, stress."""
