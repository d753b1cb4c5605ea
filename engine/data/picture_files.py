"""Image files as numbers, without loss: 8 and 16 bits, floating point, opacity, colour profile.

What a file is goes by its content, never by its name. Sizes are looked at before anything is
unpacked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import camera_notes, colour_profiles, deep_png, deep_tiff
from engine.data.errors import OpenError
from engine.layers import Array

MOST_PIXELS = 120_000_000
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".bmp")
PIXELS_PER_BYTE = 8 * 1032
"""No byte of a file packed by deflate stands for more pixels, of one bit each."""
UNITS = 16.0
"""Numbers beyond this are no brightness with white at 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """`values` (H, W) or (H, W, 3) float32, white at 1; `alpha` (H, W) float32 or None; `depth`
    bits per channel; `profile` the ICC profile; `format` in lower case; `quantisation` (8, 8) of a
    JPEG's luminance, or None; `exif` what the camera noted (`camera_notes`)."""

    values: Array
    alpha: Array | None
    depth: int
    profile: bytes
    format: str
    remarks: tuple[str, ...] = ()
    quantisation: Array | None = None
    exif: bytes = b""


def kind_of(head: bytes) -> str:
    """The format of a file by its first 12 bytes, "" when it is no image that can be read."""
    for start, kind in (
        (b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"BM", "bmp"),
        (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"II+\0", "tiff"), (b"MM\0+", "tiff"),
    ):  # fmt: skip
        if head.startswith(start):
            return kind
    return "webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ""


def decode(path: Path) -> Decoded:
    """The first picture of a file, upright.

    Raises
    ------
    OpenError
        One sentence, for what is no picture, is cut off, or unpacks to more than `MOST_PIXELS`.
    """
    with path.open("rb") as file:
        head = file.read(64)
    kind = kind_of(head)
    if not head:
        raise OpenError(f"'{path.name}' is empty: it holds no picture.")
    if not kind:
        raise OpenError(
            f"'{path.name}' is no image; PNG, TIFF, JPEG, WebP, GIF or BMP can be read."
        )
    try:
        found = _decoded(path, kind, head)
        return replace(found, exif=camera_notes.block_of(camera_notes.of_file(path, kind)))
    except OpenError:
        raise
    except NotImplementedError as error:
        raise OpenError(
            f"'{path.name}' holds {error}, which cannot be read; save it as RGB of 8 or 16 bits."
        ) from None
    except MemoryError:
        raise OpenError(f"'{path.name}' does not fit into memory.") from None
    # A damaged file makes the libraries that read it raise nearly anything.
    except Exception as error:
        if "imagecodecs" in str(error):
            raise OpenError(
                f"'{path.name}' is packed in a way that cannot be read; save it uncompressed, with "
                "deflate or with LZW."
            ) from None
        raise OpenError(f"'{path.name}' is an image that is cut off or damaged.") from None


def _decoded(path: Path, kind: str, head: bytes) -> Decoded:
    if kind == "png" and deep_png.is_deep(head):
        return _deep_png(path, head)
    if kind == "tiff" and deep_tiff.is_deep(path):
        return _deep_tiff(path)
    try:
        return _shallow(path, kind)
    except SyntaxError:
        if kind != "tiff":
            raise
        # Channels that Pillow has no name for.
        return _deep_tiff(path)


def _check_size(path: Path, width: int, height: int, *, packed: bool = True) -> None:
    if width * height > MOST_PIXELS:
        raise OpenError(
            f"'{path.name}' has {width} × {height} pixels; "
            f"the limit is {MOST_PIXELS // 1_000_000} million."
        )
    if packed and width * height > PIXELS_PER_BYTE * path.stat().st_size:
        raise OpenError(
            f"'{path.name}' says it has {width} × {height} pixels, but the file is too small to "
            "hold them: it is cut off or damaged."
        )


# 8 bits, by Pillow


