"""What stands over the picture of a data set."""

from __future__ import annotations

from typing import Any


def headline(data: Any) -> str:
    """Name and size of a data set."""
    shape = getattr(getattr(data, "values", None), "shape", ())
    size = " × ".join(f"{side:,}".replace(",", "\u2009") for side in shape)
    return f"{data.name} · {size}" if size else str(data.name)
