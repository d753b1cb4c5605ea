"""Where worker threads hand their results to the window: engine callbacks in, Qt signals out.

Each stream has a mailbox of one, so that a slow window never makes a queue of old pictures: the
newest result replaces the one that has not been looked at yet.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from engine.jobs import Event, FitJob, FitWorker, Frame, LiveWorker

GLANCES_PER_SECOND = 30


class Errand:
    """A call made off the window's thread, and where its answer goes."""

    def __init__(
        self,
        call: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[str, str], None],
    ) -> None:
        self.call, self.done, self.failed = call, done, failed
        self.result: Any = None
        self.error = ""
        self.details = ""


class Bridge(QObject):
    """Owns the workers. All its signals are emitted on the window's thread."""

    fit_event = Signal(object, str)
    frame = Signal(object)
    live_failed = Signal(object, str, str)
    ready = Signal()

    _woken = Signal()
    _frame_arrived = Signal()
    _live_broke = Signal(object, str, str)
    _errand_ended = Signal(object)
    _warm = Signal()

    def __init__(
        self, parent: QObject | None = None, warm_up: Callable[[], Any] | None = None
    ) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._events: list[tuple[FitJob, Event]] = []
        self._stepping: dict[int, FitJob] = {}
        self._newest: Frame | None = None
        queued = Qt.ConnectionType.QueuedConnection
        self._woken.connect(self._pass_events, queued)
        self._frame_arrived.connect(self._pass_frame, queued)
        self._live_broke.connect(self._pass_live_error, queued)
        self._errand_ended.connect(self._finish_errand, queued)
        self._warm.connect(self._pass_ready, queued)
        self._glance = QTimer(self)
        self._glance.setInterval(1000 // GLANCES_PER_SECOND)
        self._glance.setSingleShot(True)
        self._glance.timeout.connect(self._pass_steps)
        self._io = ThreadPoolExecutor(1, thread_name_prefix="fieldwright-io")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="fieldwright-aside")
        self._live = LiveWorker(self._on_frame, self._on_live_error)
        self._warm_up = warm_up
        self._fits: FitWorker | None = None
        self._closed = False

    def start_fits(self) -> None:
        """Start the fit thread, which gets the slow imports over with first."""
        if self._fits is None:
            self._fits = FitWorker(self._on_event, self._warmed)

    def fit(self, job: FitJob) -> None:
        self.start_fits()
        assert self._fits is not None
        self._fits.submit(job)

    def live(self, tag: Any, method: Any, params: Any, *, dragging: bool) -> None:
        self._live.submit(tag, method, params, dragging=dragging)

    def forget_live(self) -> None:
        self._live.drop()

    def errand(
        self,
        call: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[str, str], None],
        *,
        aside: bool = False,
    ) -> None:
        """Run `call` on the file thread (or, `aside`, on the one that judges results)."""
        if self._closed:
            return
        errand = Errand(call, done, failed)
        pool = self._aside if aside else self._io
        pool.submit(self._run_errand, errand)

    def close(self) -> None:
        """Stop every thread. The one way to shut down; what is still on its way is dropped."""
        self._closed = True
        self._live.close()
        if self._fits is not None:
            self._fits.close()
        self._io.shutdown(wait=True, cancel_futures=True)
        self._aside.shutdown(wait=True, cancel_futures=True)

    # On worker threads: only pass the message on.

    def _warmed(self) -> None:
        try:
            if self._warm_up is not None:
                self._warm_up()
        finally:
            self._warm.emit()

    def _on_event(self, job: FitJob, event: Event) -> None:
        with self._lock:
            if event == "step":
                if job.number in self._stepping:
                    return
                self._stepping[job.number] = job
            else:
                self._events.append((job, event))
        self._woken.emit()

    def _on_frame(self, frame: Frame) -> None:
        with self._lock:
            waiting = self._newest is not None
            self._newest = frame
        if not waiting:
            self._frame_arrived.emit()

    def _on_live_error(self, tag: Any, message: str, details: str) -> None:
        self._live_broke.emit(tag, message, details)

    def _run_errand(self, errand: Errand) -> None:
        try:
            errand.result = errand.call()
        except Exception as error:
            errand.error = str(error) or type(error).__name__
            errand.details = traceback.format_exc()
        self._errand_ended.emit(errand)

    # On the window's thread.

    @Slot()
    def _pass_events(self) -> None:
        with self._lock:
            events, self._events = self._events, []
            stepping = bool(self._stepping)
        if events:
            self._pass_steps()
        for job, event in events:
            self.fit_event.emit(job, event)
        if stepping and not self._glance.isActive():
            self._glance.start()

    @Slot()
    def _pass_steps(self) -> None:
        with self._lock:
            jobs, self._stepping = list(self._stepping.values()), {}
        for job in jobs:
            self.fit_event.emit(job, "step")

    @Slot()
    def _pass_frame(self) -> None:
        with self._lock:
            frame, self._newest = self._newest, None
        if frame is not None and not self._closed:
            self.frame.emit(frame)

    @Slot(object, str, str)
    def _pass_live_error(self, tag: Any, message: str, details: str) -> None:
        self.live_failed.emit(tag, message, details)

    @Slot(object)
    def _finish_errand(self, errand: Errand) -> None:
        if errand.error:
            errand.failed(errand.error, errand.details)
        else:
            errand.done(errand.result)

    @Slot()
    def _pass_ready(self) -> None:
        self.ready.emit()
