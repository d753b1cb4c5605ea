"""What a file holds before it is a data set: named columns of numbers and of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.data.errors import OpenError
from engine.data.table import Floats, Table
from engine.layers import Array

MISSING_CHOICES = ("drop_rows", "mean", "refuse")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raw:
    """Columns as read. `numbers` (n, D) may hold NaN where a value is missing.

    `labels` are further columns (n,), text or whole numbers; `remarks` say what was understood.
    """

    name: str
    spec: str
    numbers: Floats
    columns: tuple[str, ...]
    units: tuple[str, ...] = ()
    labels: Mapping[str, Array] = field(default_factory=dict)
    label: str = ""
    remarks: tuple[str, ...] = ()


def to_table(
    raw: Raw,
    *,
    label: str | None = None,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    missing: str = "drop_rows",
) -> Table:
    """Choose columns, deal with missing values, and make a data set that methods accept.

    Parameters
    ----------
    label : column to colour and judge by; taken out of the numbers
    columns : the numeric columns to keep; all by default
    drop : numeric columns to leave out
    missing : "drop_rows" leaves out rows with gaps, "mean" fills gaps with the column's mean,
        "refuse" opens nothing
    """
    if missing not in MISSING_CHOICES:
        raise OpenError(f"missing must be one of {', '.join(MISSING_CHOICES)}, got '{missing}'.")
    raw = _with_label(raw, label)
    raw = _with_columns(raw, columns, drop)
    if raw.numbers.shape[1] == 0:
        raise OpenError(
            f"'{raw.name}' has no column of numbers to work on; "
            f"its columns are text: {_few(tuple(raw.labels))}."
        )
    raw = _without_gaps(raw, missing)
    if len(raw.numbers) < 2:
        raise OpenError(
            f"'{raw.name}' has {len(raw.numbers)} complete rows; at least 2 are needed."
        )
    return Table(
        name=raw.name,
        spec=raw.spec,
        values=raw.numbers,
        columns=raw.columns,
        units=raw.units,
        labels=raw.labels,
        label=raw.label,
        remarks=(*raw.remarks, *_constant(raw)),
    )


def _few(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _replace(raw: Raw, **values: object) -> Raw:
    import dataclasses

    return dataclasses.replace(raw, **values)  # type: ignore[arg-type]


def _with_label(raw: Raw, label: str | None) -> Raw:
    if label is None or label == raw.label:
        return raw
    if label in raw.labels or label == "":
        return _replace(raw, label=label)
    if label not in raw.columns:
        raise OpenError(
            f"'{raw.name}' has no column '{label}'. It has: "
            f"{_few((*raw.labels, *raw.columns), 12)}."
        )
    index = raw.columns.index(label)
    column = raw.numbers[:, index]
    whole = np.all(np.isfinite(column)) and np.all(column == np.round(column))
    kept = [k for k in range(len(raw.columns)) if k != index]
    return _replace(
        raw,
        numbers=raw.numbers[:, kept],
        columns=tuple(raw.columns[k] for k in kept),
        units=tuple(raw.units[k] for k in kept) if raw.units else (),
        labels={**raw.labels, label: column.astype(np.int64) if whole else column},
        label=label,
    )


def _with_columns(raw: Raw, columns: Sequence[str] | None, drop: Sequence[str]) -> Raw:
    for name in (*(columns or ()), *drop):
        if name not in raw.columns and name not in raw.labels:
            raise OpenError(
                f"'{raw.name}' has no column '{name}'. It has: {_few(raw.columns, 12)}."
            )
    kept = [
        k
        for k, name in enumerate(raw.columns)
        if (columns is None or name in columns) and name not in drop
    ]
    if len(kept) == len(raw.columns):
        return raw
    return _replace(
        raw,
        numbers=raw.numbers[:, kept],
        columns=tuple(raw.columns[k] for k in kept),
        units=tuple(raw.units[k] for k in kept) if raw.units else (),
    )


def _without_gaps(raw: Raw, missing: str) -> Raw:
    bad = ~np.isfinite(raw.numbers)
    if not bad.any():
        return raw
    infinite, empty = int(np.isinf(raw.numbers).sum()), np.asarray(bad.all(axis=0))
    remarks = []
    if empty.any():
        names = [name for name, gone in zip(raw.columns, empty, strict=True) if gone]
        raw = _with_columns(raw, None, names)
        remarks.append(f"Left out {_few(names)}: no value in any row.")
        bad = bad[:, ~empty]
    count, rows = int(bad.sum()), np.asarray(bad.any(axis=1))
    what = f"{count} missing" + (f" or infinite ({infinite})" if infinite else "") + " values"
    if count and missing == "refuse":
        worst = raw.columns[int(bad.sum(axis=0).argmax())]
        raise OpenError(
            f"'{raw.name}' has {what} in {int(rows.sum())} rows, most in column '{worst}'; "
            "choose to leave out those rows or to fill in the mean."
        )
    if count and missing == "mean":
        known = np.where(bad, np.nan, raw.numbers)
        raw = _replace(raw, numbers=np.where(bad, np.nanmean(known, axis=0), raw.numbers))
        remarks.append(f"Filled {what} with the mean of their column.")
    elif count:
        if rows.all():
            worst = raw.columns[int(bad.sum(axis=0).argmax())]
            raise OpenError(
                f"Every row of '{raw.name}' has a gap, most in column '{worst}'; "
                "leave out that column, or fill gaps with the mean."
            )
        labels = {key: column[~rows] for key, column in raw.labels.items()}
        raw = _replace(raw, numbers=raw.numbers[~rows], labels=labels)
        remarks.append(f"Left out {int(rows.sum())} of {len(rows)} rows, which have {what}.")
    return _replace(raw, remarks=(*raw.remarks, *remarks))


def _constant(raw: Raw) -> tuple[str, ...]:
    flat = np.ptp(raw.numbers, axis=0) == 0
    names = [name for name, constant in zip(raw.columns, flat, strict=True) if constant]
    if not names:
        return ()
    count = "1 column is" if len(names) == 1 else f"{len(names)} columns are"
    return (f"{count} the same in every row: {_few(names)}.",)
