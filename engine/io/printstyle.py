"""How a printed figure looks: sizes in points, ink and paper, and what to colour by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine import colour
from engine.layers import Array, Arrows, Points

TEXT_PT = 7.0
TICK_PT = 6.0
LINE_PT = 0.9
RULE_PT = 0.5

MANY_MARKS = 5000
"""More marks than this are drawn as pixels inside a vector file, which stays small and quick."""
MOST_ARROWS = 1200
"""Of more arrows so many are drawn, spread evenly."""

LIGHT = {"paper": "#ffffff", "ink": "#1c1e21", "rule": "#6f7479", "faint": "#d9dcdf"}
DARK = {"paper": "#15171b", "ink": "#e8eaed", "rule": "#8d949c", "faint": "#3a3f46"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrintStyle:
    """What a person chose for one figure.

    `selection` holds rows of the data set: their points stand out, all others fade. `shared`
    maps a unit and role group to common limits, so that a prediction and its truth compare, and
    `shared_columns` a column and its colour map; `named`
    says that panels have titles. `ellipses` puts the spread at the tips of arrows; the surface
    under arrows is in their colours or grey.
    """

    dark: bool = False
    colour_by: str = ""
    colormap: str = ""
    limits: tuple[float, float] | None = None
    selection: Array | None = None
    camera: Mapping[str, float] = field(default_factory=dict)
    shared: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    shared_columns: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    named: bool = False
    ellipses: bool = False
    coloured_surface: bool = True

    def told(self, name: str, unit: str) -> str:
        """What a colour bar says: the panel's title has the name already when there is one."""
        if self.named:
            return unit
        return f"{name} ({unit})" if unit else name

    @property
    def inks(self) -> Mapping[str, str]:
        return DARK if self.dark else LIGHT

    @property
    def ink(self) -> str:
        return self.inks["ink"]

    @property
    def rule(self) -> str:
        return self.inks["rule"]

    @property
    def faint(self) -> str:
        return self.inks["faint"]

    @property
    def paper(self) -> str:
        return self.inks["paper"]

    def map_name(self, suggested: str) -> str:
        """The person's map, else the layer's where it is known, else viridis."""
        if self.colormap:
            colour.colormap(self.colormap)
            return self.colormap
        return suggested if suggested in colour.COLORMAPS else "viridis"

    def column(self, columns: Mapping[str, Array], suggested: str) -> str:
        """The column to colour by: the person's, else the layer's, "" for one plain colour."""
        for name in (self.colour_by, suggested):
            if name and name in columns:
                return name
        return ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inked:
    """Colours (n, 3) for marks, and what explains them: class names and colours, or a scale."""

    colours: Array
    title: str = ""
    names: tuple[str, ...] = ()
    swatches: Array = field(default_factory=lambda: np.empty((0, 3)))
    map_name: str = ""
    limits: tuple[float, float] = (0.0, 1.0)


def ink_points(layer: Points | Arrows, count: int, style: PrintStyle) -> Inked:
    """Colours of the layer's `count` marks by the chosen column."""
    columns = layer.columns
    name = style.column(columns, layer.colour_by)
    if not name:
        return Inked(colours=np.repeat(colour.categorical(1), count, axis=0))
    column = np.asarray(columns[name])
    found = colour.classes(column)
    if found is not None:
        names, codes = found
        swatches = colour.categorical(len(names))
        return Inked(colours=swatches[codes], title=name, names=names, swatches=swatches)
    map_name = colour.colormap_of(layer, name)
    common = style.shared_columns.get((name, map_name))
    diverging = map_name == colour.DIVERGING
    limits = style.limits or common or colour.limits(column, diverging=diverging)
    chosen = style.map_name(map_name)
    return Inked(
        colours=colour.rgb(column, chosen, limits), title=name, map_name=chosen, limits=limits
    )


def listed(map_name: str) -> Any:
    """A map of the table as matplotlib wants it."""
    from matplotlib.colors import ListedColormap

    made = ListedColormap(colour.colormap(map_name), name=map_name)
    return made.with_extremes(bad=colour.MISSING)
