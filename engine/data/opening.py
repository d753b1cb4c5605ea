"""From a path or "sample:NAME" to a data set, by what a file holds and not by its name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data import (
    annotated,
    arrays,
    delimited,
    mapping,
    meshes,
    picture_files,
    pictures,
    vector_arrays,
)
from engine.data.errors import OpenError
from engine.data.raw import Raw, to_table
from engine.data.samples import open_sample
from engine.data.table import Table
from engine.data.vectors import VectorSamples

if TYPE_CHECKING:
    from engine.data.photograph import Photograph
    from engine.pde.problem import Problem

SAMPLE = "sample:"
PROBLEM = "problem:"
EQUATION = "equation:"
MADE = (SAMPLE, PROBLEM, EQUATION)
"""How the address of data begins that are no file: they can always be made again."""
PREVIEW_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preview:
    """What was understood of a file, before anything is done with it.

    `rows` are the first rows of all columns as text, `columns` the numeric ones, `labels` the
    others; `gaps` counts missing and `infinities` infinite numbers; `fields` is the mapping that
    the columns' names suggest, "" when they do not look like positions and vectors.
    """

    spec: str
    name: str
    count: int
    columns: tuple[str, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    label: str
    gaps: int
    infinities: int
    remarks: tuple[str, ...] = ()
    titles: tuple[str, ...] = field(default=())
    rows: tuple[tuple[str, ...], ...] = field(default=())
    fields: str = ""


def open_any(
    spec: str | Path,
    *,
    label: str | None = None,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    missing: str = "drop_rows",
    fields: str | None = None,
    picture: str | None = None,
    truth: str | None = None,
) -> Table | VectorSamples | Problem | Photograph:
    """Open a file, a sample or a problem.

    Parameters
    ----------
    spec : a path, or "sample:NAME" with options as in "sample:swiss_roll?n=2000&noise=0.1", or
        "problem:NAME" with coefficients as in "problem:helmholtz?a1=4", or "equation:" and a text
        (`engine.pde.statements`)
    label, columns, drop, missing : which columns to use and what to do about gaps; see `to_table`
    fields : which columns are positions and vectors, see `mapping.parse`; "auto" goes by their
        names. None opens a table; a mesh is a vector field in any case
    picture : opens an image as a photograph instead of a table of its pixels; "" as it is, else how
        it is spoilt first, as in "noise=25&seed=1" (`photographs.Spoiling`)
    truth : an image of the same size and colours that the photograph should be, to judge by

    Raises
    ------
    OpenError
        One sentence: what was expected, what was found, what would work.
    """
    text = str(spec)
    narrowed = label is not None or columns is not None or bool(drop) or missing != "drop_rows"
    if picture is not None:
        if narrowed or fields is not None or text.startswith(MADE):
            raise OpenError("A photograph is an image file as it is; leave out other choices.")
        return _open_picture(text, picture, truth)
    if truth is not None:
        raise OpenError("A file of the truth goes with a photograph; open the picture as one.")
    if text.startswith((PROBLEM, EQUATION)):
        if narrowed or fields is not None:
            raise OpenError("A problem has no columns to choose from.")
        return _open_problem(text)
    if fields is not None:
        if narrowed:
            raise OpenError(
                "A vector field takes its columns from the mapping alone; leave out label, "
                "columns, drop and missing."
            )
        return _open_field(text, fields)
    return _open_table(text, narrowed, label=label, columns=columns, drop=drop, missing=missing)


def _open_table(text: str, narrowed: bool, **wanted: Any) -> Table | VectorSamples | Photograph:
    """A sample as it is, or the columns that are wanted of a file or of a sample's table."""
    if text.startswith(SAMPLE):
        sample = open_sample(text.removeprefix(SAMPLE))
        if not isinstance(sample, Table):
            if narrowed:
                what = "vector field" if isinstance(sample, VectorSamples) else "photograph"
                raise OpenError(f"'{text}' is a {what}; it has no columns to choose from.")
            return sample
        return to_table(_raw_of(sample), **wanted) if narrowed else sample
    path = Path(text)
    if meshes.recognise(path):
        if narrowed:
            raise OpenError(
                f"'{path.name}' is a mesh, which has no columns to choose from; leave out label, "
                "columns, drop and missing."
            )
        return meshes.read(path, text)
    return to_table(read(path), **wanted)


def _raw_of(table: Table) -> Raw:
    return Raw(
        name=table.name,
        spec=table.spec,
        numbers=np.array(table.values),
        columns=table.columns,
        units=table.units,
        labels=table.labels,
        label=table.label,
    )


def _open_problem(text: str) -> Problem:
    from engine.pde.gallery import open_known
    from engine.pde.stating import state

    if text.startswith(PROBLEM):
        return open_known(text.removeprefix(PROBLEM))
    return state(text.removeprefix(EQUATION))


