"""One drawing function per kind of layer, on the axes of a printed figure.

Nothing here imports matplotlib at module level: whoever draws has loaded it already.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine import colour, darts, ellipses
from engine.io.columns import edges_of
from engine.io.keys import colour_bar, legend, scale_bar
from engine.io.printed_pictures import as_printed
from engine.io.printstyle import (
    LINE_PT,
    MANY_MARKS,
    MOST_ARROWS,
    RULE_PT,
    TICK_PT,
    Inked,
    PrintStyle,
    ink_points,
    listed,
)
from engine.io.stems import draw_stems, make_room
from engine.io.written_over import halo, write_over
from engine.layers import (
    Array,
    Arrows,
    Axis,
    Curves,
    Field,
    Layer,
    Markers,
    Matrix,
    Network,
    Picture,
    Points,
)

Axes = Any


def draw(axes: Axes, layer: Layer, style: PrintStyle) -> None:
    """Draw a flat layer; those in space are `engine.io.plots3d`'s."""
    _draw(layer, axes, style)


@functools.singledispatch
def _draw(layer: object, axes: Axes, style: PrintStyle) -> None:
    raise TypeError(f"No drawing for {type(layer).__name__}.")


def name_axes(axes: Axes, names: tuple[Axis, ...]) -> None:
    """Titles with units on x and y, logarithmic where asked."""
    for axis, put, scale in zip(
        names, (axes.set_xlabel, axes.set_ylabel), (axes.set_xscale, axes.set_yscale), strict=False
    ):
        put(str(axis))
        if axis.log:
            scale("log")


def diameter_pt(count: int, axes: Axes) -> float:
    """A dot's diameter, so that `count` dots fill about the same part of any panel."""
    width, height = axes.figure.get_size_inches() * 72
    share = axes.get_subplotspec().get_position(axes.figure) if axes.get_subplotspec() else None
    area = width * height * (share.width * share.height if share else 1.0)
    return float(np.clip(0.4 * np.sqrt(area / max(count, 1)), 0.7, 4.5))


def emphasis(ids: Array, count: int, style: PrintStyle) -> tuple[Array, Array]:
    """Which of `count` points stand out (bool), and every point's opacity."""
    if style.selection is None or not len(style.selection):
        return np.zeros(count, bool), np.full(count, 0.85)
    rows = ids if len(ids) else np.arange(count)
    chosen = np.isin(rows, np.asarray(style.selection))
    return chosen, np.where(chosen, 1.0, 0.12)


def shuffled(positions: Array, chosen: Array) -> Array:
    """Order of drawing: mixed, so that no class hides another by coming last; chosen on top.

    Points without a finite place are left out.
    """
    order = np.random.default_rng(0).permutation(len(positions))
    order = order[np.isfinite(positions[order]).all(axis=1)]
    return np.concatenate([order[~chosen[order]], order[chosen[order]]])


@_draw.register
def _points(layer: Points, axes: Axes, style: PrintStyle) -> None:
    count = len(layer.positions)
    inked = ink_points(layer, count, style)
    chosen, opacity = emphasis(layer.ids, count, style)
    order = shuffled(layer.positions, chosen)
    size = diameter_pt(count, axes)
    axes.scatter(
        layer.positions[order, 0],
        layer.positions[order, 1],
        s=np.where(chosen[order], 1.6 * size, size) ** 2,
        c=np.column_stack([inked.colours, opacity])[order],
        edgecolors=style.ink if chosen.any() else "none",
        linewidths=np.where(chosen[order], RULE_PT, 0.0),
        rasterized=count > MANY_MARKS,
        zorder=2,
    )
    if layer.equal_scale:
        axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.04)
    name_axes(axes, layer.axes)
    explain(axes, inked, style)


def explain(axes: Axes, inked: Inked, style: PrintStyle) -> None:
    """The legend or colour bar that the marks need, if any."""
    if inked.names:
        legend(axes, inked, style)
    elif inked.map_name:
        scale_bar(axes, inked.map_name, inked.limits, inked.title, style)


EDGE_SHADES = 5


def edge_shades(network: Network, positions: Array) -> list[tuple[float, Array]]:
    """Edges in a few steps of opacity by weight, each as one broken line (3k, d).

    Rows of NaN break the line, which is hundreds of times quicker to draw than k lines.
    """
    top = float(np.max(network.weights, initial=0.0)) or 1.0
    share = np.clip(network.weights / top, 0, 1)
    step = np.minimum((share * EDGE_SHADES).astype(int), EDGE_SHADES - 1)
    shades = []
    for k in np.unique(step):
        ends = positions[network.edges[step == k].astype(np.intp)]
        broken = np.concatenate([ends, np.full_like(ends[:, :1], np.nan)], axis=1)
        opacity = 0.15 + 0.45 * (int(k) + 0.5) / EDGE_SHADES
        shades.append((opacity, broken.reshape(-1, positions.shape[1])))
    return shades


