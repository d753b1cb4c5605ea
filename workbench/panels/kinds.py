"""Which panel shows which kind of data."""

from __future__ import annotations

from typing import Any

from workbench.panels.panel import Panel
from workbench.panels.plane import PlanePanel

_PLANES = ("Problem", "Photograph")


def panel_for(data: Any) -> type[Panel]:
    """By the kind's name, as the catalogue goes by it: no kind of data is imported for it."""
    return PlanePanel if type(data).__name__ in _PLANES else Panel
