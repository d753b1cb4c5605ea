"""Two workers, plain threads and callbacks: one fits, one follows the sliders.

Neither knows Qt. Callbacks run on the worker's thread and must only pass the message on.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.method import Method, Refines, Snapshot, Step
from engine.runs import Fit, RunSpec, begin

log = logging.getLogger(__name__)

Event = Literal["queued", "started", "step", "paused", "resumed", "finished", "cancelled", "failed"]
PATIENCE_S = 0.4
"""So long a wish without a picture is not given up for a newer one: what is in sight of a large
photograph takes up to a third of a second."""
_numbers = itertools.count(1)


@dataclass(eq=False)
class FitJob:
    """A fit in the queue, and afterwards its outcome.

    `metrics` has every step's numbers as (seconds, index, metrics): curves miss nothing, however
    seldom the window looks.
    """

    spec: RunSpec
    data: Any
    reuse: Method | None = None
    number: int = field(default_factory=lambda: next(_numbers))
    state: Event = "queued"
    fit: Fit | None = None
    step: Step | None = None
    snapshot: Snapshot | None = None
    metrics: list[tuple[float, int, Mapping[str, float]]] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""
    details: str = ""
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _running: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._running.set()

    def cancel(self) -> None:
        """Ask for the end; counts at the fit's next yield."""
        self._cancelled.set()
        self._running.set()

    def pause(self) -> None:
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    @property
    def over(self) -> bool:
        return self.state in ("finished", "cancelled", "failed")

    def change(self, params: Any) -> None:
        """STEP parameters for the running fit."""
        if self.fit is not None:
            self.fit.change(params)


class FitWorker:
    """One thread, a queue of fits. `on_event(job, event)` runs on that thread."""

    def __init__(
        self,
        on_event: Callable[[FitJob, Event], None],
        warm_up: Callable[[], Any] | None = None,
    ) -> None:
        self._on_event = on_event
        self._warm_up = warm_up
        self._queue: deque[FitJob] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._current: FitJob | None = None
        self._thread = threading.Thread(target=self._loop, name="fieldwright-fit", daemon=True)
        self._thread.start()

    def submit(self, job: FitJob) -> None:
        self._on_event(job, "queued")
        with self._wake:
            self._queue.append(job)
            self._wake.notify()

    def close(self, timeout: float = 5.0) -> None:
        """Cancel everything and wait for the thread."""
        with self._wake:
            self._closing = True
            for job in self._queue:
                job.cancel()
            if self._current is not None:
                self._current.cancel()
            self._wake.notify()
        self._thread.join(timeout)

    def _loop(self) -> None:
        if self._warm_up is not None:
            try:
                self._warm_up()
            except Exception:
                log.exception("The warm-up failed; fits may start slowly.")
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if self._closing and not self._queue:
                    return
                job = self._current = self._queue.popleft()
            self._work(job)
            with self._wake:
                self._current = None

    def _say(self, job: FitJob, event: Event) -> None:
        if event not in ("step", "paused", "resumed"):
            job.state = event
        self._on_event(job, event)

    def _work(self, job: FitJob) -> None:
        if job._cancelled.is_set():
            self._say(job, "cancelled")
            return
        self._say(job, "started")
        try:
            job.fit = begin(job.spec, job.data, job.reuse)
            if self._steps(job, job.fit):
                job.snapshot = job.fit.result()
                self._say(job, "finished")
            else:
                job.fit.close()
                self._say(job, "cancelled")
        except Exception as error:
            job.error = str(error) or type(error).__name__
            job.details = traceback.format_exc()
            self._say(job, "failed")

    def _steps(self, job: FitJob, fit: Fit) -> bool:
        """Drive the fit to its end; False when it was cancelled."""
        before = time.monotonic()
        for step in fit:
            job.seconds += time.monotonic() - before
            job.step = step
            if step.metrics:
                job.metrics.append((job.seconds, step.index, step.metrics))
            if step.snapshot is not None:
                job.snapshot = step.snapshot
            self._say(job, "step")
            if job.paused:
                self._say(job, "paused")
                job._running.wait()
                if not job._cancelled.is_set():
                    self._say(job, "resumed")
            if job._cancelled.is_set():
                return False
            before = time.monotonic()
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """An answer of the live worker. `settled` is False for a preview."""

    tag: Any
    snapshot: Snapshot
    settled: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    tag: Any
    method: Method
    params: Any
    dragging: bool


class LiveWorker:
    """One thread, one slot: the newest wish wins, and the last one is always answered in full.

    While `dragging`, a method that refines gives its first frame only; a wish with
    `dragging=False` (or no newer wish for `settle_s`) brings the settled frame.
    """

    def __init__(
        self,
        on_frame: Callable[[Frame], None],
        on_error: Callable[[Any, str, str], None],
        settle_s: float = 0.15,
    ) -> None:
        self._on_frame = on_frame
        self._on_error = on_error
        self._settle_s = settle_s
        self._slot: _Wish | None = None
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="fieldwright-live", daemon=True)
        self._thread.start()

    def submit(self, tag: Any, method: Method, params: Any, *, dragging: bool) -> None:
        """Ask for a frame; replaces a wish that is still waiting."""
        with self._wake:
            self._slot = _Wish(tag, method, params, dragging)
            self._wake.notify()

    def drop(self) -> None:
        """Forget the waiting wish."""
        with self._wake:
            self._slot = None

    def close(self, timeout: float = 5.0) -> None:
        with self._wake:
            self._closing = True
            self._slot = None
            self._wake.notify()
        self._thread.join(timeout)

    def _loop(self) -> None:
        while True:
            with self._wake:
                while self._slot is None and not self._closing:
                    self._wake.wait()
                if self._closing:
                    return
                wish, self._slot = self._slot, None
            assert wish is not None
            try:
                self._answer(wish)
            except Exception as error:
                details = traceback.format_exc()
                self._on_error(wish.tag, str(error) or type(error).__name__, details)

    def _superseded(self, wish: _Wish, outdated: bool) -> bool:
        """Whether to leave a wish. One that is not `outdated` goes on to its first frame: under a
        hand that asks more often than frames can be made there would be none at all."""
        with self._wake:
            newer = self._slot
            other = newer is not None and (outdated or newer.method is not wish.method)
            return self._closing or other

    def _answer(self, wish: _Wish) -> None:
        if not isinstance(wish.method, Refines):
            snapshot = wish.method.evaluate(wish.params)
            self._on_frame(Frame(wish.tag, snapshot, settled=True))
            return
        frames, begun = wish.method.refine(wish.params), time.monotonic()
        previewed = False
        for snapshot_or_none in frames:
            if snapshot_or_none is not None:
                settled = snapshot_or_none.coarse == ""
                self._on_frame(Frame(wish.tag, snapshot_or_none, settled))
                if not settled and not previewed:
                    previewed = True
                    if wish.dragging and self._newer_within(self._settle_s):
                        return
            if self._superseded(wish, previewed or time.monotonic() - begun > PATIENCE_S):
                return

    def _newer_within(self, seconds: float) -> bool:
        with self._wake:
            return self._wake.wait_for(
                lambda: self._slot is not None or self._closing, timeout=seconds
            )
