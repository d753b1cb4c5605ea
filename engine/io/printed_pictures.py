"""Pictures with more pixels than the paper has room for."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.layers import Array


def as_printed(values: Array, axes: Any) -> tuple[Array, str]:
    """The pixels to draw and how to draw between them. Where the paper has no room for all of them,
    means over squares that leave two to a dot, and smoothly; else each as it is."""
    across, down = axes.figure.get_size_inches() * axes.figure.dpi
    share = axes.get_subplotspec().get_position(axes.figure) if axes.get_subplotspec() else None
    if share is not None:
        across, down = across * share.width, down * share.height
    if values.shape[1] <= across and values.shape[0] <= down:
        return values, "nearest"
    k = int(min(values.shape[1] / (2 * across), values.shape[0] / (2 * down)))
    if k < 2:
        return values, "antialiased"
    height, width = values.shape[0] // k, values.shape[1] // k
    parts = values[: height * k, : width * k].reshape(height, k, width, k, *values.shape[2:])
    return np.asarray(parts.mean(axis=(1, 3), dtype=values.dtype)), "antialiased"
