"""Figures for print, redrawn from the arrays: PNG to the exact pixel, SVG and PDF as vectors."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import colour
from engine.data.table import Table
from engine.io import plots, plots3d, shared_scales
from engine.io.atomic import replacing
from engine.io.keys import columns_below, stands_beside
from engine.io.printstyle import RULE_PT, TEXT_PT, TICK_PT, PrintStyle
from engine.io.provenance import provenance, sentence
from engine.io.reliefs import Raised, raised
from engine.io.tables import labels_of
from engine.layers import (
    Array,
    Arrows,
    Curves,
    Field,
    Layer,
    Markers,
    Matrix,
    Network,
    Picture,
    Points,
)
from engine.method import DataError
from engine.runs import RunSpec, versions

FORMATS = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
MOST_PIXELS = 20_000
MM = 25.4
PER_ROW = 3
PANEL = "panel"
NAME_ROOM_MM = 1.0
"""Paper above the names of the panels."""

# matplotlib keeps its settings per process, so two figures are never made at a time.
_one_at_a_time = threading.Lock()


def save_figure(
    path: str | Path,
    layers: Layer | Sequence[Layer],
    *,
    width_mm: float = 84.0,
    height_mm: float | None = None,
    dpi: int = 300,
    colour_by: str = "",
    colormap: str = "",
    limits: tuple[float, float] | None = None,
    dark: bool = False,
    title: str = "",
    text_as_paths: bool = False,
    selection: Array | None = None,
    camera: Mapping[str, Any] | None = None,
    data: Table | None = None,
    metadata: RunSpec | None = None,
    ellipses: bool = False,
    coloured_surface: bool = True,
    relief: bool = False,
) -> None:
    """Draw layers side by side and write them as the suffix says.

    A `Network` is drawn on the panel of the points it lies over, `Markers` on the panel before
    them. Without `height_mm` the height follows from what is drawn. `camera` holds "azimuth" and
    "elevation" in degrees as on screen; `selection` the rows of the data that stand out; arrows
    come with `ellipses` of 95 %, and their surface in their colours or in grey; with `relief` a
    field on a plane becomes a surface whose height is the value. The labels of `data` join the
    columns of the points, and its own choice colours them unless `colour_by` says otherwise.

    Raises
    ------
    DataError
        For another suffix, an impossible size, or layers that cannot be drawn alone.
    """
    path = Path(path)
    kind = _kind(path)
    given = layers if isinstance(layers, Sequence) else [layers]
    labelled = [_labelled(item, data) for item in given]
    panels = _panels([raised(item) for item in labelled] if relief else labelled)
    style = PrintStyle(
        dark=dark,
        colour_by=colour_by,
        colormap=colormap,
        limits=limits,
        selection=selection,
        camera={k: float(v) for k, v in (camera or {}).items() if k in ("azimuth", "elevation")},
        shared=shared_scales.of_fields([panel[0] for panel in panels]),
        shared_columns=shared_scales.of_columns([panel[0] for panel in panels], colour_by),
        named=len(panels) > 1,
        ellipses=ellipses,
        coloured_surface=coloured_surface,
    )
    size = _check_size((width_mm, height_mm or _height(panels, width_mm, bool(title), style)), dpi)
    with _one_at_a_time, _settings(style, text_as_paths), replacing(path) as part:
        figure = _figure(panels, size, dpi, title, style, exact=kind == "png")
        figure.savefig(
            part, format=kind, dpi=dpi, facecolor=style.paper, metadata=_metadata(kind, metadata)
        )


def _kind(path: Path) -> str:
    """The format that the suffix names."""
    if path.suffix.lower() not in FORMATS:
        raise DataError(
            f"Figures are saved as PNG, SVG or PDF; '{path.name}' ends in "
            f"'{path.suffix or 'nothing'}'."
        )
    return FORMATS[path.suffix.lower()]


def _labelled(layer: Layer, data: Table | None) -> Layer:
    """Points with the labels of their rows."""
    if data is None or not isinstance(layer, Points):
        return layer
    labels = labels_of(layer, data)
    colour_by = data.colour_by if data.colour_by in labels else layer.colour_by
    return replace(layer, columns={**layer.columns, **labels}, colour_by=colour_by)


def pixels(size_mm: tuple[float, float], dpi: int) -> tuple[int, int]:
    """Width and height in pixels of a figure of that size."""
    return round(size_mm[0] / MM * dpi), round(size_mm[1] / MM * dpi)


def _check_size(size: tuple[float, float], dpi: int) -> tuple[float, float]:
    if not all(math.isfinite(side) and 15 <= side <= 2000 for side in size):
        raise DataError(
            f"A figure's sides must be between 15 and 2000 mm. Got {size[0]:g} x {size[1]:g}."
        )
    if not 30 <= dpi <= 2400:
        raise DataError(f"The resolution must be between 30 and 2400 dots per inch. Got {dpi}.")
    if max(pixels(size, dpi)) > MOST_PIXELS:
        wide, high = pixels(size, dpi)
        raise DataError(
            f"{size[0]:g} x {size[1]:g} mm at {dpi} dpi is {wide} x {high} pixels, more than "
            f"{MOST_PIXELS} on a side: choose a lower resolution."
        )
    return size


def _panels(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Each panel's own layer first, then what is drawn over or under it."""
    panels: list[list[Layer]] = [
        [item] for item in layers if not isinstance(item, Network | Markers)
    ]
    by_name = {panel[0].name: panel for panel in panels}
    for place, item in enumerate(layers):
        if isinstance(item, Network):
            if not isinstance(by_name.get(item.over, [None])[0], Points | Arrows):
                raise DataError(
                    f"The edges '{item.name}' lie over the points '{item.over}': "
                    "choose both for the figure."
                )
            by_name[item.over].append(item)
        elif isinstance(item, Markers):
            before = [p for p in layers[:place] if not isinstance(p, Network | Markers)]
            home = before[-1] if before else None
            if home is not None and plots3d.in_space(home) == plots3d.in_space(item):
                next(p for p in panels if p[0] is home).append(item)
            else:
                panels.append([item])
    if not panels:
        raise DataError("There is nothing to draw: choose at least one layer.")
    return panels


