"""Two sliders as a plane: which two, what they are, and small pictures of what they would do,
computed aside by the same method on what is in the middle of the view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.layers import Picture
from engine.method import Snapshot
from engine.params import Parameter, to_json
from workbench.commands import ChangeView
from workbench.document import Document, Run
from workbench.forms.pad import CELLS, Pad, choices, swept
from workbench.forms.slider import number_text
from workbench.theme import Theme
from workbench.views.chooser import Chooser
from workbench.views.mainview import first_of
from workbench.views.pyramid import image_of, to_bytes

if TYPE_CHECKING:
    from workbench.session import Session

AXES = "pad"
CALM_MS = 250
"""After the last change the small pictures wait so long: what is dragged comes first."""
ORDER = sorted(
    ((column, row) for column in range(CELLS) for row in range(CELLS)),
    key=lambda cell: (cell[0] - CELLS // 2) ** 2 + (cell[1] - CELLS // 2) ** 2,
)
"""From the middle outwards."""


class SliderPlane(QWidget):
    """A `Pad` with its two choosers. Knows parameters and pictures, and no method."""

    steered = Signal(object, bool)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._session: Session | None = None
        self._part: tuple[int, int, int, int] | None = None
        self._done: Any = None
        """What the small pictures that are there, or on their way, were made for."""
        self.pick: Callable[[Snapshot], Picture | None] = _prediction
        """Which picture of a snapshot the small ones show."""
        self._turn = 0
        self.pad = Pad(self)
        self.pad.set_theme(theme)
        self.choosers = (Chooser(self), Chooser(self))
        self._told = QLabel("", self)
        self._told.setProperty("role", "small")
        self._lay_out()
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM_MS)
        self._calm.timeout.connect(self._begin)
        self.pad.moved.connect(self._on_moved)
        for chooser in self.choosers:
            chooser.activated.connect(self._on_chosen)
        for changed in (document.active_changed, document.params_changed, document.view_changed):
            changed.connect(self.follow)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 12, 4)
        row.setSpacing(8)
        row.addWidget(self.pad, 3)
        column = QVBoxLayout()
        column.setContentsMargins(0, 12, 0, 8)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setVerticalSpacing(4)
        for word, chooser in zip(("Across", "Up"), self.choosers, strict=True):
            chooser.setAccessibleName(word)
            chooser.setMinimumWidth(96)
            form.addRow(word, chooser)
        column.addLayout(form)
        self._told.setWordWrap(True)
        self._told.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._told, 1)
        row.addLayout(column, 2)

    def serve(self, session: Session) -> None:
        """Ask this session for what the plane wants."""
        self._session = session

    # What the document says

    def axes(self) -> tuple[Parameter, Parameter] | None:
        """The two chosen parameters of the shown method, else its first two."""
        run = self._document.active
        if run is None or run.spec.method != self._document.method_id:
            return None
        found = self._choices(run)
        if len(found) < 2:
            return None
        names = list(self._document.view.get(AXES, ()))
        chosen = [p for name in names for p in found if p.name == name][:2]
        chosen += [p for p in found if p not in chosen]
        return chosen[0], chosen[1]

    def _choices(self, run: Run) -> list[Parameter]:
        idle = getattr(run.snapshot, "idle", ()) if run.snapshot is not None else ()
        return [p for p in choices(run.shown) if p.name not in idle]

    @Slot()
    def follow(self) -> None:
        """Show the handle where the parameters are, and small pictures for what is in sight."""
        axes = self.axes()
        self.pad.setVisible(axes is not None)
        for chooser in self.choosers:
            chooser.setEnabled(axes is not None)
        if axes is None:
            self._told.setText("A method with two live sliders is set here by one hand.")
            return
        self._offer(axes)
        params = self._document.params()
        run = self._document.active
        chosen = run.snapshot.chosen if run is not None and run.snapshot is not None else {}
        asked = [getattr(params, axis.name) for axis in axes]
        values = [chosen.get(axis.name) if value is None else value
                  for axis, value in zip(axes, asked, strict=True)]  # fmt: skip
        self.pad.show_axes(*axes)
        self.pad.show_values(*values)
        self._told.setText("\n".join(map(_told, axes, values, asked)))
        self._plan()

    def _offer(self, axes: tuple[Parameter, Parameter]) -> None:
        run = self._document.active
        assert run is not None
        found = self._choices(run)
        for chooser, axis in zip(self.choosers, axes, strict=True):
            blocker = QSignalBlocker(chooser)
            names = [p.name for p in found]
            if names != [chooser.itemData(k) for k in range(chooser.count())]:
                chooser.clear()
                for parameter in found:
                    chooser.addItem(parameter.label[:1].upper() + parameter.label[1:],
                                    parameter.name)  # fmt: skip
            chooser.setCurrentIndex(names.index(axis.name))
            blocker.unblock()

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        axes = self.axes()
        if axes is None or self._session is None:
            return
        names = [chooser.currentData() for chooser in self.choosers]
        if names[0] == names[1]:
            # The one that was chosen twice gives its place to the other.
            before = [axis.name for axis in axes]
            names = before[::-1]
        text = f"put {names[0]} and {names[1]} on the pad".replace("_", " ")
        self._session.undo.push(ChangeView(self._document, text, **{AXES: names}))

    @Slot(float, float, bool)
    def _on_moved(self, across: float, up: float, final: bool) -> None:
        axes = self.axes()
        if axes is not None:
            self.steered.emit({axes[0].name: across, axes[1].name: up}, final)

    # Small pictures

    def look_at(self, part: tuple[int, int, int, int]) -> None:
        """What is in sight: top, left, bottom, right, in pixels of the picture."""
        self._part = part
        self._plan()

    def _wanted(self) -> Any:
        """What small pictures depend on; None where there can be none."""
        run, axes = self._document.active, self.axes()
        if run is None or axes is None or not run.done or self._part is None:
            return None
        names = (axes[0].name, axes[1].name)
        others = {k: v for k, v in to_json(self._document.live_params(run)).items()
                  if k not in names}  # fmt: skip
        kept = tuple(map(str, others.items()))
        return run.id, id(run.method), names, self.pick, kept, self._part

    def _plan(self) -> None:
        wanted = self._wanted()
        if wanted != self._done and self.isVisible():
            self._turn += 1
            self._calm.start()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._plan()

    @Slot()
    def _begin(self) -> None:
        """The first of a chain of errands; a newer turn ends it."""
        session, run = self._session, self._document.active
        wanted = self._wanted()
        if session is None or run is None or wanted is None:
            self.pad.forget_cells()
            return
        if session.dragging:
            self._calm.start()
            return
        if self._done is None or wanted[:4] != self._done[:4]:
            self.pad.forget_cells()
        self._done = wanted
        self._turn += 1
        turn, method, part, pick = self._turn, run.method, wanted[-1], self.pick

        def ready(small: Any) -> None:
            if turn == self._turn and small is not None:
                self._next(turn, run, small, wanted[2], 0)

        session.aside(lambda: _smaller(method, part, pick), ready, _passed_over)

    def _next(self, turn: int, run: Run, small: Any, names: tuple[str, str], k: int) -> None:
        """One cell, and after it the next: what judges pictures comes in between."""
        session = self._session
        if turn != self._turn or session is None or k >= len(ORDER) or self.axes() is None:
            return
        if session.dragging:
            QTimer.singleShot(CALM_MS, self, lambda: self._next(turn, run, small, names, k))
            return
        column, row = ORDER[k]
        params = swept(self._document.live_params(run), names, column, row)

        def made(image: QImage) -> None:
            if turn == self._turn:
                self.pad.show_cell(column, row, image)
                self._next(turn, run, small, names, k + 1)

        session.aside(lambda: _drawn(small(params)), made, _passed_over)

    def set_theme(self, theme: Theme) -> None:
        self.pad.set_theme(theme)


def _smaller(method: Any, part: tuple[int, int, int, int], pick: Any) -> Any:
    from engine.restoration.small_part import on_part

    return on_part(method, part, pick)


def _prediction(snapshot: Snapshot) -> Picture | None:
    found: Picture | None = first_of(snapshot.layers, (Picture,))
    return found


def _drawn(pixels: Any) -> QImage:
    return image_of(to_bytes(pixels, None), opaque=True).copy()


def _passed_over(message: str) -> None:
    """Without small pictures the pad works as well."""


def _told(parameter: Parameter, value: float | None, asked: float | None) -> str:
    unit = f" {parameter.doc.unit}" if parameter.doc.unit else ""
    shown = "" if value is None else number_text(value, whole=parameter.kind == "int") + unit
    auto = f"auto {shown}".strip() if asked is None else shown
    return f"{parameter.label[:1].upper()}{parameter.label[1:]}: {auto}"
