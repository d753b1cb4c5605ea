"""Results as tables: CSV for a spreadsheet, NPZ for numpy, h5ad for single-cell tools, VTU for
ParaView."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import params
from engine.data.table import Table
from engine.io.atomic import replacing
from engine.io.columns import columns_of
from engine.io.provenance import provenance
from engine.io.vtk import write_vti, write_vtu
from engine.layers import Array, Layer, Picture, Points
from engine.method import DataError, Snapshot
from engine.runs import RunSpec, versions

ROWS_AT_ONCE = 65_536
MOST_PIXELS = 10_000_000
"""Rows of a picture's table at most."""
SUFFIXES = (".csv", ".tsv", ".npz", ".h5ad", ".vtu", ".vti")


def save_table(
    path: str | Path,
    what: Snapshot | Layer,
    data: Any = None,
    *,
    spec: RunSpec | None = None,
) -> None:
    """Write a layer, or a snapshot, in the format that the suffix names.

    CSV and TSV hold one layer (of a snapshot: its first picture of the rows, else its first layer)
    with the labels of `data` beside it; NPZ holds every array of every layer; h5ad holds the
    numbers of `data` with the points as an embedding; VTU the layer that CSV would hold, with its
    triangles; VTI the fields on one grid. `spec` is what the file says it came from.

    Raises
    ------
    DataError
        For another suffix, a layer that the format cannot hold, or a missing library.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    about = _about(what, spec)
    layers = what.layers if isinstance(what, Snapshot) else (what,)
    table = data if isinstance(data, Table) else None
    if not layers:
        raise DataError("There is nothing to save: the result has no layers.")
    if suffix not in SUFFIXES:
        raise DataError(
            f"Tables are saved as {', '.join(SUFFIXES)}; '{path.name}' ends in "
            f"'{suffix or 'nothing'}'."
        )
    with replacing(path) as part:
        if suffix == ".npz":
            _write_npz(part, layers, table, about)
        elif suffix == ".vtu":
            write_vtu(part, _main(layers), about)
        elif suffix == ".vti":
            write_vti(part, layers, about)
        elif suffix == ".h5ad":
            _write_h5ad(part, _points(layers, path.name), table, about)
        else:
            _write_csv(part, _main(layers), table, about, "\t" if suffix == ".tsv" else ",")


def _about(what: Snapshot | Layer, spec: RunSpec | None) -> dict[str, Any]:
    about: dict[str, Any] = provenance(spec) if spec is not None else {"versions": versions()}
    if isinstance(what, Snapshot):
        if spec is None and what.params is not None:
            about["params"] = params.to_json(what.params)
        about["metrics"] = {name: float(value) for name, value in what.metrics.items()}
        about["notes"] = [note.text for note in what.notes]
        if what.coarse:
            about["preview"] = what.coarse
    return about


def _main(layers: Sequence[Layer]) -> Layer:
    clouds = [layer for layer in layers if isinstance(layer, Points)]
    return next((c for c in clouds if c.role != "diagnostic"), layers[0])


def _points(layers: Sequence[Layer], name: str) -> Points:
    main = _main(layers)
    if not isinstance(main, Points):
        raise DataError(f"'{name}' would hold an embedding, but this result has no points.")
    return main


def row_ids(layer: Points) -> Array:
    """The row of the data set that each point stands for, (n,)."""
    return layer.ids if len(layer.ids) else np.arange(len(layer.positions))


def stands_for_rows(layer: Points, table: Table) -> bool:
    """Whether the points are rows of the table, and not pairs of rows or something else."""
    return layer.role != "diagnostic" and (len(layer.ids) > 0 or len(layer.positions) == len(table))


def labels_of(layer: Points, table: Table | None) -> dict[str, Array]:
    """The table's labels for each point, without those that the layer has itself."""
    if table is None or not stands_for_rows(layer, table):
        return {}
    ids = row_ids(layer)
    if len(ids) and int(ids.max()) >= len(table):
        raise DataError(
            f"The points name row {int(ids.max())}, but '{table.name}' has {len(table)} rows: "
            "they belong to other data."
        )
    return {k: np.asarray(v)[ids] for k, v in table.labels.items() if k not in layer.columns}


