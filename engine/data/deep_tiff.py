"""TIFF files of more than 8 bits, to the last bit; Pillow gives colour ones in 8."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.layers import Array

_LZW = 5


@dataclass(frozen=True, slots=True, eq=False)
class DeepTiff:
    """What the first page holds: `samples` (H, W, C) of its own type, inks as 4 channels; `alpha`
    is "", "plain" or "multiplied" when the last channel is opacity."""

    samples: Array
    alpha: str
    inks: bool
    orientation: int
    profile: bytes
    pages: int
    left_out: int


def is_deep(path: Path) -> bool:
    """Whether the first page holds more than 8 bits of a kind that is read here."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            return _is_deep(file.pages[0])
    except (tifffile.TiffFileError, ValueError, IndexError, KeyError):
        return False


def _is_deep(page: Any) -> bool:
    return page.bitspersample > 8 or (page.dtype is not None and page.dtype.itemsize > 1)


def size(path: Path) -> tuple[int, int, int]:
    """Width and height of the first page, and how many bytes its pixels take."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        return page.imagewidth, page.imagelength, page.nbytes


def read(path: Path) -> DeepTiff:
    """The first page. Raises ValueError in words for what is not read here, anything for a file
    that is damaged."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        told = tifffile.PHOTOMETRIC
        kind = page.photometric
        if page.dtype is None or page.imagedepth > 1 or page.samplesperpixel > 8:
            raise NotImplementedError("an unusual type of number or a volume")
        if kind not in (told.MINISBLACK, told.MINISWHITE, told.RGB, told.SEPARATED):
            raise NotImplementedError(f"colours of the kind {told(kind).name}")
        if max(a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=True)) > (
            path.stat().st_size
        ):
            raise EOFError("cut off")
        values = _pixels(page)
        colours = {told.RGB: 3, told.SEPARATED: 4}.get(kind, 1)
        if kind == told.MINISWHITE:
            top = np.iinfo(values.dtype).max if values.dtype.kind == "u" else values.dtype.type(1)
            values = top - values
        extra = [int(k) for k in page.extrasamples]
        alpha = {1: "multiplied", 2: "plain"}.get(extra[0], "") if extra else ""
        used = colours + bool(alpha)
        tags = page.tags
        return DeepTiff(
            samples=values[..., :used],
            alpha=alpha,
            inks=kind == told.SEPARATED,
            orientation=int(tags.valueof(274, 1)),
            profile=bytes(tags.valueof(34675, b"")),
            pages=len(file.pages),
            left_out=values.shape[2] - used,
        )


def _pixels(page: Any) -> Array:
    """(H, W, C), whatever the order and packing in the file."""
    values: Array = _unpacked(page) if page.compression == _LZW else page.asarray()
    # (separate channels, depth, H, W, channels of a pixel)
    planes = values.reshape(page.shaped)[:, 0]
    return np.concatenate(planes, axis=-1) if len(planes) > 1 else planes[0]


def _unpacked(page: Any) -> Array:
    """LZW is undone by libtiff, part by part; the rest is done as if nothing had been packed."""
    found = np.zeros(page.shaped, page.dtype)
    page.compression = 1
    wide = (page.tilewidth if page.is_tiled else page.imagewidth) * page.dtype.itemsize
    wide *= page.samplesperpixel if page.planarconfig == 1 else 1
    high = page.tilelength if page.is_tiled else page.rowsperstrip
    handle = page.parent.filehandle
    for index, (at, count) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        handle.seek(at)
        rows = high
        if not page.is_tiled:
            in_plane = index % math.ceil(page.imagelength / high)
            rows = min(high, page.imagelength - in_plane * high)
        plain = _without_lzw(handle.read(count), wide, rows)
        part, place, shape = page.decode(plain, index)
        s, d, h, w, _ = place
        into = found[s, d : d + shape[0], h : h + shape[1], w : w + shape[2]]
        into[:] = part[: into.shape[0], : into.shape[1], : into.shape[2]]
    return found


def _without_lzw(data: bytes, width: int, height: int) -> bytes:
    """Unpack through a TIFF of one grey strip of 8 bits that holds the same packed bytes."""
    from PIL.TiffImagePlugin import TiffImageFile

    tags = (
        (256, width), (257, height), (258, 8), (259, _LZW), (262, 1), (273, 8 + 2 + 9 * 12 + 4),
        (277, 1), (278, height), (279, len(data)),
    )  # fmt: skip
    parts = [b"II*\0" + (8).to_bytes(4, "little"), len(tags).to_bytes(2, "little")]
    for tag, value in tags:
        parts.append(b"".join(n.to_bytes(k, "little") for n, k in ((tag, 2), (4, 2), (1, 4))))
        parts.append(value.to_bytes(4, "little"))
    with TiffImageFile(io.BytesIO(b"".join([*parts, bytes(4), data]))) as strip:
        strip.load()
        return strip.tobytes()
