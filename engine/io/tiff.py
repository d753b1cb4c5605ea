"""TIFF files of 8 and 16 bits with opacity, colour profile, text and the camera's notes.

Adobe, TIFF Revision 6.0; CIPA DC-008-2019 (EXIF 2.32), section 4.6.3 for the directories of EXIF
and GPS.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from engine.data import camera_notes
from engine.data.camera_notes import CAMERA, DESCRIPTION, PLACE, SOFTWARE, Notes
from engine.layers import Array

_ORIENTATION, _XMP = 274, 700
_SHORT, _LONG, _BYTE = 3, 4, 1
_AT_ONCE = 1_000_000
"""Pixels that are packed at a time."""
_ELSEWHERE = frozenset((DESCRIPTION, SOFTWARE, camera_notes.X_RESOLUTION,
                        camera_notes.Y_RESOLUTION, camera_notes.RESOLUTION_UNIT))  # fmt: skip
"""Tags that the library writes by itself."""


def write(
    part: Path,
    samples: Array,
    has_alpha: bool,
    profile: bytes,
    texts: Mapping[str, str],
    notes: Notes,
) -> None:
    """`samples` (H, W, C) uint8 or uint16; opacity is the last channel.

    Where the photograph has a description it stays in its place, and what made the picture is told
    in XMP; else it is the description.
    """
    import tifffile

    # Four gigabytes, beyond which offsets are longer, are more than any picture that is opened.
    colours = samples.shape[2] - has_alpha
    made = texts.get("fieldwright", "")
    per_inch = notes.per_inch
    inches: dict[str, Any] = {"resolution": per_inch, "resolutionunit": 2} if per_inch else {}
    tifffile.imwrite(
        part,
        samples[..., 0] if samples.shape[2] == 1 else samples,
        byteorder="<",
        bigtiff=False,
        photometric="minisblack" if colours == 1 else "rgb",
        planarconfig="contig" if samples.shape[2] > 1 else None,
        extrasamples=["unassalpha"] if has_alpha else None,
        compression="zlib",
        predictor=True,
        rowsperstrip=max(1, _AT_ONCE // max(1, samples.shape[1])),
        iccprofile=profile or None,
        software=texts["Software"],
        description=notes.description or made,
        metadata=None,
        extratags=_tags(notes, made if notes.description else ""),
        **inches,
    )
    _append(part, {CAMERA: notes.camera, PLACE: notes.place})


def _tags(notes: Notes, made: str) -> list[tuple[int, int, int, Any, bool]]:
    found: list[tuple[int, int, int, Any, bool]] = [
        (tag, kind, 0, value, True)
        for tag, (kind, value) in notes.picture.items()
        if tag not in _ELSEWHERE
    ]
    if notes:
        found.append((_ORIENTATION, _SHORT, 1, 1, True))
    if made:
        found.append((_XMP, _BYTE, 0, _xmp(made), True))
    return found


def _xmp(made: str) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:fieldwright="urn:fieldwright:run"'
        f" fieldwright:run={quoteattr(made)}/>"
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def _append(part: Path, directories: Mapping[int, Mapping[int, camera_notes.Entry]]) -> None:
    """Put directories behind all else, and behind them the first directory once more, which says
    where they are: the library does not write these tags."""
    with part.open("r+b") as file:
        pointers = {}
        for tag, held in directories.items():
            if held:
                at = file.seek(0, 2)
                at += file.write(bytes(at % 2))
                file.write(camera_notes.packed(held, at))
                pointers[tag] = struct.pack("<HHII", tag, _LONG, 1, at)
        if not pointers:
            return
        file.seek(4)
        (first,) = struct.unpack("<I", file.read(4))
        file.seek(first)
        (count,) = struct.unpack("<H", file.read(2))
        entries = [file.read(12) for _ in range(count)] + list(pointers.values())
        following = file.read(4)
        at = file.seek(0, 2)
        at += file.write(bytes(at % 2))
        entries.sort(key=lambda entry: struct.unpack("<H", entry[:2]))
        file.write(b"".join([struct.pack("<H", len(entries)), *entries, following]))
        file.seek(4)
        file.write(struct.pack("<I", at))
