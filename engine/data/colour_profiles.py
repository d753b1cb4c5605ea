"""Colour profiles: whether one is whole and of the right kind, and pictures brought to sRGB."""

from __future__ import annotations

import io
from typing import Any

_SPACES = {1: b"GRAY", 3: b"RGB "}
SMALLEST = 128


def kept(profile: bytes, channels: int) -> tuple[bytes, str]:
    """The profile if it can be used for a picture of so many channels, else b"" and why not."""
    if not profile:
        return b"", ""
    if not is_whole(profile):
        return b"", "The colour profile is damaged and was left out."
    if profile[16:20] != _SPACES[channels]:
        return b"", "The colour profile is for another kind of picture and was left out."
    return profile, ""


def is_whole(profile: bytes) -> bool:
    """Whether these are the bytes of an ICC profile that can be read."""
    from PIL import ImageCms

    if len(profile) < SMALLEST or profile[36:40] != b"acsp":
        return False
    if int.from_bytes(profile[:4], "big") > len(profile):
        return False
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return False
    return True


def to_srgb(picture: Any, profile: bytes) -> tuple[Any, str]:
    """A Pillow picture of printing inks or in Lab, as RGB, and how it was converted."""
    from PIL import ImageCms

    inks = picture.mode == "CMYK"
    kind = "inks (CMYK)" if inks else "Lab"
    fits = profile[16:20] == (b"CMYK" if inks else b"Lab ") and is_whole(profile)
    if inks and not fits:
        return picture.convert("RGB"), (
            "The picture holds inks (CMYK) and no profile of them: it was converted to RGB by the "
            "simple formula, and colours may differ from print."
        )
    try:
        of_it = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile)) if fits else ImageCms.createProfile("LAB")
        )
        found = ImageCms.profileToProfile(
            picture, of_it, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError:
        if not inks:
            raise
        return picture.convert("RGB"), (
            "The picture holds inks (CMYK), and its profile cannot be used: it was converted to "
            "RGB by the simple formula, and colours may differ from print."
        )
    how = "by its own profile" if fits else "as Lab of D50"
    return found, f"The picture holds {kind}: it was converted to RGB (sRGB) {how}."
