"""The project file as a ZIP: written whole or not at all, read without trusting it."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.io.atomic import flush, flush_folder
from engine.method import DataError

MANIFEST = "manifest.json"
THUMBNAIL = "thumbnail.png"
SPARE = 1.2
"""Free space that a save asks for, as a multiple of what it writes."""
MOST_INFLATION = 100
"""Declared size over file size beyond which an archive is refused."""

_MEMBER = re.compile(
    r"manifest\.json|thumbnail\.png|arrays/[0-9a-f]{64}\.safetensors|models/[\w-]+\.safetensors"
)
# A fixed date: the same project gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def write(path: Path, members: Iterable[tuple[str, bytes]], size: int) -> None:
    """Replace the file at `path` by an archive of the members; `size` is their bytes together.

    Until the last moment the old file is untouched; then it stays beside the new one as
    "<name>.bak", and the name exists at every moment.

    Raises
    ------
    DataError
        When there is not enough room, or the folder cannot be written.
    """
    folder = path.parent
    if not folder.is_dir():
        raise DataError(f"The folder '{folder}' does not exist; choose another place.")
    free = shutil.disk_usage(folder).free
    if free < SPARE * size:
        raise DataError(
            f"'{path.name}' needs {_told(SPARE * size)} to be saved safely, but '{folder}' has "
            f"{_told(free)} free: make room or choose another place."
        )
    part = folder / f".{path.name}.part"
    try:
        _fill(part, members)
        flush(part)
        _check(part)
        _keep_old(path)
        os.replace(part, path)
        flush_folder(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"'{path.name}' could not be saved in '{folder}': {reason}. "
            "The file that was there is unchanged."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _told(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB"


def _fill(part: Path, members: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)


def _check(part: Path) -> None:
    """Read back what was written: the directory and every member's checksum."""
    with zipfile.ZipFile(part) as archive:
        broken = archive.testzip()
    if broken is not None:
        raise OSError(f"the disk did not keep '{broken}' as written")


def _keep_old(path: Path) -> None:
    """The old file under a second name; the first is never without a file."""
    if not path.exists():
        return
    spare = path.with_name(f".{path.name}.bak.part")
    spare.unlink(missing_ok=True)
    try:
        os.link(path, spare)
    except OSError:
        # Not every file system has hard links.
        shutil.copy2(path, spare)
    os.replace(spare, path.with_name(f"{path.name}.bak"))
    # After a crash at this point both names may be the same file, and then replacing does nothing.
    spare.unlink(missing_ok=True)


class Archive:
    """An open project file. Nothing is ever unpacked to the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise DataError(f"There is no file '{path}'.") from None
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise DataError(f"'{path.name}' is not a whole project file: {error}.") from error
        try:
            self._inspect()
        except DataError:
            self._zip.close()
            raise

    def _inspect(self) -> None:
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        for name in names:
            if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name:
                raise DataError(
                    f"'{self._path.name}' is refused: it has a member named '{name}', "
                    "which points outside the file."
                )
        if len(set(names)) < len(names):
            raise DataError(f"'{self._path.name}' is refused: two members have the same name.")
        declared = sum(info.file_size for info in infos)
        if declared > MOST_INFLATION * self._path.stat().st_size:
            raise DataError(
                f"'{self._path.name}' is refused: it claims to unpack to {_told(declared)}."
            )
        if MANIFEST not in names:
            raise DataError(f"'{self._path.name}' is not a Fieldwright project.")
        self._names = {name for name in names if _MEMBER.fullmatch(name)}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes:
        """A member's bytes, checked against their checksum."""
        if name not in self._names:
            raise DataError(f"'{self._path.name}' is damaged: '{name}' is missing.")
        try:
            return self._zip.read(name)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(
                f"'{self._path.name}' is damaged at '{name}'. "
                f"Try the older '{self._path.name}.bak' beside it."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
