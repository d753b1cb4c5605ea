"""Where a project's data are: beside it, where they were, or under another name."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.data.opening import MADE
from engine.data.table import Table
from engine.method import DataError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataRecord:
    """A data set as a project knows it.

    `spec` and `options` are what `engine.data.open_any` takes, `sha256` is `Table.sha256()`.
    `file` says where a file lay: "relative" to the project, "absolute", its "bytes" and the
    "sha256" of its content. `packed` is the table itself when it travels inside the project.
    """

    id: str
    name: str
    spec: str
    options: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    file: Mapping[str, Any] = field(default_factory=dict)
    packed: Table | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


TRUTH = "truth"
"""The option that names a second file."""


def data_record(
    table: Any, options: Mapping[str, Any] | None = None, *, pack: bool = False
) -> DataRecord:
    """The record of data that were opened with `options`; its id is their checksum.

    What is no file is never packed: it can always be made again, with the truth that it knows.
    """
    digest = table.sha256()
    chosen = dict(options or {})
    if TRUTH in chosen:
        # Where it was found last, should it have been moved since it was chosen.
        chosen[TRUTH] = getattr(table, "truth_spec", "") or chosen[TRUTH]
    packs = pack and isinstance(table, Table) and not table.spec.startswith(MADE)
    return DataRecord(
        id=digest,
        name=table.name,
        spec=table.spec,
        options=chosen,
        sha256=digest,
        packed=table if packs else None,
    )


def places(record: DataRecord, folder: Path) -> dict[str, Any]:
    """What helps to find the files of a record again from a project in `folder`; of a file that is
    gone, where it was."""
    found = where(record.spec, folder) or dict(record.file)
    if truth := record.options.get(TRUTH):
        found[TRUTH] = where(str(truth), folder) or dict(record.file.get(TRUTH, {}))
    return found


def where(spec: str, folder: Path) -> dict[str, Any]:
    """What helps to find the file again from a project in `folder`; empty for a sample."""
    path = Path(spec)
    if spec.startswith(MADE) or not path.is_file():
        return {}
    absolute = path.resolve()
    stat = absolute.stat()
    found: dict[str, Any] = {
        "absolute": str(absolute),
        "bytes": stat.st_size,
        "sha256": _file_hash(absolute, stat.st_size, stat.st_mtime_ns),
    }
    # Another drive on Windows: there is no relative path.
    with contextlib.suppress(ValueError):
        found["relative"] = Path(os.path.relpath(absolute, folder.resolve())).as_posix()
    return found


@functools.lru_cache(maxsize=64)
def _file_hash(path: Path, size: int, modified: int) -> str:
    """The file's hash; size and date are there so that an unchanged file is read once only."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def find(record: DataRecord, folder: Path) -> str:
    """What to open: the sample, or the file by its relative path, its absolute path, or its hash
    among the files beside the project.

    Raises
    ------
    DataError
        When the file is in none of these places.
    """
    return _find(record.name, record.spec, record.file, folder)


def _find(name: str, spec: str, about: Mapping[str, Any], folder: Path) -> str:
    if not about:
        return spec
    places = [folder / about["relative"]] if about.get("relative") else []
    places.append(Path(about.get("absolute", spec)))
    present = [place for place in places if place.is_file()]
    beside = sorted(folder.iterdir()) if about.get("sha256") else []
    for place in (*present, *beside):
        if _is_same(place, about):
            return str(place)
    if present:
        # Another file under the old name: opening it tells whether its numbers are the same.
        return str(present[0])
    raise DataError(
        f"The data '{name}' is not at '{places[-1]}' any more, nor beside the project: "
        "put the file back, or next to the project."
    )


def options_of(record: DataRecord, folder: Path) -> dict[str, Any]:
    """The record's options, with the file of the truth where it is now. Raises `DataError`."""
    chosen = dict(record.options)
    if truth := chosen.get(TRUTH):
        about = record.file.get(TRUTH, {})
        chosen[TRUTH] = _find(f"truth of {record.name}", str(truth), about, folder)
    return chosen


def _is_same(place: Path, about: Mapping[str, Any]) -> bool:
    """Whether a file has the size and the hash that were noted."""
    if not place.is_file():
        return False
    stat = place.stat()
    if stat.st_size != about.get("bytes"):
        return False
    return _file_hash(place.resolve(), stat.st_size, stat.st_mtime_ns) == about.get("sha256")


def load(record: DataRecord, folder: Path) -> Any:
    """The record's data: the packed table, else opened anew and compared with their checksum.

    Raises
    ------
    DataError
        When the file is missing or holds other numbers than the project was made with.
    """
    if record.packed is not None:
        return record.packed
    from engine.data import open_any

    spec = find(record, folder)
    table = open_any(spec, **options_of(record, folder))
    if record.sha256 and table.sha256() != record.sha256:
        raise DataError(
            f"'{spec}' is not what '{record.name}' was when the project was saved: its numbers "
            "differ. Bring the original file back, or make new runs from this one."
        )
    return table
