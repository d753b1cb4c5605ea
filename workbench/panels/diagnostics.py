"""Below the pictures: one tab for each diagnostic layer of a run, and its learning curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.layers import Array, Axis, Curves, Field, Layer, Markers, Matrix, Picture, Points
from workbench.document import Run
from workbench.panels.tabs import Tabs
from workbench.theme import Theme
from workbench.views.plot import Plot
from workbench.views.table import view_for

_DRAWN = (Curves, Matrix, Field, Picture, Points, Markers)


class Diagnostics(QWidget):
    """Tabs that follow the layers of the shown run; the chosen tab stays chosen by its name.

    `steered` passes on what a hand set in one of the pictures.
    """

    steered = Signal(object, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._views: dict[str, Any] = {}
        self.tabs = Tabs(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self._empty = QLabel("Curves and checks of a fit appear here.", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        layout.addWidget(self._empty)
        self.tabs.currentChanged.connect(self._on_tab)
        self.tabs.tabBarClicked.connect(self._on_chosen)
        self.leaves_out: Callable[[Layer], bool] = _nothing
        """Layers that have a place elsewhere in the panel."""
        self._run: Run | None = None
        self._further: tuple[Layer, ...] = ()
        self._chosen = False
        self._show_empty()

    def show_further(self, layers: tuple[Layer, ...], *, first: bool) -> None:
        """Layers that a hand asked for in a picture; when `first`, their tab comes up."""
        self._further = layers
        self.show_run(self._run)
        if first and layers:
            self._chosen = True
            self.tabs.setCurrentWidget(self._views[layers[0].name])
            self._draw_current()

    def show_run(self, run: Run | None) -> None:
        same = run is self._run
        self._run = run
        layers = {layer.name: layer for layer in self._layers(run)}
        # A preview leaves layers out; their tabs stay until a settled frame says otherwise.
        partial = same and run is not None and (run.snapshot is None or run.snapshot.coarse != "")
        for name in [n for n in self._views if n not in layers and not partial]:
            view = self._views.pop(name)
            self.tabs.removeTab(self.tabs.indexOf(view))
            view.release()
            view.deleteLater()
        for name, layer in layers.items():
            if name not in self._views:
                made: Any = view_for(layer)(self)
                made.set_theme(self._theme)
                if isinstance(made, Plot):
                    made.steered.connect(self.steered)
                self._views[name] = made
                self.tabs.addTab(made, name[:1].upper() + name[1:])
        self._show_empty()
        if run is not None and run.judgement is not None and not self._chosen:
            self._show_verdict(run)
        self._draw_current()

    def _layers(self, run: Run | None) -> list[Layer]:
        found = [] if run is None else [*_layers(run), *self._further]
        return [layer for layer in found if not self.leaves_out(layer)]

    def _show_empty(self) -> None:
        self.tabs.setVisible(bool(self._views))
        self._empty.setVisible(not self._views)

    def _show_verdict(self, run: Run) -> None:
        """Until a person chooses a tab, a finished fit shows how good its picture is."""
        first = next(iter(run.judgement.layers), None)
        if first is not None and first.name in self._views:
            self.tabs.setCurrentWidget(self._views[first.name])

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self._chosen = True

    def _on_tab(self, index: int) -> None:
        self._draw_current()

    def _draw_current(self) -> None:
        """Only the tab that is seen is drawn."""
        if self._run is None:
            return
        shown = self.tabs.currentWidget()
        if isinstance(shown, Plot):
            shown.set_dimmed(self._lags(shown))
        for layer in self._layers(self._run):
            if self._views.get(layer.name) is shown:
                self._views[layer.name].show_layer(layer)

    def _lags(self, view: Plot) -> bool:
        """Whether a tab shows what the newest picture has left out, or not been judged by yet."""
        run = self._run
        if run is None:
            return False
        own = [] if run.snapshot is None else [layer.name for layer in run.snapshot.layers]
        judged = () if run.judgement is None else run.judgement.layers
        told = [layer.name for layer in judged if layer.name not in own]
        name = next((n for n, v in self._views.items() if v is view), "")
        if name in told:
            return run.outdated
        return name not in {layer.name for layer in self._layers(run)}

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for view in self._views.values():
            view.set_theme(theme)

    def release(self) -> None:
        for view in self._views.values():
            view.release()


def _nothing(layer: Layer) -> bool:
    return False


def _layers(run: Run) -> list[Layer]:
    found: list[Layer] = []
    if run.judgement is not None:
        found += [layer for layer in run.judgement.layers if isinstance(layer, _DRAWN)]
    if run.snapshot is not None:
        found += [
            layer
            for layer in run.snapshot.layers
            if isinstance(layer, _DRAWN) and layer.role in ("diagnostic", "error", "uncertainty")
        ]
    names = {layer.name for layer in found}
    if len(run.history) > 1 and "progress" not in names:
        found += [_progress(run), _progress(run, in_time=True)]
    return found


def _progress(run: Run, *, in_time: bool = False) -> Curves:
    """Every metric that the fit reported, against the step or against seconds."""
    # The fit writes to its list while we read.
    reports = tuple(run.history)
    names = sorted({name for _, _, metrics in reports for name in metrics})
    steps = np.array([seconds if in_time else index for seconds, index, _ in reports], np.float64)
    values = np.array([v for _, _, m in reports for v in m.values()], np.float64)
    # Losses and errors fall through decades.
    log = len(values) > 0 and bool((values > 0).all() and values.max() > 100 * values.min())
    lines = {
        name: _joined(steps, np.array([m.get(name, np.nan) for _, _, m in reports], np.float64))
        for name in names
    }
    return Curves(
        name="progress in time" if in_time else "progress",
        role="diagnostic",
        x=steps,
        lines=lines,
        axes=(
            Axis("time", "s") if in_time else Axis("step"),
            Axis(names[0] if len(names) == 1 else "value", log=log),
        ),
    )


def _joined(x: Array, y: Array) -> Array:
    """What is reported now and then, as a line from one report to the next."""
    told = np.isfinite(y)
    if not told.any() or not np.isfinite(x).all():
        return y
    return np.where(told, y, np.interp(x, x[told], y[told], left=np.nan, right=np.nan))
