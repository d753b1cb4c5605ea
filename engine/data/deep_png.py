"""PNG files of 16 bits, to the last bit: Pillow by itself gives those of several channels in 8.

Its decoder is asked for the two bytes of each number as if they were two numbers of 8 bits. The
filters of PNG work on bytes at the distance of a pixel's size, so that nothing else changes.
W3C, Portable Network Graphics (PNG) Specification (Third Edition), sections 9 and 11.2.1.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

import numpy as np

from engine.layers import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _GREY_ALPHA, _RGBA = 0, 2, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _GREY_ALPHA: 2, _RGBA: 4}
_AS_BYTES = {_GREY: _GREY_ALPHA, _GREY_ALPHA: _RGBA}
"""The type of 8 bits that has pixels of the same size."""


@dataclass(frozen=True, slots=True)
class Header:
    width: int
    height: int
    kind: int

    @property
    def channels(self) -> int:
        return _CHANNELS[self.kind]


def header(head: bytes) -> Header:
    """From the first 33 bytes of a file."""
    width, height = (int.from_bytes(head[k : k + 4], "big") for k in (16, 20))
    return Header(width, height, head[25])


def is_deep(head: bytes) -> bool:
    """Whether the file has 16 bits in each channel."""
    return head[:8] == SIGNATURE and head[24:25] == b"\x10" and head[25] in _CHANNELS


def samples(content: bytes) -> Array:
    """The pixels of a file of 16 bits, (H, W, C) uint16; grey, grey with opacity, RGB or RGBA.

    Raises
    ------
    OSError, SyntaxError, ValueError
        For a file that is cut off or damaged.
    """
    about = header(content)
    shape = (about.height, about.width, about.channels)
    if about.kind in _AS_BYTES:
        declared = content[12:24] + bytes([8, _AS_BYTES[about.kind]]) + content[26:29]
        patched = content[:12] + declared + zlib.crc32(declared).to_bytes(4, "big") + content[33:]
        return _decoded(patched, "").reshape(-1).view(">u2").reshape(shape).astype(np.uint16)
    name = "RGB" if about.kind == _RGB else "RGBA"
    # Read as big-endian the high bytes are kept; read as little-endian the low ones.
    found = _decoded(content, f"{name};16B").astype(np.uint16)
    found <<= 8
    found |= _decoded(content, f"{name};16L")
    return found


def _decoded(content: bytes, packing: str) -> Array:
    """Bytes (H, W, channels) by Pillow's decoder, told how pixels are packed."""
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(io.BytesIO(content)) as opened:
        if packing:
            opened.tile = [tile._replace(args=packing) for tile in opened.tile]
        opened.load()
        return np.asarray(opened)
