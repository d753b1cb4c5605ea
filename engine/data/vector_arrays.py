"""Vector fields kept as named arrays in an NPZ file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.data import arrays
from engine.data.errors import OpenError
from engine.data.mapping import assemble
from engine.data.raw import Raw
from engine.data.vectors import Floats, VectorSamples
from engine.layers import Array

POSITIONS = ("positions", "X", "points")
VECTORS = ("vectors", "V", "field", "velocity", "velocities")
FACES = ("faces", "triangles")


def recognise(found: Mapping[str, Array]) -> bool:
    """Whether there are an array of positions and one of vectors, by their names."""
    return bool(_first(found, POSITIONS) and _first(found, VECTORS))


def read(found: Mapping[str, Array], name: str, spec: str) -> VectorSamples:
    """The field of arrays positions (n, D) and vectors (n, D), with faces (f, 3), truth (n, D),
    noise (n,) and observed (n,) where they are there; other arrays (n,) become labels.

    Raises
    ------
    OpenError
        When the arrays do not fit one another or hold infinite numbers.
    """
    where, what, mesh = (_first(found, names) for names in (POSITIONS, VECTORS, FACES))
    positions = _numbers(found, where, name)
    if positions.ndim != 2 or positions.shape[1] < 2:
        raise OpenError(
            f"'{name}: {where}' is {_shape(positions)}; positions need a row for each point and "
            "at least two columns."
        )
    n = len(positions)
    vectors = _numbers(found, what, name, positions.shape)
    observed = _yes_or_no(found["observed"], n, name) if "observed" in found else None
    faces = check_faces(found[mesh], n, name) if mesh else None
    truth = _numbers(found, "truth", name, positions.shape) if "truth" in found else None
    noise = _numbers(found, "noise", name, (n,)) if "noise" in found else None
    taken = {where, what, mesh, "observed", "truth", "noise"}
    labels = {
        key: column
        for key, column in found.items()
        if key not in taken and column.shape == (n,) and column.dtype.kind in "biufU"
    }
    remarks = [f"Positions are the array '{where}', vectors the array '{what}'."]
    placed = np.isfinite(positions).all(axis=1)
    if not placed.all():
        if faces is not None and len(faces):
            raise OpenError(
                f"Row {int((~placed).argmax()) + 1} of '{name}: {where}' has no position; every "
                "corner of a mesh needs one."
            )
        left = int((~placed).sum())
        remarks.append(f"Left out {left} of {n} rows: their position is missing.")
    return assemble(
        name=name,
        spec=spec,
        positions=positions[placed],
        vectors=vectors[placed],
        faces=faces,
        truth=None if truth is None else truth[placed],
        noise=None if noise is None else noise[placed],
        observed=None if observed is None else observed[placed],
        labels={key: column[placed] for key, column in labels.items()},
        remarks=remarks,
    )


def _yes_or_no(column: Array, n: int, name: str) -> NDArray[np.bool_]:
    if column.shape != (n,) or column.dtype.kind not in "bui" or not np.isin(column, (0, 1)).all():
        raise OpenError(f"'{name}: observed' must say yes or no for each of {n} points.")
    return column.astype(bool)


def columns_of(found: Mapping[str, Array], name: str, spec: str) -> Raw:
    """The columns of an archive: its arrays of one dimension and equal length, by their names, or
    else the columns of its main array."""
    flat = {key: array for key, array in found.items() if array.ndim == 1}
    numbers = {key: array for key, array in flat.items() if array.dtype.kind in "biuf"}
    if len(flat) < len(found) or not numbers or len({len(a) for a in flat.values()}) != 1:
        return arrays.table_of(found, name, spec)
    return Raw(
        name=name,
        spec=spec,
        numbers=np.column_stack([array.astype(np.float64) for array in numbers.values()]),
        columns=tuple(numbers),
        labels={key: array for key, array in flat.items() if array.dtype.kind == "U"},
        remarks=("Each array is a column.",),
    )


def check_faces(faces: Array, count: int, name: str) -> NDArray[np.int64]:
    """Triangles (f, 3) over `count` points; refused when they point outside."""
    if faces.size == 0:
        return np.empty((0, 3), np.int64)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise OpenError(
            f"The triangles of '{name}' are {_shape(faces)} of {faces.dtype}; three whole numbers "
            "are needed for each."
        )
    if faces.min() < 0 or faces.max() >= count:
        raise OpenError(
            f"The triangles of '{name}' name points from {int(faces.min())} to "
            f"{int(faces.max())}, but its points go from 0 to {count - 1}."
        )
    return np.asarray(faces, dtype=np.int64)


def _first(found: Mapping[str, Array], names: tuple[str, ...]) -> str:
    return next((key for key in names if key in found), "")


def _numbers(
    found: Mapping[str, Array], key: str, name: str, shape: tuple[int, ...] | None = None
) -> Floats:
    array = found[key]
    if array.dtype.kind not in "biuf":
        raise OpenError(f"'{name}: {key}' holds {array.dtype}; real numbers are needed.")
    if shape is not None and array.shape != shape:
        raise OpenError(
            f"'{name}: {key}' is {_shape(array)}, but {' × '.join(map(str, shape))} is needed to "
            "go with the positions."
        )
    values = array.astype(np.float64)
    infinite = np.isinf(values)
    if infinite.any():
        row = int(np.argwhere(infinite)[0][0]) + 1
        raise OpenError(
            f"Row {row} of '{name}: {key}' is infinite; write NaN where nothing was measured."
        )
    return values


def _shape(array: Array) -> str:
    return " × ".join(str(size) for size in array.shape) or "a single number"
