"""A project in one file: data references, runs with their models and pictures, views.

The file is a ZIP without compression: manifest.json, arrays/<sha256>.safetensors (squeezed where
that loses nothing), models/<run>.safetensors (each a model file without its large arrays, which
runs may share) and thumbnail.png.
"""

from __future__ import annotations

import io
import json
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import catalog
from engine.data.table import Table
from engine.io import archive, models, packing, squeezing
from engine.io.migrations import SCHEMA, migrated
from engine.io.packing import ArrayStore
from engine.io.references import DataRecord, places
from engine.layers import Array
from engine.method import DataError, Method, Snapshot
from engine.params import ParameterError
from engine.restoration.held_photograph import PREFIX
from engine.runs import RunSpec, versions

SUFFIX = ".wbproj"
FORMAT = "fieldwright-project"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunRecord:
    """A run as a project keeps it.

    `data` is the id of a `DataRecord`; `shown` are the parameters of the frame on screen, as JSON;
    `history` has (seconds, step index, metrics). The model is either a fitted `method` (encoded
    when saved) or the bytes of a model file, as read, with the arrays that are `held` beside it;
    `fitted()` gives the method of both.
    """

    id: int
    name: str
    spec: RunSpec
    data: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)
    state: str = "finished"
    failed: str = ""
    starred: bool = False
    seconds: float = 0.0
    made: float = 0.0
    notes: str = ""
    history: tuple[tuple[float, int, Mapping[str, float]], ...] = ()
    snapshot: Snapshot | None = None
    method: Method | None = None
    model: bytes = b""
    held: Mapping[str, Array] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def fitted(self) -> Method | None:
        """The fitted method, None when the run has none; raises `DataError`."""
        if self.method is not None or not self.model:
            return self.method
        # Nothing learns in place what another run holds; photographs are read-only.
        own = {k: v if k.startswith(PREFIX) else v.copy() for k, v in self.held.items()}
        return models.decode(self.model, f"{self.name} (model)", own)[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Project:
    """Everything that is saved. `views` and `active` are free JSON; `remarks` and `read_only` are
    what opening found; `extra` holds keys of the manifest that this version does not know."""

    datasets: tuple[DataRecord, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    views: Mapping[str, Any] = field(default_factory=dict)
    active: Mapping[str, Any] = field(default_factory=dict)
    thumbnail: bytes = b""
    versions: Mapping[str, str] = field(default_factory=dict)
    saved: float = 0.0
    read_only: bool = False
    remarks: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Glance:
    """What a list of recent or recoverable projects shows, read without the arrays."""

    saved: float
    runs: tuple[str, ...]
    data: tuple[str, ...]
    thumbnail: bytes


def save(path: str | Path, project: Project) -> None:
    """Write the project; after a crash at any moment the file is the old one or the new one.

    Raises
    ------
    DataError
        When there is no room, the place cannot be written, or the file there was written by a
        newer version.
    """
    # A link keeps pointing at the project: what is replaced is the file behind it.
    path = Path(path).resolve()
    _refuse_newer(path)
    store = ArrayStore()
    project = replace(project, runs=tuple(_with_model(run) for run in project.runs))
    saved_models = {f"models/{run.id}.safetensors": run.model for run in project.runs if run.model}
    manifest = _manifest(project, path.parent, store)
    text = json.dumps(manifest, default=_plain).encode()
    made = squeezing.differences(manifest, store.arrays)
    size = len(text) + len(project.thumbnail) + sum(a.nbytes + 512 for a in store.arrays.values())
    size += sum(len(c) for c in (*saved_models.values(), *project.kept.values()))

    def members() -> Iterator[tuple[str, bytes]]:
        yield archive.MANIFEST, text
        if project.thumbnail:
            yield archive.THUMBNAIL, project.thumbnail
        yield from saved_models.items()
        own = {_array_member(name): array for name, array in store.arrays.items()}
        for name, array in own.items():
            yield name, squeezing.written(array, made.get(_sha_of(name)))
        yield from ((name, content) for name, content in project.kept.items() if name not in own)

    archive.write(path, members(), size)


def _refuse_newer(path: Path) -> None:
    """A file of a newer version is never overwritten by an older one."""
    if not path.exists():
        return
    try:
        with archive.Archive(path) as old:
            schema = json.loads(old.read(archive.MANIFEST)).get("schema", 0)
    except (DataError, ValueError, AttributeError):
        return
    if isinstance(schema, int) and schema > SCHEMA:
        raise DataError(
            f"'{path.name}' was written by a newer Fieldwright and would lose what this version "
            "does not know: save under another name."
        )


def _with_model(run: RunRecord) -> RunRecord:
    """The run with its model as bytes, and aside of them its large arrays: the photograph it was
    fitted to and the network that came with the program are those of other runs as well."""
    if run.model or run.method is None or not run.method.state():
        return run
    held: dict[str, Array] = {}
    content = models.encode(run.method, run.spec, held, squeezing.SMALL)
    return replace(run, model=content, held=held)


def _manifest(project: Project, folder: Path, store: ArrayStore) -> dict[str, Any]:
    return {
        **project.extra,
        "format": FORMAT,
        "schema": SCHEMA,
        "versions": versions(),
        "saved": project.saved or time.time(),
        "datasets": [_data_to_json(record, folder, store) for record in project.datasets],
        "runs": [_run_to_json(run, store) for run in project.runs],
        "views": dict(project.views),
        "active": dict(project.active),
    }


_DATA_KEYS: tuple[str, ...] = ("id", "name", "spec", "options", "sha256", "file", "packed")
_TABLE_KEYS = ("name", "spec", "values", "columns", "units", "labels", "label", "remarks")
_RUN_KEYS: tuple[str, ...] = (
    *("id", "name", "spec", "data", "shown", "state", "failed", "starred"),
    *("seconds", "made", "notes", "history", "snapshot", "held"),
)
_KEYS = ("format", "schema", "versions", "saved", "datasets", "runs", "views", "active")


def _data_to_json(record: DataRecord, folder: Path, store: ArrayStore) -> dict[str, Any]:
    held = {key: getattr(record, key) for key in _DATA_KEYS if key != "packed"}
    held["file"] = places(record, folder)
    if record.packed is not None:
        table = {key: packing.pack(getattr(record.packed, key), store) for key in _TABLE_KEYS}
        held["packed"] = table
    return {**record.extra, **held}


def _run_to_json(run: RunRecord, store: ArrayStore) -> dict[str, Any]:
    held = {key: getattr(run, key) for key in _RUN_KEYS}
    held["spec"] = run.spec.to_json()
    held["history"] = [[s, index, dict(metrics)] for s, index, metrics in run.history]
    held["snapshot"] = packing.pack_snapshot(run.snapshot, store) if run.snapshot else None
    held["held"] = {name: packing.pack(array, store) for name, array in run.held.items()}
    return {**run.extra, **held}


def _plain(value: Any) -> Any:
    """numpy numbers and arrays, paths and sets in free JSON."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"A project cannot hold a {type(value).__name__}.")


def _array_member(name: str) -> str:
    return f"arrays/{name}.safetensors"


def _sha_of(member: str) -> str:
    return member.removeprefix("arrays/").removesuffix(".safetensors")


def open(path: str | Path) -> Project:
    """Read a project file.

    A newer schema is read as far as it is understood, with `read_only` set and a remark.

    Raises
    ------
    DataError
        For a file that is damaged, not a project, or unsafe.
    """
    path = Path(path)
    with archive.Archive(path) as found:
        manifest, newer = _read_manifest(found, path.name)
        try:
            return _from_manifest(manifest, found, newer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, DataError):
                raise
            told = "was written by a newer Fieldwright" if newer else "is damaged"
            raise DataError(f"'{path.name}' {told} and cannot be read: {error}.") from error


def thumbnail(pixels: Array) -> bytes:
    """A picture (h, w, 3 or 4) uint8 as the PNG that a project carries."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).convert("RGB").save(content, "PNG")
    return content.getvalue()


def glance(path: str | Path) -> Glance:
    """Names, date and thumbnail of a project; raises `DataError`."""
    path = Path(path)
    with archive.Archive(path) as found:
        manifest, _ = _read_manifest(found, path.name)
        picture = found.read(archive.THUMBNAIL) if archive.THUMBNAIL in found else b""
    return Glance(
        float(manifest.get("saved", 0.0)),
        tuple(str(run.get("name", "")) for run in manifest.get("runs", ())),
        tuple(str(record.get("name", "")) for record in manifest.get("datasets", ())),
        picture,
    )


def _read_manifest(found: archive.Archive, name: str) -> tuple[dict[str, Any], bool]:
    text = found.read(archive.MANIFEST)
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise DataError(f"'{name}' is damaged: its manifest cannot be read.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(f"'{name}' is not a Fieldwright project.")
    return migrated(manifest, name)


def _from_manifest(manifest: dict[str, Any], found: archive.Archive, newer: bool) -> Project:
    reading: list[str] = []
    store = ArrayStore(lambda name: _read_array(found, name, store, reading))
    remarks: list[str] = []
    if newer:
        remarks.append(
            "This project was written by a newer Fieldwright. It is open for reading; "
            "save it under another name to keep changes."
        )
    datasets = tuple(_data_from_json(held, store) for held in manifest["datasets"])
    runs = tuple(_run_from_json(held, store, found, remarks) for held in manifest["runs"])
    extra = _unknown(manifest, _KEYS)
    unknown = [extra, *(d.extra for d in datasets), *(r.extra for r in runs)]
    return Project(
        datasets=datasets,
        runs=runs,
        views=manifest.get("views", {}),
        active=manifest.get("active", {}),
        thumbnail=found.read(archive.THUMBNAIL) if archive.THUMBNAIL in found else b"",
        versions=manifest.get("versions", {}),
        saved=float(manifest.get("saved", 0.0)),
        read_only=newer,
        remarks=tuple(remarks),
        extra=extra,
        kept={name: found.read(name) for name in _members_of(unknown) if name in found},
    )


def _read_array(found: archive.Archive, name: str, store: ArrayStore, reading: list[str]) -> Array:
    from safetensors import SafetensorError

    def other(about: Mapping[str, Any]) -> Array:
        # What makes an array stands for itself: nothing goes round in a circle.
        if len(reading) > 1:
            raise ValueError("an array is made of one that is made itself")
        return store.get(about)

    reading.append(name)
    try:
        return squeezing.read(found.read(_array_member(name)), other)
    except DataError:
        raise
    except (SafetensorError, KeyError, ValueError, TypeError, zlib.error) as error:
        raise DataError(f"The array {name[:12]} of the project is damaged.") from error
    finally:
        reading.pop()


def _unknown(held: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in held.items() if key not in known}


def _members_of(value: Any) -> Iterator[str]:
    """Arrays that keys of a later version refer to: they are written back with them."""
    if isinstance(value, dict):
        if value.get(packing.MARK) == "array" and "sha256" in value:
            yield _array_member(str(value["sha256"]))
        for item in value.values():
            yield from _members_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from _members_of(item)


def _data_from_json(held: Mapping[str, Any], store: ArrayStore) -> DataRecord:
    packed = held.get("packed")
    table = None
    if packed:
        known = {k: packing.unpack(v, store) for k, v in packed.items() if k in _TABLE_KEYS}
        table = Table(**known)
    plain = {key: held[key] for key in _DATA_KEYS if key in held and key != "packed"}
    return DataRecord(**plain, packed=table, extra=_unknown(held, _DATA_KEYS))


def _run_from_json(
    held: Mapping[str, Any], store: ArrayStore, found: archive.Archive, remarks: list[str]
) -> RunRecord:
    member = f"models/{held['id']}.safetensors"
    plain = {key: held[key] for key in _RUN_KEYS if key in held}
    plain["spec"] = RunSpec.from_json(held["spec"])
    plain["history"] = tuple((s, index, metrics) for s, index, metrics in held.get("history", ()))
    plain["held"] = {n: packing.unpack(v, store) for n, v in held.get("held", {}).items()}
    run = RunRecord(
        **{**plain, "snapshot": None},
        model=found.read(member) if member in found else b"",
        extra=_unknown(held, _RUN_KEYS),
    )
    if held.get("snapshot") is None:
        return run
    try:
        kind = catalog.card(run.spec.method).load().Params
        return replace(run, snapshot=packing.unpack_snapshot(held["snapshot"], store, kind))
    except (KeyError, catalog.Unavailable, ParameterError) as error:
        reason = error.args[0] if error.args else error
        remarks.append(f"{run.name} can be looked at but not continued: {reason}")
        return replace(run, snapshot=packing.unpack_snapshot(held["snapshot"], store, None))
