"""One colour scale for all pictures that show the same quantity."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.views.mainview import MainView


def share(views: Iterable[MainView]) -> None:
    """Pictures coloured by numbers of one name with one colour map get the limits of them all;
    an error has a map of its own, and so keeps a scale of its own."""
    groups: dict[tuple[str, str], list[MainView]] = {}
    for view in views:
        found = view.colouring()
        if found is not None and found.colormap:
            groups.setdefault((found.title, found.colormap), []).append(view)
    for members in groups.values():
        ranges = [view.own_limits() for view in members]
        common = (min(low for low, _ in ranges), max(high for _, high in ranges))
        for view in members:
            view.set_limits(common)
