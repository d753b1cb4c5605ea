"""What is drawn over a field on paper: lines of equal value, paths, and places with names.

Nothing here imports matplotlib at module level: whoever draws has loaded it already.
"""

from __future__ import annotations

from typing import Any

from engine.io.columns import middles_of
from engine.io.printstyle import LINE_PT, RULE_PT, TICK_PT, PrintStyle
from engine.layers import Array, Field

Axes = Any


def write_over(layer: Field, values: Array, axes: Axes, style: PrintStyle) -> None:
    """Contours of `values` (n, m), the plane that is drawn, then paths and marks."""
    if layer.contours:
        middles = [middles_of(layer, k) for k in (0, 1)]
        axes.contour(*middles, values.T, levels=sorted(layer.contours), colors=style.ink,
                     linewidths=RULE_PT)  # fmt: skip
    # A path may begin or end beyond the field; the field stays as large as it is.
    across, up = axes.get_xlim(), axes.get_ylim()
    for k, path in enumerate(layer.paths.values()):
        axes.plot(*path.T, color=style.ink, linewidth=RULE_PT if k else LINE_PT,
                  linestyle=(0, (4, 3)) if k else "-", path_effects=halo(style, 2.2))  # fmt: skip
    axes.set_xlim(across)
    axes.set_ylim(up)
    for name, place in layer.marks.items():
        axes.plot(*place, marker="+", color=style.ink, markersize=5)
        axes.annotate(name, place, xytext=(3, 3), textcoords="offset points", color=style.ink,
                      fontsize=TICK_PT, path_effects=halo(style))  # fmt: skip


def halo(style: PrintStyle, width: float = 1.4) -> list[Any]:
    """An outline of paper that keeps a word or a line readable over a picture."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=style.paper, alpha=0.85)]
