"""Picture files as photographs, and photographs spoilt on purpose, whose truth is then known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np

from engine.data import picture_files
from engine.data.errors import OpenError
from engine.data.photograph import Photograph, Pixels

PICTURES = Path(__file__).parents[2] / "resources" / "pictures"

_LEGAL = {"blur": (0, 20), "noise": (0, 255), "jpeg": (0, 95), "seed": (0, 2**31 - 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoiling:
    """What is done to a picture, in this order: blurred, made noisy, compressed.

    blur : standard deviation of a Gaussian, in pixels
    noise : standard deviation of white noise, in levels of 255
    jpeg : JPEG quality, 0 for none
    """

    blur: float = 0.0
    noise: float = 0.0
    jpeg: int = 0
    seed: int = 0

    @classmethod
    def read(cls, query: str) -> Spoiling:
        """From "noise=25&blur=1.6&jpeg=30&seed=1". Raises `OpenError`."""
        kinds = {"blur": float, "noise": float, "jpeg": int, "seed": int}
        given: dict[str, float] = {}
        for key, text in parse_qsl(query, keep_blank_values=True):
            if key not in kinds:
                raise OpenError(
                    f"A picture cannot be spoilt by '{key}', only by {', '.join(kinds)}."
                )
            try:
                value = kinds[key](text)
            except ValueError:
                raise OpenError(
                    f"'{key}' of a spoilt picture must be a number, got '{text}'."
                ) from None
            low, high = _LEGAL[key]
            if not low <= value <= high:
                raise OpenError(
                    f"'{key}' of a spoilt picture must be between {low} and {high}, got {text}."
                )
            given[key] = value
        return cls(**given)  # type: ignore[arg-type]


def read(path: Path, spec: str) -> Photograph:
    """A picture file with its depth, opacity and colour profile.

    Raises
    ------
    OpenError
        For what is no picture, is cut off, or unpacks to too many pixels.
    """
    found = picture_files.decode(path)
    return Photograph(
        name=path.name, spec=spec, values=found.values, alpha=found.alpha, depth=found.depth,
        profile=found.profile, quantisation=found.quantisation, remarks=found.remarks,
        exif=found.exif,
    )  # fmt: skip


def with_truth(photograph: Photograph, path: Path, spec: str) -> Photograph:
    """The photograph with what it should have been, from a file of the same size and colours.

    Raises
    ------
    OpenError
        When the file is no such picture, or the photograph was spoilt on purpose.
    """
    if photograph.truth is not None:
        raise OpenError(
            "A picture that is spoilt on purpose is its own truth; leave out the file of the truth."
        )
    truth = picture_files.decode(path).values
    if truth.shape != photograph.values.shape:
        raise OpenError(
            f"The truth must be as large as the picture and have its colours: '{path.name}' has "
            f"{_size(truth)}, '{photograph.name}' has {_size(photograph.values)}."
        )
    told = f"The truth is '{path.name}'."
    return replace(photograph, truth=truth, truth_spec=spec, remarks=(*photograph.remarks, told))


def _size(values: Pixels) -> str:
    height, width = values.shape[:2]
    return f"{width} × {height} pixels in {'grey' if values.ndim == 2 else 'colour'}"


def spoilt(clean: Photograph, how: Spoiling) -> Photograph:
    """The photograph after `how`, with what it was as its truth."""
    if how == Spoiling():
        return clean
    from engine.restoration import degradations

    values: Pixels = clean.values
    # Without blur that is known as well: every pixel is itself alone.
    sigma, kernel = None, degradations.blur_kernel("gaussian", how.blur)
    if how.blur > 0:
        values = degradations.gaussian_blur(values, how.blur)
    if how.noise > 0:
        sigma = how.noise / 255
        values = degradations.gaussian_noise(values, sigma, np.random.default_rng(how.seed))
    if how.jpeg > 0:
        sigma, values = None, degradations.jpeg(values, how.jpeg)
    return replace(
        clean, values=values, truth=clean.values, sigma=sigma, kernel=kernel, quantisation=None,
        remarks=(*clean.remarks, f"Spoilt on purpose: {_told(how)}. The truth is known."),
    )  # fmt: skip


def briefly(query: str) -> str:
    """What was done to a picture in a few words, as "noise 20, blur 1.6"; "" for nothing, or for
    what is no such query."""
    try:
        how = Spoiling.read(query)
    except OpenError:
        return ""
    done = (("blur", how.blur), ("noise", how.noise), ("JPEG", how.jpeg))
    return ", ".join(f"{name} {value:g}" for name, value in done if value)


def _told(how: Spoiling) -> str:
    parts = [f"blur of {how.blur:g} px"] if how.blur else []
    parts += [f"noise of {how.noise:g} levels"] if how.noise else []
    parts += [f"JPEG quality {how.jpeg}"] if how.jpeg else []
    return ", ".join(parts)


def sample(
    *, file: str, name: str, spec: str, noise: float, blur: float, jpeg: int, seed: int
) -> Photograph:
    """A picture that ships with the program, spoilt."""
    clean = replace(read(PICTURES / file, spec), name=name)
    return spoilt(clean, Spoiling(blur=blur, noise=noise, jpeg=jpeg, seed=seed))
