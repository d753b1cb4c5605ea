"""Colours of numbers and of classes, the same on screen and in print.

Every continuous map is a table of 33 anchors joined by straight lines in Oklab (Ottosson 2020, "A
perceptual color space for image processing"), where equal distances look about equally far apart.
The anchors of viridis and magma (Smith and van der Walt), and of twilight (Bechtold) sample tables
that their authors placed in the public domain (CC0); those of cividis follow Nunez, Anderton and
Renslow 2018, PLOS ONE 13(7), also CC0. The joined maps stay within 6/255 of the originals.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array, Arrows, Points

Colours = NDArray[np.float32]

_ANCHORS = {
    "viridis": (
        "440154470d6048186a482374472d7b4536814240863f49893b528b375a8d33638d2f6a8e2c728e297a8e"
        "26818e23898e21908c1f988b1f9f8821a68528ae8031b57b3ebc744cc26c5dc9636ece5882d34c96d83f"
        "abdc32c0df24d5e21aeae51afde725"
    ),
    "cividis": (
        "00224e00285b002e6a0433711a386f273e6e32436d3b496c434e6c4b546c52596d5a5f6e61656f686a71"
        "6f70737576767c7b788481798b8778938d789b9376a39a75aba072b3a670bbad6cc3b469ccba64d4c15f"
        "ddc958e6d051efd748f8df3cfee838"
    ),
    "magma": (
        "0000040303110a0822130d331d114628115a36106a430f7650127c5d177f691c817621818226818f2a81"
        "9c2e7fa9327db63779c33b75cf4170db486ae65163ee5c5ef5695cf9785dfb8761fd9668fea571feb47b"
        "fec387fed194fde0a2fceeb0fcfdbf"
    ),
    "twilight": (
        "e2d9e2d6d7ddc3ced4abc2cc94b4c781a6c37297c16886be6275ba5f63b55e51ad5d3da1592a8f521b77"
        "45135c3811462f14373a113a4b13425f174a741e4f872750983550a64550b25652bb6858c27c62c78f72"
        "cca388d1b5a2d8c6bdded3d5e2d9e2"
    ),
    "gray": "000000ffffff",
}

COLORMAPS: tuple[str, ...] = ("viridis", "cividis", "magma", "twilight", "coolwarm", "gray")
"""Names of the continuous maps: four that rise or turn evenly, a diverging one, and grey."""

CYCLIC = frozenset({"twilight"})
DIVERGING = "coolwarm"

# The first six are Okabe and Ito's (2008) without black and yellow, which vanish on a dark or a
# light page. Each further one is the candidate farthest (Oklab) from all before it as seen by
# normal, protanope and deuteranope eyes (Machado, Oliveira and Fernandes 2009), among colours of
# Oklab lightness .47 to .82 and chroma .05 to .165, which read on both pages.
_CATEGORIES = (
    "0072b2e69f00009e73d55e00cc79a756b4e99a29575be2938978e97f5203"
    "6b538296b38de0b2c84b7a7a07ddee4b4cb5becd5ca756518c8649658dcb"
)

MISSING: tuple[float, float, float] = (0.6, 0.6, 0.6)
"""The colour of a value that is not a number."""

MOST_CLASSES = 20
"""Whole numbers with more distinct values than this are shown as numbers, not as classes."""

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def to_oklab(rgb: Array) -> Array:
    """sRGB (n, 3) in [0, 1] to Oklab (n, 3): lightness, green-red, blue-yellow."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_OKLAB.T)


def from_oklab(lab: Array) -> Array:
    """Inverse of `to_oklab`, clipped to [0, 1]."""
    linear = (lab @ np.linalg.inv(_TO_OKLAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T
    linear = np.clip(linear, 0.0, 1.0)
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    return np.asarray(np.clip(np.where(linear <= 0.0031308, 12.92 * linear, curved), 0.0, 1.0))


def _parse(digits: str) -> Array:
    return np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, 3) / 255


def _diverging() -> Array:
    """Anchors in Oklab from blue over near-white to red, lightness symmetric about the middle."""
    signed = np.linspace(-1, 1, 33)
    away = np.abs(signed)
    lightness = 0.95 - 0.48 * away**1.1
    chroma = 0.16 * np.sin(np.minimum(away * 1.25, 1) * np.pi / 2)
    hue = np.deg2rad(np.where(signed < 0, 260.0, 27.0))
    return np.column_stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])


@functools.cache
def colormap(name: str) -> Colours:
    """The 256 colours (256, 3) of a map, sRGB in [0, 1], read-only.

    Raises
    ------
    ValueError
        For a name that is not in `COLORMAPS`.
    """
    if name == DIVERGING:
        anchors = _diverging()
    elif name in _ANCHORS:
        anchors = to_oklab(_parse(_ANCHORS[name]))
    else:
        raise ValueError(f"There is no colour map '{name}'. Choose one of: {', '.join(COLORMAPS)}.")
    places, wanted = np.linspace(0, 1, len(anchors)), np.linspace(0, 1, 256)
    lab = np.column_stack([np.interp(wanted, places, anchors[:, k]) for k in range(3)])
    table = from_oklab(lab).astype(np.float32)
    table.flags.writeable = False
    return table


def categorical(count: int) -> Colours:
    """`count` colours (count, 3) for classes; the list repeats after 20."""
    return _CATEGORICAL[np.arange(count) % len(_CATEGORICAL)]


_CATEGORICAL: Colours = _parse(_CATEGORIES).astype(np.float32)


def rgb(values: Array, name: str, limits: tuple[float, float]) -> Colours:
    """Colours (..., 3) of numbers between two limits; what is not finite is `MISSING`."""
    low, high = limits
    values = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(values)
    span = high - low if high > low else 1.0
    place = np.clip((np.where(finite, values, low) - low) / span, 0, 1)
    colours = colormap(name)[np.rint(place * 255).astype(np.intp)]
    return np.where(finite[..., None], colours, np.array(MISSING, np.float32))


def colormap_of(layer: Points | Arrows, column: str) -> str:
    """The colour map that a column of the layer is suggested to be shown in."""
    diverging = isinstance(layer, Arrows) and column in layer.diverging
    return DIVERGING if diverging else layer.colormap


def limits(values: Array, *, diverging: bool = False) -> tuple[float, float]:
    """Least and greatest finite value; symmetric about zero when `diverging`; never equal."""
    values = np.asarray(values)
    finite = values[np.isfinite(values)] if values.size else values
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if diverging:
        high = max(abs(low), abs(high))
        low = -high
    if low == high:
        reach = max(abs(low), 1.0) * 0.5
        return low - reach, high + reach
    return low, high


def classes(column: Array) -> tuple[tuple[str, ...], NDArray[np.intp]] | None:
    """Names of the classes of a column and each row's class, or None for a column of numbers.

    Text and yes/no columns are classes, and so are whole numbers with at most `MOST_CLASSES`
    distinct values; the classes are in sorted order, so that a colour means the same everywhere.
    """
    column = np.asarray(column)
    kind = column.dtype.kind
    if kind == "f":
        return None
    if kind in "OSU":
        column = column.astype(str)
    found, codes = np.unique(column, return_inverse=True)
    if kind in "iu" and len(found) > MOST_CLASSES:
        return None
    return tuple(_plain(item) for item in found), codes.reshape(column.shape)


def _plain(item: Any) -> str:
    if isinstance(item, np.bool_):
        return "yes" if item else "no"
    return str(item)
