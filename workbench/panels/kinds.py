"""Which panel shows which kind of data."""

from __future__ import annotations

from typing import Any

from workbench.panels.panel import Panel
from workbench.panels.photo import PhotoPanel
from workbench.panels.plane import PlanePanel

_PANELS: dict[str, type[Panel]] = {"Problem": PlanePanel, "Photograph": PhotoPanel}


def panel_for(data: Any) -> type[Panel]:
    """By the kind's name, as the catalogue goes by it: no kind of data is imported for it."""
    return _PANELS.get(type(data).__name__, Panel)
