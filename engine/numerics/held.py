"""A dataclass of arrays, sparse matrices and numbers as flat arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from scipy import sparse

from engine.layers import Array

T = TypeVar("T")
_PARTS = ("data", "indices", "indptr")


def to_arrays(held: Any) -> dict[str, Array]:
    """One array per field; a CSR matrix becomes four named "field.data" and so on; None is left
    out."""
    found: dict[str, Array] = {}
    for item in fields(held):
        value = getattr(held, item.name)
        if isinstance(value, sparse.csr_array):
            for part in _PARTS:
                found[f"{item.name}.{part}"] = getattr(value, part)
            found[f"{item.name}.shape"] = np.array(value.shape, np.int64)
        elif value is not None:
            found[item.name] = np.asarray(value)
    return found


def from_arrays(kind: type[T], state: Mapping[str, Any]) -> T:
    """Inverse of `to_arrays`; what has no dimension comes back as a number."""
    found: dict[str, Any] = {}
    for item in fields(kind):  # type: ignore[arg-type]
        if item.name in state:
            value = np.asarray(state[item.name])
            found[item.name] = value.item() if value.ndim == 0 else value
        elif f"{item.name}.data" in state:
            parts = tuple(np.asarray(state[f"{item.name}.{part}"]) for part in _PARTS)
            height, width = (int(side) for side in state[f"{item.name}.shape"])
            found[item.name] = sparse.csr_array(parts, shape=(height, width))
        else:
            found[item.name] = None
    return kind(**found)