def _grid(count: int) -> tuple[int, int]:
    """Rows and columns of panels."""
    columns = min(count, 2 if count == 4 else PER_ROW)
    return math.ceil(count / columns), columns


def _height(
    panels: Sequence[Sequence[Layer]], width_mm: float, titled: bool, style: PrintStyle
) -> float:
    """A height in mm at which the pictures fill their panels."""
    rows, columns = _grid(len(panels))
    width = width_mm / columns
    tallest: float = max(_panel_height(panel[0], width, style) for panel in panels)
    named = 4.0 if len(panels) > 1 else 0.0
    return rows * (tallest + named) + (5.0 if titled else 0.0)


def _panel_height(layer: Layer, width: float, style: PrintStyle) -> float:
    if isinstance(layer, Curves) or (isinstance(layer, Field) and layer.values.ndim == 1):
        return 0.66 * width
    if isinstance(layer, Picture):
        # A strip of pixels still gets a panel that can be printed.
        high = width * layer.values.shape[0] / layer.values.shape[1]
        return float(min(max(high, 16.0), 240.0))
    if plots3d.in_space(layer):
        return (0.74 if isinstance(layer, Raised) else 0.8) * width
    names, scaled = _key(layer, style)
    beside = bool(names) and stands_beside(names)
    inner = width - 11.0 - (17.0 if beside else 15.0 if scaled else 2.0)
    below = 0.0
    if names and not beside:
        below = 6.0 + 3.1 * math.ceil(min(len(names), 40) / columns_below(names, width))
    return max(inner, 10.0) * float(np.clip(_proportion(layer), 0.45, 1.35)) + 10.0 + below


def _key(layer: Layer, style: PrintStyle) -> tuple[tuple[str, ...], bool]:
    """Class names of the layer's legend, and whether it has a colour bar instead."""
    if isinstance(layer, Matrix | Field):
        return (), True
    if not isinstance(layer, Points | Arrows):
        return (), False
    name = style.column(layer.columns, layer.colour_by)
    found = colour.classes(np.asarray(layer.columns[name])) if name else None
    return (found[0], False) if found else ((), bool(name))


def _proportion(layer: Layer) -> float:
    """Height over width of what is drawn."""
    if isinstance(layer, Matrix):
        return float(layer.values.shape[0] / layer.values.shape[1])
    if isinstance(layer, Field):
        (left, right), (low, high) = layer.extent[:2]
        same = layer.axes[0].unit == layer.axes[1].unit
        return abs((high - low) / (right - left)) if same and right != left else 0.8
    if isinstance(layer, Points) and not layer.equal_scale:
        return 0.8
    if isinstance(layer, Points | Arrows):
        finite = layer.positions[np.isfinite(layer.positions).all(axis=1)]
        spans = np.ptp(finite, axis=0) if len(finite) else np.ones(2)
        return float(spans[1] / spans[0]) if spans[0] > 0 else 1.0
    return 0.8