def draw_edges(axes: Axes, network: Network, points: Points | Arrows, style: PrintStyle) -> None:
    """Edges under their points; a heavier edge is more opaque."""
    for opacity, line in edge_shades(network, points.positions):
        axes.plot(
            *line.T,
            color=style.rule,
            alpha=opacity,
            linewidth=0.35,
            rasterized=len(network.edges) > MANY_MARKS,
            zorder=1,
        )


def draw_markers(axes: Axes, layer: Markers, style: PrintStyle) -> None:
    """Crosses with their labels beside them."""
    axes.scatter(
        layer.positions[:, 0],
        layer.positions[:, 1],
        marker="+",
        s=22,
        c=style.ink,
        linewidths=0.9,
        zorder=4,
    )
    for place, label in zip(layer.positions, layer.labels, strict=True):
        axes.annotate(
            label,
            place[:2],
            (3, 3),
            textcoords="offset points",
            fontsize=TICK_PT,
            color=style.ink,
            zorder=5,
            path_effects=halo(style),
        )


@_draw.register
def _markers(layer: Markers, axes: Axes, style: PrintStyle) -> None:
    draw_markers(axes, layer, style)
    axes.margins(0.15)
    name_axes(axes, layer.axes)


@_draw.register
def _curves(layer: Curves, axes: Axes, style: PrintStyle) -> None:
    name_axes(axes, layer.axes)
    shades = _shades(len(layer.lines), style)
    for number, (name, line) in enumerate(layer.lines.items()):
        shade = shades[number]
        y = np.where(line > 0, line, np.nan) if layer.axes[1].log else line
        x = np.where(layer.x > 0, layer.x, np.nan) if layer.axes[0].log else layer.x
        if layer.stems and number == 0:
            draw_stems(axes, layer, x, y, shade, name)
        else:
            axes.plot(x, y, color=shade, linewidth=LINE_PT, label=name)
    axes.margins(x=0.02)
    if layer.ceiling is not None:
        _cut(axes, layer, style)
    _marks(axes, layer.marks, style)
    if layer.stems and not layer.axes[1].log:
        axes.axhline(0, color=style.rule, linewidth=RULE_PT)
    if 1 < len(layer.lines) <= 12:
        place = make_room(axes, layer)
        axes.legend(
            frameon=False, fontsize=TICK_PT, labelcolor=style.ink, handlelength=1.4, **place
        )


def _cut(axes: Axes, layer: Curves, style: PrintStyle) -> None:
    """End the picture at the ceiling, and name what goes beyond it."""
    assert layer.ceiling is not None
    axes.set_ylim(0, layer.ceiling)
    middle = (layer.x.min() + layer.x.max()) / 2
    for place, words in layer.beyond():
        axes.annotate(
            words, (place, layer.ceiling), (3 if place < middle else -3, -2),
            textcoords="offset points", ha="left" if place < middle else "right", va="top",
            fontsize=TICK_PT, color=style.ink,
        )  # fmt: skip


def _shades(count: int, style: PrintStyle) -> Array:
    """Class colours for a few lines, a ramp for many."""
    if count <= 12:
        return np.asarray(colour.categorical(count))
    return np.asarray(colour.colormap("viridis")[np.linspace(0, 235, count).astype(int)])


def _marks(axes: Axes, marks: Mapping[str, float], style: PrintStyle) -> None:
    """Dashed verticals, each named above the frame."""
    for (name, place), level in zip(marks.items(), _levels(axes, marks), strict=True):
        axes.axvline(place, color=style.ink, linewidth=RULE_PT, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            f"{name} = {place:.4g}",
            (place, 1),
            (0, 2 + level * (TICK_PT + 1)),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=TICK_PT,
            color=style.ink,
        )


def _levels(axes: Axes, marks: Mapping[str, float]) -> list[int]:
    """The line of text, counted upwards, on which each mark's name does not touch another's."""
    width_pt = 0.8 * 72 * axes.figure.get_size_inches()[0] / axes.get_gridspec().ncols
    low, high = axes.get_xlim()
    log = axes.get_xscale() == "log"
    scale = np.log if log else np.asarray
    span = float(scale(high) - scale(low)) or 1.0
    ends: list[float] = []
    levels = dict.fromkeys(marks, 0)
    for name, place in sorted(marks.items(), key=lambda item: item[1]):
        if log and place <= 0:
            continue
        middle = float(scale(place) - scale(low)) / span * width_pt
        half = 0.5 * (len(f"{name} = {place:.4g}") + 1) * 0.58 * TICK_PT
        level = next((k for k, end in enumerate(ends) if middle - half > end), len(ends))
        ends[level : level + 1] = [middle + half]
        levels[name] = level
    return list(levels.values())


@_draw.register
def _matrix(layer: Matrix, axes: Axes, style: PrintStyle) -> None:
    limits = style.limits or colour.limits(layer.values)
    image = axes.imshow(
        layer.values,
        cmap=listed(style.map_name(layer.colormap)),
        vmin=limits[0],
        vmax=limits[1],
        interpolation="nearest",
    )
    axes.set_ylabel(str(layer.axes[0]))
    axes.set_xlabel(str(layer.axes[1]))
    _boxed(axes)
    colour_bar(axes, image, style.told(layer.name, layer.unit), style)


