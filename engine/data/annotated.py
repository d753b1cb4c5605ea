"""h5ad files of single-cell tools, by the optional library anndata."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.errors import OpenError
from engine.data.raw import Raw
from engine.layers import Array

MOST_COLUMNS = 500
"""Genes kept when there are more: those that vary most."""

_LABELS = ("cell_type", "celltype", "leiden", "louvain", "cluster", "clusters", "batch")


def read(path: Path, spec: str) -> Raw:
    """The matrix X with the columns of obs as labels."""
    if importlib.util.find_spec("anndata") is None:
        raise OpenError(
            f"'{path.name}' is an h5ad file: pip install 'fieldwright[h5ad]' to open it."
        )
    import anndata

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = anndata.read_h5ad(path)
    except Exception as error:
        raise OpenError(f"'{path.name}' could not be read as h5ad: {error}") from None
    if found.X is None:
        raise OpenError(f"'{path.name}' has no matrix X; its rows have no measurements to work on.")
    values, columns, remarks = _densest(found.X, [str(v) for v in found.var_names])
    labels = {str(key): _label(found.obs[key]) for key in found.obs.columns}
    label = next((n for n in _LABELS if n in labels), "")
    return Raw(
        name=path.name,
        spec=spec,
        numbers=values,
        columns=tuple(columns),
        labels=labels,
        label=label,
        remarks=tuple(remarks),
    )


def _densest(matrix: Any, names: list[str]) -> tuple[Array, list[str], list[str]]:
    width = matrix.shape[1]
    if width <= MOST_COLUMNS:
        return _dense(matrix), names, []
    mean = np.asarray(matrix.mean(axis=0)).ravel()
    squares = matrix.multiply(matrix) if hasattr(matrix, "multiply") else np.square(matrix)
    variance = np.asarray(squares.mean(axis=0)).ravel() - mean**2
    kept = np.sort(np.argsort(variance)[-MOST_COLUMNS:])
    remark = f"Kept the {MOST_COLUMNS} of {width} columns that vary most."
    return _dense(matrix[:, kept]), [names[k] for k in kept], [remark]


def _dense(matrix: Any) -> Array:
    full = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    return np.asarray(full, dtype=np.float64)


def _label(column: Any) -> Array:
    values = np.asarray(column)
    return values if values.dtype.kind in "biuf" else values.astype(np.str_)