def _shallow(path: Path, kind: str) -> Decoded:
    # The classes themselves: `Image.open` warns of large pictures, and warnings are settled for a
    # whole process.
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.GifImagePlugin import GifImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.TiffImagePlugin import TiffImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    of_kind: dict[str, Any] = {
        "png": PngImageFile, "jpeg": JpegImageFile, "gif": GifImageFile, "bmp": BmpImageFile,
        "tiff": TiffImageFile, "webp": WebPImageFile,
    }  # fmt: skip
    with path.open("rb") as file, of_kind[kind](file) as opened:
        _check_size(path, opened.width, opened.height, packed=kind in ("png", "tiff", "bmp"))
        remarks = _first_of(_frames(opened), kind)
        if kind == "tiff":
            remarks += _left_out(int(opened.tag_v2.get(277, 1)) - len(opened.getbands()))
        opened.load()
        profile = bytes(opened.info.get("icc_profile") or b"")
        turned = _orientation(opened)
        steps = _quantisation(opened) if kind == "jpeg" else None
        samples, alpha, told = _eight_bits(opened, profile)
    if told:
        profile, remarks = b"", [*remarks, told]
    upright = _upright(samples, alpha, turned, 8, profile, kind, remarks)
    return replace(upright, quantisation=steps)


def _quantisation(opened: Any) -> Array | None:
    """The steps of the first component, luminance of what is not grey; None where there are none
    of the usual 8 by 8."""
    table = opened.quantization.get(opened.layer[0][3] if opened.layer else 0, ())
    return np.array(table, np.int32).reshape(8, 8) if len(table) == 64 else None


def _eight_bits(opened: Any, profile: bytes) -> tuple[Array, Array | None, str]:
    """Grey (H, W) or (H, W, 3), opacity, and how colours were converted, if they were."""
    told = ""
    if opened.mode in ("CMYK", "LAB"):
        opened, told = colour_profiles.to_srgb(opened, profile)
    see_through = opened.mode in ("LA", "RGBA", "PA", "La", "RGBa") or (
        "transparency" in opened.info and opened.mode in ("1", "L", "P", "RGB")
    )
    grey = opened.mode in ("1", "L", "LA", "La") or (opened.mode == "P" and _is_grey(opened))
    whole = np.asarray(opened.convert("RGBA" if see_through else "L" if grey else "RGB"))
    if not see_through:
        return whole, None, told
    return (whole[..., 0] if grey else whole[..., :3]), whole[..., 3], told


def _is_grey(opened: Any) -> bool:
    """Whether a palette holds nothing but greys."""
    colours = np.asarray(opened.getpalette("RGB") or [0, 0, 1], np.int64).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _frames(opened: Any) -> int:
    try:
        return int(getattr(opened, "n_frames", 1))
    except (EOFError, OSError, SyntaxError, ValueError):
        # What follows the first picture is damaged; the first may be whole.
        return 1


def _first_of(count: int, kind: str) -> list[str]:
    what = "pages" if kind == "tiff" else "pictures"
    return [f"The file holds {count} {what}; the first is shown."] if count > 1 else []


def _left_out(count: int) -> list[str]:
    if count < 1:
        return []
    told = f"{count} further channels of the file are" if count > 1 else "A further channel is"
    return [f"{told} left out."]


def _orientation(opened: Any) -> int:
    try:
        return int(opened.getexif().get(274, 1))
    # Notes of a camera can be broken in any way; the picture is still whole.
    except Exception:
        return 1


# 16 bits and floating point


def _deep_png(path: Path, head: bytes) -> Decoded:
    from PIL.PngImagePlugin import PngImageFile

    about = deep_png.header(head)
    _check_size(path, about.width, about.height)
    with path.open("rb") as file, PngImageFile(file) as opened:
        profile, turned = bytes(opened.info.get("icc_profile") or b""), _orientation(opened)
        key = opened.info.get("transparency")
        remarks = _first_of(_frames(opened), "png")
    samples = deep_png.samples(path.read_bytes())
    alpha = samples[..., -1] if about.channels in (2, 4) else None
    if alpha is None and key is not None:
        hidden = np.all(samples == np.asarray(key, np.int64).reshape(1, 1, -1), axis=-1)
        alpha = np.where(hidden, 0, 65535).astype(np.uint16)
    colours = samples[..., :3] if about.channels > 2 else samples[..., 0]
    return _upright(colours, alpha, turned, 16, profile, "png", remarks)


