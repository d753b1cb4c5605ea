"""Rows of numbers: the data set that embeddings accept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array

Floats = NDArray[np.float64]


class Truth(Protocol):
    """Known distances on the manifold that a sample was drawn from."""

    def distances(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
        """Geodesic distances (len(rows), len(columns))."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """n rows of D numbers, with whatever else is known of each row.

    Attributes
    ----------
    name : shown title
    spec : what `open_any` was given ("sample:digits", a path); reopening it gives the same table
    values : (n, D) float64, read-only, finite after the loader dropped or refused missing values
    columns : D column names
    units : D units, "" where unknown
    labels : further per-row columns (n,), numbers or text, to colour and to judge by
    label : name of the column of `labels` that holds the classes, "" when there is none
    truth : geodesic distances where they are known
    remarks : what the loader understood or left out, one sentence each
    """

    name: str
    spec: str
    values: Floats
    columns: tuple[str, ...]
    units: tuple[str, ...] = ()
    labels: Mapping[str, Array] = field(default_factory=dict)
    label: str = ""
    truth: Truth | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.columns):
            raise ValueError(f"values {values.shape} and {len(self.columns)} columns disagree.")
        for key, column in self.labels.items():
            if len(column) != len(values):
                raise ValueError(f"Label '{key}' has {len(column)} rows, expected {len(values)}.")
        view = values.view()
        view.flags.writeable = False
        object.__setattr__(self, "values", view)
        object.__setattr__(self, "units", self.units or ("",) * len(self.columns))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def colour_by(self) -> str:
        """The label to colour by at first: where the manifold is known, its own coordinate (the
        first label), else the classes."""
        first = next(iter(self.labels), "")
        return first if self.truth is not None else self.label or first

    def sha256(self) -> str:
        """Hash of the numbers alone: the same for the same values, wherever they came from."""
        digest = hashlib.sha256(str(self.values.shape).encode())
        digest.update(self.values.tobytes())
        return digest.hexdigest()
