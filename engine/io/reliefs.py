"""A field on a plane drawn as a surface whose height is the value, on matplotlib's 3-D axes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from engine import colour
from engine.io.columns import middles_of
from engine.io.keys import scale_bar
from engine.io.plots import field_limits
from engine.io.printstyle import PrintStyle
from engine.layers import Array, Field, Layer

NODES = 220
"""Along each axis: steps of colour between neighbours are then too small to see."""
HEIGHT = 0.5
"""Of the full range of values, in units of the plane's longer side."""
SLIMMEST = 0.2
"""Planes with sides more unlike have axes of unlike units, with no common scale to keep."""
LIGHT_FROM = np.array([0.35, -0.4, 0.85])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raised(Field):
    """A field that is to be drawn as a surface."""


def raised(layer: Layer) -> Layer:
    """A field on a plane to be drawn as a surface; any other layer as it is."""
    if not isinstance(layer, Field) or layer.values.ndim != 2:
        return layer
    return Raised(**{item.name: getattr(layer, item.name) for item in fields(layer)})


def proportions(layer: Field) -> Array:
    """Sides (3,) of the box, the longer one of the plane being 1."""
    sides = np.array([abs(high - low) for low, high in layer.extent])
    size = sides / sides.max() if sides.max() > 0 else np.ones(2)
    return np.array([*(size if size.min() >= SLIMMEST else np.ones(2)), HEIGHT])


def draw_relief(axes: Any, layer: Field, style: PrintStyle) -> None:
    """The surface, shaded and in the field's colours, with its frame and colour bar."""
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    name = style.map_name(colour.DIVERGING if layer.diverging else layer.colormap)
    limits = field_limits(layer, style)
    corners, inks = sheet(layer, name, limits)
    axes.add_collection3d(
        Poly3DCollection(
            corners,
            facecolors=inks,
            edgecolors="none",
            linewidths=0,
            antialiaseds=False,
            rasterized=True,
        )
    )
    _frame(axes, layer, limits)
    scale_bar(axes, name, limits, style.told(layer.name, layer.unit), style)


def sheet(layer: Field, map_name: str, limits: tuple[float, float]) -> tuple[Array, Array]:
    """Quadrilaterals (n, 4, 3) in the units of the axes and their shaded colours (n, 3). Values are
    cut to the limits of the colours; what is not a number is a hole."""
    values = np.asarray(layer.values, np.float64)
    x, y = (np.asarray(middles_of(layer, k), np.float64) for k in (0, 1))
    x, values = _even(x, values)
    y, turned = _even(y, values.T)
    nodes = np.stack([*np.meshgrid(x, y, indexing="ij"), np.clip(turned.T, *limits)], axis=2)
    corners = np.stack(
        [nodes[:-1, :-1], nodes[1:, :-1], nodes[1:, 1:], nodes[:-1, 1:]], axis=2
    ).reshape(-1, 4, 3)
    corners = corners[np.isfinite(corners).all(axis=(1, 2))]
    inks = colour.rgb(corners[:, :, 2].mean(axis=1), map_name, limits)
    ranges = [np.ptp(x) or 1.0, np.ptp(y) or 1.0, (limits[1] - limits[0]) or 1.0]
    return corners, inks * _brightness(corners / ranges * proportions(layer))[:, None]


def _even(x: Array, values: Array) -> tuple[Array, Array]:
    """Values (n, m) at places (n,) interpolated to `NODES` places; a hole stays one."""
    places = np.linspace(x[0], x[-1], NODES)
    right = np.clip(np.searchsorted(x, places), 1, max(1, len(x) - 1))
    if len(x) < 2:
        return x, values
    share = ((places - x[right - 1]) / (x[right] - x[right - 1]))[:, None]
    return places, (1 - share) * values[right - 1] + share * values[right]


def _brightness(corners: Array) -> Array:
    """Of quadrilaterals (n, 4, 3) lit from above and one side."""
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    light = LIGHT_FROM / np.linalg.norm(LIGHT_FROM)
    return np.asarray(0.6 + 0.4 * np.abs((normals / np.where(length > 0, length, 1.0)) @ light))


def _frame(axes: Any, layer: Field, limits: tuple[float, float]) -> None:
    """Limits, proportions, ticks and names; the colour bar tells the height as well."""
    from matplotlib.ticker import MaxNLocator

    places = [middles_of(layer, k) for k in (0, 1)]
    for put, axis, (a, b) in zip(
        (axes.set_xlim, axes.set_ylim, axes.set_zlim),
        (axes.xaxis, axes.yaxis, axes.zaxis),
        ((places[0][0], places[0][-1]), (places[1][0], places[1][-1]), limits),
        strict=True,
    ):
        span = (b - a) or 1.0
        put(a, a + span)
        # Numbers at the ends of two axes would meet in the corner.
        ticks = MaxNLocator(4).tick_values(a, a + span)
        axis.set_ticks(ticks[(ticks > a + 0.08 * span) & (ticks < a + 0.92 * span)])
    axes.set_box_aspect(proportions(layer))
    for put, named in zip((axes.set_xlabel, axes.set_ylabel), layer.axes, strict=False):
        put(str(named), labelpad=-6)
