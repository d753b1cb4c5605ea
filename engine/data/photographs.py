"""Picture files as photographs, and photographs spoilt on purpose, whose truth is then known."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np

from engine.data.errors import OpenError
from engine.data.photograph import Photograph, Pixels

MOST_PIXELS = 120_000_000
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
        For what is no picture, is cut off, or unpacks to more than `MOST_PIXELS`.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise OpenError(
                        f"'{path.name}' has {opened.width} × {opened.height} pixels; "
                        f"the limit is {MOST_PIXELS // 1_000_000} million."
                    )
                opened.load()
                return _photograph(opened, path.name, spec)
    except OpenError:
        raise
    except Image.DecompressionBombError:
        raise OpenError(f"'{path.name}' would unpack to far more pixels than its size.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise OpenError(f"'{path.name}' is an image that is cut off or damaged.") from None


def _photograph(opened: object, name: str, spec: str) -> Photograph:
    from PIL import Image

    assert isinstance(opened, Image.Image)
    profile = bytes(opened.info.get("icc_profile") or b"")
    if opened.mode.startswith("I") or opened.mode == "F":
        values = np.asarray(opened, np.float32)
        depth = 32 if opened.mode == "F" else 16
        values = values if depth == 32 else values / np.float32(65535)
        return Photograph(name=name, spec=spec, values=values, depth=depth, profile=profile)
    has_alpha = opened.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in opened.info
    grey = opened.mode in ("1", "L", "LA", "La")
    whole = np.asarray(opened.convert("RGBA" if has_alpha else "RGB"), np.float32) / np.float32(255)
    values = np.ascontiguousarray(whole[..., 0] if grey else whole[..., :3])
    alpha = np.ascontiguousarray(whole[..., 3]) if has_alpha else None
    return Photograph(name=name, spec=spec, values=values, alpha=alpha, profile=profile)


def spoilt(clean: Photograph, how: Spoiling) -> Photograph:
    """The photograph after `how`, with what it was as its truth."""
    if how == Spoiling():
        return clean
    from engine.restoration import degradations

    values: Pixels = clean.values
    sigma, kernel = None, None
    if how.blur > 0:
        kernel = degradations.blur_kernel("gaussian", how.blur)
        values = degradations.gaussian_blur(values, how.blur)
    if how.noise > 0:
        sigma = how.noise / 255
        values = degradations.gaussian_noise(values, sigma, np.random.default_rng(how.seed))
    if how.jpeg > 0:
        sigma, values = None, degradations.jpeg(values, how.jpeg)
    return replace(
        clean, values=values, truth=clean.values, sigma=sigma, kernel=kernel,
        remarks=(*clean.remarks, f"Spoilt on purpose: {_told(how)}. The truth is known."),
    )  # fmt: skip


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
