"""Restored pictures as files, with the opacity, colour profile, depth and camera's notes of the
photograph."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import camera_notes
from engine.data.camera_notes import Notes
from engine.data.photograph import Photograph
from engine.io import png, tiff
from engine.io.atomic import replacing
from engine.io.provenance import note, sentence, without_folders
from engine.layers import Array, Layer, Picture
from engine.method import DataError, Snapshot
from engine.runs import RunSpec, versions

FORMATS = {".png": "png", ".tif": "tiff", ".tiff": "tiff", ".jpg": "jpeg", ".jpeg": "jpeg"}
DEPTHS = (8, 16)
QUALITY = 92
LONGEST_SIDE = 65_500
"""Pixels that a side of a JPEG file may have."""
LONGEST_COMMENT = 65_000
FINE_COLOURS = 90
"""From this quality on, JPEG keeps colours as sharp as lightness."""
_AT_ONCE = 1_000_000
DIFFERENCES = ("removed", "difference")
"""Pictures that a method shows about mid-grey, with its parameter "gain"."""


def save_picture(
    path: str | Path,
    what: Snapshot | Picture | Array,
    photograph: Photograph | None = None,
    *,
    depth: int | None = None,
    quality: int = QUALITY,
    spec: RunSpec | None = None,
) -> tuple[str, ...]:
    """Write a picture as PNG, TIFF or JPEG, as the suffix says; clipped and rounded here only.

    Parameters
    ----------
    what : the picture, or the snapshot whose restored picture is meant; (H, W) or (H, W, 3)
    photograph : whose opacity, colour profile, depth, camera's notes (EXIF with GPS) and resolution
        the file takes over
    depth : 8 or 16 bits per channel; None for that of the photograph. JPEG has 8
    quality : of JPEG, 1 to 100
    spec : what the file says that it came from, without the folders of the person's files

    Returns
    -------
    Sentences on what the format could not keep.

    Raises
    ------
    DataError
        For another suffix or depth, a preview, or numbers that are not finite.
    """
    path = Path(path)
    kind = _kind(path)
    values = what.values if isinstance(what, Picture) else what
    values = restored(what).values if isinstance(what, Snapshot) else np.asarray(values)
    depth = _depth(kind, depth, photograph, path)
    if not 1 <= quality <= 100:
        raise DataError(f"The quality of JPEG must be between 1 and 100, got {quality}.")
    alpha, profile, remarks = _kept(values, photograph)
    if kind == "jpeg":
        if max(values.shape[:2]) > LONGEST_SIDE:
            raise DataError(
                f"A side of a JPEG file has at most {LONGEST_SIDE} pixels: save as PNG or TIFF."
            )
        if alpha is not None:
            remarks.append("JPEG has no opacity: the picture was laid on white.")
            opaque = alpha if values.ndim == 2 else alpha[..., None]
            values, alpha = np.clip(values, 0, 1) * opaque + (1 - opaque), None
    samples = quantised(values, alpha, depth)
    chosen = what.chosen if isinstance(what, Snapshot) else {}
    texts, notes = _texts(spec, chosen), _notes(photograph, samples)
    with replacing(path) as part:
        if kind == "png":
            exif = camera_notes.block_of(notes, texts["Software"])
            png.write(
                part, samples, profile=profile, texts=texts, exif=exif, per_inch=notes.per_inch
            )
        elif kind == "tiff":
            tiff.write(part, samples, alpha is not None, profile, texts, notes)
        else:
            remarks += _write_jpeg(part, samples, quality, profile, texts, notes)
    return tuple(remarks)


def restored(snapshot: Snapshot) -> Picture:
    """The picture that a method made, whole. Raises `DataError`."""
    for layer in snapshot.layers:
        if isinstance(layer, Picture) and layer.role == "prediction":
            if snapshot.coarse or layer.values.shape[:2] != layer.whole:
                raise DataError("The picture is still a preview: wait until it is whole.")
            return layer
    raise DataError("This result holds no restored picture: export a figure or a table.")


def before_and_after(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """What a figure of a restoration shows side by side: before, after, and the difference to the
    truth or else what was removed. Without a picture before there is nothing to compare: empty."""
    found = {layer.role: layer for layer in reversed(layers) if isinstance(layer, Picture)}
    if "data" not in found or "prediction" not in found:
        return ()
    last = found.get("error") or found.get("diagnostic")
    return tuple(x for x in (found["data"], found["prediction"], last) if x is not None)


def saying_gain(layers: Any, params: Any) -> Any:
    """A layer or several, where differences that are shown with a gain say so in their names."""
    gain = getattr(params, "gain", None)
    if isinstance(layers, tuple | list):
        return tuple(saying_gain(layer, params) for layer in layers)
    if gain is None or not isinstance(layers, Picture) or layers.name not in DIFFERENCES:
        return layers
    return replace(layers, name=f"{layers.name} × {gain:g}")


def photograph_of(method: Any) -> Photograph | None:
    """The photograph that a fitted method holds, if it holds one."""
    from engine.restoration import held_photograph

    state = method.state()
    return held_photograph.from_arrays(state) if "photograph.values" in state else None


def _kind(path: Path) -> str:
    if path.suffix.lower() not in FORMATS:
        raise DataError(
            f"Pictures are saved as PNG, TIFF or JPEG; '{path.name}' ends in "
            f"'{path.suffix or 'nothing'}'."
        )
    return FORMATS[path.suffix.lower()]


def _depth(kind: str, asked: int | None, photograph: Photograph | None, path: Path) -> int:
    if asked is not None and asked not in DEPTHS:
        raise DataError(f"A picture is saved with 8 or 16 bits per channel, not {asked}.")
    if kind == "jpeg":
        if asked == 16:
            raise DataError(
                f"JPEG has 8 bits per channel: save '{path.stem}' as PNG or TIFF for 16."
            )
        return 8
    own = photograph.depth if photograph is not None else 8
    return asked or (8 if own <= 8 else 16)


def _kept(values: Array, photograph: Photograph | None) -> tuple[Array | None, bytes, list[str]]:
    """Opacity and profile of the photograph where they fit, and what does not."""
    if photograph is None:
        return None, b"", []
    alpha, profile, remarks = photograph.alpha, photograph.profile, []
    if alpha is not None and alpha.shape != values.shape[:2]:
        alpha = None
        remarks.append("The opacity was left out: the restored picture has another size.")
    if profile and values.ndim != photograph.values.ndim:
        profile = b""
        remarks.append("The colour profile was left out: the restored picture has other colours.")
    return alpha, profile, remarks


def quantised(values: Array, alpha: Array | None, depth: int) -> Array:
    """(H, W, C) uint8 or uint16 of numbers with white at 1, clipped and rounded to the nearest;
    opacity is the last channel."""
    height, width = values.shape[:2]
    colours = 1 if values.ndim == 2 else values.shape[2]
    kind = np.uint8 if depth == 8 else np.uint16
    found = np.empty((height, width, colours + (alpha is not None)), kind)
    rows = max(1, _AT_ONCE // max(1, width))
    for top in range(0, height, rows):
        part = slice(top, top + rows)
        found[part, :, :colours] = _whole(values[part], kind).reshape(-1, width, colours)
        if alpha is not None:
            found[part, :, -1] = _whole(alpha[part], kind)
    return found


def _whole(values: Array, kind: Any) -> Array:
    if not np.isfinite(values).all():
        raise DataError("The restored picture holds numbers that are not finite; it is not saved.")
    return np.rint(np.clip(values, 0, 1) * np.float32(np.iinfo(kind).max)).astype(kind)


def _notes(photograph: Photograph | None, samples: Array) -> Notes:
    """What the camera noted, for a picture of the size that is written."""
    height, width = samples.shape[:2]
    own = Notes() if photograph is None else camera_notes.of_block(photograph.exif)
    return own.sized(width, height)


def _texts(spec: RunSpec | None, chosen: Mapping[str, float]) -> dict[str, str]:
    """Where the picture came from, under the names that readers of pictures know."""
    release = f"Fieldwright {versions().get('fieldwright', '')}".strip()
    if spec is None:
        return {"Software": release}
    bare = without_folders(spec)
    return {
        "Software": release,
        "Description": sentence(bare),
        "fieldwright": json.dumps(note(bare, chosen)),
    }


def _write_jpeg(
    part: Path, samples: Array, quality: int, profile: bytes, texts: dict[str, str], notes: Notes
) -> list[str]:
    from PIL import Image

    comment = texts.get("fieldwright", texts["Software"])
    if len(comment) > LONGEST_COMMENT:
        comment = texts["Description"]
    exif, remarks = camera_notes.block_of(notes, texts["Software"]), []
    if len(exif) > LONGEST_COMMENT:
        exif = camera_notes.block_of(notes.without_maker(), texts["Software"])
        remarks.append("JPEG has no room for the notes of the camera's maker: they were left out.")
    if len(exif) > LONGEST_COMMENT:
        exif, remarks = b"", ["JPEG has no room for the camera's notes: they were left out."]
    picture = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    inches = {"dpi": tuple(map(round, notes.per_inch))} if notes.per_inch else {}
    picture.save(
        part, "JPEG", quality=quality, subsampling=0 if quality >= FINE_COLOURS else 2,
        icc_profile=profile or None, comment=comment, exif=exif and b"Exif\0\0" + exif, **inches,
    )  # fmt: skip
    return remarks
