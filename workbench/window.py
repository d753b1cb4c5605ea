"""The one window: families at the left, pictures in the middle, parameters and runs at the right.

Widgets ask the session; the session changes the document; the document's signals come back here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine import catalog
from engine.jobs import FitJob
from workbench import actions, dropped, theme, warmup
from workbench.bridge import Bridge
from workbench.collector import Collector
from workbench.document import Document, Run
from workbench.exporting import Exporting
from workbench.familybar import FamilyBar
from workbench.notices import NoteStrip, NoticeBar
from workbench.player import Player
from workbench.requests import Requests
from workbench.rightcolumn import RightColumn
from workbench.session import Session, seconds_left
from workbench.settings import Settings
from workbench.taskbar import TaskBar
from workbench.topbar import TopBar
from workbench.welcome import Welcome


class Window(QMainWindow):
    """The main window. `panel` is None until the first data set is shown."""

    painted = Signal()

    def __init__(self, settings: Settings, theme_name: str = "light") -> None:
        super().__init__()
        self.setObjectName("fieldwright")
        self.setWindowTitle("Fieldwright")
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.settings = settings
        self.theme = theme.load(theme_name)
        self.document = Document(self)
        self.bridge = Bridge(self, warmup.imports)
        self.session = Session(self.document, self.bridge, self)
        self.exporting = Exporting(self)
        self.panel: Any = None
        self._collector = Collector(self)
        self.requests = Requests(self)
        self.actions_by_id: dict[str, QAction] = actions.build(self, self._slot)
        self._build()
        self._connect()
        self._set_icons()
        self.welcome.show_recent(settings.recent())
        # The form waits for `ready`: its parameter class comes with the method's libraries.
        self._show_family()
        self._refresh_actions()
        # Its buttons have got their style since it was measured: without this the window opens as
        # wide as they were before.
        for part in self.top.findChildren(QWidget):
            part.ensurePolished()
        self.top.updateGeometry()

    def _slot(self, name: str) -> Callable[[], None]:
        found: Callable[[], None] = getattr(self.requests, name)
        return found

    # Building

    def _build(self) -> None:
        actions.fill(self.menuBar(), self.actions_by_id)
        self.families = FamilyBar(self.theme, self)
        self.top = TopBar(self.actions_by_id, self)
        self.welcome = Welcome(self._sample_cards(), self)
        self.centre = QStackedWidget(self)
        self.centre.addWidget(self.welcome)
        self.notes = NoteStrip(self)
        self.tasks = TaskBar(self)
        self.right = RightColumn(self.document, self)
        self.form, self.runs = self.right.form, self.right.runs
        self.player = Player(self.form, self)
        middle = QWidget(self)
        stack = QVBoxLayout(middle)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        stack.addWidget(self.top)
        stack.addWidget(self.centre, 1)
        stack.addWidget(self.notes)
        self.notices = NoticeBar(self.centre, self._pictures_end, middle)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setObjectName("columns")
        self.splitter.addWidget(self.families)
        self.splitter.addWidget(middle)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([132, 928, 380])
        self.splitter.setChildrenCollapsible(False)
        whole = QWidget(self)
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.splitter, 1)
        rows.addWidget(self.tasks)
        self.setCentralWidget(whole)

    def _pictures_end(self) -> int:
        """Pixels below the top of the centre: numbers and curves stand below some pictures."""
        shown = self.panel is not None and self.centre.currentWidget() is self.panel
        if not shown:
            return self.centre.height()
        return int(self.panel.splitter.y() + self.panel.splitter.widget(0).height())

    def _sample_cards(self) -> list[Any]:
        from workbench.samplecards import sample_cards

        return sample_cards()

    def _connect(self) -> None:
        document, session = self.document, self.session
        self.form.changing.connect(session.changing)
        self.form.changed.connect(session.changed)
        self.player.stopped.connect(self._show_view)
        self.top.method_chosen.connect(session.choose_method)
        self.top.sample_chosen.connect(self.requests.open_sample)
        self.top.colour_chosen.connect(self.requests.choose_colour)
        self.families.chosen.connect(self.requests.choose_family)
        self.welcome.sample_chosen.connect(self.requests.open_sample)
        self.welcome.open_asked.connect(self.requests.open_file)
        self.welcome.equation_asked.connect(self.requests.type_equation)
        self.welcome.recent_chosen.connect(self.requests.open_path)
        self.runs.chosen.connect(self.requests.choose_run)
        self.runs.renamed.connect(self.requests.rename_run)
        self.runs.starred.connect(self.requests.star_run)
        self.runs.deleted.connect(self.requests.delete_run)
        self.runs.compared.connect(document.set_compared)
        self.tasks.pause_asked.connect(session.pause)
        self.tasks.resume_asked.connect(session.resume)
        self.tasks.cancel_asked.connect(session.cancel)
        session.said.connect(self.say)
        session.task_changed.connect(self._show_task)
        session.undo.indexChanged.connect(self._refresh_actions)
        document.data_changed.connect(self._show_data)
        document.method_changed.connect(self._show_method)
        document.params_changed.connect(self._show_params)
        document.active_changed.connect(self._show_active)
        document.frame_changed.connect(self._on_frame)
        document.runs_changed.connect(self._refresh_actions)
        document.compare_changed.connect(self._refresh_actions)
        document.view_changed.connect(self._show_view)
        document.modified_changed.connect(self._show_title)
        self.bridge.ready.connect(self._show_ready)
        self.notes.follow(document, session)

    def start_engine(self) -> None:
        """After the first paint: the slow imports, on the fit thread."""
        self.tasks.set_device("getting ready…")
        self.bridge.start_fits()
        self.exporting.offer_recovery()

    def ensure_panel(self) -> Any:
        """The panel imports the drawing libraries, so it is made with the first data."""
        from workbench.panels.kinds import panel_for

        if self.panel is not None and type(self.panel) is not panel_for(self.document.data):
            self._drop_panel()
        if self.panel is None:
            self.panel = panel_for(self.document.data)(self.document, self.theme, self)
            warmup.spare_the_collector()
            self.panel.serve(self.session)
            self.top.follow(self.panel)
            self.panel.sentence.connect(self.tasks.set_message)
            self.panel.selection_changed.connect(self._show_selected)
            self.panel.steered.connect(self.session.steer)
            self.centre.addWidget(self.panel)
            self.notices.heed(self.panel.splitter.widget(0))
        return self.panel

    def _drop_panel(self) -> None:
        """Deleted at once: what is only marked for it would still hear of the new data."""
        from shiboken6 import delete

        panel, self.panel = self.panel, None
        panel.release()
        self.centre.removeWidget(panel)
        delete(panel)

    # What the document says

    @Slot()
    def _show_data(self) -> None:
        self.form.show_data(self.document.data)
        if self.document.data is not None:
            before = self.panel
            panel = self.ensure_panel()
            if panel is not before:
                panel.show_all()
        self._show_family()
        self._show_title()
        self._show_view()
        self._refresh_actions()

    @Slot()
    def _show_method(self) -> None:
        self._show_family()
        self._show_params()
        self._refresh_actions()

    def _show_family(self) -> None:
        """The data's pictures where the method can work on them, else what its family offers."""
        card = catalog.card(self.document.method_id)
        self.top.show_method(card.id)
        self.families.show_family(card.family)
        self.welcome.show_family(card.family)
        fitting = self.panel is not None and card.accepts(self.document.data)
        self.centre.setCurrentWidget(self.panel if fitting else self.welcome)
        self.top.show_panel(self.panel if fitting else None)

    @Slot()
    def _show_params(self) -> None:
        run = self.document.active
        same = run is not None and run.spec.method == self.document.method_id
        fitted = run.fitted if run is not None and same else None
        self.form.show_params(self.document.params(), fitted=fitted)
        if run is not None and same and run.snapshot is not None:
            self.form.show_chosen(run.snapshot.found, run.snapshot.idle)

    @Slot()
    def _show_active(self) -> None:
        self._show_params()
        self._show_view()
        self._refresh_actions()

    @Slot(object)
    def _on_frame(self, run: Run) -> None:
        if run is self.document.active and run.snapshot is not None:
            if run.spec.method == self.document.method_id:
                self.form.show_chosen(run.snapshot.found, run.snapshot.idle)
            coarse = run.snapshot.coarse
            self.tasks.set_message(f"preview: {coarse}" if coarse else "")
            if self.panel is not None:
                self.top.show_columns(self.panel.columns(), self.colour())

    def colour(self) -> str:
        chosen = str(self.document.view.get("colour_by", ""))
        if chosen or self.panel is None:
            return chosen
        shown: str = self.panel.data_view.colour_by()
        return shown

    @Slot()
    def _show_view(self) -> None:
        if self.panel is not None:
            self.top.show_columns(self.panel.columns(), self.colour())
        self.actions_by_id["view.play"].setChecked(self.player.playing())
        for action, setting, usual in actions.TOGGLES:
            self.actions_by_id[action].setChecked(bool(self.document.view.get(setting, usual)))

    @Slot()
    def _show_title(self) -> None:
        name = Path(self.document.path).stem if self.document.path else "Untitled"
        mark = "*" if self.document.modified else ""
        self.setWindowTitle(f"{name}{mark} – Fieldwright")

    @Slot(object)
    def _show_task(self, job: FitJob) -> None:
        if job.over:
            self.tasks.remove_task(job.number)
        else:
            step = job.step
            index = step.index if step else 0
            rate = index / job.seconds if job.seconds > 0.2 else 0.0
            run = next((r for j, r in self.session.jobs() if j is job), None)
            self.tasks.show_task(
                job.number,
                run.name if run else "",
                "paused" if job.paused else str(job.state),
                step.stage if step else "",
                index,
                (step.total or 0) if step else 0,
                rate,
                seconds_left(job),
            )
        self._refresh_actions()

    @Slot()
    def _show_ready(self) -> None:
        self.tasks.set_device(self.document.device)
        self._show_params()
        warmup.spare_the_collector()

    @Slot()
    def _refresh_actions(self) -> None:
        document, act = self.document, self.actions_by_id
        run = document.active
        has_picture = run is not None and run.snapshot is not None
        busy = bool(self.session.jobs())
        act["fit"].setEnabled(catalog.card(document.method_id).accepts(document.data))
        for name in ("pause", "cancel"):
            act[name].setEnabled(busy)
        for name in ("export.figure", "export.data", "export.picture", "copy.python"):
            act[name].setEnabled(has_picture)
        act["export.model"].setEnabled(run is not None and run.done)
        act["compare.none"].setEnabled(bool(document.compared))
        act["compare.all"].setEnabled(len(self.requests.comparable()) > 1)
        undo = self.session.undo
        act["undo"].setEnabled(undo.canUndo())
        act["redo"].setEnabled(undo.canRedo())
        act["undo"].setText(f"Undo {undo.undoText()}".strip())
        act["redo"].setText(f"Redo {undo.redoText()}".strip())

    # Commands

    @Slot(str, bool, str)
    def say(self, text: str, grave: bool = False, details: str = "") -> None:
        self.notices.say(text, grave=grave, details=details)

    @Slot(object)
    def _show_selected(self, ids: Any) -> None:
        count = len(ids)
        rows = "row" if count == 1 else "rows"
        self.tasks.set_message(f"{count} {rows} selected" if count else "")

    def set_theme(self, name: str) -> None:
        from PySide6.QtWidgets import QApplication

        self.theme = theme.load(name)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, self.theme)
        self.settings.set_theme(name)
        self._set_icons()
        self.families.set_theme(self.theme)
        if self.panel is not None:
            self.panel.set_theme(self.theme)

    def _set_icons(self) -> None:
        for command in actions.COMMANDS:
            if command.icon:
                ink = self.theme.on_accent if command.id == "fit" else self.theme.text
                icon = theme.icon(command.icon, self.theme, ink)
                self.actions_by_id[command.id].setIcon(icon)

    # Files dropped on the window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        dropped.take(self, [url.toLocalFile() for url in event.mimeData().urls()])

    # The end

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.exporting.may_close():
            self.shut_down()
            event.accept()
        else:
            event.ignore()

    def shut_down(self) -> None:
        """Stop threads and close canvases; may be called twice."""
        self.player.stop()
        self.exporting.close()
        self.session.close()
        self.exporting.let_go()
        if self.panel is not None:
            self.panel.release()
        self._collector.close()
        self.settings.set_geometry(self.saveGeometry(), self.splitter.saveState())