@_draw.register
def _picture(layer: Picture, axes: Axes, style: PrintStyle) -> None:
    values, between = as_printed(layer.values, axes)
    values = np.clip(values, 0, 1)
    name = style.map_name(layer.colormap)
    # A grey picture is shown as a screen shows it; the table's greys are even to the eye instead.
    shown = {"cmap": name if name == "gray" else listed(name), "vmin": 0, "vmax": 1}
    axes.imshow(values, interpolation=between, **(shown if values.ndim == 2 else {}))
    axes.set_axis_off()


@_draw.register
def _field(layer: Field, axes: Axes, style: PrintStyle) -> None:
    if layer.values.ndim == 1:
        low, high = layer.extent[0]
        size = len(layer.values)
        x = low + (np.arange(size) + 0.5) * (high - low) / size
        axes.plot(x, layer.values, color=colour.categorical(1)[0], linewidth=LINE_PT)
        name_axes(axes, (layer.axes[0], Axis(layer.name, layer.unit)))
        axes.margins(x=0.02)
        return
    values = layer.values if layer.values.ndim == 2 else _middle(layer, axes, style)
    limits = field_limits(layer, style)
    suggested = colour.DIVERGING if layer.diverging else layer.colormap
    # Axis 0 of a field runs along x, but matplotlib draws an array's rows along y.
    map_name = listed(style.map_name(suggested))
    if any(axis.log for axis in layer.axes[:2]):
        edges = [edges_of(layer, k) for k in (0, 1)]
        image = axes.pcolormesh(*edges, values.T, cmap=map_name, vmin=limits[0], vmax=limits[1],
                                rasterized=True)  # fmt: skip
    else:
        image = axes.imshow(
            values.T,
            origin="lower",
            extent=(*layer.extent[0], *layer.extent[1]),
            cmap=map_name,
            vmin=limits[0],
            vmax=limits[1],
            interpolation="nearest",
            aspect="equal" if layer.axes[0].unit == layer.axes[1].unit else "auto",
        )
    write_over(layer, values, axes, style)
    name_axes(axes, layer.axes[:2])
    _boxed(axes)
    colour_bar(axes, image, style.told(layer.name, layer.unit), style)


def field_limits(layer: Field, style: PrintStyle) -> tuple[float, float]:
    """The person's limits, else those shared with the truth, else the field's own."""
    shared = style.shared.get(layer.unit) if layer.role in ("prediction", "truth") else None
    own = layer.limits or colour.limits(layer.values, diverging=layer.diverging)
    return style.limits or shared or own


def _middle(layer: Field, axes: Axes, style: PrintStyle) -> Array:
    """The middle slice of a field in space, and where it lies."""
    index = layer.values.shape[2] // 2
    low, high = layer.extent[2]
    place = low + (index + 0.5) * (high - low) / layer.values.shape[2]
    axis = layer.axes[2]
    text = f"{axis.name} = {place:.3g} {axis.unit}".rstrip()
    axes.set_title(text, fontsize=TICK_PT, color=style.ink, loc="right")
    return layer.values[:, :, index]


@_draw.register
def _arrows(layer: Arrows, axes: Axes, style: PrintStyle) -> None:
    inked = ink_points(layer, len(layer.positions), style)
    rows = darts.even_rows(layer.positions, layer.vectors, MOST_ARROWS)
    drawn = darts.drawn_length(layer.positions[rows], layer.vectors[rows]) * layer.vectors[rows]
    axes.quiver(
        layer.positions[rows, 0],
        layer.positions[rows, 1],
        drawn[:, 0],
        drawn[:, 1],
        color=np.asarray(inked.colours)[rows],
        angles="xy",
        scale_units="xy",
        scale=1.0,
        width=0.004,
        headwidth=3.5,
        headlength=4,
        headaxislength=3.5,
        rasterized=len(rows) > MANY_MARKS,
    )
    if style.ellipses and len(layer.covariance):
        _ellipses(axes, layer, rows, np.asarray(inked.colours)[rows])
    axes.margins(0.08)
    axes.set_aspect("equal", adjustable="datalim")
    name_axes(axes, layer.axes)
    explain(axes, inked, style)


def _ellipses(axes: Axes, layer: Arrows, rows: Array, colours: Array) -> None:
    """Regions of 95 % at the tips of these arrows."""
    from matplotlib.collections import PolyCollection

    length = darts.drawn_length(layer.positions[rows], layer.vectors[rows])
    half = length * ellipses.half_axes(layer.frames[rows], layer.covariance[rows])
    tips = layer.positions[rows] + length * layer.vectors[rows]
    axes.add_collection(
        PolyCollection(
            list(ellipses.outlines(tips, half)), facecolors=colours, alpha=0.3, linewidths=0,
            rasterized=len(rows) > MANY_MARKS,
        )
    )  # fmt: skip


def _boxed(axes: Axes) -> None:
    """A picture fills its frame: all four sides are drawn."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)
