"""What a person sees: small frozen records of read-only arrays.

A method returns layers and never asks for a widget; a view draws one kind of layer and never asks
which method made it. Exports go by kind of layer as well.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Role = Literal["prediction", "truth", "error", "uncertainty", "data", "diagnostic"]


class Standing(enum.IntEnum):
    """What a row of the data is to a picture that was learnt from some of the rows."""

    UNKNOWN = 0
    """Nothing is known of it to learn from."""
    KNOWN = 1
    """Something is known, but was not observed: kept to judge by, until it is put in."""
    PUT_IN = 2
    """Not observed, and learnt from all the same."""
    TAKEN_OUT = 3
    """Observed, and not learnt from."""
    OBSERVED = 4
    """Observed and learnt from."""


USED = (Standing.PUT_IN, Standing.OBSERVED)


@dataclass(frozen=True, slots=True)
class Axis:
    """A coordinate's name and unit; `log` asks for a logarithmic scale."""

    name: str
    unit: str = ""
    log: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


def _frozen(value: Any) -> Any:
    """A read-only view (of a C-contiguous array); the owner must not write to its memory again."""
    if isinstance(value, np.ndarray):
        view = np.ascontiguousarray(value).view()
        view.flags.writeable = False
        return view
    if isinstance(value, Mapping):
        return {key: _frozen(item) for key, item in value.items()}
    return value


