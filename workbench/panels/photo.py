"""The panel of photographs: before and after on both sides of a line, side by side, what still
differs from the truth, and what was removed."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QWidget

from engine.layers import Layer, Picture
from engine.method import Snapshot
from workbench.commands import ChangeView
from workbench.document import Document, Run
from workbench.panels.comparebar import MODES, CompareBar
from workbench.panels.map_painting import MapPainting
from workbench.panels.painting import Painting
from workbench.panels.panel import Panel
from workbench.panels.slider_plane import SliderPlane
from workbench.panels.truths import Truths
from workbench.theme import Theme
from workbench.views.mainview import MainView, first_of
from workbench.views.photo import PhotoView

if TYPE_CHECKING:
    from workbench.session import Session

MODE = "photo_mode"
GLANCE_MS = 33
"""A method is told what is in sight at most this often."""
NO_TRUTH = "The truth of this picture is not known: simulate damage, or open the truth's file"


class PhotoPanel(Panel):
    """As any panel, with pictures that are compared with what they were made from."""

    VIEW: ClassVar[type[MainView]] = PhotoView
    HAS_ROWS: ClassVar[bool] = False
    PAINTING: ClassVar[type[Painting]] = MapPainting
    BESIDE: ClassVar[str] = "input"
    HEIGHTS: ClassVar[tuple[int, int]] = (560, 250)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        self._session: Session | None = None
        self._input: Picture | None = None
        self._left: Picture | None = None
        self._possible: dict[str, bool] = {}
        self._shown_mode = ""
        self._sights: dict[int, tuple[int, int, int, int]] = {}
        self._told: dict[int, tuple[int, tuple[int, int, int, int]]] = {}
        super().__init__(document, theme, parent)
        self.beside_result.with_data = False
        self.diagnostics.leaves_out = _shown_above
        self._glance = QTimer(self)
        self._glance.setSingleShot(True)
        self._glance.setInterval(GLANCE_MS)
        self._glance.timeout.connect(self._attend)

    def _picture(self) -> MainView:
        view = super()._picture()
        assert isinstance(view, PhotoView)
        view.camera_changed.connect(self._link)
        view.in_sight.connect(self._on_in_sight)
        view.pointed.connect(self._on_pointed)
        return view

    def _lay_out(self) -> None:
        super()._lay_out()
        self._pictures.setSizes([500, 500])
        self._below.setSizes([560, 380])
        self.bar = CompareBar(self._theme, self)
        self.bar.add_chooser(self.beside_result)
        self.plane = SliderPlane(self._document, self._theme, self)
        self.truths = Truths(self, self._document)
        self.diagnostics.tabs.insertTab(0, self.plane, "Two sliders")
        layout: Any = self.layout()
        layout.setSpacing(0)
        layout.insertWidget(0, self.bar)
        layout.insertWidget(1, self.painting.bar)

    def _connect(self) -> None:
        super()._connect()
        self.bar.mode_chosen.connect(self.choose_mode)
        self.bar.loupe_chosen.connect(self.set_loupe)
        self.bar.zoom_asked.connect(self.zoom_to)
        self.bar.gain_moved.connect(self._on_gain)
        self.bar.simulate_asked.connect(self.ask_simulation)
        self.beside_result.switched.connect(self._redraw)
        self.plane.steered.connect(self.steered)

    def serve(self, session: Session) -> None:
        super().serve(session)
        self._session = session
        self.plane.serve(session)
        self.truths.serve(session)

    # Modes

    def mode(self) -> str:
        """How pictures are compared: as wished, where that is possible."""
        wished = str(self._document.view.get(MODE, "split"))
        return wished if wished in MODES and self._possible.get(wished, True) else "split"

    @Slot(str)
    def choose_mode(self, mode: str) -> None:
        if not self._possible.get(mode, True):
            self.sentence.emit(f"{NO_TRUTH}.")
        elif mode != self.mode() and self._session is not None:
            text = f"show {MODES[mode][0].lower()}"
            self._session.undo.push(ChangeView(self._document, text, **{MODE: mode}))
        self._show_bar()

    def _arrange(self) -> None:
        """Which of the two standing pictures are there, and with what around them."""
        run, side = self._document.active, self.mode() == "side"
        self.data_view.setVisible(run is None or side)
        self.result_view.setVisible(run is not None)
        for view in (self.data_view, self.result_view):
            view.show_header(side)
        self._show_bar()

    def _show_bar(self) -> None:
        mode, run = self.mode(), self._document.active
        self.bar.show_mode(mode, self._possible, NO_TRUTH)
        differing = mode in ("difference", "removed") and run is not None
        self.bar.show_gain(getattr(run.shown, "gain", None) if differing and run else None)
        comparing = bool(self._document.compared)
        self.beside_result.setVisible(
            self.beside_result.count() > 1 and mode in ("split", "side") and not comparing
        )

    @Slot()
    def _show_view(self) -> None:
        super()._show_view()
        if self.mode() != self._shown_mode:
            self._redraw()

    @Slot()
    def _redraw(self) -> None:
        """All pictures anew, from what is known."""
        self._shown_mode = self.mode()
        self.plane.pick = _PICKS[self._shown_mode]
        self.plane.follow()
        pairs: list[tuple[MainView, Run | None]] = [(self.result_view, self._document.active)]
        pairs += [(view, self._document.run(number)) for number, view in self.beside.items()]
        for view, run in pairs:
            if run is not None and run.snapshot is not None:
                self._draw(view, run, run.snapshot, moving=False)
        self._arrange()

    # What the document says

    @Slot()
    def _show_data(self) -> None:
        data = self._document.data
        self._input = self._left = None
        if data is None:
            return
        for view in (self.data_view, self.result_view):
            assert isinstance(view, PhotoView)
            view.set_alpha(data.alpha)
            view.set_depth(data.depth)
        self._possible = {}
        super()._show_data()
        self._arrange()

    def _show_overview(self, data: Any) -> None:
        from engine.data.overview import overview

        if self._input is None:
            found = overview(data)
            assert isinstance(found, Picture)
            self._input = found
        height, width = self._input.whole
        self.data_view.set_title(f"{data.name} · {width} × {height}")
        self.data_view.show_layer(self._input)

    @Slot()
    def _show_active(self) -> None:
        camera = self.result_view.camera()
        same = _size_of(self.result_view) == _size_of(self.data_view)
        super()._show_active()
        run = self._document.active
        if run is not None and run.snapshot is not None and same:
            # Pictures of one size are looked at in turn at one place.
            self.result_view.set_camera(camera)
        self._learn(run)
        self._arrange()

    @Slot()
    def _show_beside(self) -> None:
        super()._show_beside()
        run = self._document.active
        layer = self.beside_result.chosen(run.snapshot if run is not None else None)
        if layer is not None and self._document.data is not None:
            self.data_view.set_title(f"{layer.name} · {self._document.data.name}")
        self._show_bar()

    @Slot(object)
    def _on_frame(self, run: Run) -> None:
        if run is self._document.active:
            self._learn(run)
        super()._on_frame(run)
        if run is self._document.active:
            self._show_bar()
            self.plane.follow()

    def _learn(self, run: Run | None) -> None:
        """Which modes a settled picture of the run has layers for."""
        if run is not None and run.snapshot is not None and not run.snapshot.coarse:
            before = self.mode()
            self._possible = {
                mode: _layer_of(mode, run.snapshot) is not None
                for mode in ("difference", "removed")
            }
            if self.mode() != before:
                self._redraw()

    def _draw(self, view: MainView, run: Run, snapshot: Snapshot, *, moving: bool) -> None:
        assert isinstance(view, PhotoView)
        mode = self.mode()
        layer = _layer_of(mode, snapshot)
        if layer is None:
            return
        view.set_alpha(getattr(run.data, "alpha", None))
        view.set_depth(getattr(run.data, "depth", 8))
        before = None
        if mode == "split" and view is self.result_view:
            before = self._left_of(snapshot)
        gain = getattr(snapshot.params, "gain", None)
        times = f" × {gain:.3g}" if gain and mode in ("difference", "removed") else ""
        told = before is not None or mode in ("difference", "removed")
        view.set_names(before.name if before is not None else "",
                       f"{layer.name}{times}" if told else "")  # fmt: skip
        view.show_pictures(layer, before)
        self._tell(view)

    def _left_of(self, snapshot: Snapshot) -> Picture | None:
        """What stands left of the line. A preview may not hold it: then what stood there."""
        found = self.beside_result.chosen(snapshot)
        if not isinstance(found, Picture):
            kept = snapshot.coarse and self._left is not None
            self._left = self._left if kept else self._input
        else:
            self._left = found
        return self._left

    @Slot()
    def _show_badges(self) -> None:
        super()._show_badges()
        self.bar.show_badge(self.result_view.badge())

    @Slot()
    def _show_compared(self) -> None:
        camera = self.result_view.camera()
        super()._show_compared()
        self._grid.legend.hide()
        for view in self.beside.values():
            view.set_camera(camera)
        self._show_bar()

    # Camera and attention

    @Slot(object)
    def _on_pointed(self, at: Any) -> None:
        """Every picture of the same pixels says what it has there."""
        pointed = self.sender()
        for view in self.pictures():
            if view is not pointed and isinstance(pointed, PhotoView):
                alike = at is not None and _size_of(view) == _size_of(pointed)
                view.tell(at if alike else None)

    @Slot(object)
    def _link(self, camera: dict[str, Any]) -> None:
        """What stands side by side shows the same pixels."""
        moved = self.sender()
        if isinstance(moved, PhotoView):
            for view in (self.data_view, self.result_view):
                if view is not moved:
                    view.follow_camera(moved)

    def pictures(self) -> list[PhotoView]:
        """Those that can be seen now."""
        return [v for v in self.clouds() if isinstance(v, PhotoView) and v.isVisibleTo(self)]

    @Slot(float)
    def zoom_to(self, zoom: float) -> None:
        """So many pixels of the screen for one of the picture; 0 for all of it."""
        if zoom <= 0:
            self.fit_cameras()
        elif self.pictures():
            self.pictures()[-1].zoom_to(zoom)

    @Slot(bool)
    def set_loupe(self, on: bool) -> None:
        self.bar.loupe.setChecked(on)
        for view in self.clouds():
            if isinstance(view, PhotoView):
                view.table.set_loupe(on)

    def toggle_loupe(self) -> None:
        self.set_loupe(not self.bar.loupe.isChecked())

    @Slot(object)
    def _on_in_sight(self, part: tuple[int, int, int, int]) -> None:
        view = self.sender()
        if isinstance(view, PhotoView):
            self._tell(view)

    def _tell(self, view: PhotoView) -> None:
        """The run that a picture shows will hear what is in sight."""
        run = self.run_of(view)
        if run is not None and view.seen().room != (1, 1):
            self._sights[run.id] = view.seen().in_sight()
            if not self._glance.isActive():
                self._glance.start()

    def run_of(self, view: MainView) -> Run | None:
        """The run that a picture shows; None for the input."""
        if view is self.result_view and not self.beside:
            return self._document.active
        number = next((n for n, beside in self.beside.items() if beside is view), None)
        return None if number is None else self._document.run(number)

    @Slot()
    def _attend(self) -> None:
        sights, self._sights = self._sights, {}
        for number, part in sights.items():
            run = self._document.run(number)
            if run is not None and self._session is not None:
                self._session.attend(run, part)
                if run is self._document.active:
                    self.plane.look_at(part)

    def cameras(self) -> dict[str, Any]:
        """Cameras, and where the line stands."""
        view = self.result_view
        assert isinstance(view, PhotoView)
        return {**super().cameras(), "split": view.table.split}

    def set_cameras(self, cameras: dict[str, Any]) -> None:
        super().set_cameras(cameras)
        view = self.result_view
        assert isinstance(view, PhotoView)
        view.table.set_split(float(cameras.get("split", view.table.split)))

    # What else a hand does

    @Slot(float, bool)
    def _on_gain(self, gain: float, final: bool) -> None:
        self.steered.emit({"gain": gain}, final)

    @Slot()
    def ask_simulation(self) -> None:
        self.truths.ask_simulation()

    def ask_truth(self) -> None:
        self.truths.ask_file()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.bar.set_theme(theme)
        self.plane.set_theme(theme)


def _layer_of(mode: str, snapshot: Snapshot) -> Picture | None:
    """The picture that a mode shows."""
    pictures = [layer for layer in snapshot.layers if isinstance(layer, Picture)]
    if mode == "difference":
        return next((layer for layer in pictures if layer.role == "error"), None)
    if mode == "removed":
        return next((layer for layer in pictures if layer.name == "removed"), None)
    found: Picture | None = first_of(snapshot.layers, (Picture,))
    return found


def _size_of(view: MainView) -> tuple[int, int]:
    assert isinstance(view, PhotoView)
    return view.seen().size


_PICKS = {mode: functools.partial(_layer_of, mode) for mode in MODES}


def _shown_above(layer: Layer) -> bool:
    """Whether a mode shows it."""
    return isinstance(layer, Picture) and (layer.role == "error" or layer.name == "removed")
