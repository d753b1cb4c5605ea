"""What tunable restoration can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from engine.params import (
    LIVE,
    REFIT,
    STEP,
    Applies,
    Bound,
    Display,
    Doc,
    Factors,
    Folder,
    ParameterError,
    check,
)
from engine.restoration import sliders
from engine.restoration.model import Control, Model
from engine.restoration.restorer import STEPS, Position

_TRAINED = Applies("weights", ("trained here",))
MOST_NOISE = 50.0
NO_JPEG = 100
MOST_FACTOR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TunableParams:
    """See the annotations."""

    strength: Annotated[
        float | None,
        Bound(0.0, MOST_NOISE),
        LIVE,
        Doc("Noise to take out, as its standard deviation; left open, it is chosen so that the "
            "error estimated without the truth is least, or after a JPEG as the noise that the "
            "file's coefficients show.", unit="levels"),
    ] = None  # fmt: skip
    deblur: Annotated[
        float | None,
        Bound(0.0, sliders.WIDEST),
        LIVE,
        Doc("Blur to take out, as the width (standard deviation) of its spot. Left open, it is "
            "that which was put in on purpose, and none elsewhere.", unit="px"),
    ] = None  # fmt: skip
    jpeg: Annotated[
        int | None,
        Bound(sliders.WORST, NO_JPEG),
        LIVE,
        Doc("Quality that the picture was once saved with as JPEG; its blocks and fringes are "
            "taken out. 100: it was not. Left open, it is read off the file, or off the pixels.",
            label="JPEG quality"),
    ] = None  # fmt: skip
    detail: Annotated[
        float,
        Bound(0.0, 1.0),
        LIVE,
        Doc("0: the least error. 1: as much fine texture as such pictures have, at the price of "
            "a larger error."),
    ] = 0.0  # fmt: skip
    gain: Annotated[
        float,
        Bound(1.0, 20.0),
        LIVE,
        Display(),
        Doc("Contrast of the picture of what was removed, and of the difference to the truth."),
    ] = 2.0
    strength_map: Annotated[
        tuple[float, ...],
        Bound(0.0, MOST_FACTOR),
        LIVE,
        Doc("Factors on the strength over the picture, row by row in a square grid (1, 4, 9, 16, "
            "... numbers); empty: the same everywhere.", label="strength by place"),
        Applies("control", ("noise plane",)),
        Factors("strength"),
    ] = ()  # fmt: skip
    precision: Annotated[
        Literal["float32", "bfloat16"] | None,
        LIVE,
        Doc("Arithmetic of the convolutions; left open, the quicker one here if it changes no "
            "pixel by more than 2 levels of 255."),
    ] = None  # fmt: skip
    control: Annotated[
        Control,
        REFIT,
        Doc("By what the sliders act: tunable kernels, or what they are compared with. Opacity "
            "blends the strongest result with the picture; a noise plane tells the network the "
            "strength in every place; the others go between networks made for 5 and for 50 "
            "levels of noise."),
    ] = "kernels"  # fmt: skip
    weights: Annotated[
        Literal["shipped", "trained here", "from a file"],
        REFIT,
        Doc("Where the network comes from."),
    ] = "shipped"
    file: Annotated[
        Path,
        REFIT,
        Doc("A restoring network: a model exported from this program, or a packed training."),
        Applies("weights", ("from a file",)),
    ] = Path()
    folder: Annotated[
        Path,
        REFIT,
        Doc("Clean pictures to learn from; made pictures are mixed in, and stand alone without a "
            "folder.", label="folder of pictures"),
        Folder(),
        _TRAINED,
    ] = Path()  # fmt: skip
    size: Annotated[
        Literal["nano", "live", "fine"],
        REFIT,
        Doc("Size of the network: 54, 102 or 208 thousand weights."),
        _TRAINED,
    ] = "live"
    learn: Annotated[
        Literal["strength", "strength, deblur", "strength, jpeg", "all sliders"],
        REFIT,
        Doc("Sliders that the network learns.", label="sliders"),
        _TRAINED,
    ] = "strength"
    steps: Annotated[
        int, Bound(1, 2_000_000, log=True, soft=(500, 200_000)), REFIT,
        Doc("Steps of training; about thirty a second on one core for the size 'live'."),
        _TRAINED,
    ] = 2000  # fmt: skip
    patches: Annotated[
        int, Bound(1, 64, soft=(1, 16)), REFIT,
        Doc("Patches that each of the four slider positions of a step sees."),
        _TRAINED,
    ] = 4  # fmt: skip
    mixing: Annotated[
        Literal["mip", "mlp", "linear"],
        REFIT,
        Doc("How a slider mixes kernels: through its cosine and sine with a base kernel, by an "
            "affine map, or as it is (all sliders at 0 then leave the picture alone)."),
        _TRAINED,
    ] = "mip"  # fmt: skip
    arithmetic: Annotated[
        Literal["float32", "bfloat16"],
        REFIT,
        Doc("Arithmetic of the convolutions in training; bfloat16 is quicker where the processor "
            "knows it.", label="arithmetic in training"),
        _TRAINED,
    ] = "float32"  # fmt: skip
    rate: Annotated[
        float, Bound(1e-6, 1e-1, log=True, soft=(1e-4, 1e-2)), STEP,
        Doc("Learning rate until the last third of the steps, in which it falls to nothing.",
            label="learning rate"),
        _TRAINED,
    ] = 2e-3  # fmt: skip
    weight_error: Annotated[
        float, Bound(0.0, 10.0, soft=(0.0, 2.0)), STEP,
        Doc("Weight of the error, relative to how far the picture was spoilt.",
            label="weight of the error"), _TRAINED,
    ] = 1.0  # fmt: skip
    weight_texture: Annotated[
        float, Bound(0.0, 10.0, soft=(0.0, 2.0)), STEP,
        Doc("Weight of the energy of texture, as far as detail asks for it.",
            label="weight of texture"), _TRAINED,
    ] = 1.0  # fmt: skip
    weight_gradients: Annotated[
        float, Bound(0.0, 10.0, soft=(0.0, 2.0)), STEP,
        Doc("Weight of the histogram of gradients, as far as detail asks for it.",
            label="weight of gradients"), _TRAINED,
    ] = 1.0  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
        side = round(len(self.strength_map) ** 0.5)
        if side * side != len(self.strength_map):
            raise ParameterError(
                "strength_map", "'strength_map' must have 1, 4, 9, 16, ... numbers. "
                f"Got {len(self.strength_map)}."
            )  # fmt: skip

    @property
    def learnt_sliders(self) -> tuple[str, ...]:
        """Names of the sliders that a training here learns."""
        if self.learn == "all sliders":
            return sliders.SLIDERS
        return tuple(self.learn.split(", "))


def position(
    params: TunableParams, model: Model, strength: float, jpeg: int = NO_JPEG, blur: float = 0.0
) -> Position:
    """Where the model's sliders stand; `strength` is the noise in levels, `jpeg` the quality and
    `blur` the width in pixels where they were left open."""
    asked = strength if params.strength is None else params.strength
    quality = jpeg if params.jpeg is None else params.jpeg
    width = blur if params.deblur is None else params.deblur
    places = {
        "strength": asked / MOST_NOISE,
        "deblur": width / sliders.WIDEST,
        "jpeg": max(0.0, (sliders.BEST - quality) / (sliders.BEST - sliders.WORST)),
        # The most of what it does is done early: the energy of fine texture on `camera` at 0, .25,
        # .5, .75 and 1 of the network's own range is .66, .91, .94, .95 and .94 of the truth's.
        "detail": params.detail**3,
    }
    opacity = STEPS
    if model.control == "opacity":
        opacity, places["strength"] = round(places["strength"] * STEPS), 1.0
    levels = tuple(round(places[name] * STEPS) for name in model.sliders)
    by_place = params.strength_map if model.control == "noise plane" else ()
    return Position(levels, opacity, by_place)
