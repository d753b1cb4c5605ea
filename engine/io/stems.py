"""Stems of a spectrum on a printed figure; those that are handles show their widths as well."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.io.printstyle import LINE_PT
from engine.layers import Array, Curves

ROOM = 5.0
"""Factor by which a logarithmic axis goes beyond the heads, for the legend."""


def draw_stems(axes: Any, layer: Curves, x: Array, y: Array, shade: Array, name: str) -> None:
    """Stems at x (k,) as high as y (k,), NaN for none."""
    low = _floor(layer, y)
    held = list(layer.handles.values())
    if len(held) > 2:
        axes.bar(held[0], held[1] - low, 2 * held[2], low, color=shade, alpha=0.25, linewidth=0)
    axes.vlines(x, low, y, colors=[shade], linewidth=LINE_PT * (0.5 if held else 1.0))
    axes.plot(x, y, "o", color=shade, markersize=2, label=name)


def _floor(layer: Curves, heights: Array) -> float:
    """What stems stand on: those that are handles on the floor of the whole picture."""
    if not layer.axes[1].log or not np.isfinite(heights).any():
        return 0.0
    drawn = np.concatenate(list(layer.lines.values())) if layer.handles else heights
    return float(np.nanmin(drawn[drawn > 0])) * (1.0 if layer.handles else 0.5)


def make_room(axes: Any, layer: Curves) -> dict[str, Any]:
    """Where the legend goes: above handles, whose heads are all over the rest."""
    if not layer.handles:
        return {}
    if layer.axes[1].log:
        axes.set_ylim(top=ROOM * axes.get_ylim()[1])
    return {"ncols": len(layer.lines), "loc": "upper right"}
