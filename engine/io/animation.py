"""A LIVE parameter swept from one value to another, as a moving picture: GIF, or MP4 by ffmpeg."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
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
    """Write a GIF or MP4 of a layer at each of the `wanted` parameters, on one colour scale; yields
    how many frames are done.

    `layer` is the first field or picture when empty.

    Raises
    ------
    DataError
        For another suffix, an MP4 without imageio-ffmpeg, or a result that is no field on a plane
        and no picture.
    """
    path = Path(path)
    if path.suffix.lower() not in (".gif", ".mp4"):
        raise DataError(
            f"Animations are saved as GIF or MP4; '{path.name}' ends in '{path.suffix}'."
        )
    if path.suffix.lower() == ".mp4" and find_spec("imageio_ffmpeg") is None:
        raise DataError(
            "MP4 needs ffmpeg: 'pip install imageio-ffmpeg', or save the animation as GIF."
        )
    shown = []
    for number, params in enumerate(wanted, 1):
        shown.append(_chosen(method.evaluate(params).layers, layer))
        yield number
    limits = _limits(shown)
    frames = [_pixels(item, limits) for item in shown]
    with replacing(path) as part:
        (_gif if path.suffix.lower() == ".gif" else _mp4)(part, frames, seconds)


def _gif(part: Path, frames: Sequence[Array], seconds: float) -> None:
    from PIL import Image

    first, *rest = (Image.fromarray(pixels) for pixels in frames)
    pause = max(20, round(1000 * seconds / len(frames)))
    first.save(part, format="GIF", save_all=True, append_images=rest, loop=0, duration=pause)


def _mp4(part: Path, frames: Sequence[Array], seconds: float) -> None:
    """H.264 as every player reads it: even sides, colours at half resolution."""
    import imageio_ffmpeg

    even = [np.ascontiguousarray(_even(pixels)) for pixels in frames]
    height, width = even[0].shape[:2]
    # ffmpeg goes by the end of the name, which a file in the making has not got.
    writer = imageio_ffmpeg.write_frames(
        str(part), (width, height), fps=len(frames) / seconds, codec="libx264",
        pix_fmt_out="yuv420p", macro_block_size=1, output_params=["-f", "mp4", "-crf", "16"],
    )  # fmt: skip
    try:
        writer.send(None)
        for pixels in even:
            writer.send(pixels)
    except OSError as error:
        raise DataError(f"ffmpeg could not make the film: {str(error).splitlines()[0]}") from error
    finally:
        writer.close()
    if not part.is_file() or not part.stat().st_size:
        raise DataError("ffmpeg made no film; save the animation as GIF.")


def _even(pixels: Array) -> Array:
    """The last row and column twice where their number is odd."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


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
