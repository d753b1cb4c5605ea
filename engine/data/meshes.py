"""Vectors on triangle meshes: OBJ, PLY, OFF, VTK and VTU, by meshio."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.errors import OpenError
from engine.data.mapping import assemble, few, guess
from engine.data.vector_arrays import check_faces
from engine.data.vectors import Floats, VectorSamples
from engine.layers import Array

MOST_BYTES = 2 * 2**30
MOST_POINTS = 5_000_000
_HEAD = 2**20
_COUNTS = {
    "ply": rb"element\s+vertex\s+(\d+)",
    "off": rb"\AOFF\s+(?:#[^\n]*\s+)*(\d+)",
    "vtk": rb"(?m)^POINTS\s+(\d+)",
    "vtu": rb"NumberOfPoints\s*=\s*[\"']\s*(\d+)",
}
_NO_VECTORS = re.compile(r"(?i)n|.*normals?|.*(colou?r|rgb).*|texture.*|tcoords?|obj:v[nt]")
_FLAT = frozenset({"triangle", "quad"})
_ASIDE = frozenset({"vertex", "line"})


def recognise(path: Path) -> bool:
    """Whether a file is a mesh, by its first bytes; OBJ files have none and go by their name."""
    return path.is_file() and bool(_kind(path, _head(path, 1024)))


def _head(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def _kind(path: Path, head: bytes) -> str:
    first = head.partition(b"\n")[0].strip()
    if first in (b"ply", b"OFF"):
        return first.decode().lower()
    if first.lower().startswith(b"# vtk datafile"):
        return "vtk"
    if head.lstrip().startswith(b"<") and b"<VTKFile" in head:
        return "vtu"
    return "obj" if path.suffix.lower() == ".obj" and head else ""


def read(path: Path, spec: str) -> VectorSamples:
    """The vectors at the corners of a mesh, and its triangles.

    The first point data of shape (n, 3) that are neither normals nor colours are the vectors, else
    three single ones with usual names such as u, v, w. Points where they are NaN are unobserved.
    Further single point data become labels, and those called "truth" the true field.

    Raises
    ------
    OpenError
        When the file is too large or damaged, or it holds no vectors.
    """
    kind = _kind(path, _head(path, 1024))
    promised = _check_size(path, kind)
    mesh = _load(path, kind)
    points = np.asarray(mesh.points, dtype=np.float64)
    if points.ndim != 2 or len(points) < 3 or points.shape[1] < 2:
        raise OpenError(f"'{path.name}' has {len(points)} points; a mesh needs at least 3.")
    if len(points) > MOST_POINTS:
        raise _too_many(path, len(points))
    if len(points) < promised[0] or sum(len(block.data) for block in mesh.cells) < promised[1]:
        raise _damaged(path, kind)
    data = {key: _squeezed(array) for key, array in mesh.point_data.items()}
    vectors, names = _vectors(data, points.shape, path.name)
    _check_finite(points, vectors, path.name)
    faces, remarks = _faces(mesh.cells)
    truth = data.get("truth")
    has_truth = truth is not None and truth.shape == points.shape
    return assemble(
        name=path.name,
        spec=spec,
        positions=points,
        vectors=vectors,
        faces=check_faces(faces, len(points), path.name),
        truth=np.asarray(truth, dtype=np.float64) if has_truth else None,
        labels={
            key: array
            for key, array in data.items()
            if array.shape == (len(points),) and array.dtype.kind in "biuf" and key not in names
        },
        remarks=(f"Vectors are the point data {few(names)}.", *remarks),
    )


def _too_many(path: Path, count: int) -> OpenError:
    return OpenError(
        f"'{path.name}' has {count} points; the limit is {MOST_POINTS}: make the mesh coarser."
    )


def _check_size(path: Path, kind: str) -> tuple[int, int]:
    """Refuse what would fill the memory, or keep a reader waiting for a header's end.

    Returns how many points and cells the header promises, 0 where it does not say.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise OpenError(f"'{path.name}' has {size / 2**30:.1f} GiB; the limit for meshes is 2 GiB.")
    head = _head(path, _HEAD)
    if kind == "obj":
        with path.open("rb") as file:
            corners = (line for line in file if line.startswith(b"v "))
            count = sum(1 for _ in islice(corners, MOST_POINTS + 1))
    else:
        match = re.search(_COUNTS[kind], head)
        count = int(match[1]) if match else 0
        unended = kind == "ply" and b"end_header" not in head
        if unended or (match is None and kind in ("ply", "off")):
            raise _damaged(path, kind)
    if count > MOST_POINTS:
        raise _too_many(path, count)
    if kind == "vtu":
        _check_xml(path, head)
    # Readers of PLY take what there is of a file that ends early.
    faces = re.search(rb"element\s+face\s+(\d+)", head) if kind == "ply" else None
    return (0 if kind == "obj" else count), int(faces[1]) if faces else 0


