"""CSV, TSV and their many relations."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.errors import OpenError
from engine.data.raw import Raw
from engine.data.table import Floats
from engine.layers import Array

GAPS = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "–", "#n/a"})
"""Cells that stand for a missing value, in lower case."""

MOST_CLASSES = 30
_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\[\]()]*)[\])]\s*$")
_LABEL_NAMES = ("label", "labels", "class", "target", "species", "cluster", "celltype", "cell_type")
_ID_NAMES = ("id", "index", "row", "name", "sample", "cell", "barcode")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates columns and writes decimals."""

    delimiter: str
    decimal: str
    header: bool

    def sentence(self) -> str:
        named = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "spaces", "|": "bars"}
        comma = ", decimal commas" if self.decimal == "," else ""
        head = "a header line" if self.header else "no header line"
        return f"Columns separated by {named[self.delimiter]}{comma}, {head}."


def decode(content: bytes, name: str) -> str:
    """Text of a file; raises `OpenError` for bytes that are no text."""
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise OpenError(
            f"'{name}' is a binary file of a kind that is not known here; "
            "CSV, TSV, NPY, NPZ, safetensors, h5ad and images can be opened."
        )
    for encoding in ("utf-8-sig", "utf-16", "latin-1"):
        if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 decodes everything")


def read(text: str, name: str, spec: str) -> Raw:
    """Columns of a delimited text.

    Raises
    ------
    OpenError
        When there are no rows, or a row's length differs from the first one's (with its line).
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise OpenError(f"'{name}' is empty: a table needs at least two rows of numbers.")
    dialect = sniff([line for _, line in lines[:200]])
    rows = _split([line for _, line in lines], dialect)
    if len(rows) != len(lines):
        raise OpenError(f"'{name}' has a quoted cell that goes on over the end of its line.")
    width = len(rows[0])
    for (number, _), row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise OpenError(
                f"Line {number} of '{name}' has {len(row)} columns, the first has {width}; "
                f"columns are taken to be separated by {dialect.delimiter!r}."
            )
    header = rows[0] if dialect.header else [f"column {k + 1}" for k in range(width)]
    body = rows[1:] if dialect.header else rows
    if len(body) < 2:
        raise OpenError(f"'{name}' has {len(body)} rows of data; at least 2 are needed.")
    return _columns(header, body, dialect, name, spec)


def _split(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    if dialect.delimiter == " ":
        return [line.split() for line in lines]
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=dialect.delimiter)
    return [[cell.strip() for cell in row] for row in reader]


def sniff(lines: Sequence[str]) -> Dialect:
    """The separator that gives the most columns of one length; then the decimal sign.

    A comma separates unless semicolons or tabs do, in which case it may be the decimal sign.
    """
    best, columns = ",", 0
    for delimiter in ("\t", ";", "|", ",", " "):
        rows = _split(lines, Dialect(delimiter, ".", False))
        counts = {len(row) for row in rows}
        if len(counts) == 1 and counts != {1} and max(counts) > columns:
            if delimiter == " " and columns > 1:
                continue
            best, columns = delimiter, max(counts)
            if delimiter in "\t;|":
                break
    rows = _split(lines, Dialect(best, ".", False))
    cells = [cell for row in rows[1:] for cell in row]
    decimal = "."
    if best != ",":
        commas = sum(bool(re.fullmatch(r"[-+]?\d+,\d+([eE][-+]?\d+)?", c)) for c in cells)
        points = sum(bool(re.fullmatch(r"[-+]?\d*\.\d+([eE][-+]?\d+)?", c)) for c in cells)
        decimal = "," if commas > points else "."
    return Dialect(best, decimal, _has_header(rows, decimal))


def _has_header(rows: Sequence[Sequence[str]], decimal: str) -> bool:
    first, rest = rows[0], rows[1:]
    if any(_number(cell, decimal) is not None for cell in first):
        return False
    if all(not cell for cell in first):
        return False
    return any(_number(cell, decimal) is not None for row in rest for cell in row) or (
        len(set(first)) == len(first)
    )


def _number(cell: str, decimal: str) -> float | None:
    text = cell.replace(",", ".") if decimal == "," else cell
    if text.lower() in GAPS or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _parse(cells: Sequence[str], decimal: str) -> tuple[Floats, int]:
    """Numbers with NaN for gaps, and how many cells are neither."""
    try:
        plain = [c.replace(",", ".") for c in cells] if decimal == "," else cells
        return np.array(plain, dtype=np.float64), 0
    except ValueError:
        found = np.full(len(cells), np.nan)
    strange = 0
    for place, cell in enumerate(cells):
        value = _number(cell, decimal)
        if value is not None:
            found[place] = value
        elif cell.lower() not in GAPS:
            strange += 1
    return found, strange


def _columns(
    header: Sequence[str], body: Sequence[Sequence[str]], dialect: Dialect, name: str, spec: str
) -> Raw:
    numbers: list[Floats] = []
    names: list[str] = []
    units: list[str] = []
    labels: dict[str, Array] = {}
    remarks = [dialect.sentence()]
    for index, title in enumerate(_unique(header)):
        cells = [row[index] for row in body]
        values, strange = _parse(cells, dialect.decimal)
        match = _UNIT.match(title)
        if strange and strange <= 0.02 * len(cells) and len(cells) > 50:
            remarks.append(
                f"{strange} cells of column '{title}' are not numbers and count as missing."
            )
        elif strange:
            labels[title] = np.array(cells, dtype=np.str_)
            continue
        if _is_count(title, values):
            labels[title] = values.astype(np.int64)
            continue
        numbers.append(values)
        names.append(match["name"] if match else title)
        units.append(match["unit"] if match else "")
    label = _label(labels, names, numbers)
    if label in names:
        place = names.index(label)
        labels[label] = numbers.pop(place).astype(np.int64)
        names.pop(place)
        units.pop(place)
    table = np.column_stack(numbers) if numbers else np.empty((len(body), 0))
    return Raw(
        name=name,
        spec=spec,
        numbers=table,
        columns=tuple(names),
        units=tuple(units),
        labels=labels,
        label=label,
        remarks=tuple(remarks),
    )


def _unique(header: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for place, raw in enumerate(header):
        title = raw.strip() or ("row" if place == 0 else f"column {place + 1}")
        seen[title] = seen.get(title, 0) + 1
        out.append(title if seen[title] == 1 else f"{title} ({seen[title]})")
    return out


def _is_count(title: str, values: Floats) -> bool:
    """A column that only numbers the rows is no measurement."""
    if not np.all(np.isfinite(values)) or len(values) < 3:
        return False
    return title.lower() in _ID_NAMES and bool(np.all(np.diff(values) == 1))


def _label(labels: dict[str, Array], names: Sequence[str], numbers: Sequence[Floats]) -> str:
    """The column that most likely holds classes: by its name, else the text of few kinds."""
    for title in (*labels, *names):
        if title.lower() in _LABEL_NAMES:
            if title in labels:
                return title
            values = numbers[list(names).index(title)]
            whole = np.all(np.isfinite(values)) and np.all(values == np.round(values))
            if whole and len(np.unique(values)) <= MOST_CLASSES:
                return title
    for title, column in labels.items():
        kinds = len(np.unique(column))
        if column.dtype.kind == "U" and 1 < kinds <= min(MOST_CLASSES, len(column) // 2):
            return title
    return ""