class _Sealed:
    """Makes every array of a layer read-only after construction."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, item.name, _frozen(getattr(self, item.name)))
        self._check()

    def _check(self) -> None: ...

    def arrays(self) -> dict[str, Array]:
        """Every array of the layer under a flat name, for exports and for equality tests."""
        found: dict[str, Array] = {}
        for item in fields(self):  # type: ignore[arg-type]
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                found[item.name] = value
            elif isinstance(value, dict):
                for key, inner in value.items():
                    if isinstance(inner, np.ndarray):
                        found[f"{item.name}.{key}"] = inner
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spots(_Sealed):
    """Places in a picture that a hand adds, moves and takes away.

    `sets` names the LIVE parameter, a tuple of numbers, that holds them row after row: `rows` (n,
    k), drawn at `shown` (n, 2). Over a curve a row is its place and the height over the line named
    `along`. On a field it is `before` (the place of a slice along the further coordinate), the two
    coordinates, and the values there: of `values` (n_1, n_2, m) on its grid, where there are any,
    otherwise the field's own. The `pale` ones (n,) are of another slice.
    """

    sets: str
    rows: Array
    shown: Array
    along: str = ""
    before: tuple[float, ...] = ()
    values: Array = field(default_factory=lambda: np.empty((0, 0, 0)))
    pale: Array = field(default_factory=lambda: np.empty(0, bool))

    def _check(self) -> None:
        if len(self.rows) != len(self.shown) or self.shown.shape[1:] != (2,):
            raise ValueError(f"Spots need a place each, got {self.shown.shape}.")
        if len(self.pale) not in (0, len(self.rows)):
            raise ValueError(f"{len(self.rows)} spots, but {len(self.pale)} say of which slice.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field(_Sealed):
    """Values on a regular grid, `values` of shape (n_1, .., n_d), d = 1..3, one extent per axis.

    Along an axis that is `log` the grid is even in the logarithm. `quantity` names what the values
    are of, where there are several (a velocity, a pressure). `contours` are values to draw
    lines at, `limits` those that colours are suggested to lie between, `marks` name -> place in the
    units of the axes, `paths` name -> places (m, 2) on a plane joined by a line, the first in full
    and the others broken. `steers` names the LIVE parameters that the first two axes stand for: a
    hand may set them in the picture, where the first mark follows it. `spots` are places on a plane
    that a hand adds, moves and takes away. `slice_of` names the LIVE parameter, a share from 0 to
    1, by which the field is a slice of one with a further coordinate, `slice_axis`, which has
    slices at the evenly spaced `slice_places`.
    """

    name: str
    role: Role
    values: Array
    extent: tuple[tuple[float, float], ...]
    axes: tuple[Axis, ...]
    unit: str = ""
    quantity: str = ""
    colormap: str = "viridis"
    diverging: bool = False
    contours: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None
    marks: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    paths: Mapping[str, Array] = field(default_factory=dict)
    steers: tuple[str, ...] = ()
    spots: Spots | None = None
    slice_of: str = ""
    slice_axis: Axis = Axis("")
    slice_places: tuple[float, ...] = ()

    def _check(self) -> None:
        for name, path in self.paths.items():
            if path.ndim != 2 or path.shape[1] != 2:
                raise ValueError(f"Path '{name}' needs places (m, 2), got {path.shape}.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points(_Sealed):
    """Positions (n, 2) or (n, 3) and any number of per-point columns (n,), numbers or text.

    `colour_by` names the column to colour by at first; `ids` is the row of the data set that each
    point stands for (int64, (n,)), the identity when empty; `half_axes` (n, d, 2) are those of an
    ellipse around each point, none when empty.
    """

    name: str
    role: Role
    positions: Array
    axes: tuple[Axis, ...]
    columns: Mapping[str, Array] = field(default_factory=dict)
    ids: Array = field(default_factory=lambda: np.empty(0, np.int64))
    half_axes: Array = field(default_factory=lambda: np.empty((0, 0, 2)))
    colour_by: str = ""
    colormap: str = "viridis"
    equal_scale: bool = True

    def _check(self) -> None:
        n = len(self.positions)
        if self.positions.ndim != 2 or self.positions.shape[1] not in (2, 3):
            raise ValueError(f"Points need positions (n, 2) or (n, 3), got {self.positions.shape}.")
        for key, column in self.columns.items():
            if column.shape != (n,):
                raise ValueError(f"Column '{key}' has shape {column.shape}, expected ({n},).")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrows(_Sealed):
    """Vectors (n, d) at positions (n, d), d = 2 or 3, with per-arrow columns.

    `ids` is the row of the data set that each arrow stands for, the identity when empty; `faces`
    (m, 3) are triangles of the surface that the arrows lie on, if there is one. A vector with a
    NaN is no arrow, but its position is still a point. `covariance` (n, t, t) is that of each
    vector's components along the columns of `frames` (n, d, t); both or neither. `attached` are
    arrays with a row for each arrow that go into files and are not drawn; `diverging` names the
    columns whose zero means something, to be coloured about it. `steers` names the LIVE parameter
    that holds a row: picking a point sets it.

    `standing` (n,) uint8 says of each row whether the arrows were learnt from it (`Standing`).
    `paints` names the two parameters (`engine.params.Rows`) by which a hand may change that: of
    the rows taken out and of those put in.
    """

    name: str
    role: Role
    positions: Array
    vectors: Array
    axes: tuple[Axis, ...]
    columns: Mapping[str, Array] = field(default_factory=dict)
    ids: Array = field(default_factory=lambda: np.empty(0, np.int64))
    faces: Array = field(default_factory=lambda: np.empty((0, 3), np.int64))
    frames: Array = field(default_factory=lambda: np.empty((0, 0, 0)))
    covariance: Array = field(default_factory=lambda: np.empty((0, 0, 0)))
    attached: Mapping[str, Array] = field(default_factory=dict)
    unit: str = ""
    colour_by: str = ""
    colormap: str = "viridis"
    diverging: tuple[str, ...] = ()
    steers: str = ""
    standing: Array = field(default_factory=lambda: np.empty(0, np.uint8))
    paints: tuple[str, ...] = ()

    @property
    def equal_scale(self) -> bool:
        """Lengths of arrows mean something only where all axes have one scale."""
        return True

    def _check(self) -> None:
        if self.positions.ndim != 2 or self.positions.shape[1] not in (2, 3):
            raise ValueError(f"Arrows need positions (n, 2) or (n, 3), got {self.positions.shape}.")
        if self.vectors.shape != self.positions.shape:
            raise ValueError(f"Vectors {self.vectors.shape} at {self.positions.shape} positions.")
        if len(self.covariance):
            n, d = self.positions.shape
            t = self.frames.shape[-1]
            if self.frames.shape != (n, d, t) or self.covariance.shape != (n, t, t):
                raise ValueError(
                    f"Covariance {self.covariance.shape} in frames {self.frames.shape} at "
                    f"{self.positions.shape} positions."
                )
        if len(self.standing) not in (0, len(self.positions)) or len(self.paints) not in (0, 2):
            raise ValueError("Arrows need a standing for each row, and two parameters to paint.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface(_Sealed):
    """A triangle mesh: vertices (n, 3), faces (m, 3) int, and values (n,) on the vertices."""

    name: str
    role: Role
    vertices: Array
    faces: Array
    values: Array
    axes: tuple[Axis, ...]
    unit: str = ""
    colormap: str = "viridis"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture(_Sealed):
    """An image (h, w) or (h, w, 3 or 4), float in [0, 1], row 0 at the top.

    `size` (height, width) is that of the whole in pixels where `values` are a coarser picture of
    it; `inset` (h', w'[, c]) are then pixels of the whole itself, with their first row and column
    at `inset_at`: what a preview shows sharply.

    `paints` maps the LIVE parameter that a hand may paint onto the picture to the factors (n, n)
    that hold now, on a square grid over the whole. The parameter holds them row by row, and is
    empty where all are 1.
    """

    name: str
    role: Role
    values: Array
    colormap: str = "gray"
    size: tuple[int, int] = (0, 0)
    inset: Array = field(default_factory=lambda: np.empty((0, 0), np.float32))
    inset_at: tuple[int, int] = (0, 0)
    paints: Mapping[str, Array] = field(default_factory=dict)

    def _check(self) -> None:
        for name, factors in self.paints.items():
            if factors.ndim != 2 or factors.shape[0] != factors.shape[1]:
                raise ValueError(f"'{name}' is painted on a square, got {factors.shape}.")

    @property
    def whole(self) -> tuple[int, int]:
        """Height and width of the whole, in pixels."""
        return self.size if self.size != (0, 0) else (self.values.shape[0], self.values.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves(_Sealed):
    """Lines over one abscissa: `x` (k,), `lines` name -> (k,), `marks` name -> x of a vertical.

    `stems` asks for a stem at each x instead of a connected line for the first of them (a
    spectrum); the others run over it. `steers` names the LIVE parameter that the abscissa stands
    for: a hand may set it in the picture.

    `handles` are places that a hand may move: LIVE parameters of several numbers with the values
    (q,) that the first q of `x` were drawn from, in the order abscissas, heights and, if there is a
    third, widths along the abscissa. `spots` are places that a hand adds and takes away as well.
    `ceiling` is where a picture ends above, where a few values would flatten all others: those are
    cut off there and named.
    """

    name: str
    role: Role
    x: Array
    lines: Mapping[str, Array]
    axes: tuple[Axis, Axis]
    marks: Mapping[str, float] = field(default_factory=dict)
    stems: bool = False
    steers: str = ""
    handles: Mapping[str, Array] = field(default_factory=dict)
    spots: Spots | None = None
    ceiling: float | None = None

    def _check(self) -> None:
        for key, line in self.lines.items():
            if line.shape != self.x.shape:
                raise ValueError(f"Line '{key}' has shape {line.shape}, x has {self.x.shape}.")
        counts = {len(values) for values in self.handles.values()}
        if len(self.handles) not in (0, 2, 3) or len(counts) > 1:
            raise ValueError("Handles are two or three parameters of as many numbers each.")

    def beyond(self) -> list[tuple[float, str]]:
        """Where lines go beyond the ceiling: the abscissa of the highest value of each such place,
        and the values there in words."""
        if self.ceiling is None:
            return []
        over = np.any([line > self.ceiling for line in self.lines.values()], axis=0)
        starts = np.flatnonzero(np.diff(over.astype(int), prepend=0) == 1)
        ends = np.flatnonzero(np.diff(over.astype(int), append=0) == -1) + 1
        found = []
        for first, last in zip(starts, ends, strict=True):
            highest = {name: float(line[first:last].max()) for name, line in self.lines.items()}
            told = ", ".join(f"{n} {v:.2g}" for n, v in highest.items() if v > self.ceiling)
            top = np.argmax(np.max([line[first:last] for line in self.lines.values()], axis=0))
            found.append((float(self.x[first + top]), f"↑ {told}"))
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix(_Sealed):
    """A dense matrix (n, m) shown as a picture, with the meaning of its rows and columns."""

    name: str
    role: Role
    values: Array
    axes: tuple[Axis, Axis]
    unit: str = ""
    colormap: str = "viridis"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network(_Sealed):
    """Edges (m, 2) int32 between the points of the layer named `over`, with weights (m,).

    `grave` (m,) marks edges that something is wrong with; `columns` are further numbers (m,).
    """

    name: str
    role: Role
    over: str
    edges: Array
    weights: Array
    grave: Array = field(default_factory=lambda: np.empty(0, np.bool_))
    columns: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Markers(_Sealed):
    """Labelled places (n, d) with columns (n,) of what is known of each: singularities, handles,
    picked points."""

    name: str
    role: Role
    positions: Array
    labels: tuple[str, ...]
    axes: tuple[Axis, ...]
    columns: Mapping[str, Array] = field(default_factory=dict)

    def _check(self) -> None:
        counts = {"label": len(self.labels), **{k: len(v) for k, v in self.columns.items()}}
        for key, count in counts.items():
            if count != len(self.positions):
                raise ValueError(f"{count} of '{key}' for {len(self.positions)} places.")


Layer: TypeAlias = Field | Points | Arrows | Surface | Picture | Curves | Matrix | Network | Markers
