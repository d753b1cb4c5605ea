"""A family's panel: data beside result (or runs side by side) above, diagnostics and scores below.

The panel lays out whatever layers a snapshot holds; nothing in it is numerical and nothing in it
knows a method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engine.layers import Arrows, Markers, Network, Points
from engine.method import Snapshot
from engine.numerics.procrustes import turn
from workbench.document import Document, Run
from workbench.hearing import deafen, hear
from workbench.panels import common_scale
from workbench.panels.beside import DATA, BesideChooser
from workbench.panels.diagnostics import Diagnostics
from workbench.panels.headline import headline
from workbench.panels.painting import Painting
from workbench.panels.scores import ScoreTable
from workbench.panels.side_by_side import SideBySide
from workbench.theme import Theme
from workbench.views.cloud import CloudView
from workbench.views.mainview import MainView, first_of

if TYPE_CHECKING:
    from workbench.session import Session

MOST_COMPARED = 6


class Panel(QWidget):
    """Pictures of the active run, or of the compared ones.

    Selection, hover and (in compare) cameras are shared by all clouds of the panel.
    """

    VIEW: ClassVar[type[MainView]] = CloudView
    """What draws the pictures of this panel."""
    HAS_ROWS: ClassVar[bool] = True
    PAINTING: ClassVar[type[Painting]] = Painting
    BESIDE: ClassVar[str] = DATA
    """What stands beside the result until a person chooses."""
    HEIGHTS: ClassVar[tuple[int, int]] = (520, 290)
    """Pictures above, diagnostics below."""

    sentence = Signal(str)
    """What is subsampled, for the task bar."""
    selection_changed = Signal(object)
    steered = Signal(object, bool)
    """Parameters that a hand set in a picture (name -> value), and whether it has let go."""
    drawn = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = theme
        self.tool = "navigate"
        self.painting = self.PAINTING(self, document, theme)
        self.selection = np.empty(0, np.int64)
        self.data_view = self._picture()
        self.data_view.setObjectName("data_view")
        self.beside_result = BesideChooser(self.VIEW.DRAWS, self.BESIDE, self)
        self.data_view.add_to_header(self.beside_result)
        self.beside_result.switched.connect(self._show_beside)
        self.result_view = self._picture()
        self.result_view.setObjectName("result_view")
        self._grid = SideBySide(self)
        self._grid.set_theme(theme)
        self.beside = self._grid.views
        self.diagnostics = Diagnostics(theme, self)
        self.scores = ScoreTable(theme, self)
        self._lay_out()
        self._connect()
        self.painting.begin()

    def _picture(self) -> MainView:
        view = self.VIEW(self)
        view.set_theme(self._theme)
        view.set_tool(self.tool)
        view.painted.connect(self.painting.on_painted)
        view.hovered.connect(self._on_hovered)
        view.picked.connect(self.select)
        view.picked.connect(self._on_picked)
        view.selected.connect(self.select)
        view.subsampled.connect(self.sentence)
        return view

    def _lay_out(self) -> None:
        self._pictures = QSplitter(Qt.Orientation.Horizontal, self)
        self._pictures.addWidget(self.data_view)
        self._pictures.addWidget(self.result_view)
        self._pictures.setSizes([420, 580])
        self._pictures.setChildrenCollapsible(False)
        top = QWidget(self)
        stacked = QVBoxLayout(top)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.addWidget(self._pictures)
        stacked.addWidget(self._grid)
        self._below = QSplitter(Qt.Orientation.Horizontal, self)
        self._below.addWidget(self.diagnostics)
        self._below.addWidget(self.scores)
        self._below.setSizes([540, 400])
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.addWidget(top)
        self.splitter.addWidget(self._below)
        self.splitter.setSizes(self.HEIGHTS)
        self.splitter.setStretchFactor(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)

    def _connect(self) -> None:
        document = self._document
        for signal, slot in (
            (document.data_changed, self._show_data), (document.active_changed, self._show_active),
            (document.frame_changed, self._on_frame), (document.judged, self._on_judged),
            (document.compare_changed, self._show_compared), (document.runs_changed, self._on_runs),
            (document.view_changed, self._show_view), (document.params_changed, self._show_badges),
        ):  # fmt: skip
            hear(signal, slot)
        self.result_view.drawn.connect(self.drawn)
        self.diagnostics.steered.connect(self.steered)

    # What the document says

    @Slot()
    def _show_data(self) -> None:
        data = self._document.data
        self.selection = np.empty(0, np.int64)
        if data is None:
            return
        self.data_view.set_title(headline(data))
        self.beside_result.offer(None)
        self._show_overview(data)
        self.data_view.fit_camera()

    @Slot()
    def _show_beside(self) -> None:
        """The data, or the truth or the error of the shown run, at the camera that is there."""
        run, data = self._document.active, self._document.data
        self.beside_result.offer(run.snapshot if run is not None else None)
        layer = self.beside_result.chosen(run.snapshot if run is not None else None)
        if layer is not None:
            self.data_view.show_layer(layer)
        elif data is not None and run is not None and not (run.snapshot and run.snapshot.coarse):
            self._show_overview(data)
        self._share_scale()

    def _show_overview(self, data: Any) -> None:
        """The data as a picture."""
        from engine.data.overview import overview

        self.data_view.show_layer(overview(data))

    def serve(self, session: Session) -> None:
        self.painting.serve(session)

    @Slot()
    def _show_active(self) -> None:
        run = self._document.active
        self.result_view.setVisible(run is not None)
        self.diagnostics.show_run(run)
        if run is not None:
            self.result_view.set_title(run.name)
            if run.snapshot is not None:
                self._draw(self.result_view, run, run.snapshot, moving=False)
                self.result_view.fit_camera()
                self._show_beside()
            else:
                self.result_view.clear(run.failed or "waiting for the first picture")
        self._show_scores()
        self._show_badges()

    @Slot(object)
    def _on_frame(self, run: Run) -> None:
        if run.snapshot is None:
            return
        moving = run.snapshot.coarse != "" or run.state in ("queued", "started")
        view = self.beside.get(run.id)
        if view is not None:
            self._draw(view, run, run.snapshot, moving=moving)
        if run is self._document.active:
            self._draw(self.result_view, run, run.snapshot, moving=moving)
            self.beside_result.offer(run.snapshot)
            if self.beside_result.chosen(run.snapshot) is not None:
                self._show_beside()
            self.diagnostics.show_run(run)
            self._show_badges()

    def _draw(self, view: MainView, run: Run, snapshot: Snapshot, *, moving: bool) -> None:
        points: Any = first_of(snapshot.layers, self.VIEW.DRAWS)
        if points is None:
            return
        extra = getattr(run.data, "labels", {})
        if view is self.beside.get(run.id) and isinstance(points, Points):
            points = self._laid_alike(run, points)
        rows = getattr(points, "positions", ())
        whole = run.data is not None and len(rows) > 0 and len(rows) == len(run.data)
        if whole and run.data.colour_by and not view.columns():
            points = replace(points, colour_by=run.data.colour_by)
        view.show_layer(points, dict(extra) if whole else {}, moving=moving)
        self._dress(view, run, snapshot)

    def _laid_alike(self, run: Run, points: Points) -> Points:
        """Turned and mirrored to lie as the first of the compared maps does: how a map is turned
        means nothing, and the eye should not have to undo it."""
        first = self._document.run(self._document.compared[0]) if self.beside else None
        if first is None or first is run or first.snapshot is None:
            return points
        leader = first_of(first.snapshot.layers, self.VIEW.DRAWS)
        if not isinstance(leader, Points) or leader.positions.shape != points.positions.shape:
            return points
        return replace(points, positions=turn(points.positions, leader.positions))

    def _dress(self, view: MainView, run: Run, snapshot: Snapshot) -> None:
        settings = self._document.view
        colour = settings.get("colour_by", "")
        if colour and colour in view.columns():
            view.set_colour_by(colour)
        edges = next((item for item in snapshot.layers if isinstance(item, Network)), None)
        view.set_network(edges if settings.get("edges", False) and not snapshot.coarse else None)
        _as_set(view, settings)
        signs = next((item for item in snapshot.layers if isinstance(item, Markers)), None)
        if signs is not None or not snapshot.coarse:
            view.set_markers(signs)
        if len(self.selection):
            view.set_selection(self.selection)
        self._share_scale()

    @Slot()
    def _show_view(self) -> None:
        settings = self._document.view
        for view in self.clouds():
            if size := settings.get("point_size"):
                view.set_point_size(float(size))
            colour = settings.get("colour_by", "")
            if colour and colour in view.columns():
                view.set_colour_by(colour)
            _as_set(view, settings)
        pairs: list[tuple[MainView, Run | None]] = []
        pairs.append((self.result_view, self._document.active))
        pairs.extend((v, self._document.run(n)) for n, v in self.beside.items())
        for view, run in pairs:
            if run is not None and run.snapshot is not None:
                self._dress(view, run, run.snapshot)

    @Slot()
    def _show_badges(self) -> None:
        run = self._document.active
        waiting = self._document.stale()
        badge = ""
        if run is not None and run.state in ("queued", "started"):
            badge = "waiting" if run.state == "queued" else "fitting"
        elif run is not None and run.failed:
            badge = "failed"
        elif waiting:
            names = ", ".join(name.replace("_", " ") for name in waiting)
            badge = f"stale: {names} changed since this fit"
        elif run is not None and run.snapshot is not None and run.snapshot.coarse:
            badge = f"preview: {run.snapshot.coarse}"
        self.result_view.set_badge(badge)

    @Slot(object)
    def _on_judged(self, run: Run) -> None:
        if run is self._document.active:
            self.diagnostics.show_run(run)
        self._show_scores()

    @Slot()
    def _on_runs(self) -> None:
        for number, view in self.beside.items():
            run = self._document.run(number)
            if run is not None:
                view.set_title(run.name)
        if self._document.active is not None:
            self.result_view.set_title(self._document.active.name)
        self._show_scores()
        self._show_badges()

    def _show_scores(self) -> None:
        numbers = self._document.compared
        runs = [self._document.run(n) for n in numbers] or [self._document.active]
        self.scores.show_runs([run for run in runs if run is not None])

    # Side by side

    @Slot()
    def _show_compared(self) -> None:
        wanted = self._document.compared[:MOST_COMPARED]
        self._grid.arrange(wanted, self._picture)
        comparing = len(wanted) > 0
        if comparing == self._pictures.isVisibleTo(self):
            # Scores of several runs need the room, curves of the active one do not.
            self._below.setSizes([320, 620] if comparing else [540, 400])
        self._pictures.setVisible(not comparing)
        for number, view in self.beside.items():
            run = self._document.run(number)
            if run is not None and run.snapshot is not None:
                view.set_title(run.name)
                self._draw(view, run, run.snapshot, moving=False)
                view.fit_camera()
        self._show_scores()

    def _share_scale(self) -> None:
        """What is beside each other is coloured alike."""
        common_scale.share(self.beside.values() or (self.data_view, self.result_view))
        self._grid.show_legend()

    def show_all(self) -> None:
        """Everything the document holds, for a panel made or a project opened after the fact."""
        self._show_data()
        self._show_active()
        self._show_compared()
        self._show_view()
        self.painting.show()

    def cameras(self) -> dict[str, Any]:
        """The cameras of the two standing pictures, for the project file."""
        return {"data": self.data_view.camera(), "result": self.result_view.camera()}

    def set_cameras(self, cameras: dict[str, Any]) -> None:
        for name, view in (("data", self.data_view), ("result", self.result_view)):
            if name in cameras:
                view.set_camera(cameras[name])

    # Hand and eye

    @Slot(object)
    def select(self, ids: Any) -> None:
        """Mark rows of the data in every picture."""
        self.selection = np.asarray(ids, np.int64)
        for view in self.clouds():
            view.set_selection(self.selection)
        self.selection_changed.emit(self.selection)

    @Slot(object)
    def _on_picked(self, ids: Any) -> None:
        """A picked point is the row that the layer beside the result is about, if about one."""
        run = self._document.active
        layer = self.beside_result.chosen(run.snapshot if run is not None else None)
        if isinstance(layer, Arrows) and layer.steers and len(ids) == 1:
            self.steered.emit({layer.steers: int(ids[0])}, True)

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        for view in self.clouds():
            if view is not self.sender():
                view.set_hover(row)

    def clouds(self) -> list[MainView]:
        return [self.data_view, self.result_view, *self.beside.values()]

    def set_tool(self, tool: str) -> None:
        self.tool = tool
        for view in self.clouds():
            view.set_tool(tool)
        self.painting.take_tool(tool)

    def fit_cameras(self) -> None:
        for view in self.clouds():
            view.fit_camera()

    def columns(self) -> list[str]:
        """Every column that the pictures can be coloured by."""
        names: dict[str, None] = {}
        for view in self.clouds():
            names.update(dict.fromkeys(view.columns()))
        return list(names)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for view in self.clouds():
            view.set_theme(theme)
        self._grid.set_theme(theme)
        self.painting.bar.set_theme(theme)
        self.diagnostics.set_theme(theme)
        self.scores.set_theme(theme)

    def release(self) -> None:
        """Hear nothing more, and close every canvas before the application object dies."""
        deafen(self, self.painting)
        for view in self.clouds():
            view.release()
        self.diagnostics.release()


def _as_set(view: MainView, settings: Mapping[str, Any]) -> None:
    view.set_relief(bool(settings.get("relief", False)))
    view.dress_arrows(
        ellipses=bool(settings.get("ellipses", False)),
        coloured_sheet=bool(settings.get("coloured_surface", True)),
    )
