"""What a physics-informed network can be asked for; every addition is a switch of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, STEP, Applies, Bound, Doc, check


@dataclass(frozen=True, slots=True, kw_only=True)
class PINNParams:
    """See the annotations."""

    coefficients: Annotated[
        tuple[float, ...],
        LIVE,
        Doc("Coefficients of the equation in its order; empty: as stated. They are followed where "
            "the network was trained over their range; otherwise they count at the next fit."),
    ] = ()  # fmt: skip
    at: Annotated[
        float, Bound(0.0, 1.0), LIVE,
        Doc("Where along the first axis to look, as a share of it, if there are three.",
            label="position"),
    ] = 1.0  # fmt: skip
    unknown: Annotated[
        int,
        Bound(0, 5),
        LIVE,
        Doc("Which unknown is shown, counted from 0.", label="unknown shown"),
    ] = 0
    layers: Annotated[int, Bound(1, 10), REFIT, Doc("Hidden layers.")] = 3
    width: Annotated[int, Bound(2, 512, log=True), REFIT, Doc("Neurons per layer.")] = 50
    hard: Annotated[
        bool, REFIT,
        Doc("Whether boundary and start hold by construction: u = B + D N.", label="hard boundary"),
    ] = True  # fmt: skip
    periodic: Annotated[
        bool, REFIT, Doc("Whether a periodic axis enters as its cosine and sine.")
    ] = True
    fourier: Annotated[
        int, Bound(0, 512, soft=(0, 256)), REFIT,
        Doc("Random frequencies through which places enter; 0: none.", label="Fourier features"),
    ] = 0  # fmt: skip
    fourier_scale: Annotated[
        float, Bound(0.1, 50.0, log=True), REFIT, Doc("Their standard deviation.", symbol="s",
                                                     label="frequency scale"),
    ] = 2.0  # fmt: skip
    gated: Annotated[
        bool, REFIT, Doc("Modified network: every layer mixes two encodings of the place.")
    ] = False
    factorised: Annotated[
        bool,
        REFIT,
        Doc("Weights as a scale per neuron times a matrix.", label="factorised weights"),
    ] = False
    causal: Annotated[
        bool, REFIT, Doc("Later times count once earlier ones are learnt.", label="causal weights")
    ] = False
    tolerance: Annotated[
        float, Bound(0.001, 100.0, log=True), STEP, Doc("How strictly earlier times come first."),
        Applies("causal", (True,)),
    ] = 1.0  # fmt: skip
    balance: Annotated[
        Literal["none", "gradient norms", "tangent kernel"], REFIT,
        Doc("Loss weights that even out the parts' pull on the network."),
    ] = "none"  # fmt: skip
    resample: Annotated[
        bool, STEP, Doc("New points lie where the equation is violated, instead of evenly.")
    ] = False
    over_range: Annotated[
        bool, REFIT,
        Doc("Train for all coefficients between their bounds; their sliders then are live.",
            label="train over ranges"),
    ] = False  # fmt: skip
    interior: Annotated[
        int, Bound(20, 50000, log=True, soft=(200, 10000)), REFIT, Doc("Points inside the box.")
    ] = 1000
    boundary: Annotated[
        int, Bound(4, 10000, log=True, soft=(20, 1000)), REFIT, Doc("Points on each face.")
    ] = 100
    steps: Annotated[
        int, Bound(1, 500000, log=True, soft=(100, 50000)), REFIT, Doc("Training steps.")
    ] = 5000
    finish: Annotated[
        float, Bound(0.0, 1.0), REFIT,
        Doc("Share of the steps that are spent on L-BFGS at the end, twenty to a turn."),
    ] = 0.2  # fmt: skip
    rate: Annotated[
        float, Bound(1e-6, 1.0, log=True), STEP, Doc("Adam's step.", label="learning rate")
    ] = 1e-3
    warm_up: Annotated[
        int, Bound(0, 20000), REFIT, Doc("Steps in which the rate rises to its value.")
    ] = 0
    decay: Annotated[
        float, Bound(0.1, 1.0), STEP, Doc("The rate is multiplied by this per 5000 steps.")
    ] = 0.9
    redraw: Annotated[
        int, Bound(0, 100000, soft=(0, 1000)), STEP,
        Doc("New points every so many steps, at most once a turn of L-BFGS; 0: never."),
    ] = 100  # fmt: skip
    weight_residual: Annotated[
        float | None, Bound(1e-8, 1e8, log=True, soft=(1e-6, 100.0)), STEP,
        Doc("Weight of the equation in the loss. Auto: from its size.", symbol="λᵣ"),
    ] = None  # fmt: skip
    weight_boundary: Annotated[
        float, Bound(1e-8, 1e8, log=True, soft=(1e-3, 1000.0)), STEP,
        Doc("Weight of the boundary.", symbol="λb"),
    ] = 1.0  # fmt: skip
    weight_initial: Annotated[
        float, Bound(1e-8, 1e8, log=True, soft=(1e-3, 1000.0)), STEP,
        Doc("Weight of the start.", symbol="λᵢ"),
    ] = 1.0  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