@contextmanager
def _settings(style: PrintStyle, text_as_paths: bool) -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context(
        {
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": TEXT_PT,
            "axes.labelsize": TEXT_PT,
            "axes.titlesize": TEXT_PT,
            "axes.labelpad": 2.0,
            "axes.linewidth": RULE_PT,
            "axes.edgecolor": style.rule,
            "axes.labelcolor": style.ink,
            "axes.facecolor": "none",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.color": style.ink,
            "xtick.labelsize": TICK_PT,
            "ytick.labelsize": TICK_PT,
            "xtick.color": style.rule,
            "ytick.color": style.rule,
            "xtick.labelcolor": style.ink,
            "ytick.labelcolor": style.ink,
            "xtick.major.size": 2.0,
            "ytick.major.size": 2.0,
            "xtick.minor.size": 1.2,
            "ytick.minor.size": 1.2,
            "xtick.major.width": RULE_PT,
            "ytick.major.width": RULE_PT,
            "xtick.minor.width": 0.35,
            "ytick.minor.width": 0.35,
            "xtick.major.pad": 1.6,
            "ytick.major.pad": 1.6,
            "path.simplify": True,
            # Longer lines overflow the rasteriser.
            "agg.path.chunksize": 20_000,
            # Text stays text (and TrueType in PDF, which editors can change) unless asked.
            "svg.fonttype": "path" if text_as_paths else "none",
            "pdf.fonttype": 42,
            "svg.hashsalt": "fieldwright",
        }
    ):
        yield


def _figure(
    panels: Sequence[Sequence[Layer]],
    size: tuple[float, float],
    dpi: int,
    title: str,
    style: PrintStyle,
    *,
    exact: bool,
) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    # A picture of pixels is a whole number of them; a page is as long as was asked.
    inches = [p / dpi for p in pixels(size, dpi)] if exact else [side / MM for side in size]
    pad = 2.5 / 72
    layout = ConstrainedLayoutEngine(w_pad=pad, h_pad=pad, wspace=0.03, hspace=0.04)
    figure = Figure(figsize=(inches[0], inches[1]), dpi=dpi, layout=layout)
    FigureCanvasAgg(figure)
    rows, columns = _grid(len(panels))
    if not title and all(isinstance(panel[0], Picture) for panel in panels):
        # Names are measured without what rises above their capitals.
        layout.set(rect=(0, 0, 1, 1 - min(0.1, NAME_ROOM_MM / MM / inches[1])))
    if title:
        figure.suptitle(title, fontsize=TEXT_PT + 1, color=style.ink)
    for place, panel in enumerate(panels):
        _draw_panel(figure, (rows, columns, place + 1), panel, style)
    _fill_space(figure, panels)
    return figure


def _fill_space(figure: Any, panels: Sequence[Sequence[Layer]]) -> None:
    """Settle the layout, then let every box in space fill its place."""
    if not any(plots3d.in_space(panel[0]) for panel in panels):
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes, panel in zip(_mains(figure), panels, strict=True):
        if plots3d.in_space(panel[0]):
            plots3d.fill_panel(axes, panel[0], figure.canvas.get_renderer())


def _mains(figure: Any) -> list[Any]:
    """The panels' own axes, without those of colour bars."""
    return [axes for axes in figure.axes if axes.get_label() == PANEL]


def _draw_panel(
    figure: Any,
    place: tuple[int, int, int],
    panel: Sequence[Layer],
    style: PrintStyle,
) -> None:
    main, *others = panel
    space = plots3d.in_space(main)
    if space:
        # Importing it makes matplotlib know the projection.
        import mpl_toolkits.mplot3d  # noqa: F401
    axes = figure.add_subplot(*place, projection="3d" if space else None, label=PANEL)
    if space:
        plots3d.tidy_space(axes, style)
        plots3d.draw_in_space(axes, main, style)
    else:
        _few_ticks(axes)
        plots.draw(axes, main, style)
    if style.named:
        axes.set_title(main.name, fontsize=TEXT_PT, color=style.ink, loc="left")
    for item in others:
        if isinstance(item, Network) and isinstance(main, Points | Arrows):
            (plots3d.draw_edges_in_space if space else plots.draw_edges)(axes, item, main, style)
        elif isinstance(item, Markers):
            if space:
                plots3d.draw_markers_in_space(axes, item, style, on=main)
            else:
                plots.draw_markers(axes, item, style)


def _few_ticks(axes: Any) -> None:
    axes.locator_params(nbins=5)


def _metadata(kind: str, spec: RunSpec | None) -> dict[str, Any]:
    """Where the figure came from, under the names that each format knows."""
    release = f"Fieldwright {versions().get('fieldwright', '')}".strip()
    told = sentence(spec) if spec is not None else ""
    text = json.dumps(provenance(spec)) if spec is not None else ""
    entries: dict[str, Any]
    if kind == "png":
        entries = {"Software": release, "Description": told, "fieldwright": text}
    elif kind == "svg":
        # No date: the same figure gives the same file.
        entries = {"Creator": release, "Title": told, "Description": text, "Date": None}
    else:
        entries = {"Creator": release, "Subject": told, "Keywords": text, "CreationDate": None}
    return {k: v for k, v in entries.items() if v or v is None}