def _open_picture(text: str, how: str, truth: str | None) -> Photograph:
    from engine.data import photographs

    spoiling = photographs.Spoiling.read(how)
    _check_place(Path(text))
    found = photographs.spoilt(photographs.read(Path(text), text), spoiling)
    if not truth:
        return found
    _check_place(Path(truth))
    return photographs.with_truth(found, Path(truth), truth)


def is_picture(path: Path) -> bool:
    """Whether a file holds an image. Raises `OpenError` when there is no file."""
    return bool(picture_files.kind_of(_head(path)))


def _open_field(text: str, fields: str) -> VectorSamples:
    if text.startswith(SAMPLE):
        raise OpenError(f"'{text}' needs no mapping; a mapping names the columns of a file.")
    path, guessed = Path(text), fields.strip().lower() == mapping.AUTO
    if not guessed:
        mapping.parse(fields)
    if meshes.recognise(path):
        if not guessed:
            raise OpenError(
                f"'{path.name}' is a mesh, whose points and vectors are found without a mapping; "
                "leave it out."
            )
        return meshes.read(path, text)
    if _head(path).startswith(b"PK"):
        found = arrays.npz_arrays(path.read_bytes(), path.name)
        if guessed and vector_arrays.recognise(found):
            return vector_arrays.read(found, path.name, text)
        raw = vector_arrays.columns_of(found, path.name, text)
    else:
        raw = read(path)
    return mapping.to_samples(raw, mapping.chosen(raw, fields))


def read(path: Path) -> Raw:
    """The columns of a file. Pickles, and whatever else runs code when read, are refused."""
    head = _head(path)
    spec = str(path)
    if path.suffix.lower() in picture_files.SUFFIXES and not is_picture(path):
        # Called a picture, but none: it says so itself.
        picture_files.decode(path)
    if not head:
        raise OpenError(f"'{path.name}' is empty: a table needs at least two rows of numbers.")
    if is_picture(path):
        return pictures.read(path, spec)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return annotated.read(path, spec)
    if _is_pickle(head):
        raise OpenError(
            f"'{path.name}' is a Python pickle, which can run code when it is read and is never "
            "opened; save the array with numpy.save or as CSV."
        )
    content = path.read_bytes()
    if head.startswith(b"\x93NUMPY"):
        return arrays.read_npy(content, path.name, spec)
    if head.startswith(b"PK"):
        return arrays.read_npz(content, path.name, spec)
    if _is_safetensors(head):
        return arrays.read_safetensors(content, path.name, spec)
    return delimited.read(delimited.decode(content, path.name), path.name, spec)


def is_field(path: Path) -> bool:
    """Whether a file says by itself which numbers are positions and which are vectors."""
    if meshes.recognise(path):
        return True
    if not _head(path).startswith(b"PK"):
        return False
    return vector_arrays.recognise(arrays.npz_arrays(path.read_bytes(), path.name))


def preview(spec: str | Path) -> Preview:
    """Read a file and say what was understood."""
    raw = read(Path(spec))
    guessed = mapping.guess(raw.columns)
    shown = min(PREVIEW_ROWS, len(raw.numbers))
    texts = [[str(v) for v in np.asarray(column[:shown])] for column in raw.labels.values()]
    texts += [[f"{v:.6g}" for v in raw.numbers[:shown, k]] for k in range(len(raw.columns))]
    return Preview(
        spec=raw.spec,
        name=raw.name,
        count=len(raw.numbers),
        columns=raw.columns,
        units=raw.units or ("",) * len(raw.columns),
        labels=tuple(raw.labels),
        label=raw.label,
        gaps=int(np.isnan(raw.numbers).sum()),
        infinities=int(np.isinf(raw.numbers).sum()),
        remarks=raw.remarks,
        titles=(*raw.labels, *raw.columns),
        fields=mapping.written(guessed) if guessed else "",
        rows=tuple(zip(*texts, strict=True)) if texts else (),
    )


def _head(path: Path) -> bytes:
    _check_place(path)
    with path.open("rb") as file:
        return file.read(64)


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise OpenError(f"'{path.name}' is a folder; choose a file in it.")
    if not path.exists():
        folder = path.parent if path.parent.is_dir() else Path()
        close = difflib.get_close_matches(path.name, os.listdir(folder), n=2, cutoff=0.5)
        hint = f" Nearby: {', '.join(close)}." if close else ""
        raise OpenError(f"There is no file '{path}'.{hint}")
    if not os.access(path, os.R_OK):
        raise OpenError(f"'{path.name}' may not be read by you; change its permissions.")


def _is_pickle(head: bytes) -> bool:
    binary = head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    return binary or head.startswith((b"(dp", b"(lp", b"ccopy_reg", b"cnumpy"))


def _is_safetensors(head: bytes) -> bool:
    if len(head) < 10:
        return False
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 2 <= length < 100_000_000
