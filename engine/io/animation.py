"""A LIVE parameter swept from one value to another, as a moving picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import colour
from engine.io.atomic import replacing
from engine.layers import Array, Field, Picture
from engine.method import DataError
from engine.params import LIVE, parameters, with_values

LEAST = 360
"""Pixels of the longer side, which a coarse grid is enlarged to."""
MOST_FRAMES = 500


def sweep(params: Any, name: str, low: float, high: float, count: int) -> list[Any]:
    """Parameters at `count` values from `low` to `high` of one that is LIVE.

    Raises
    ------
    DataError
        For a name that is not that of a LIVE number, or too many frames.
    """
    numbers = [p for p in parameters(type(params)) if p.effect is LIVE and p.bound is not None]
    if name not in {p.name for p in numbers}:
        legal = ", ".join(p.name for p in numbers)
        raise DataError(f"'{name}' cannot be swept; these can: {legal}.")
    if not 2 <= count <= MOST_FRAMES:
        raise DataError(f"An animation has between 2 and {MOST_FRAMES} frames, not {count}.")
    return [with_values(params, {name: float(v)}) for v in np.linspace(low, high, count)]


def save_animation(
    path: str | Path, method: Any, wanted: Sequence[Any], *, layer: str = "", seconds: float = 4.0
) -> Iterator[int]:
    """Write a GIF of a layer at each of the `wanted` parameters, on one colour scale; yields how
    many frames are done.

    `layer` is the first field or picture when empty.

    Raises
    ------
    DataError
        For another suffix, or a result that is no field on a plane and no picture.
    """
    from PIL import Image

    path = Path(path)
    if path.suffix.lower() != ".gif":
        raise DataError(f"Animations are saved as GIF; '{path.name}' ends in '{path.suffix}'.")
    shown = []
    for number, params in enumerate(wanted, 1):
        shown.append(_chosen(method.evaluate(params).layers, layer))
        yield number
    limits = _limits(shown)
    frames = [Image.fromarray(_pixels(item, limits)) for item in shown]
    with replacing(path) as part:
        frames[0].save(
            part, format="GIF", save_all=True, append_images=frames[1:], loop=0,
            duration=max(20, round(1000 * seconds / len(frames))),
        )  # fmt: skip


def _chosen(layers: Sequence[Any], name: str) -> Field | Picture:
    flat = [
        x for x in layers
        if isinstance(x, Picture) or (isinstance(x, Field) and x.values.ndim == 2)
    ]  # fmt: skip
    found = next((x for x in flat if name in ("", x.name)), None)
    if found is None:
        told = ", ".join(x.name for x in flat) or "none"
        raise DataError(
            f"There is no field on a plane called '{name}' to animate; there is {told}."
        )
    return found


def _limits(shown: Sequence[Field | Picture]) -> tuple[float, float]:
    values = [x.values.ravel() for x in shown if isinstance(x, Field)]
    if not values:
        return 0.0, 1.0
    diverging = isinstance(shown[0], Field) and shown[0].diverging
    return colour.limits(np.concatenate(values), diverging=diverging)


def _pixels(item: Field | Picture, limits: tuple[float, float]) -> Array:
    """Bytes (h, w, 3), enlarged by whole pixels."""
    if isinstance(item, Field):
        name = colour.DIVERGING if item.diverging else item.colormap
        rgb = np.asarray(colour.rgb(item.values.T[::-1], name, limits))
    else:
        rgb = item.values if item.values.ndim == 3 else np.repeat(item.values[:, :, None], 3, 2)
    times = max(1, -(-LEAST // max(rgb.shape[:2])))
    large = np.repeat(np.repeat(rgb[:, :, :3], times, axis=0), times, axis=1)
    return np.round(255 * large.clip(0.0, 1.0)).astype(np.uint8)