def _write_csv(
    part: Path, layer: Layer, table: Table | None, about: Mapping[str, Any], separator: str
) -> None:
    if isinstance(layer, Picture):
        _check_size(layer)
    columns = columns_of(layer)
    if isinstance(layer, Points):
        columns = {"row": row_ids(layer), **columns, **labels_of(layer, table)}
    with part.open("w", encoding="utf-8", newline="") as handle:
        # The provenance line is JSON on one line: json.dumps escapes every line break.
        handle.write(f"# fieldwright {json.dumps(about, ensure_ascii=False)}\n")
        writer = csv.writer(handle, delimiter=separator, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(_rows(list(columns.values())))


def _check_size(layer: Picture) -> None:
    height, width = layer.values.shape[:2]
    if width * height > MOST_PIXELS:
        raise DataError(
            f"A table of {width} × {height} pixels would have {width * height} rows; the limit is "
            f"{MOST_PIXELS}: save the arrays as NPZ, or the picture itself."
        )


def _rows(columns: Sequence[Array]) -> Iterator[tuple[Any, ...]]:
    # tolist() gives Python numbers, whose text is the shortest that reads back to the same bits.
    for start in range(0, len(columns[0]) if columns else 0, ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        yield from zip(*(_exact(column[part]).tolist() for column in columns), strict=True)


def _exact(column: Array) -> Array:
    """float32 by way of its own shortest text, which is half as long as that of a double."""
    return column.astype("U") if column.dtype == np.float32 else column


def plain(array: Array) -> Array:
    """The array without Python objects, which no format here keeps."""
    return array.astype(str) if array.dtype.kind == "O" else array


def _write_npz(
    part: Path, layers: Sequence[Layer], table: Table | None, about: Mapping[str, Any]
) -> None:
    arrays: dict[str, Array] = {}
    kinds: dict[str, str] = {}
    for layer in layers:
        kinds[layer.name] = type(layer).__name__
        for name, array in layer.arrays().items():
            arrays[f"{layer.name}.{name}"] = plain(array)
    if table is not None:
        arrays.update({f"labels.{name}": plain(np.asarray(v)) for name, v in table.labels.items()})
    text = json.dumps({**about, "layers": kinds})
    # Names from files may hold a slash, which would make folders inside the archive.
    safe = {name.replace("/", "_"): array for name, array in arrays.items()}
    with part.open("wb") as handle:
        np.savez(handle, allow_pickle=False, metadata=np.array(text), **safe)


def _write_h5ad(part: Path, layer: Points, table: Table | None, about: Mapping[str, Any]) -> None:
    try:
        import anndata
        import pandas
    except ImportError:
        raise DataError(
            "Saving h5ad needs the library 'anndata': pip install 'fieldwright[h5ad]'."
        ) from None
    ids = row_ids(layer)
    obs = {**labels_of(layer, table), **layer.columns}
    names = pandas.Index([str(int(row)) for row in ids])
    frame = pandas.DataFrame({k: _series(pandas, v) for k, v in obs.items()})
    frame.index = names
    method = str(about.get("method", layer.name)).rpartition(".")[2]
    whole = anndata.AnnData(
        X=table.values[ids] if table is not None else None,
        obs=frame,
        var=pandas.DataFrame(index=_unique(table.columns)) if table is not None else None,
        obsm={f"X_{method}": np.array(layer.positions, dtype=np.float64)},
        uns={"fieldwright": json.dumps(about)},
    )
    if table is not None and any(table.units):
        whole.var["unit"] = _series(pandas, np.array(table.units))
    whole.write_h5ad(part)


def _series(pandas: Any, column: Array) -> Any:
    """Text as categories, which is how single-cell tools keep it; numbers as they are."""
    column = plain(np.asarray(column))
    return pandas.Categorical(column.astype(object)) if column.dtype.kind in "US" else column


def _unique(names: Sequence[str]) -> list[str]:
    """The names, with a number behind those that come again."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        count = seen[name] = seen.get(name, 0) + 1
        out.append(name if count == 1 else f"{name}-{count}")
    return out
