"""What a session that ended badly leaves behind, and who may pick it up.

Every running program holds one numbered place by a lock that dies with its process. A project found
in a place that could be locked was left by a program that is gone.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QLockFile

from engine.io import project as files
from engine.method import DataError

PLACES = 16
"""More programs at once than this go without autosave."""


class Autosave:
    """This process's place in `folder`, if one was free."""

    def __init__(self, folder: Path) -> None:
        self.path: Path | None = None
        self.left_path: Path | None = None
        self._lock: QLockFile | None = None
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, PLACES + 1):
            lock = QLockFile(str(folder / f"session-{number}.lock"))
            # A session may last for days: only a dead process makes its lock stale, never age.
            lock.setStaleLockTime(0)
            if lock.tryLock(0):
                self._lock = lock
                self.path = folder / f"session-{number}{files.SUFFIX}"
                self.left_path = folder / f"left-{number}{files.SUFFIX}"
                # Out of the way of this session's own autosave, until somebody wants it.
                if self.path.is_file():
                    self.path.replace(self.left_path)
                return

    def left(self) -> files.Glance | None:
        """What the last holder of this place did not save, if anything."""
        if self.left_path is None or not self.left_path.is_file():
            return None
        with contextlib.suppress(DataError, OSError):
            return files.glance(self.left_path)
        return None

    def brought_back(self) -> None:
        """What was left is in this session now, whose own autosave looks after it."""
        if self.left_path is not None:
            self.left_path.unlink(missing_ok=True)

    def forget(self) -> None:
        """After a save, or when the person lets the changes go."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the place back; called at the end of the session."""
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
            self.path = self.left_path = None
