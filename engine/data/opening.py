"""From a path or "sample:NAME" to a data set, by content."""

from __future__ import annotations

from typing import Any


def open_any(spec: str, **options: Any) -> Any:
    """Open what `spec` names."""
    raise NotImplementedError(spec)
