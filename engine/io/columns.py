"""Any layer as columns of equal length, for tables that know nothing but columns."""

from __future__ import annotations

import functools

import numpy as np

from engine.layers import (
    Array,
    Arrows,
    Axis,
    Curves,
    Field,
    Layer,
    Markers,
    Matrix,
    Network,
    Picture,
    Points,
    Surface,
)


def columns_of(layer: Layer) -> dict[str, Array]:
    """Column titles, with units, to values (n,); a grid gives one row per node."""
    return _columns(layer)


@functools.singledispatch
def _columns(layer: object) -> dict[str, Array]:
    raise TypeError(f"No columns for {type(layer).__name__}.")


def _titled(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _join(*parts: dict[str, Array]) -> dict[str, Array]:
    """All columns in order; a title that comes again gets a number."""
    out: dict[str, Array] = {}
    for part in parts:
        for title, values in part.items():
            count, free = 2, title
            while free in out:
                free, count = f"{title} {count}", count + 1
            out[free] = values
    return out


def _along(axes: tuple[Axis, ...], positions: Array) -> dict[str, Array]:
    names = [str(a) for a in axes] + [f"axis {k + 1}" for k in range(len(axes), 3)]
    return _join(*({names[k]: positions[:, k]} for k in range(positions.shape[1])))


@_columns.register
def _points(layer: Points) -> dict[str, Array]:
    return _join(_along(layer.axes, layer.positions), dict(layer.columns))


@_columns.register
def _arrows(layer: Arrows) -> dict[str, Array]:
    parts = {
        _titled(f"along {axis.name}", layer.unit): layer.vectors[:, k]
        for k, axis in enumerate(layer.axes)
    }
    spread = {**_entries("frame", layer.frames), **_entries("covariance", layer.covariance)}
    rest = [_entries(name, array) for name, array in layer.attached.items()]
    return _join(_along(layer.axes, layer.positions), parts, dict(layer.columns), spread, *rest)


def _entries(name: str, array: Array) -> dict[str, Array]:
    """One column for each entry of the arrays in (n, ..), counted from 1."""
    if not len(array):
        return {}
    places = np.ndindex(array.shape[1:])
    return {" ".join([name, *(str(i + 1) for i in at)]): array[(slice(None), *at)] for at in places}


@_columns.register
def _curves(layer: Curves) -> dict[str, Array]:
    unit = layer.axes[1].unit
    lines = {_titled(name, unit): line for name, line in layer.lines.items()}
    # What handles hold beside their place and height has no line of its own.
    more = {name.replace("_", " "): _padded(values, len(layer.x))
            for name, values in list(layer.handles.items())[2:]}  # fmt: skip
    return _join({str(layer.axes[0]): layer.x}, lines, more)


def _padded(values: Array, count: int) -> Array:
    """With NaN behind, to a length."""
    return np.concatenate([np.asarray(values, np.float64), np.full(count - len(values), np.nan)])


def middles_of(layer: Field, k: int) -> Array:
    """Places of the nodes along axis k. A node sits in the middle of its cell: the extent is the
    outer edge of the grid, which is even in the logarithm along an axis that is logarithmic."""
    return _along_grid(layer, k, np.arange(layer.values.shape[k]) + 0.5)


def edges_of(layer: Field, k: int) -> Array:
    """Edges of the cells along axis k."""
    return _along_grid(layer, k, np.arange(layer.values.shape[k] + 1.0))


def _along_grid(layer: Field, k: int, steps: Array) -> Array:
    (low, high), size = layer.extent[k], layer.values.shape[k]
    if layer.axes[k].log:
        return np.asarray(low * (high / low) ** (steps / size))
    return np.asarray(low + steps * (high - low) / size)


@_columns.register
def _field(layer: Field) -> dict[str, Array]:
    middles = [middles_of(layer, k) for k in range(layer.values.ndim)]
    grids = np.meshgrid(*middles, indexing="ij")
    places = [{str(a): grid.ravel()} for a, grid in zip(layer.axes, grids, strict=True)]
    return _join(*places, {_titled(layer.name, layer.unit): layer.values.ravel()})


@_columns.register
def _matrix(layer: Matrix) -> dict[str, Array]:
    rows, columns = np.indices(layer.values.shape)
    value = {_titled(layer.name, layer.unit): layer.values.ravel()}
    return _join({str(layer.axes[0]): rows.ravel()}, {str(layer.axes[1]): columns.ravel()}, value)


@_columns.register
def _picture(layer: Picture) -> dict[str, Array]:
    rows, columns = np.indices(layer.values.shape[:2])
    channels = layer.values.reshape(rows.size, -1)
    names = ("value",) if channels.shape[1] == 1 else ("red", "green", "blue", "alpha")
    values = {name: channels[:, k] for k, name in enumerate(names[: channels.shape[1]])}
    return _join({"row": rows.ravel(), "column": columns.ravel()}, values)


@_columns.register
def _network(layer: Network) -> dict[str, Array]:
    ends = {"from": layer.edges[:, 0], "to": layer.edges[:, 1]}
    return _join(ends, {"weight": layer.weights}, dict(layer.columns))


@_columns.register
def _surface(layer: Surface) -> dict[str, Array]:
    value = {_titled(layer.name, layer.unit): layer.values}
    return _join(_along(layer.axes, layer.vertices), value)


@_columns.register
def _markers(layer: Markers) -> dict[str, Array]:
    labels = {"label": np.array(layer.labels, dtype=str)}
    return _join(_along(layer.axes, layer.positions), labels, dict(layer.columns))
