"""What the window can ask for: open, fit, follow a slider, judge, save. No widgets here.

The session turns wishes into work for the bridge and results into changes of the document.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from engine import catalog
from engine.jobs import FitJob, Frame
from engine.method import Attends
from engine.params import STEP, effects, with_values
from engine.runs import RunSpec
from workbench.bridge import Bridge
from workbench.commands import ChangeParams, ChooseData, ChooseMethod
from workbench.document import Document, Run

log = logging.getLogger(__name__)


class Session(QObject):
    """A document, its undo stack, and the workers that serve it."""

    said = Signal(str, bool, str)
    """A sentence for the person: text, grave, details."""
    task_changed = Signal(object)
    """A FitJob that moved on."""
    settled = Signal(object)
    """A Run whose picture is final for its parameters."""

    def __init__(self, document: Document, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.bridge = bridge
        self.undo = QUndoStack(self)
        self.undo.setUndoLimit(500)
        self._jobs: dict[int, tuple[FitJob, Run]] = {}
        self._before_drag: Any = None
        self._judging: set[int] = set()
        self._asked: dict[int, Any] = {}
        bridge.fit_event.connect(self._on_fit_event)
        bridge.frame.connect(self._on_frame)
        bridge.live_failed.connect(self._on_live_failed)
        self.undo.indexChanged.connect(self._on_undo_moved)

    # Data and method

    def open_data(
        self,
        spec: str,
        options: Mapping[str, Any] | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Open a file or sample in the background; the document changes only when it is whole."""
        wanted = dict(options or {})

        def call() -> Any:
            from engine.data import open_any

            data = open_any(spec, **wanted)
            # Asked for at every fit and save: of a large photograph it is found here, aside.
            data.sha256()
            return data

        def done(data: Any) -> None:
            self.show_data(data, wanted)
            if then is not None:
                then()

        self.bridge.errand(call, done, self._complain)

    def show_data(self, data: Any, options: Mapping[str, Any] | None = None) -> None:
        if not catalog.card(self.document.method_id).accepts(data):
            # Another kind of data brings its own family.
            other = catalog.first_for(data)
            if other is not None:
                self.undo.push(ChooseMethod(self.document, other.id, other.title))
        self.undo.push(ChooseData(self.document, data, dict(options or {})))
        for remark in getattr(data, "remarks", ()):
            self.said.emit(remark, False, "")

    def choose_method(self, method_id: str) -> None:
        if method_id == self.document.method_id:
            return
        card = catalog.card(method_id)
        if reason := card.missing():
            self.said.emit(reason, False, "")
            return
        self.undo.push(ChooseMethod(self.document, method_id, card.title))

    def aside(
        self, call: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Compute something for a picture without holding up the window."""
        self.bridge.errand(call, done, lambda message, _: failed(message), aside=True)

    # Parameters

    @Slot(object)
    def changing(self, params: Any) -> None:
        """The hand is on a slider: show, do not record."""
        if type(self._before_drag) is not type(self.document.params()):
            self._before_drag = self.document.params()
        self.document.set_params(params)
        self._follow(dragging=True)

    @property
    def dragging(self) -> bool:
        """Whether a hand is on something that the picture follows."""
        return self._before_drag is not None

    @Slot(object)
    def changed(self, params: Any, text: str = "") -> None:
        """The hand has let go: one undoable edit, called `text`, and a settled picture."""
        before, self._before_drag = self._before_drag, None
        if type(before) is not type(params):
            # No hand was on a slider, or it was on one of another method.
            before = self.document.params()
        if params == before:
            self.document.set_params(params)
            self._follow(dragging=False)
            return
        self.undo.push(ChangeParams(self.document, before, params, text))

    @Slot(object, bool)
    def steer(self, values: Mapping[str, Any], final: bool) -> None:
        """Parameters set in a picture: as by their sliders, and within their bounds."""
        wanted = with_values(self.document.params(), values)
        (self.changed if final else self.changing)(wanted)

    @Slot(int)
    def _on_undo_moved(self, index: int) -> None:
        self._follow(dragging=False)
        self._send_step_changes()

    def _follow(self, *, dragging: bool) -> None:
        """Bring the picture of the active run to the form's LIVE values."""
        run = self.document.active
        if run is None or not run.done or run.spec.method != self.document.method_id:
            return
        wanted = self.document.live_params(run)
        asked = self._asked.get(run.id)
        if asked == (wanted, dragging) or (asked is None and wanted == run.shown):
            return
        self._asked[run.id] = (wanted, dragging)
        self.bridge.live(run.id, run.method, wanted, dragging=dragging)

    def attend(self, run: Run, part: tuple[int, int, int, int]) -> None:
        """Tell the run's method what is in sight; it says itself that this takes no time."""
        fits = [
            job.fit.method for job, r in self._jobs.values() if r is run and job.fit is not None
        ]
        method = run.method if run.method is not None else (fits[-1] if fits else None)
        if isinstance(method, Attends):
            method.attend(part)

    def _send_step_changes(self) -> None:
        for job, run in self._jobs.values():
            if job.fit is None or job.over or run.spec.method != self.document.method_id:
                continue
            new = self.document.params()
            if effects(job.fit.params, new) == {STEP}:
                job.change(new)

    # Fits

    def fit(self) -> Run | None:
        """Queue a fit of the form's parameters to the data on screen."""
        document = self.document
        if not catalog.card(document.method_id).accepts(document.data):
            self.said.emit("Open some data or choose a sample first.", False, "")
            return None
        spec = document.spec()
        for _, under_way in self.jobs():
            if under_way.spec == spec and under_way.data is document.data:
                # An impatient second click asks for nothing new.
                document.activate(under_way)
                return under_way
        self.bridge.forget_live()
        run = document.add_run(spec, document.data)
        job = FitJob(spec, document.data, reuse=document.earlier(run))
        self._jobs[job.number] = (job, run)
        self.bridge.fit(job)
        return run

    def jobs(self) -> list[tuple[FitJob, Run]]:
        """Fits that are queued or running."""
        return [pair for pair in self._jobs.values() if not pair[0].over]

    def cancel(self, number: int) -> None:
        job, _ = self._jobs[number]
        job.cancel()
        self.task_changed.emit(job)

    def pause(self, number: int) -> None:
        self._jobs[number][0].pause()

    def resume(self, number: int) -> None:
        self._jobs[number][0].resume()

    @Slot(object, str)
    def _on_fit_event(self, job: FitJob, event: str) -> None:
        if job.number not in self._jobs:
            return
        _, run = self._jobs[job.number]
        run.seconds = job.seconds
        run.history = job.metrics
        if event == "step" and job.over:
            return
        if event == "step" and job.snapshot is not None and job.snapshot is not run.snapshot:
            self.document.set_frame(run, job.snapshot, settled=False)
        elif event in ("queued", "started"):
            self.document.edit_run(run, state=event)
        elif event in ("finished", "cancelled", "failed"):
            self._end(job, run, event)
        self.task_changed.emit(job)

    def _end(self, job: FitJob, run: Run, event: str) -> None:
        if job.snapshot is not None and job.fit is not None:
            run.method = job.fit.method
            run.spec = _with_history(run.spec, job.fit.history)
        run.failed = job.error
        self.document.edit_run(run, state=event)
        if event == "failed":
            self.said.emit(job.error, True, job.details)
            if job.snapshot is None and run is self.document.active:
                # In the place of the picture stands why there is none.
                self.document.active_changed.emit()
        if job.snapshot is not None:
            self.document.set_frame(run, job.snapshot, settled=event == "finished")
            if event == "finished":
                self._settle(run)
                self._follow(dragging=False)
            elif event == "cancelled" and job.snapshot.coarse == "":
                # What was reached is worth as much as its scores.
                self._judge(run)
        elif event == "cancelled":
            self.document.edit_run(run, deleted=True)

    # Pictures

    @Slot(object)
    def _on_frame(self, frame: Frame) -> None:
        run = self.document.run(frame.tag)
        if run is None or run.deleted:
            return
        self.document.set_frame(run, frame.snapshot, settled=frame.settled)
        if frame.settled:
            self._asked.pop(run.id, None)
            self._settle(run)

    @Slot(object, str, str)
    def _on_live_failed(self, tag: Any, message: str, details: str) -> None:
        self._asked.pop(tag, None)
        self.said.emit(message, True, details)

    def _settle(self, run: Run) -> None:
        self.settled.emit(run)
        self._judge(run)

    def judge_all(self) -> None:
        """Score what came from a file; scores are not stored."""
        for run in self.document.visible_runs():
            if run.judgement is None:
                self._judge(run)

    def _judge(self, run: Run) -> None:
        """Score the settled picture aside; a newer picture is judged after it."""
        if run.id in self._judging or run.snapshot is None or run.data is None:
            return
        snapshot, data = run.snapshot, run.data
        self._judging.add(run.id)

        def call() -> Any:
            from engine.judgement import judge

            return judge(run.spec.method, snapshot, data)

        def done(judgement: Any) -> None:
            self._judging.discard(run.id)
            self.document.set_judgement(run, judgement)
            newer = run.snapshot
            if newer is not None and newer is not snapshot and newer.coarse == "":
                self._judge(run)

        def failed(message: str, details: str) -> None:
            self._judging.discard(run.id)
            log.warning("No scores for %s: %s\n%s", run.name, message, details)
            self.said.emit(f"The scores of {run.name} are missing: {message}", False, details)

        self.bridge.errand(call, done, failed, aside=True)

    def _complain(self, message: str, details: str) -> None:
        self.said.emit(message, True, details)

    def close(self) -> None:
        self.bridge.close()


def _with_history(spec: RunSpec, history: list[tuple[int, Mapping[str, Any]]]) -> RunSpec:
    return replace(spec, step_changes=tuple(history)) if history else spec


def seconds_left(job: FitJob) -> float | None:
    """Time to the end of a fit at its present speed, where the end is known."""
    step = job.step
    if step is None or not step.total or step.index <= 0 or job.seconds <= 0:
        return None
    return job.seconds / step.index * (step.total - step.index)
