"""Files that are either the old one or the new one, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.method import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place when the block ends well.

    Raises
    ------
    DataError
        When the folder is missing or the file cannot be written.
    """
    # A link keeps pointing at the file: what is replaced is the file behind it.
    path = path.resolve()
    if not path.parent.is_dir():
        raise DataError(f"The folder '{path.parent}' does not exist; choose another place.")
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        flush(part)
        os.replace(part, path)
        flush_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"'{path.name}' could not be written in '{path.parent}': {reason}."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Make sure that the file's bytes are on the disk."""
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def flush_folder(folder: Path) -> None:
    """Make sure that the folder's names are on the disk; a no-op where folders cannot be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
