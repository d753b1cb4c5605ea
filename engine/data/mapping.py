"""Which columns of a table are positions and which are vectors, and the field that follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.errors import OpenError
from engine.data.raw import Raw
from engine.data.vectors import Floats, VectorSamples
from engine.data.velocities import velocities
from engine.layers import Array

AUTO = "auto"
FORM = "positions=x,y,z;vectors=u,v,w"
_KEYS = ("positions", "vectors", "velocities", "series", "noise")
_AXES = ("x", "y", "z")
_POSITIONS = ("{}", "p{}", "pos{}", "pos_{}", "pos.{}", "position_{}", "{}_pos")
_VECTORS = ("v{}", "v_{}", "vel{}", "vel_{}", "velocity_{}", "d{}", "d_{}", "b{}", "b_{}")
_NOISE = ("noise", "sigma")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldColumns:
    """The roles of a table's columns.

    Attributes
    ----------
    positions : names of the D >= 2 position columns
    vectors : names of the D vector columns, in the order of the positions; empty with `velocities`
    velocities : the vectors are rates of change of the position from row to row
    time : the column that velocities are taken over; "" for steps of one
    series : column that tells separate trajectories apart, "" for one trajectory
    noise : column of the relative standard deviation of each vector, "" when all are as noisy
    """

    positions: tuple[str, ...]
    vectors: tuple[str, ...] = ()
    velocities: bool = False
    time: str = ""
    series: str = ""
    noise: str = ""

    def __post_init__(self) -> None:
        if len(self.positions) < 2:
            raise OpenError(f"Positions need at least two columns, as in '{FORM}'.")
        if self.velocities == bool(self.vectors):
            raise OpenError(
                f"Say either where the vectors are, as in '{FORM}', or that they are velocities, "
                "as in 'positions=x,y,z;velocities=t'."
            )
        if self.vectors and len(self.vectors) != len(self.positions):
            raise OpenError(
                f"Vectors need one column for each position column: there are "
                f"{len(self.vectors)} and {len(self.positions)}."
            )
        if (self.series or self.time) and not self.velocities:
            raise OpenError("A time or a series only matters to velocities; name no vectors then.")
        named = [n for n in (*self.positions, *self.vectors, self.time, self.noise) if n]
        twice = next((name for name in named if named.count(name) > 1), "")
        if twice:
            raise OpenError(f"Column '{twice}' is named twice; each column has one meaning.")


def parse(text: str) -> FieldColumns:
    """The mapping that a line describes, such as "positions=x,y;vectors=u,v;noise=sigma" or
    "positions=x,y;velocities=t;series=id"; "velocities" without a column takes steps of one.

    Raises
    ------
    OpenError
        For unknown words, words given twice, and mappings that cannot be.
    """
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if key not in _KEYS:
            raise OpenError(
                f"'{key}' means nothing here; a mapping is made of {', '.join(_KEYS)}, "
                f"as in '{FORM}'."
            )
        if key in found:
            raise OpenError(f"The mapping says '{key}' twice.")
        if not value and (sign or key != "velocities"):
            raise OpenError(f"The mapping names no column after '{key}', as in '{FORM}'.")
        found[key] = value
    return FieldColumns(
        positions=_names(found.get("positions", "")),
        vectors=_names(found.get("vectors", "")),
        velocities="velocities" in found,
        time=found.get("velocities", ""),
        series=found.get("series", ""),
        noise=found.get("noise", ""),
    )


def written(columns: FieldColumns) -> str:
    """The line that `parse` reads back."""
    parts = [f"positions={','.join(columns.positions)}"]
    if columns.velocities:
        parts.append(f"velocities={columns.time}" if columns.time else "velocities")
    else:
        parts.append(f"vectors={','.join(columns.vectors)}")
    parts += [f"{key}={getattr(columns, key)}" for key in ("series", "noise")
              if getattr(columns, key)]  # fmt: skip
    return ";".join(parts)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def guess(columns: Sequence[str]) -> FieldColumns | None:
    """The mapping that usual names suggest, whatever their case; None where they suggest none or
    where positions and vectors would differ in dimension."""
    given = {name.lower(): name for name in reversed(columns)}
    for pattern in _POSITIONS:
        axes = [axis for axis in _AXES if pattern.format(axis) in given]
        if axes not in (["x", "y"], ["x", "y", "z"]):
            continue
        candidates = [["u", "v", "w"], *([p.format(a) for a in _AXES] for p in _VECTORS)]
        for names in candidates:
            held = [name for name in names if name in given]
            if held == names[: len(axes)]:
                positions = [pattern.format(axis) for axis in axes]
                return _guessed(given, positions, held)
    numbered = _numbered(given, "x")
    if len(numbered) >= 2 and len(_numbered(given, "v")) == len(numbered):
        return _guessed(given, numbered, _numbered(given, "v"))
    return None


def _numbered(given: Mapping[str, str], letter: str) -> list[str]:
    count = sum(bool(re.fullmatch(rf"{letter}[1-9]\d*", name)) for name in given)
    names = [f"{letter}{k + 1}" for k in range(count)]
    return names if all(name in given for name in names) else []


def _guessed(
    given: Mapping[str, str], positions: Sequence[str], vectors: Sequence[str]
) -> FieldColumns:
    noise = next((name for name in _NOISE if name in given), "")
    return FieldColumns(
        positions=tuple(given[name] for name in positions),
        vectors=tuple(given[name] for name in vectors),
        noise=given.get(noise, ""),
    )


def chosen(raw: Raw, fields: str) -> FieldColumns:
    """The mapping for a file: that of the text, or the guessed one for "auto"."""
    if fields.strip().lower() != AUTO:
        return parse(fields)
    found = guess(raw.columns)
    if found is None:
        held = raw.columns or tuple(raw.labels)
        raise OpenError(
            f"No columns of '{raw.name}' are called as positions and vectors usually are: it has "
            f"{few(held)}; say which are which, as in '{FORM}'."
        )
    return found


def to_samples(raw: Raw, columns: FieldColumns) -> VectorSamples:
    """The vectors that columns hold.

    Rows without a vector are unobserved points; rows without a position are left out. Columns with
    no role, and those of time and series, become labels.

    Raises
    ------
    OpenError
        When a column is missing or is text, a value is infinite, or no row has a vector.
    """
    roles = [*columns.positions, *columns.vectors]
    roles += [name for name in (columns.time, columns.noise) if name]
    values = {name: _finite(raw, name) for name in roles}
    positions = np.column_stack([values[name] for name in columns.positions])
    placed = np.asarray(np.isfinite(positions).all(axis=1))
    if columns.velocities:
        time = values[columns.time] if columns.time else np.arange(len(positions), dtype=np.float64)
        series = _column(raw, columns.series) if columns.series else None
        vectors = velocities(positions, time, series, name=raw.name, time_name=columns.time)
    else:
        vectors = np.column_stack([values[name] for name in columns.vectors])
    taken = {*columns.positions, *columns.vectors, columns.noise}
    labels = {key: column for key, column in raw.labels.items() if key not in taken}
    labels |= {
        key: raw.numbers[:, k] for k, key in enumerate(raw.columns) if key not in taken | {*labels}
    }
    remarks = [*raw.remarks, _sentence(columns)]
    if not placed.all():
        remarks.append(
            f"Left out {int((~placed).sum())} of {len(placed)} rows: their position is missing."
        )
    unit = _common_unit(raw, columns.positions)
    return assemble(
        name=raw.name,
        spec=raw.spec,
        positions=positions[placed],
        vectors=vectors[placed],
        noise=values[columns.noise][placed] if columns.noise else None,
        labels={key: column[placed] for key, column in labels.items()},
        axes=columns.positions,
        unit=unit,
        vector_unit=_vector_unit(raw, columns, unit),
        remarks=remarks,
    )


def assemble(
    *,
    name: str,
    spec: str,
    positions: Floats,
    vectors: Floats,
    faces: NDArray[np.int64] | None = None,
    truth: Floats | None = None,
    noise: Floats | None = None,
    observed: NDArray[np.bool_] | None = None,
    labels: Mapping[str, Array],
    axes: tuple[str, ...] = (),
    unit: str = "",
    vector_unit: str = "",
    remarks: Sequence[str] = (),
) -> VectorSamples:
    """Vectors (n, D) at finite positions (n, D), observed where all D components are there.

    `observed` (n,) holds some of them back: they stay in the data, but nothing learns from them
    until they are put in.

    Raises
    ------
    OpenError
        For fewer than two points, no vector at all, or noise that is not above zero at a vector.
    """
    known = np.asarray(np.isfinite(vectors).all(axis=1))
    observed = known if observed is None else known & observed
    if len(positions) < 2:
        raise OpenError(f"'{name}' has {len(positions)} points; at least 2 are needed.")
    if not observed.any():
        raise OpenError(f"'{name}' has no complete vector at any of its {len(positions)} points.")
    if noise is not None:
        wrong = observed & ~(noise > 0)
        if wrong.any():
            raise OpenError(
                f"The noise in '{name}' must be above zero wherever there is a vector; it is not "
                f"at {int(wrong.sum())} of {int(observed.sum())} points."
            )
        # What is not observed has no noise, but a number keeps sums over all rows finite.
        noise = np.where(observed, noise, 1.0)
    return VectorSamples(
        name=name,
        spec=spec,
        positions=positions,
        vectors=np.where(known[:, None], vectors, np.nan),
        observed=observed,
        faces=np.empty((0, 3), np.int64) if faces is None else faces,
        truth=truth,
        noise=np.empty(0) if noise is None else noise,
        labels=labels,
        axes=axes,
        unit=unit,
        vector_unit=vector_unit,
        remarks=(*remarks, f"Vectors at {int(observed.sum())} of {len(observed)} points."),
    )


def few(names: Sequence[str], most: int = 6) -> str:
    """The first names, separated by commas."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _column(raw: Raw, name: str) -> Array:
    if name in raw.columns:
        return raw.numbers[:, raw.columns.index(name)]
    if name in raw.labels:
        return raw.labels[name]
    raise OpenError(
        f"'{raw.name}' has no column '{name}'; it has {few((*raw.columns, *raw.labels), 12)}."
    )


