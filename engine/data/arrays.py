"""NPY, NPZ and safetensors: one array of rows, and whatever else has as many rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.data.errors import OpenError
from engine.data.raw import Raw
from engine.layers import Array

_MAIN = ("X", "x", "data", "values", "features", "points", "coordinates", "embedding")
_LABEL = ("labels", "label", "y", "target", "targets", "classes", "cluster")
MOST_BYTES = 16 * 2**30


def read_npy(content: bytes, name: str, spec: str) -> Raw:
    """One array. Object arrays are pickles and are refused."""
    return table_of({"values": _npy(content, name)}, name, spec)


def _npy(content: bytes, name: str) -> Array:
    try:
        return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
    except ValueError as error:
        if "pickle" in str(error).lower() or "object" in str(error).lower():
            raise OpenError(
                f"'{name}' holds Python objects, which are never loaded; save a plain array of "
                "numbers with numpy.save."
            ) from None
        raise OpenError(f"'{name}' is a NumPy file that is cut off or damaged.") from None
    except (EOFError, OSError):
        raise OpenError(f"'{name}' is a NumPy file that is cut off or damaged.") from None


def read_npz(content: bytes, name: str, spec: str) -> Raw:
    """An archive of arrays."""
    return table_of(npz_arrays(content, name), name, spec)


def npz_arrays(content: bytes, name: str) -> dict[str, Array]:
    """The arrays of an archive by their names. Object arrays are pickles and are refused."""
    arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive, name)
            for member in archive.namelist():
                key = member.removesuffix(".npy")
                arrays[key] = _npy(archive.read(member), f"{name}: {key}")
    except zipfile.BadZipFile:
        raise OpenError(f"'{name}' is an archive that is cut off or damaged.") from None
    return arrays


def _check_members(archive: zipfile.ZipFile, name: str) -> None:
    size = sum(item.file_size for item in archive.infolist())
    if size > MOST_BYTES:
        raise OpenError(f"'{name}' says it unpacks to {size / 2**30:.0f} GiB; the limit is 16 GiB.")
    for member in archive.namelist():
        if member.startswith("/") or ".." in member.split("/"):
            raise OpenError(f"'{name}' holds a member with an unsafe path, '{member}'.")
        if not member.endswith(".npy"):
            raise OpenError(
                f"'{name}' is a ZIP archive but not of NumPy arrays: it holds '{member}'."
            )


def read_safetensors(content: bytes, name: str, spec: str) -> Raw:
    """Named tensors."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return table_of(load(content), name, spec)
    except SafetensorError:
        raise OpenError(f"'{name}' is a safetensors file that is cut off or damaged.") from None


def table_of(arrays: Mapping[str, Any], name: str, spec: str) -> Raw:
    """The main array as rows of numbers, and whatever else has as many rows as labels."""
    key = _main(arrays, name)
    values = np.asarray(arrays[key])
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim > 2:
        values = values.reshape(len(values), -1)
    rows, width = values.shape
    labels = {
        other: np.asarray(array)
        for other, array in arrays.items()
        if other != key and np.asarray(array).shape == (rows,) and array.dtype.kind in "biufU"
    }
    label = next((n for n in _LABEL if n in labels), "")
    shape = " × ".join(str(s) for s in np.asarray(arrays[key]).shape)
    return Raw(
        name=name,
        spec=spec,
        numbers=values.astype(np.float64),
        columns=tuple(f"column {k + 1}" for k in range(width)),
        labels=labels,
        label=label,
        remarks=(f"Rows are taken from the array '{key}' ({shape}).",),
    )


def _main(arrays: Mapping[str, Any], name: str) -> str:
    numeric = {
        key: np.asarray(array)
        for key, array in arrays.items()
        if np.asarray(array).dtype.kind in "biuf" and np.asarray(array).ndim >= 1
    }
    if not numeric:
        held = ", ".join(f"{k} ({np.asarray(a).dtype})" for k, a in arrays.items()) or "nothing"
        raise OpenError(f"'{name}' holds no array of numbers; it holds {held}.")
    for key in _MAIN:
        if key in numeric and numeric[key].ndim >= 2:
            return key
    deep = [key for key, array in numeric.items() if array.ndim >= 2]
    if len(deep) > 1:
        deep.sort(key=lambda k: -numeric[k].size)
    return deep[0] if deep else next(iter(numeric))
