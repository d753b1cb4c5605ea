"""What the brush does to a photograph: a parameter by place, and the picture follows.

A picture says which parameter can be painted onto it; which method made it is nobody's business
here.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np
from PySide6.QtCore import Slot

from engine.layers import Array, Picture
from engine.numerics.cells import square
from engine.params import parameters, with_values
from workbench.document import Run
from workbench.hearing import hear
from workbench.panels import mapbar
from workbench.panels.mapbar import MapBar
from workbench.panels.painting import Painting
from workbench.theme import Theme
from workbench.views.photo import PhotoView

P = TypeVar("P")
STEP = 0.5
"""What one stroke adds to a factor, or takes from it, where the middle of the brush has been."""


class MapPainting(Painting):
    """The soft brush on the photographs of one panel."""

    HINT: ClassVar[str] = f"{mapbar.HINT}."
    NOWHERE: ClassVar[str] = (
        "Nothing here can be painted: the shown run restores the picture with one strength "
        "everywhere. Choose a control that takes it by place, and fit."
    )

    _possible = False
    _name = ""

    def _make_bar(self, theme: Theme) -> Any:
        return MapBar(self._panel)

    def begin(self) -> None:
        """Follow the document. The panel does so before, so that its pictures are the new ones."""
        document = self._document
        for signal in (
            document.frame_changed, document.active_changed, document.compare_changed,
            document.data_changed, document.params_changed, document.view_changed,
        ):  # fmt: skip
            hear(signal, self.show)
        self.bar.reset_asked.connect(self._reset)

    @Slot()
    def show(self) -> None:
        """Tell every picture what is painted onto it, as far as the form says already."""
        for view in self._views():
            run = self._run_of(view)
            layer = paintable(run)
            view.brush.set_factors(None if layer is None else self._factors(run, layer))
        run = self._document.active
        layer = paintable(run)
        self.bar.setVisible(self.on and layer is not None)
        if layer is not None:
            name = painted_name(layer)
            painted = bool((self._factors(run, layer) != 1).any())
            self.bar.show_map(_label(run, name), painted=painted)
        if (layer is not None) != self._possible:
            self._possible = layer is not None
            self.offered.emit(self._possible)

    def _factors(self, run: Run | None, layer: Picture) -> Array:
        """What the form holds where the form is the run's, else what made the picture."""
        name = painted_name(layer)
        document = self._document
        if run is not document.active or run is None or run.spec.method != document.method_id:
            return layer.paints[name]
        return square(getattr(document.params(), name), len(layer.paints[name]))

    def _views(self) -> list[Any]:
        return [view for view in self._panel.clouds() if isinstance(view, PhotoView)]

    def _run_of(self, view: Any) -> Run | None:
        """The run that a stroke on a picture changes: beside its result the input stands for it."""
        panel: Any = self._panel
        if view is panel.data_view and panel.mode() == "side" and not panel.beside:
            run = self._document.active
            return run if view.seen().size == panel.result_view.seen().size else None
        found: Run | None = panel.run_of(view)
        return found

    def _hear(self, view: Any, share: Array, *, putting: bool, lifted: bool) -> None:
        """The brush went over cells of one of the pictures, or was lifted."""
        session = self._session
        if session is None or not isinstance(view, PhotoView):
            return
        if lifted:
            before, self._before = self._before, None
            now = self._document.params()
            if before is not None:
                way = "raise" if putting else "lower"
                label = _label(self._document.active, self._name)
                session.changed(now, f"{way} {label}" if now != before else "")
            return
        run = self._run_of(view)
        layer = paintable(run)
        if run is None or layer is None:
            return
        if self._before is None:
            self._take_up(session, run)
            self._before, self._name = self._document.params(), painted_name(layer)
        wanted = repainted(self._before, self._name, share, putting=putting)
        if wanted != self._document.params():
            session.changing(wanted)

    @Slot()
    def _reset(self) -> None:
        run, session = self._document.active, self._session
        layer = paintable(run)
        if run is not None and layer is not None and session is not None:
            self._take_up(session, run)
            name = painted_name(layer)
            wanted = with_values(self._document.params(), {name: ()})
            session.changed(wanted, f"reset {_label(run, name)}")


def paintable(run: Run | None) -> Picture | None:
    """The picture of a run that a hand can paint onto, or None."""
    layers = run.snapshot.layers if run is not None and run.snapshot is not None else ()
    return next((x for x in layers if isinstance(x, Picture) and x.paints), None)


def painted_name(layer: Picture) -> str:
    """The parameter that is painted onto a picture."""
    return next(iter(layer.paints))


def repainted(params: P, name: str, share: Array, *, putting: bool) -> P:
    """The parameters before a stroke with its `share` (n, n) added to the factors `name`, or taken
    from them; empty when all are 1, and in hundredths so that a script stays short."""
    factors = square(getattr(params, name), len(share))
    factors = np.round(factors + (STEP if putting else -STEP) * share, 2)
    wanted = with_values(params, {name: factors.ravel().tolist()})
    even = all(factor == 1 for factor in getattr(wanted, name))
    return with_values(params, {name: ()}) if even else wanted


def _label(run: Run | None, name: str) -> str:
    known = {p.name: p.label for p in parameters(type(run.fitted))} if run is not None else {}
    return known.get(name, name)
