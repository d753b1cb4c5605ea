"""What a camera or a scanner noted in a picture file: EXIF, resolution, description.

Kept as the bytes of an EXIF block (a TIFF file without pixels, little-endian) with all values as
they were. Orientation is left out, for pictures here are upright, and so are the embedded small
picture, which shows what was before, and everything that says how pixels lay in the file.

CIPA DC-008-2019 (EXIF 2.32), section 4.5 and 4.6; Adobe, TIFF Revision 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

DESCRIPTION, SOFTWARE, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 270, 305, 282, 283, 296
CAMERA, PLACE = 34665, 34853
"""The tags that point at the directories of EXIF and of GPS."""
_ORIENTATION, _INTEROPERABILITY, _MAKER, _WIDTH, _HEIGHT = 274, 40965, 37500, 40962, 40963
_RESOLUTION = (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)
# Description, maker, model, resolution, date, artist, computer, rating, copyright, Windows' words.
_KEPT = frozenset(
    (DESCRIPTION, 271, 272, *_RESOLUTION, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096))
)
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
# Bytes of a value, and of the numbers in it that have an order.
_SIZES = {1: (1, 1), 2: (1, 1), 3: (2, 2), 4: (4, 4), 5: (8, 4), 6: (1, 1), 7: (1, 1), 8: (2, 2),
          9: (4, 4), 10: (8, 4), 11: (4, 4), 12: (8, 8)}  # fmt: skip
_MOST_ENTRIES, _MOST_BYTES = 500, 4_000_000

Entry = tuple[int, bytes]
"""TIFF type and the packed value, little-endian."""
Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Notes:
    """Entries by tag: of the picture, of the camera (EXIF), of the place (GPS)."""

    picture: Mapping[int, Entry] = field(default_factory=dict)
    camera: Mapping[int, Entry] = field(default_factory=dict)
    place: Mapping[int, Entry] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.picture or self.camera or self.place)

    @property
    def description(self) -> bytes:
        return self.picture[DESCRIPTION][1].rstrip(b"\0") if DESCRIPTION in self.picture else b""

    @property
    def per_inch(self) -> tuple[float, float] | None:
        """Pixels per inch across and down, None when they are not known."""
        unit = _number(self.picture.get(RESOLUTION_UNIT))
        x, y = (_number(self.picture.get(tag)) for tag in (X_RESOLUTION, Y_RESOLUTION))
        scale = {2: 1.0, 3: 2.54}.get(int(unit or 2))
        return (scale * x, scale * y) if scale and x and y else None

    def sized(self, width: int, height: int) -> Notes:
        """For a picture of so many pixels, where the camera noted its own."""
        sides = {_WIDTH: width, _HEIGHT: height}
        own = {tag: (_LONG, struct.pack("<I", n)) for tag, n in sides.items() if tag in self.camera}
        return replace(self, camera={**self.camera, **own})

    def without_maker(self) -> Notes:
        """Without the block of the camera's maker, usually the largest."""
        return replace(self, camera={t: e for t, e in self.camera.items() if t != _MAKER})


def of_file(path: Path, kind: str) -> Notes:
    """Of a file of the format `kind`, as in `picture_files.kind_of`; nothing where there is nothing
    or it is broken, for the picture may still be whole."""
    read = {"jpeg": _of_jpeg, "png": _of_png, "webp": _of_webp, "tiff": _of_tiff_file}.get(kind)
    if read is None:
        return Notes()
    try:
        with path.open("rb") as file:
            return read(file)
    # Notes of a camera can be broken in any way.
    except Exception:
        return Notes()


def _of_jpeg(file: Any) -> Notes:
    from PIL.JpegImagePlugin import JpegImageFile

    with JpegImageFile(file) as opened:
        about = opened.info
    notes = of_block(about.get("exif", b""))
    scale = {1: 1.0, 2: 2.54}.get(about.get("jfif_unit", 0))
    x, y = about.get("jfif_density", (0, 0))
    return with_resolution(notes, (scale * x, scale * y) if scale else None)


def _of_png(file: Any) -> Notes:
    """Chunk by chunk: some programs put the notes behind the pixels."""
    notes, per_inch = Notes(), None
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if name == b"eXIf" and length < _MOST_BYTES:
            notes = of_block(file.read(length))
            file.seek(4, 1)
        elif name == b"pHYs" and length == 9:
            x, y, unit = struct.unpack(">IIB", file.read(9))
            per_inch = (round(0.0254 * x, 2), round(0.0254 * y, 2)) if unit == 1 else None
            file.seek(4, 1)
        else:
            file.seek(length + 4, 1)
    return with_resolution(notes, per_inch)


def _of_webp(file: Any) -> Notes:
    from PIL.WebPImagePlugin import WebPImageFile

    with WebPImageFile(file) as opened:
        return of_block(opened.info.get("exif", b""))


def _of_tiff_file(file: Any) -> Notes:
    def read(at: int, count: int) -> bytes:
        file.seek(at)
        found: bytes = file.read(count)
        return found

    return of_tiff(read)


