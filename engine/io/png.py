"""PNG files of 8 and 16 bits with opacity, colour profile and text.

W3C, Portable Network Graphics (PNG) Specification (Third Edition), sections 5, 9 and 11.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from engine.layers import Array

_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}
_PAETH = 4
_AT_ONCE = 4_000_000
"""Bytes of pixels that are filtered at a time."""


def write(
    path: Path,
    samples: Array,
    *,
    profile: bytes,
    texts: Mapping[str, str],
    exif: bytes = b"",
    per_inch: tuple[float, float] | None = None,
) -> None:
    """`samples` (H, W, C) uint8 or uint16; grey, grey with opacity, RGB or RGBA. `exif` is a block
    without the word that precedes it in JPEG; `per_inch` are pixels across and down."""
    height, width, channels = samples.shape
    bits = 8 * samples.dtype.itemsize
    sides = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(_chunk(b"IHDR", sides + bytes([bits, _KINDS[channels], 0, 0, 0])))
        if profile:
            file.write(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
        if per_inch:
            x, y = (round(value / 0.0254).to_bytes(4, "big") for value in per_inch)
            file.write(_chunk(b"pHYs", x + y + b"\1"))
        if exif:
            file.write(_chunk(b"eXIf", exif))
        for key, text in texts.items():
            # International text: uncompressed, of no language, with no translated key.
            file.write(_chunk(b"iTXt", key.encode() + bytes(5) + text.encode()))
        for data in _packed(samples):
            file.write(_chunk(b"IDAT", data))
        file.write(_chunk(b"IEND", b""))


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(data, zlib.crc32(kind))
    return len(data).to_bytes(4, "big") + kind + data + check.to_bytes(4, "big")


def _packed(samples: Array) -> Iterator[bytes]:
    height, width, channels = samples.shape
    step = channels * samples.dtype.itemsize
    rows = max(1, _AT_ONCE // (step * width))
    packer = zlib.compressobj()
    above = np.zeros((1, width * step), np.uint8)
    for top in range(0, height, rows):
        part = samples[top : top + rows]
        big = np.ascontiguousarray(part, part.dtype.newbyteorder(">"))
        plain = big.view(np.uint8).reshape(len(part), -1)
        data = packer.compress(_filtered(plain, above, step).data)
        above = plain[-1:]
        if data:
            yield data
    yield packer.flush()


def _filtered(plain: Array, above: Array, step: int) -> Array:
    """Each byte less the nearest of its three neighbours (Paeth), with the filter's number first
    in each row."""
    own = plain.astype(np.int16)
    b = np.concatenate([above, plain[:-1]]).astype(np.int16)
    a, c = np.zeros_like(own), np.zeros_like(own)
    a[:, step:], c[:, step:] = own[:, :-step], b[:, :-step]
    of_a, of_b, of_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    guess = np.where((of_a <= of_b) & (of_a <= of_c), a, np.where(of_b <= of_c, b, c))
    found = np.empty((len(plain), plain.shape[1] + 1), np.uint8)
    found[:, 0] = _PAETH
    found[:, 1:] = own - guess & 255
    return found
