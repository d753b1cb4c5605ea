"""One slider under the pictures for the coordinate that they are slices along."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.layers import Field
from workbench.document import Document
from workbench.views.mainview import first_of
from workbench.views.slicebar import NONE, SliceBar


class SliceSteering(QObject):
    """Sets the LIVE parameter that the active run's field is a slice of, and follows it wherever
    else it is set."""

    steered = Signal(object, bool)
    shown = Signal()
    """The bar tells another slice."""

    def __init__(self, document: Document, bar: SliceBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self.bar = document, bar
        self._field: Field | None = None
        self._method = ""
        bar.moved.connect(self._on_moved)
        bar.settled.connect(self._on_settled)
        document.params_changed.connect(self.show_params)
        for changed in (document.active_changed, document.frame_changed, document.runs_changed,
                        document.method_changed):  # fmt: skip
            changed.connect(self.show_field)

    @Slot()
    def show_field(self) -> None:
        """The bar that the active run's field needs; none while the run cannot follow it."""
        run = self._document.active
        layers = run.snapshot.layers if run is not None and run.snapshot is not None else ()
        found = first_of(layers, (Field,))
        follows = run is not None and run.done and run.spec.method == self._document.method_id
        sliced = found is not None and found.slice_of and follows
        if sliced:
            self._field, self._method = found, self._document.method_id
            self.bar.offer_places(found.slice_axis, found.slice_places)
            self.show_params()
        elif self._field is not None:
            if self._method == self._document.method_id:
                self.bar.stop()
            self._field = None
            self.bar.offer_places(NONE, ())

    @Slot()
    def show_params(self) -> None:
        """Where the parameter is, unless the bar itself is what moves it."""
        if self._field is None:
            return
        share: Any = getattr(self._document.params(), self._field.slice_of, None)
        if share is not None and not self.bar.held():
            self.bar.show_index(round(share * (len(self._field.slice_places) - 1)))
        self.shown.emit()

    @Slot()
    def _on_moved(self) -> None:
        self._steer(final=False)

    @Slot()
    def _on_settled(self) -> None:
        self._steer(final=True)

    def _steer(self, *, final: bool) -> None:
        if self._field is not None:
            last = max(1, len(self._field.slice_places) - 1)
            self.steered.emit({self._field.slice_of: round(self.bar.index() / last, 6)}, final)
