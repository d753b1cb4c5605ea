"""What a random-grid process can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, STEP, Applies, Bound, Doc, check


@dataclass(frozen=True, slots=True, kw_only=True)
class RGNPParams:
    """See the annotations."""

    coefficients: Annotated[
        tuple[float, ...],
        LIVE,
        Doc("Coefficients of the equation in its order; empty: as stated."),
    ] = ()
    at: Annotated[
        float, Bound(0.0, 1.0), LIVE,
        Doc("Where along the first axis to look, as a share of it, if there are three.",
            label="position"),
    ] = 1.0  # fmt: skip
    unknown: Annotated[
        int, Bound(0, 5), LIVE,
        Doc("Which unknown is shown, counted from 0.", label="unknown shown"),
    ] = 0  # fmt: skip
    samples: Annotated[int, Bound(0, 20), LIVE, Doc("Fields drawn from the process.")] = 4
    sample_seed: Annotated[
        int, Bound(0, 9999, soft=(0, 30)), LIVE, Doc("Which fields are drawn."),
    ] = 0  # fmt: skip
    observed: Annotated[
        tuple[float, ...], LIVE,
        Doc("Places and values that the coefficients are found from, one after the other, as a "
            "hand sets them; empty: random places, with the reference's values.",
            label="observations"),
    ] = ()  # fmt: skip
    places: Annotated[
        int, Bound(1, 200, soft=(2, 60)), LIVE,
        Doc("How many random places are observed while none is set by hand.",
            label="random places"),
    ] = 20  # fmt: skip
    noise: Annotated[
        float, Bound(0.0, 1.0, soft=(0.0, 0.2)), LIVE,
        Doc("Standard deviation of the noise added to what is observed.", symbol="σ",
            label="noise of observations"),
    ] = 0.0  # fmt: skip
    observation_seed: Annotated[
        int, Bound(0, 9999, soft=(0, 30)), LIVE, Doc("Which places, and which noise."),
    ] = 0  # fmt: skip
    told_by: Annotated[
        Literal["both networks", "inverse network"], LIVE,
        Doc("Whether draws near what the inverse network says are weighed by the forward network's "
            "likelihood, or it alone says the coefficients, as in the paper.",
            label="coefficients found by"),
    ] = "both networks"  # fmt: skip
    weights: Annotated[
        Literal["shipped", "trained here"], REFIT,
        Doc("Networks that ship with the program for some families, or a training of your own."),
    ] = "shipped"  # fmt: skip
    layers: Annotated[
        int, Bound(1, 12, soft=(1, 9)), REFIT, Doc("Hidden layers of the forward network."),
        Applies("weights", ("trained here",)),
    ] = 4  # fmt: skip
    width: Annotated[
        int, Bound(2, 512, log=True), REFIT, Doc("Neurons per layer of the forward network."),
        Applies("weights", ("trained here",)),
    ] = 100  # fmt: skip
    rank: Annotated[
        int, Bound(0, 8), REFIT, Doc("Directions of noise that places share.", symbol="k"),
        Applies("weights", ("trained here",)),
    ] = 2  # fmt: skip
    fourier: Annotated[
        int, Bound(1, 256, soft=(1, 128)), REFIT,
        Doc("Frequencies through which places enter.", label="Fourier features"),
        Applies("weights", ("trained here",)),
    ] = 20  # fmt: skip
    fastest: Annotated[
        float, Bound(0.01, 20.0, log=True), REFIT,
        Doc("The highest of them, in waves per half a side of the box.",
            label="highest frequency"),
        Applies("weights", ("trained here",)),
    ] = 1.0  # fmt: skip
    gain: Annotated[
        float, Bound(0.1, 3.0), REFIT,
        Doc("Factor of the forward network's first weights.", label="weights' start"),
        Applies("weights", ("trained here",)),
    ] = 1.0  # fmt: skip
    informed: Annotated[
        bool, REFIT,
        Doc("Whether the inverse network reads with each value its place, what is given and how "
            "noisy it is; in the paper it reads the value alone.",
            label="inverse reads places and noise"),
        Applies("weights", ("trained here",)),
    ] = False  # fmt: skip
    lifts: Annotated[
        int, Bound(1, 6), REFIT, Doc("Layers that lift a value to channels, inverse network."),
        Applies("weights", ("trained here",)),
    ] = 1  # fmt: skip
    convolutions: Annotated[
        int, Bound(0, 8), REFIT, Doc("Convolutions of the inverse network."),
        Applies("weights", ("trained here",)),
    ] = 4  # fmt: skip
    head: Annotated[
        int, Bound(2, 512, log=True), REFIT, Doc("Neurons at the end of the inverse network."),
        Applies("weights", ("trained here",)),
    ] = 200  # fmt: skip
    inverse_rank: Annotated[
        int, Bound(0, 4), REFIT, Doc("Directions that coefficients vary in together."),
        Applies("weights", ("trained here",)),
    ] = 1  # fmt: skip
    given: Annotated[
        int, Bound(0, 8), REFIT,
        Doc("How many of the last coefficients are known to the inverse network.",
            label="coefficients given"),
        Applies("weights", ("trained here",)),
    ] = 1  # fmt: skip
    batch: Annotated[
        int, Bound(1, 1000, log=True, soft=(5, 100)), REFIT, Doc("Draws of coefficients per step."),
        Applies("weights", ("trained here",)),
    ] = 50  # fmt: skip
    interior: Annotated[
        int, Bound(2, 2000, log=True, soft=(10, 500)), REFIT,
        Doc("Random places of each draw.", label="places per draw"),
        Applies("weights", ("trained here",)),
    ] = 30  # fmt: skip
    eps: Annotated[
        float, Bound(1e-5, 100.0, log=True, soft=(1e-3, 1.0)), REFIT,
        Doc("Size of what may be left over of the equation; where training begins, if trained.",
            symbol="ε", label="residual noise"),
        Applies("weights", ("trained here",)),
    ] = 1e-2  # fmt: skip
    train_eps: Annotated[
        bool, REFIT, Doc("Whether the residual noise is trained as well.",
                         label="train the residual noise"),
        Applies("weights", ("trained here",)),
    ] = False  # fmt: skip
    data: Annotated[
        int, Bound(0, 2000, soft=(0, 200)), REFIT,
        Doc("Reference solutions, seen at random places with noise of 0.05, that training may use.",
            label="solutions as data"),
        Applies("weights", ("trained here",)),
    ] = 0  # fmt: skip
    held_out: Annotated[
        int, Bound(1, 200, soft=(4, 100)), REFIT,
        Doc("Draws of the coefficients on which error and coverage are measured.",
            label="held-out draws"),
        Applies("weights", ("trained here",)),
    ] = 20  # fmt: skip
    steps: Annotated[
        int, Bound(1, 500000, log=True, soft=(100, 50000)), REFIT, Doc("Training steps."),
        Applies("weights", ("trained here",)),
    ] = 5000  # fmt: skip
    rate: Annotated[
        float, Bound(1e-6, 1.0, log=True), STEP, Doc("Adam's step.", label="learning rate"),
        Applies("weights", ("trained here",)),
    ] = 3e-3  # fmt: skip
    fall: Annotated[
        float, Bound(1e-4, 1.0, log=True), STEP,
        Doc("What is left of the rate at the end of the training, falling evenly by factors."),
        Applies("weights", ("trained here",)),
    ] = 0.01  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
