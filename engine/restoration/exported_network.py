"""A restoring network on its way to other programs: what goes with it, and what it must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.method import DataError, ExportedNetwork
from engine.restoration import sliders, tiles
from engine.restoration.model import Model
from engine.restoration.module import WithSliders, at_position
from engine.restoration.networks import MULTIPLE
from engine.restoration.restorer import STEPS, Position, Restorer
from engine.restoration.training_pictures import licences
from engine.restoration.tunable_params import MOST_NOISE, NO_JPEG, TunableParams, position
from engine.restoration.tunable_picture import middle_of
from engine.runs import versions

SIDE = 192
"""Side of the part of the photograph that the file is tried on."""
ENDS: Mapping[str, tuple[float, float]] = {
    "strength": (0.0, MOST_NOISE), "deblur": (0.0, sliders.WIDEST),
    "jpeg": (sliders.BEST, sliders.WORST), "detail": (0.0, 1.0),
}  # fmt: skip
"""What 0 and 1 of each slider stand for."""
UNITS = {
    "strength": "levels of 255", "deblur": "px", "jpeg": "quality; at 0 itself not compressed",
    "detail": "the cube of the program's slider",
}  # fmt: skip


def exported(
    photograph: Photograph, made: Model, params: TunableParams, strength: float, as_inputs: bool
) -> ExportedNetwork:
    """The network at `params`, `strength` (levels) being that of a strength left open, or with
    its sliders as an input.

    Raises
    ------
    DataError
        For a strength by place, which belongs to one picture.
    """
    if params.strength_map and made.control == "noise plane":
        raise DataError("A strength by place belongs to one picture: empty it, then export.")
    settings = [params]
    if as_inputs:
        settings += [
            replace(params, strength=0.0, deblur=0.0, jpeg=NO_JPEG, detail=0.0),
            replace(params, strength=0.6 * MOST_NOISE, deblur=1.5, jpeg=40, detail=0.5),
        ]
    pictures = _tried(photograph.values)
    restorer = Restorer(pictures[0], made)
    trials = []
    for setting in settings:
        at = position(setting, made, strength)
        wanted = _batch([restorer.other(picture, at) for picture in pictures])
        places = (_places(made, at),) if as_inputs else ()
        trials.append(((_batch(pictures), *places), wanted))
    here = position(params, made, strength)
    example = np.zeros((2, made.shape.channels, 4 * MULTIPLE, 5 * MULTIPLE), np.float32)
    return ExportedNetwork(
        module=WithSliders(made) if as_inputs else at_position(made, here),
        inputs=("picture", "sliders")[: 1 + as_inputs],
        example=(example, *(trials[0][0][1:])),
        trials=tuple(trials),
        free={"picture": {0: ("count", 1), 2: ("rows", MULTIPLE), 3: ("columns", MULTIPLE)}},
        about=_about(made, None if as_inputs else here, params.weights == "shipped"),
    )


def _tried(picture: Array) -> list[Array]:
    """The middle, mirrored up to the next multiples, and the same upside down."""
    part = np.ascontiguousarray(picture[middle_of(picture, SIDE)])
    whole, _ = tiles.with_margin(part, (0, 0, *part.shape[:2]), 0)
    return [whole, np.ascontiguousarray(whole[::-1])]


def _batch(pictures: list[Array]) -> Array:
    """(B, C, H, W)."""
    stacked = np.stack([p if p.ndim == 3 else p[..., None] for p in pictures])
    return np.ascontiguousarray(np.moveaxis(stacked, 3, 1))


def _places(made: Model, at: Position) -> Array:
    """The position as the input of `WithSliders`, (p,)."""
    levels = list(at.levels)
    if made.control == "opacity":
        levels[made.sliders.index("strength")] = at.opacity
    return np.array(levels, np.float32) / np.float32(STEPS)


def _about(made: Model, at: Position | None, shipped: bool) -> dict[str, Any]:
    """What a person, or a program, must know to use the numbers; `at` None: sliders are inputs."""
    # Not all that ship are written with the licences of the photographs, which all have seen.
    known = {"pictures": licences(), "licence": "BSD-3-Clause"} if shipped else {}
    convolutions = {
        name: {"inputs": i, "outputs": o, "side": side, "stride": stride}
        for name, (i, o, side, stride, _) in made.shape.convolutions().items()
    }
    facts = {**known, **made.facts}
    told = {
        "architecture": {**asdict(made.shape), "convolutions": convolutions},
        "control": made.control,
        "picture": "(count, channels, rows, columns) float32 in [0, 1]; rows and columns are "
                   f"multiples of {MULTIPLE}",
        "sliders": {name: {"at 0": ENDS[name][0], "at 1": ENDS[name][1], "unit": UNITS[name]}
                    for name in made.sliders},
        "licence": facts.pop("licence", ""),
        "pictures": facts.pop("pictures", {}),
        "training": facts,
        "versions": versions(),
    }  # fmt: skip
    if at is not None:
        places = dict(zip(made.sliders, _places(made, at).tolist(), strict=True))
        told["position"] = {n: {"place": v, "value": _value(n, v)} for n, v in places.items()}
        told["opacity"] = at.opacity / STEPS
        told["plane"] = places["strength"] if made.shape.planes else None
    return told


def _value(name: str, place: float) -> float:
    """What a slider's place stands for, in its unit."""
    if name == "jpeg" and place == 0:
        return float(NO_JPEG)
    low, high = ENDS[name]
    return low + place * (high - low)
