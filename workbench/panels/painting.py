"""What the brush does to a run: rows that it went over become parameters, and the picture follows.

A layer says by which parameters it can be painted; which method made it is nobody's business here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from engine.layers import Array, Arrows, Standing
from workbench.document import Document, Run
from workbench.hearing import hear
from workbench.panels.brushbar import HINT, BrushBar
from workbench.theme import Theme
from workbench.views.cloud import CloudView

if TYPE_CHECKING:
    from workbench.panels.panel import Panel
    from workbench.session import Session

P = TypeVar("P")
NOWHERE = (
    "Nothing here can be painted: the brush takes vectors out of what a field was learnt from, and "
    "puts others in, once a field is there."
)
_NONE = np.empty(0, np.uint8)


class Painting(QObject):
    """The brush on the pictures of one panel."""

    HINT: ClassVar[str] = f"{HINT}."
    NOWHERE: ClassVar[str] = NOWHERE

    offered = Signal(bool)
    """Whether the brush is of use now, where it is not there all the time."""

    def __init__(self, panel: Panel, document: Document, theme: Theme) -> None:
        super().__init__(panel)
        self._panel, self._document = panel, document
        self._session: Session | None = None
        self._before: Any = None
        self._layer: Any = None
        self._refused = 0
        self.on = False
        self.bar = self._make_bar(theme)
        self.bar.hide()
        self.bar.way_chosen.connect(self._set_way)

    def _make_bar(self, theme: Theme) -> Any:
        return BrushBar(theme, self._panel)

    def begin(self) -> None:
        """Follow the document. The panel does so before, so that its pictures are the new ones."""
        document = self._document
        self._panel.result_view.add_to_header(self.bar)
        hear(document.frame_changed, self.show)
        hear(document.active_changed, self.show)
        hear(document.compare_changed, self.show)
        hear(document.data_changed, self.show)

    def serve(self, session: Session) -> None:
        """Ask this session for what the brush wants."""
        self._session = session

    def take_tool(self, tool: str) -> None:
        """The hand took another tool, perhaps the brush."""
        self.on = tool == "brush"
        self.show()
        if self.on and not any(view.brush.paints() for view in self._views()):
            self._say(self.NOWHERE)
        elif self.on:
            self._panel.sentence.emit(self.HINT)

    def resize(self, factor: float) -> None:
        for view in self._views():
            view.brush.resize(factor)

    @Slot(bool)
    def _set_way(self, putting: bool) -> None:
        for view in self._views():
            view.brush.set_way(putting=putting)

    @Slot()
    def show(self) -> None:
        """Tell every picture what its rows are to the run that it shows."""
        for view in self._views():
            layer = paintable(self._run_of(view))
            view.brush.set_standing(_NONE if layer is None else layer.standing)
        layer = paintable(self._document.active)
        self.bar.setVisible(self.on and layer is not None)
        if layer is not None:
            self.bar.show_standing(layer.standing)

    def _views(self) -> list[Any]:
        views = self._panel.clouds()
        return [v for v in views if isinstance(v, CloudView) and v.scene is not None]

    def _run_of(self, view: Any) -> Run | None:
        for number, beside in self._panel.beside.items():
            if beside is view:
                return self._document.run(number)
        return self._document.active

    @Slot(object, bool, bool)
    def on_painted(self, ids: Array, putting: bool, lifted: bool) -> None:
        """The brush went over rows in one of the pictures, or was lifted."""
        self._hear(self.sender(), ids, putting=putting, lifted=lifted)

    def _hear(self, view: Any, ids: Array, *, putting: bool, lifted: bool) -> None:
        session = self._session
        if session is None or not isinstance(view, CloudView):
            return
        if lifted:
            self._lift(session, putting=putting)
            return
        run = self._run_of(view)
        layer = paintable(run)
        if run is None or layer is None:
            return
        if self._before is None:
            self._take_up(session, run)
            self._before, self._layer = self._document.params(), layer
        wanted, refused = repainted(self._document.params(), layer, ids, putting=putting)
        self._refused += refused
        if wanted != self._document.params():
            session.changing(wanted)

    def _lift(self, session: Session, *, putting: bool) -> None:
        """One edit for the whole stroke, and one sentence for what it could not do."""
        before, layer, refused = self._before, self._layer, self._refused
        self._before, self._layer, self._refused = None, None, 0
        now = self._document.params()
        if layer is not None and now != before:
            session.changed(now, told(before, now, layer, putting=putting))
        if refused:
            points = "1 point has" if refused == 1 else f"{refused} points have"
            self._say(f"{points} no known vector and cannot be put in.")

    def _take_up(self, session: Session, run: Run) -> None:
        """The form's parameters are about to change: they must be those of the painted run."""
        if run is not self._document.active:
            self._document.activate(run)
        session.choose_method(run.spec.method)

    def _say(self, text: str) -> None:
        if self._session is not None:
            self._session.said.emit(text, False, "")


def paintable(run: Run | None) -> Arrows | None:
    """The layer of a run's picture whose rows a hand can paint, or None."""
    layers = run.snapshot.layers if run is not None and run.snapshot is not None else ()
    return next((x for x in layers if isinstance(x, Arrows) and x.paints), None)


def repainted(params: P, layer: Arrows, ids: Array, *, putting: bool) -> tuple[P, int]:
    """The parameters with rows taken out of what `layer` was learnt from, or put in.

    Observed rows leave and come back by the first parameter, others come and leave by the second.
    The number is of rows that cannot be put in, since nothing is known of them.
    """
    out_name, in_name = layer.paints
    rows = layer.ids if len(layer.ids) else np.arange(len(layer.standing))
    here = np.isin(rows, ids)
    rows, standing = rows[here], layer.standing[here]
    observed = np.isin(standing, (Standing.OBSERVED, Standing.TAKEN_OUT))
    unknown = standing == Standing.UNKNOWN
    seen, others = set(rows[observed].tolist()), set(rows[~observed & ~unknown].tolist())
    values: Any = params
    out, put = set(getattr(values, out_name)), set(getattr(values, in_name))
    out, put = (out - seen, put | others) if putting else (out | seen, put - others)
    changed = {out_name: tuple(sorted(out)), in_name: tuple(sorted(put))}
    refused = int(np.count_nonzero(unknown)) if putting else 0
    return replace(values, **changed), refused


def told(before: Any, after: Any, layer: Arrows, *, putting: bool) -> str:
    """The stroke in words, for undo."""
    rows = sum(len(set(getattr(before, n)) ^ set(getattr(after, n))) for n in layer.paints)
    points = "1 point" if rows == 1 else f"{rows} points"
    return f"put in {points}" if putting else f"take out {points}"
