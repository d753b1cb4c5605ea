"""Between the document and a project file. The file itself is `engine.io.project`'s affair."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.data.table import Table
from engine.io import project as files
from engine.io.references import data_record, load
from engine.io.tables import labels_of
from engine.layers import Layer, Points
from engine.method import DataError
from engine.params import from_json, to_json
from workbench.document import Document, Run

SUFFIX = files.SUFFIX


def record(document: Document, picture: Any, *, pack: bool = False) -> files.Project:
    """The document as a project, taken on the window's thread: references to what never changes."""
    tables: dict[str, Any] = {}
    runs = []
    for run in document.visible_runs():
        if run.data is None or run.snapshot is None:
            continue
        key = run.data.sha256()
        tables.setdefault(key, data_record(run.data, run.spec.data_options, pack=pack))
        runs.append(_run_record(run, key))
    if document.data is not None:
        key = document.data.sha256()
        tables.setdefault(key, data_record(document.data, document.data_options, pack=pack))
    return files.Project(
        datasets=tuple(tables.values()),
        runs=tuple(runs),
        views=dict(document.view),
        active={
            "data": document.data.sha256() if document.data is not None else "",
            "run": document.active.id if document.active is not None else 0,
            "method": document.method_id,
            "params": to_json(document.params()),
            "compared": list(document.compared),
            "seed": document.seed,
        },
        thumbnail=b"" if picture is None else files.thumbnail(picture),
    )


def _run_record(run: Run, data: str) -> files.RunRecord:
    return files.RunRecord(
        id=run.id,
        name=run.name,
        spec=run.spec,
        data=data,
        shown=to_json(run.shown),
        state=run.state,
        failed=run.failed,
        starred=run.starred,
        seconds=run.seconds,
        made=run.made,
        history=tuple(run.history),
        snapshot=run.snapshot,
        method=run.method,
    )


def write(path: str | Path, found: files.Project) -> None:
    """Save, on the file thread."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    files.save(path, found)


def read(path: str | Path) -> tuple[files.Project, dict[str, Table], list[str]]:
    """Open a project and its data, on the file thread.

    Data that cannot be found any more are left out with a remark; the runs' pictures stay.
    """
    found = files.open(path)
    tables: dict[str, Table] = {}
    remarks = list(found.remarks)
    for item in found.datasets:
        try:
            tables[item.id] = load(item, Path(path).parent)
        except DataError as error:
            remarks.append(str(error))
    return found, tables, remarks


def show(opened: tuple[files.Project, dict[str, Table], list[str]], document: Document) -> None:
    """Put an opened project into the document, in place of what was there."""
    found, tables, _ = opened
    options = {item.id: dict(item.options) for item in found.datasets}
    for key, data in tables.items():
        if truth := getattr(data, "truth_spec", ""):
            options[key]["truth"] = truth
    active = found.active
    document.clear()
    document.view = dict(found.views)
    back: dict[int, Run] = {}
    for item in found.runs:
        run = back[item.id] = _run(item, tables.get(item.data))
        document.restore_run(run)
    table = tables.get(str(active.get("data", "")))
    if table is not None:
        document.set_data(table, options[str(active["data"])])
    document.runs_changed.emit()
    with contextlib.suppress(KeyError, ValueError):
        document.set_method(str(active["method"]))
    chosen = back.get(int(active.get("run", 0)))
    if chosen is not None:
        document.activate(chosen)
    with contextlib.suppress(KeyError, ValueError):
        document.set_params(from_json(type(document.params()), active["params"]))
    document.seed = int(active.get("seed", 0))
    numbers = (back[n].id for n in active.get("compared", ()) if n in back)
    document.set_compared(tuple(numbers))
    document.view_changed.emit()


def _run(item: files.RunRecord, table: Table | None) -> Run:
    fitted = item.spec.typed_params()
    shown = from_json(type(fitted), item.shown) if item.shown else fitted
    run = Run(item.id, item.name, item.spec, fitted, shown)
    run.data = table
    run.data_name = table.name if table is not None else item.spec.data
    run.method = item.fitted()
    run.snapshot = item.snapshot
    run.history = list(item.history)
    run.seconds, run.state, run.failed = item.seconds, item.state, item.failed
    run.starred, run.made = item.starred, item.made
    return run


def with_labels(layer: Layer, table: Any) -> Layer:
    """Points with the columns of their data set, as they are coloured on screen."""
    if not isinstance(layer, Points) or not isinstance(table, Table) or layer.role == "diagnostic":
        return layer
    return replace(layer, columns={**labels_of(layer, table), **layer.columns})