def _check_xml(path: Path, head: bytes) -> None:
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise OpenError(f"'{path.name}' defines its own XML words, which are never followed.")
    match = re.search(rb"<VTKFile[^>]*\btype\s*=\s*[\"'](\w*)", head)
    found = match[1].decode() if match else "no kind"
    if found != "UnstructuredGrid":
        raise OpenError(
            f"'{path.name}' is a VTK file of {found}; save it as an UnstructuredGrid (VTU) instead."
        )


def _damaged(path: Path, kind: str, reason: str = "") -> OpenError:
    told = f": {reason}" if reason else "; it is cut off or damaged"
    return OpenError(f"'{path.name}' could not be read as {kind.upper()}{told}.")


def _load(path: Path, kind: str) -> Any:
    import meshio

    said = io.StringIO()
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            warnings.simplefilter("ignore")
            return getattr(meshio, kind).read(_source(path, kind))
    except meshio.ReadError as error:
        reason = " ".join(str(error).split()).rstrip(".")[:120]
        raise _damaged(path, kind, reason) from None
    except (Exception, SystemExit):
        # Readers meet damage with whatever error comes first, some by leaving the program.
        raise _damaged(path, kind) from None


def _source(path: Path, kind: str) -> str | io.BytesIO:
    """The file, or its content under the name that meshio knows the corners of faces by."""
    other = re.compile(rb"(property\s+list\s+\w+\s+\w+\s+)vertex_index\b")
    if kind != "ply" or not other.search(_head(path, _HEAD).partition(b"end_header")[0]):
        return str(path)
    return io.BytesIO(other.sub(rb"\1vertex_indices", path.read_bytes(), count=1))


def _squeezed(values: Any) -> Array:
    array = np.asarray(values)
    # Files may be big-endian; computing needs the machine's own order.
    array = array.astype(array.dtype.newbyteorder("="))
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _vectors(
    data: Mapping[str, Array], shape: tuple[int, ...], name: str
) -> tuple[Floats, tuple[str, ...]]:
    for key, array in data.items():
        plain = array.dtype.kind in "if" and key != "truth" and not _NO_VECTORS.fullmatch(key)
        if plain and array.shape == shape:
            return array.astype(np.float64), (key,)
    single = [key for key, array in data.items() if array.shape == shape[:1]]
    axes = ("x", "y", "z")[: shape[1]]
    found = guess((*axes, *single))
    if found is not None and len(found.vectors) == shape[1]:
        parts = [data[key].astype(np.float64) for key in found.vectors]
        return np.column_stack(parts), found.vectors
    held = f"its point data are {few(tuple(data))}" if data else "it has no point data"
    raise OpenError(
        f"'{name}' is a mesh without vectors: {held}; {shape[1]} numbers for each point are needed."
    )


def _check_finite(points: Floats, vectors: Floats, name: str) -> None:
    lost = ~np.isfinite(points).all(axis=1)
    if lost.any():
        raise OpenError(f"Point {int(lost.argmax()) + 1} of '{name}' has no finite position.")
    infinite = np.isinf(vectors).any(axis=1)
    if infinite.any():
        raise OpenError(
            f"Point {int(infinite.argmax()) + 1} of '{name}' has an infinite vector; write NaN "
            "where nothing was measured."
        )


def _faces(cells: Any) -> tuple[NDArray[np.int64], list[str]]:
    """Triangles (f, 3), quads split in two; what else there is gets a remark."""
    faces = [np.empty((0, 3), np.int64)]
    others: dict[str, int] = {}
    for block in cells:
        if block.type in _FLAT:
            corners = np.asarray(block.data, dtype=np.int64)
            faces.append(corners[:, :3])
            if block.type == "quad":
                faces.append(corners[:, [0, 2, 3]])
        elif block.type not in _ASIDE:
            others[block.type] = others.get(block.type, 0) + len(block.data)
    left = ", ".join(f"{count} of kind {kind}" for kind, count in others.items())
    joined = np.concatenate(faces)
    remarks = [f"{len(joined)} triangles."] if len(joined) else ["There are no triangles."]
    return joined, remarks + ([f"Left out cells that are no surface: {left}."] if left else [])
