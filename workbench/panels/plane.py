"""The panel of families whose results are fields or images on a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Slot

from engine.layers import Axis, Curves, Field, Points
from engine.method import Snapshot
from engine.numerics.cuts import along
from workbench.document import Run
from workbench.panels.panel import Panel
from workbench.panels.slice_steering import SliceSteering
from workbench.views.mainview import MainView
from workbench.views.plane import PlaneView
from workbench.views.slicebar import SliceBar

if TYPE_CHECKING:
    from workbench.session import Session


class PlanePanel(Panel):
    """As any panel, with planes for pictures. The picture of a problem is its reference, which may
    take a while and is found aside."""

    VIEW: ClassVar[type[MainView]] = PlaneView
    HAS_ROWS: ClassVar[bool] = False
    BESIDE: ClassVar[str] = "truth"

    _session: Session | None = None
    _drawn: Any = None
    """The data that `_picture_of` is of."""
    _picture_of: Any = None
    _ends: Any = None
    _cut_shown = False

    def _lay_out(self) -> None:
        super()._lay_out()
        self.slices = SliceBar(self)
        top = self._pictures.parentWidget()
        below = top.layout() if top is not None else None
        assert below is not None
        below.addWidget(self.slices)

    def _connect(self) -> None:
        super()._connect()
        steering = SliceSteering(self._document, self.slices, self)
        steering.steered.connect(self.steered)
        steering.shown.connect(self._share_slice)

    def serve(self, session: Session) -> None:
        super().serve(session)
        self._session = session

    def _show_overview(self, data: Any) -> None:
        if self._drawn is data:
            if self._picture_of is not None:
                self.data_view.show_layer(self._picture_of)
            return
        self._drawn, self._picture_of = data, None
        # A line over one problem's plane means nothing on another's.
        self._on_cut(None)
        self.data_view.clear("Solving for comparison …")
        if self._session is not None:
            self._session.aside(
                lambda: _overview(data),
                lambda layer: self._have(data, layer),
                lambda message: self._have_none(data, message),
            )

    def _picture(self) -> MainView:
        view = super()._picture()
        assert isinstance(view, PlaneView)
        view.cut.connect(self._on_cut)
        view.camera_changed.connect(self._link)
        view.setToolTip("Shift and drag: values along a line")
        return view

    def _dress(self, view: MainView, run: Run, snapshot: Snapshot) -> None:
        super()._dress(view, run, snapshot)
        wanted = bool(self._document.view.get("ellipses", False))
        rings = (x for x in snapshot.layers if isinstance(x, Points) and len(x.half_axes))
        view.set_overlay(next(rings, None) if wanted else None)
        if isinstance(view, PlaneView):
            view.set_cut(self._ends)
        if run is self._document.active:
            self._show_cut(first=False)

    @Slot()
    def _show_beside(self) -> None:
        super()._show_beside()
        self._share_slice()

    @Slot()
    def _share_slice(self) -> None:
        """One slider for all: a reference of the same slices is stepped by the one below."""
        own = getattr(self.data_view, "slices", None)
        if own is None or self.slices.isHidden() or own.axis().name != self.slices.axis().name:
            return
        if own.slider.maximum() == self.slices.slider.maximum():
            own.stop()
            own.hide()
            own.slider.setValue(self.slices.index())

    @Slot(object)
    def _link(self, camera: dict[str, Any]) -> None:
        """What stands side by side shows the same part of the plane."""
        pair = (self.data_view, self.result_view)
        moved = self.sender()
        if moved in pair:
            (pair[1] if moved is pair[0] else pair[0]).follow_camera(moved)

    @Slot(object)
    def _on_cut(self, ends: Any) -> None:
        fresh = self._ends is None
        self._ends = ends
        for view in self.clouds():
            if isinstance(view, PlaneView):
                view.set_cut(ends)
        self._show_cut(first=fresh and ends is not None)

    def _show_cut(self, *, first: bool) -> None:
        run = self._document.active
        found = () if run is None or run.snapshot is None else cut(run.snapshot, self._ends)
        if found or self._cut_shown:
            self._cut_shown = bool(found)
            self.diagnostics.show_further(found, first=first)

    def _have(self, data: Any, layer: Any) -> None:
        if self._drawn is data:
            self._picture_of = layer
            self._show_beside()

    def _have_none(self, data: Any, message: str) -> None:
        if self._drawn is data:
            self.data_view.clear(message)


def cut(snapshot: Snapshot, ends: Any) -> tuple[Curves, ...]:
    """Prediction and truth along a line between `ends` (2, 2); nothing without a line."""
    shown = [
        x for x in snapshot.layers
        if isinstance(x, Field) and x.values.ndim == 2 and x.role in ("prediction", "truth")
    ]  # fmt: skip
    if ends is None or not shown:
        return ()
    lines = {}
    for layer in shown:
        distance, lines[layer.name] = along(layer.values, layer.extent, ends[0], ends[1])
    return (
        Curves(name="cut", role="diagnostic", x=distance, lines=lines,
               axes=(Axis("distance along the cut"), Axis("value"))),
    )  # fmt: skip


def _overview(data: Any) -> Any:
    from engine.data.overview import overview

    return overview(data)