def _finite(raw: Raw, name: str) -> Floats:
    """The numbers (n,) of a column, NaN where missing; infinite ones are refused."""
    column = _column(raw, name)
    if column.dtype.kind not in "biuf":
        raise OpenError(f"Column '{name}' of '{raw.name}' holds text; numbers are needed there.")
    infinite = np.isinf(column)
    if infinite.any():
        raise OpenError(
            f"Row {int(infinite.argmax()) + 1} of '{raw.name}' has an infinite value in column "
            f"'{name}'; leave the cell empty where nothing was measured."
        )
    return np.asarray(column, dtype=np.float64)


def _sentence(columns: FieldColumns) -> str:
    where = f"Positions are {', '.join(columns.positions)}"
    if columns.vectors:
        what = f"vectors are {', '.join(columns.vectors)}"
    else:
        what = f"vectors are their velocities over {columns.time or 'the rows, one step apart'}"
        what += f", within each {columns.series}" if columns.series else ""
    noise = f", noise is {columns.noise}" if columns.noise else ""
    return f"{where}, {what}{noise}."


def _unit_of(raw: Raw, name: str) -> str:
    return raw.units[raw.columns.index(name)] if raw.units and name in raw.columns else ""


def _common_unit(raw: Raw, names: Sequence[str]) -> str:
    units = {_unit_of(raw, name) for name in names}
    return units.pop() if len(units) == 1 else ""


def _vector_unit(raw: Raw, columns: FieldColumns, unit: str) -> str:
    if columns.vectors:
        return _common_unit(raw, columns.vectors)
    time = _unit_of(raw, columns.time) if columns.time else ""
    return f"{unit}/{time}" if unit and time else ""
