"""The panel of families whose results are fields or images on a plane."""

from __future__ import annotations

from typing import ClassVar

from workbench.panels.panel import Panel
from workbench.views.mainview import MainView
from workbench.views.plane import PlaneView


class PlanePanel(Panel):
    """As any panel, with planes for pictures."""

    VIEW: ClassVar[type[MainView]] = PlaneView
