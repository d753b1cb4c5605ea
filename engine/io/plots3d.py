"""Layers in space, drawn on matplotlib's 3-D axes from the angle of the screen's camera."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import colour, darts, ellipses
from engine.io.keys import scale_bar
from engine.io.occlusion import eye, visible
from engine.io.plots import diameter_pt, edge_shades, emphasis, explain, shuffled
from engine.io.printstyle import MOST_ARROWS, RULE_PT, TICK_PT, PrintStyle, ink_points
from engine.io.reliefs import Raised, draw_relief
from engine.io.reliefs import proportions as sides
from engine.io.written_over import halo
from engine.layers import Array, Arrows, Layer, Markers, Network, Points, Surface

AZIMUTH, ELEVATION = 30.0, 30.0
SMOOTH = 12_000
"""Triangles that a coloured surface is cut into at least."""
LIGHT_FROM = np.array([0.3, -0.5, 0.81])


def in_space(layer: Layer) -> bool:
    """Whether the layer needs 3-D axes."""
    if isinstance(layer, Points | Arrows | Markers):
        return layer.positions.ndim == 2 and layer.positions.shape[1] == 3
    return isinstance(layer, Surface | Raised)


def draw_in_space(axes: Any, layer: Layer, style: PrintStyle) -> None:
    """Draw a layer of positions (n, 3) and turn the axes to the camera."""
    if isinstance(layer, Points):
        _points(axes, layer, style)
    elif isinstance(layer, Surface):
        _surface(axes, layer, style)
    elif isinstance(layer, Arrows):
        _arrows(axes, layer, style)
    elif isinstance(layer, Raised):
        draw_relief(axes, layer, style)
    elif isinstance(layer, Markers):
        draw_markers_in_space(axes, layer, style)
        _frame(axes, layer)
    else:
        raise TypeError(f"No drawing in space for {type(layer).__name__}.")
    azimuth, elevation = _angles(style)
    axes.view_init(elev=elevation, azim=azimuth)


def _box(layer: Layer) -> tuple[Array, Array, Array]:
    """Lowest and highest corner (3,) of what is drawn, and the proportions of its box."""
    match layer:
        case Surface():
            places = layer.vertices
        case Arrows():
            places = layer.positions
        case Points() | Markers():
            places = layer.positions
        case _:
            places = np.empty((0, 3))
    finite = places[np.isfinite(places).all(axis=1)]
    if not len(finite):
        finite = np.array([[-1.0] * 3, [1.0] * 3])
    low, high = finite.min(axis=0), finite.max(axis=0)
    spans = np.where(high > low, high - low, 1.0)
    equal = not isinstance(layer, Points) or layer.equal_scale
    return low, low + spans, spans / spans.max() if equal else np.ones(3)


def _frame(axes: Any, layer: Points | Surface | Arrows | Markers) -> None:
    """Limits, proportions, ticks and names."""
    from matplotlib.ticker import MaxNLocator

    low, high, proportions = _box(layer)
    spans = high - low
    for put, axis, a, b, span in zip(
        (axes.set_xlim, axes.set_ylim, axes.set_zlim),
        (axes.xaxis, axes.yaxis, axes.zaxis),
        low,
        high,
        spans,
        strict=True,
    ):
        put(a - 0.02 * span, b + 0.02 * span)
        # Numbers at the ends of two axes would meet in the corner.
        ticks = MaxNLocator(4).tick_values(a, b)
        axis.set_ticks(ticks[(ticks > a + 0.08 * span) & (ticks < b - 0.08 * span)])
    axes.set_box_aspect(proportions)
    titles = (axes.set_xlabel, axes.set_ylabel, axes.set_zlabel)
    for put, name in zip(titles, layer.axes, strict=False):
        put(str(name), labelpad=-6)


def _points(axes: Any, layer: Points, style: PrintStyle) -> None:
    count = len(layer.positions)
    inked = ink_points(layer, count, style)
    chosen, opacity = emphasis(layer.ids, count, style)
    order = shuffled(layer.positions, chosen)
    size = 0.8 * diameter_pt(count, axes)
    axes.scatter(
        *layer.positions[order].T,
        s=np.where(chosen[order], 1.6 * size, size) ** 2,
        c=np.column_stack([inked.colours, opacity])[order],
        edgecolors="none",
        depthshade=False,
        rasterized=True,
    )
    _frame(axes, layer)
    explain(axes, inked, style)


def _arrows(axes: Any, layer: Arrows, style: PrintStyle) -> None:
    """Solid arrows, with the surface that they lie on in the same collection: one list of
    triangles is painted from back to front."""
    from matplotlib.colors import to_rgb
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    inked = ink_points(layer, len(layer.positions), style)
    rows = darts.even_rows(layer.positions, layer.vectors, MOST_ARROWS)
    positions = np.asarray(layer.positions, np.float32)
    vectors = darts.drawn_length(positions[rows], layer.vectors[rows]) * layer.vectors[rows]
    corners, bright = darts.solid(positions[rows], vectors, darts.shaft_width(vectors))
    each = len(corners) // max(len(rows), 1)
    inks = np.asarray(inked.colours)[:, :3]
    coloured = style.coloured_surface and len(layer.faces) and np.isfinite(layer.vectors).all()
    arrow_inks = np.tile(to_rgb(style.ink), (len(rows), 1)) if coloured else inks[rows]
    shaded = np.repeat(arrow_inks, each, axis=0) * bright[:, None]
    triangles, colours = [corners.reshape(-1, 3, 3)], [_opaque(shaded.reshape(-1, 3, 3)[:, 0])]
    if len(layer.faces):
        sheet, own = _fine(positions[layer.faces], inks[layer.faces] if coloured else None)
        triangles.append(sheet)
        colours.append(_opaque(_sheet_colours(sheet, own, style)))
    if style.ellipses and len(layer.covariance):
        discs = _discs(layer, rows)
        triangles.append(discs)
        each = len(discs) // max(len(rows), 1)
        colours.append(np.pad(np.repeat(arrow_inks, each, axis=0), ((0, 0), (0, 1)),
                              constant_values=0.3))  # fmt: skip
    axes.add_collection3d(
        Poly3DCollection(
            np.concatenate(triangles),
            facecolors=np.concatenate(colours),
            edgecolors="none",
            linewidths=0,
            antialiaseds=False,
            rasterized=True,
        )
    )
    _frame(axes, layer)
    explain(axes, inked, style)


def _opaque(rgb: Array) -> Array:
    return np.pad(rgb, ((0, 0), (0, 1)), constant_values=1.0)


def _fine(sheet: Array, inks: Array | None) -> tuple[Array, Array | None]:
    """Triangles (f, 3, 3) with one colour (f, 3) each: cut into four until steps of colour between
    neighbours are too small to see."""
    if inks is None:
        return sheet, None
    both = np.concatenate([sheet, inks], axis=2)
    while len(both) < SMOOTH:
        a, b, c = both.transpose(1, 0, 2)
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        both = np.concatenate(
            [np.stack(three, axis=1) for three in
             ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
        )  # fmt: skip
    return both[:, :, :3], both[:, :, 3:].mean(axis=1)


def _discs(layer: Arrows, rows: Array) -> Array:
    """Triangles (m, 3, 3) of the regions of 95 % at the tips of these arrows."""
    length = darts.drawn_length(layer.positions[rows], layer.vectors[rows])
    half = length * ellipses.half_axes(layer.frames[rows], layer.covariance[rows])
    tips = layer.positions[rows] + length * layer.vectors[rows]
    return np.asarray(ellipses.discs(tips, half).reshape(-1, 3, 3))


def _sheet_colours(corners: Array, own: Array | None, style: PrintStyle) -> Array:
    """Its own colours (f, 3), or a quiet grey between paper and ink; brighter towards the light."""
    from matplotlib.colors import to_rgb

    paper, ink = np.array(to_rgb(style.paper)), np.array(to_rgb(style.ink))
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    facing = np.abs((normals / np.where(length > 0, length, 1)) @ LIGHT_FROM)
    if own is not None:
        return np.asarray(own * (0.75 + 0.25 * facing[:, None]))
    return np.asarray((0.88 * paper + 0.12 * ink) * (0.84 + 0.16 * facing[:, None]))


def _surface(axes: Any, layer: Surface, style: PrintStyle) -> None:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    corners = layer.vertices[layer.faces]
    limits = style.limits or colour.limits(layer.values)
    chosen = style.map_name(layer.colormap)
    flat = colour.rgb(layer.values[layer.faces].mean(axis=1), chosen, limits)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    facing = np.abs((normals / np.where(length > 0, length, 1)) @ LIGHT_FROM)
    axes.add_collection3d(
        Poly3DCollection(
            corners,
            facecolors=flat * (0.72 + 0.28 * facing[:, None]),
            edgecolors="none",
            linewidths=0,
            antialiaseds=False,
            rasterized=True,
        )
    )
    _frame(axes, layer)
    scale_bar(axes, chosen, limits, style.told(layer.name, layer.unit), style)


def draw_edges_in_space(
    axes: Any, network: Network, points: Points | Arrows, style: PrintStyle
) -> None:
    """Edges between points (n, 3)."""
    for opacity, line in edge_shades(network, points.positions):
        axes.plot(
            *line.T, color=style.rule, alpha=opacity, linewidth=0.3, rasterized=True, zorder=0
        )


def draw_markers_in_space(
    axes: Any, layer: Markers, style: PrintStyle, on: Layer | None = None
) -> None:
    """Crosses with labels; those that the surface they lie `on` hides are left out."""
    seen = np.ones(len(layer.positions), bool)
    if isinstance(on, Arrows) and len(on.faces):
        towards = eye(*_angles(style))
        seen = visible(layer.positions, np.asarray(on.positions, float)[on.faces], towards)
        # The order of drawing is ours then: what is left lies in front.
        axes.computed_zorder = False
    axes.scatter(
        *layer.positions[seen].T, marker="+", s=22, c=style.ink, depthshade=False, zorder=5
    )
    for place, label in zip(layer.positions[seen], np.array(layer.labels)[seen], strict=True):
        axes.text(*place, f" {label}", fontsize=TICK_PT, color=style.ink, zorder=6,
                  path_effects=halo(style))  # fmt: skip


def _angles(style: PrintStyle) -> tuple[float, float]:
    """Azimuth and elevation as matplotlib counts them: the screen's camera at azimuth 0 looks along
    +y, matplotlib's along -x."""
    return style.camera.get("azimuth", AZIMUTH) - 90.0, style.camera.get("elevation", ELEVATION)


