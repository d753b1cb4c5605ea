"""A folder of pictures to learn from: what can be read, what is too small, what is kept out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.data.errors import OpenError
from engine.layers import Array
from engine.method import DataError
from engine.restoration.training_pictures import SMALLEST

MOST_FILES = 400
MOST_PIXELS = 1_500_000
"""Larger pictures are halved until they have at most so many pixels, which also hides their own
noise."""
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"))
KEPT_OUT = 8
"""Of so many pictures one is kept out of training, to be judged by."""


@dataclass(slots=True)
class Found:
    """Pictures (H, W) or (H, W, 3) to learn from and to judge by, and why others are left out."""

    pictures: list[Array] = field(default_factory=list)
    kept_out: list[Array] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def files(folder: Path) -> list[Path]:
    """Picture files of a folder and the folders in it, in order of their names.

    Raises
    ------
    DataError
        When there is no such folder or it has no picture files.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder '{folder}'; choose one with clean pictures in it.")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise DataError(f"The folder '{folder.name}' has no picture files; choose another.")
    return found


def read(folder: Path) -> Generator[str, None, Found]:
    """Read them; yields what is being read.

    Raises
    ------
    DataError
        When none can be learnt from.
    """
    from engine.data import photographs

    found, paths = Found(), files(folder)
    for number, path in enumerate(paths[:MOST_FILES]):
        yield f"reading {path.name}"
        try:
            picture = np.clip(photographs.read(path, str(path)).values, 0, 1)
        except OpenError as error:
            found.skipped.append(str(error))
            continue
        while picture.shape[0] * picture.shape[1] > MOST_PIXELS:
            picture = _halved(picture)
        if min(picture.shape[:2]) < SMALLEST:
            found.skipped.append(f"'{path.name}' has fewer than {SMALLEST} pixels across.")
            continue
        into = found.kept_out if number % KEPT_OUT == KEPT_OUT - 1 else found.pictures
        into.append(picture)
    if len(paths) > MOST_FILES:
        found.skipped.append(f"{len(paths) - MOST_FILES} files beyond the first {MOST_FILES}.")
    if not found.pictures:
        raise DataError(f"No picture of '{folder.name}' can be learnt from: {found.skipped[0]}")
    return found


def _halved(picture: Array) -> Array:
    from engine.restoration.degradations import halved

    return halved(picture)
