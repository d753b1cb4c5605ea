"""Garbage is collected on the window's thread alone.

Python collects in whatever thread happens to allocate. Cycles with widgets or OpenGL objects in
them (a view that was dropped, a dialog) would be taken apart in a worker's thread, which ends the
process.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

GLANCE_MS = 400


class Collector(QObject):
    """Looks now and then whether Python would have collected by now, and does so here."""

    _running = 0

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(GLANCE_MS)
        self._timer.timeout.connect(self.glance)
        self._timer.start()
        self._on = True
        Collector._running += 1
        gc.disable()

    @Slot()
    def glance(self) -> None:
        """Collect the oldest generation that is due."""
        due = [n for n, (count, most) in enumerate(zip(gc.get_count(), gc.get_threshold(),
                                                       strict=True)) if count > most]  # fmt: skip
        if due:
            gc.collect(due[-1])

    def close(self) -> None:
        """Leave collecting to Python again, once the last window is gone."""
        if self._on:
            self._on = False
            self._timer.stop()
            Collector._running -= 1
            if not Collector._running:
                gc.enable()
