"""Arrays as the bytes of a safetensors file, with the interpreter let go while they are copied.

The library's own `save` keeps it for three copies: of a photograph of 40 megapixels long enough for
a window to stand still for seconds. The format: eight bytes with the length of a JSON header, the
header, and the arrays one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from engine.layers import Array

_NAMES = {
    "f2": "F16", "f4": "F32", "f8": "F64", "b1": "BOOL",
    "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64",
    "u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64",
}  # fmt: skip
CHUNK = 16_000_000


def encoded(arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """The file's bytes; arrays are C-contiguous and little-endian. Raises KeyError for a type that
    the format does not have."""
    # The widest first, so that every array begins at a multiple of its width.
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, array in ordered:
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.str[1:]],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = 8 + len(text)
    whole = np.empty(start + end, np.uint8)
    whole[:8] = np.frombuffer(len(text).to_bytes(8, "little"), np.uint8)
    whole[8:start] = np.frombuffer(text, np.uint8)
    for _, array in ordered:
        flat = array.reshape(-1).view(np.uint8) if array.size else np.empty(0, np.uint8)
        for at in range(0, len(flat), CHUNK):
            part = flat[at : at + CHUNK]
            whole[start + at : start + at + len(part)] = part
        start += array.nbytes
    view: bytes = whole.data  # type: ignore[assignment]
    return view