def of_block(block: bytes) -> Notes:
    """From an EXIF block, with or without the word that precedes it in JPEG; of a broken one, what
    can be read."""
    block = block.removeprefix(b"Exif\0\0")
    return of_tiff(lambda at, count: block[at : at + count])


def of_tiff(read: Read) -> Notes:
    """From what is laid out as TIFF, by a function that reads (place, count) bytes."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(read(0, 4))
    if order is None:
        return Notes()
    try:
        found = _directory(read, struct.unpack(order + "I", read(4, 4))[0], order)
        inner: list[dict[int, Entry]] = [{}, {}]
        for k, tag in enumerate((CAMERA, PLACE)):
            if at := _number(found.get(tag)):
                inner[k] = _directory(read, int(at), order)
    except struct.error:
        return Notes()
    inner[0].pop(_INTEROPERABILITY, None)
    if _is_ours(found.get(DESCRIPTION)):
        del found[DESCRIPTION]
    return Notes({tag: entry for tag, entry in found.items() if tag in _KEPT}, *inner)


def with_resolution(notes: Notes, per_inch: tuple[float, float] | None) -> Notes:
    """With a resolution that the file gives outside of EXIF; that of EXIF goes first."""
    if per_inch is None or min(per_inch) <= 0 or notes.per_inch is not None:
        return notes
    ratios = [Fraction(value).limit_denominator(10_000) for value in per_inch]
    x, y = ((_RATIONAL, struct.pack("<II", r.numerator, r.denominator)) for r in ratios)
    own = {X_RESOLUTION: x, Y_RESOLUTION: y, RESOLUTION_UNIT: (_SHORT, struct.pack("<H", 2))}
    return replace(notes, picture={**notes.picture, **own})


def block_of(notes: Notes, software: str = "") -> bytes:
    """The EXIF block, upright; empty without notes."""
    if not notes:
        return b""
    first: dict[int, Entry] = {**notes.picture, _ORIENTATION: (_SHORT, struct.pack("<H", 1))}
    if software:
        first[SOFTWARE] = (_ASCII, software.encode() + b"\0")
    inner = {tag: d for tag, d in ((CAMERA, notes.camera), (PLACE, notes.place)) if d}
    for tag in inner:
        first[tag] = (_LONG, bytes(4))
    at = 8 + len(packed(first, 8))
    parts = []
    for tag, held in inner.items():
        first[tag] = (_LONG, struct.pack("<I", at))
        parts.append(packed(held, at))
        at += len(parts[-1])
    return b"II*\0" + struct.pack("<I", 8) + packed(first, 8) + b"".join(parts)


def packed(held: Mapping[int, Entry], at: int) -> bytes:
    """A directory that will stand at byte `at`, and behind it the values that are longer than 4
    bytes; of even length."""
    table, values = [struct.pack("<H", len(held))], []
    end = at + 2 + 12 * len(held) + 4
    for tag, (kind, value) in sorted(held.items()):
        count = len(value) // _SIZES[kind][0]
        table.append(struct.pack("<HHI", tag, kind, count))
        if len(value) <= 4:
            table.append(value.ljust(4, b"\0"))
            continue
        table.append(struct.pack("<I", end))
        values.append(value + bytes(len(value) % 2))
        end += len(values[-1])
    return b"".join([*table, bytes(4), *values])


def _directory(read: Read, at: int, order: str) -> dict[int, Entry]:
    (count,) = struct.unpack(order + "H", read(at, 2))
    found: dict[int, Entry] = {}
    left = _MOST_BYTES
    for k in range(min(count, _MOST_ENTRIES)):
        entry = read(at + 2 + 12 * k, 12)
        tag, kind, many = struct.unpack(order + "HHI", entry[:8])
        if kind not in _SIZES:
            continue
        size = _SIZES[kind][0] * many
        value = entry[8 : 8 + size]
        if size > 4:
            if size > left:
                continue
            value = read(struct.unpack(order + "I", entry[8:])[0], size)
            left -= size
        if len(value) == size:
            found[tag] = (kind, _turned(value, _SIZES[kind][1]) if order == ">" else value)
    return found


def _turned(value: bytes, size: int) -> bytes:
    """Numbers of `size` bytes with their bytes the other way round."""
    return b"".join(value[k : k + size][::-1] for k in range(0, len(value), size))


def _number(entry: Entry | None) -> float | None:
    if entry is None:
        return None
    kind, value = entry
    if kind == _RATIONAL and len(value) >= 8:
        above, below = struct.unpack("<II", value[:8])
        return above / below if below else None
    code = {_SHORT: "<H", _LONG: "<I"}.get(kind)
    return struct.unpack_from(code, value)[0] if code and value else None


def _is_ours(entry: Entry | None) -> bool:
    """Whether a description is this program's own note about an earlier result."""
    return entry is not None and entry[1].startswith(b'{"method": ')
