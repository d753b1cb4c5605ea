"""A folder being restored on a thread of its own, while the window and its live picture go on."""

from __future__ import annotations

import threading
import time
import traceback
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

GLANCE_S = 0.05
"""Between two looks at a file that is under way; each file that is done is told."""
LAST_WAIT_S = 5.0


class FolderRun(QObject):
    """`moved` carries an `engine.restoration.batch.Progress`; `ended` a sentence that says why it
    could not be done, "" otherwise, and details. Both on the window's thread."""

    moved = Signal(object)
    ended = Signal(str, str)

    _told = Signal(object)
    _over = Signal(str, str)

    def __init__(self, batch: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._batch = batch
        self._cancelled = threading.Event()
        queued = Qt.ConnectionType.QueuedConnection
        self._told.connect(self._pass, queued)
        self._over.connect(self._end, queued)
        self.running = False
        self.cancelled = False
        self._thread = threading.Thread(target=self._work, name="fieldwright-batch", daemon=True)

    def start(self) -> None:
        self.running = True
        self._thread.start()

    def cancel(self) -> None:
        """Counts between files and wherever the method gives control back."""
        self.cancelled = True
        self._cancelled.set()

    def close(self) -> None:
        """Cancel and wait for the thread."""
        self.cancel()
        if self._thread.is_alive():
            self._thread.join(LAST_WAIT_S)

    # On the thread

    def _work(self) -> None:
        try:
            self._restore()
        except Exception as error:
            self._over.emit(str(error) or type(error).__name__, traceback.format_exc())
        else:
            self._over.emit("", "")

    def _restore(self) -> None:
        from engine.restoration.batch import restore_folder

        steps = restore_folder(self._batch)
        last = 0.0
        try:
            for at in steps:
                now = time.monotonic()
                if at.done is not None or now - last >= GLANCE_S:
                    last = now
                    self._told.emit(at)
                if self._cancelled.is_set():
                    return
        finally:
            steps.close()

    # On the window's thread

    @Slot(object)
    def _pass(self, at: Any) -> None:
        self.moved.emit(at)

    @Slot(str, str)
    def _end(self, message: str, details: str) -> None:
        self.running = False
        self.ended.emit(message, details)