def _deep_tiff(path: Path) -> Decoded:
    width, height, _ = deep_tiff.size(path)
    _check_size(path, width, height)
    found = deep_tiff.read(path)
    remarks = _first_of(found.pages, "tiff")
    remarks += _left_out(found.left_out)
    samples = found.samples
    depth = {"uint8": 8, "uint16": 16}.get(samples.dtype.name, 32)
    if depth == 32:
        samples, told = _measured(path, samples)
        remarks += told
    alpha = samples[..., -1] if found.alpha else None
    colours = samples[..., :-1] if found.alpha else samples
    profile = found.profile
    if found.inks:
        colours = _from_inks(colours)
        profile = b""
        remarks.append(
            "The picture holds inks (CMYK): it was converted to RGB by the simple formula, and "
            "colours may differ from print."
        )
    if found.alpha == "multiplied" and alpha is not None:
        whole = _fraction(alpha)[..., None]
        colours = np.where(whole > 0, _fraction(colours) / np.maximum(whole, 1e-6), 0)
    if colours.shape[2] == 1:
        colours = colours[..., 0]
    return _upright(colours, alpha, found.orientation, depth, profile, "tiff", remarks)


def _measured(path: Path, samples: Array) -> tuple[Array, list[str]]:
    """Numbers of any other type as float32 with white at 1, and what had to be done for it."""
    if samples.dtype.kind in "iu":
        top = float(np.iinfo(samples.dtype).max)
        return np.asarray(samples / top, np.float32), []
    with np.errstate(over="ignore"):
        values = np.array(samples, np.float32)
    told = []
    bad: Array = np.logical_not(np.isfinite(values).all(axis=-1))
    if count := int(bad.sum()):
        if count == bad.size:
            raise OpenError(f"'{path.name}' holds no finite number.")
        values = _filled(values, bad)
        pixels = "1 pixel is" if count == 1 else f"{count} pixels are"
        told.append(f"{pixels} not finite (NaN or infinite); the nearest finite one stands there.")
    largest = float(values.max())
    if largest > UNITS:
        values /= np.float32(largest)
        told.append(f"The numbers go up to {largest:.6g}; they were divided by it, so that 1 is "
                    "white.")  # fmt: skip
    return values, told


def _filled(values: Array, bad: Array) -> Array:
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(bad, return_distances=False, return_indices=True)
    rows, columns = (index[bad] for index in nearest)
    values[bad] = values[rows, columns]
    return values


def _from_inks(samples: Array) -> Array:
    inks = _fraction(samples)
    return np.asarray((1 - inks[..., :3]) * (1 - inks[..., 3:4]), np.float32)


# What all have in common


def _fraction(samples: Array) -> Array:
    """float32, with the largest number of an integer type at 1."""
    if samples.dtype.kind == "f":
        return np.ascontiguousarray(samples, np.float32)
    top = np.float32(np.iinfo(samples.dtype).max)
    return np.ascontiguousarray(np.divide(samples, top, dtype=np.float32))


def _upright(
    samples: Array, alpha: Array | None, turned: int, depth: int, profile: bytes, kind: str,
    remarks: list[str],
) -> Decoded:  # fmt: skip
    profile, told = colour_profiles.kept(profile, 1 if samples.ndim == 2 else 3)
    if turned in range(2, 9):
        samples = upright(samples, turned)
        alpha = None if alpha is None else upright(alpha, turned)
    return Decoded(
        values=_fraction(samples),
        alpha=None if alpha is None else _fraction(alpha),
        depth=depth,
        profile=profile,
        format=kind,
        remarks=tuple([*remarks, told] if told else remarks),
    )


def upright(samples: Array, orientation: int) -> Array:
    """Turned as EXIF's Orientation (1 to 8) asks; rows first."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples
