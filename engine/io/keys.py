"""What explains the colours of a figure: legends and colour bars."""

from __future__ import annotations

from typing import Any

from engine.io.printstyle import RULE_PT, TEXT_PT, TICK_PT, Inked, PrintStyle, listed

MOST_NAMES = 40
"""Classes beyond these are counted, not listed."""
BESIDE = 14
"""Up to this many short names stand to the right of the panel, more of them below it."""
LONGEST_BESIDE = 14
LONGEST = 28


def short(name: str) -> str:
    """A name that fits, cut in the middle, where names of one family are most alike."""
    if len(name) <= LONGEST:
        return name
    half = (LONGEST - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def stands_beside(names: tuple[str, ...]) -> bool:
    """Whether a legend of these names goes to the right of the panel."""
    return len(names) <= BESIDE and max(map(len, names), default=0) <= LONGEST_BESIDE


def columns_below(names: tuple[str, ...], width_mm: float) -> int:
    """Columns of a legend below a panel of that width: a letter takes about 1.25 mm."""
    longest = max((len(short(name)) for name in names), default=1)
    return max(1, min(len(names), int(width_mm / (1.25 * longest + 5))))


def legend(axes: Any, inked: Inked, style: PrintStyle) -> None:
    """Classes as dots with names, outside the panel."""
    from matplotlib.lines import Line2D

    names = inked.names[:MOST_NAMES]
    handles: list[Any] = [
        Line2D([], [], linestyle="none", marker="o", markersize=3.6, color=tuple(swatch))
        for swatch in inked.swatches[: len(names)]
    ]
    labels = [short(name) for name in names]
    if len(inked.names) > len(names):
        handles.append(Line2D([], [], linestyle="none"))
        labels.append(f"and {len(inked.names) - len(names)} more")
    beside = stands_beside(inked.names)
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    if not beside:
        # Below the axis title, whose height is known in points only.
        width, height = axes.figure.get_size_inches()
        share = axes.get_subplotspec().get_position(axes.figure)
        down = 26.0 / (72 * height * share.height)
        place = {
            "loc": "upper center",
            "bbox_to_anchor": (0.5, -down),
            "ncols": columns_below(tuple(labels), 25.4 * width * share.width),
        }
    made = axes.legend(
        handles,
        labels,
        title=short(inked.title),
        frameon=False,
        fontsize=TICK_PT,
        title_fontsize=TICK_PT,
        labelcolor=style.ink,
        handletextpad=0.2,
        columnspacing=0.9,
        borderpad=0.1,
        borderaxespad=0.2,
        labelspacing=0.35,
        handlelength=1.0,
        alignment="left",
        **place,
    )
    made.get_title().set_color(style.ink)


def scale_bar(
    axes: Any, map_name: str, limits: tuple[float, float], title: str, style: PrintStyle
) -> None:
    """A colour bar for marks that were coloured by hand."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    colour_bar(axes, ScalarMappable(Normalize(*limits), listed(map_name)), title, style)


def colour_bar(axes: Any, mappable: Any, title: str, style: PrintStyle) -> None:
    """A slim bar to the right, with few ticks."""
    from matplotlib.ticker import MaxNLocator

    if axes.name == "3d":
        bar = axes.figure.colorbar(
            mappable, ax=axes, fraction=0.05, pad=0.06, shrink=0.7, aspect=22
        )
    else:
        # Inside the panel's own coordinates, so that the bar is as tall as the picture.
        bar = axes.figure.colorbar(mappable, cax=axes.inset_axes((1.025, 0.0, 0.035, 1.0)))
    bar.set_label(short(title), fontsize=TEXT_PT, color=style.ink)
    bar.outline.set_visible(False)
    bar.locator = MaxNLocator(5)
    bar.update_ticks()
    bar.ax.tick_params(
        labelsize=TICK_PT, length=2, width=RULE_PT, color=style.rule, labelcolor=style.ink
    )
    bar.ax.yaxis.get_offset_text().set(fontsize=TICK_PT, color=style.ink)