def fill_panel(axes: Any, layer: Layer, renderer: Any) -> None:
    """Zoom so that the box with its names and numbers just fits the panel.

    matplotlib's layout leaves the labels of 3-D axes out of account. The zoom scales the box but
    not the labels, hence a few rounds.
    """
    room = axes.bbox
    middle = np.array([(room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2])
    half = np.array([room.width, room.height]) / 2
    zoom = 1.0
    proportions = sides(layer) if isinstance(layer, Raised) else _box(layer)[2]
    for _ in range(4):
        boxes = [a.get_tightbbox(renderer) for a in (axes.xaxis, axes.yaxis, axes.zaxis)]
        corners = np.array([[b.min, b.max] for b in boxes if b is not None])
        reach = np.abs(corners - middle).max(axis=(0, 1)) + 1.0
        zoom *= float(np.min(half / reach))
        axes.set_box_aspect(proportions, zoom=zoom)
        axes.M = axes.get_proj()


def tidy_space(axes: Any, style: PrintStyle) -> None:
    """Bare panes and thin rules."""
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((0, 0, 0, 0))
        axis.line.set_color(style.rule)
        axis.line.set_linewidth(RULE_PT)
        axis.pane.set_edgecolor(style.faint)
        axis.set_tick_params(pad=-3)
        axis._axinfo["grid"].update(color=style.faint, linewidth=0.4)
        axis._axinfo["tick"].update(inward_factor=0.0, outward_factor=0.1)
