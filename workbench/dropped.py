"""What is dropped on the window: a file, several, or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.window import Window


def take(window: Window, paths: Sequence[str]) -> None:
    """Open the first file and say what happens to the others; of a folder offer what can be done
    with it."""
    if not paths:
        return
    path = Path(paths[0])
    if len(paths) > 1:
        window.say(
            f"One file is opened at a time: '{path.name}' of the {len(paths)} that were dropped. "
            "File, Restore a folder… does the same to many pictures."
        )
    if path.is_dir():
        window.notices.offer(
            f"'{path.name}' is a folder. All pictures in it can be restored, and networks learn "
            "from a folder that is chosen among their parameters.",
            "Restore a folder…",
            lambda: _restore(window, str(path)),
        )
        return
    window.requests.open_path(str(path))


def _restore(window: Window, folder: str) -> None:
    window.requests.choose_family("restoration")
    pictures = window.exporting.pictures
    pictures.ask_folder()
    if pictures.folder is not None and not pictures.busy():
        pictures.folder.source.setText(folder)
