"""What is remembered between starts: recent files, theme, geometry. Never data, never results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from workbench.window import Window

MOST_RECENT = 8


class Settings:
    """An ini file in the person's configuration folder, or at `path` with state beside it."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            place = QStandardPaths.writableLocation(
                QStandardPaths.StandardLocation.AppConfigLocation
            )
            path = Path(place) / "fieldwright.ini"
            state = QStandardPaths.writableLocation(
                QStandardPaths.StandardLocation.AppLocalDataLocation
            )
            self.state_folder = Path(state)
        else:
            self.state_folder = path.parent / "state"
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    def recent(self) -> list[str]:
        """Files opened or saved last, newest first; those that are gone are left out."""
        kept = self._store.value("recent", [])
        paths = [kept] if isinstance(kept, str) else list(kept or [])  # type: ignore[call-overload]
        return [str(p) for p in paths if Path(str(p)).exists()]

    def add_recent(self, path: str) -> None:
        paths = [path, *(p for p in self.recent() if p != path)]
        self._store.setValue("recent", paths[:MOST_RECENT])

    def folder(self) -> str:
        """Where the next file dialog opens."""
        recent = self.recent()
        return str(Path(recent[0]).parent) if recent else str(Path.home())

    def theme(self) -> str:
        return str(self._store.value("theme", "") or "")

    def set_theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    def set_geometry(self, geometry: QByteArray, columns: QByteArray) -> None:
        self._store.setValue("geometry", geometry)
        self._store.setValue("columns", columns)

    def restore(self, window: Window) -> None:
        """Put the window back where it was, unless that place is on no screen any more."""
        geometry = self._store.value("geometry")
        columns = self._store.value("columns")
        if not isinstance(geometry, QByteArray) or not window.restoreGeometry(geometry):
            return
        on_screen = any(
            screen.availableGeometry().intersects(window.frameGeometry())
            for screen in QGuiApplication.screens()
        )
        if not on_screen:
            window.requests.reset_layout()
        elif isinstance(columns, QByteArray):
            window.splitter.restoreState(columns)
