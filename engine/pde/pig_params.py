"""What Physics-Informed Gaussians can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, STEP, Applies, Bound, Doc, check

PROJECTION = "least squares"
_TRAINED = Applies("training", ("L-BFGS", "Adam"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PIGParams:
    """See the annotations."""

    coefficients: Annotated[
        tuple[float, ...],
        LIVE,
        Doc(
            "Coefficients of the equation in its order; empty: as stated. With least squares the "
            "solution follows them; after other training they count at the next fit."
        ),
    ] = ()
    at: Annotated[
        float,
        Bound(0.0, 1.0),
        LIVE,
        Doc("Where along the first axis to look, as a share of it, if there are three.",
            label="position"),
    ] = 1.0  # fmt: skip
    unknown: Annotated[
        int,
        Bound(0, 5),
        LIVE,
        Doc("Which unknown is shown, counted from 0.", label="unknown shown"),
    ] = 0
    spread: Annotated[
        float,
        Bound(0.5, 2.0, log=True),
        LIVE,
        Doc("Factor on all widths. With least squares the weights are found anew."),
    ] = 1.0
    threshold: Annotated[
        float,
        Bound(0.0, 1.0, soft=(0.0, 0.5)),
        LIVE,
        Doc("Gaussians with less than this share of the largest weight are switched off."),
    ] = 0.0
    training: Annotated[
        Literal["least squares", "L-BFGS", "Adam"],
        REFIT,
        Doc(
            "Least squares: weights solved for, centres moved by Gauss-Newton. The others train "
            "all numbers as the paper does, through a small network."
        ),
    ] = "least squares"
    gaussians: Annotated[
        int | None, Bound(4, 4000, log=True, soft=(25, 1500)), REFIT,
        Doc("How many, per feature or piece of time. Auto: 500; 1500 for least squares in three "
            "dimensions.", symbol="N"),
    ] = None  # fmt: skip
    pieces: Annotated[
        int,
        Bound(1, 100),
        REFIT,
        Doc(
            "Time in so many pieces, each solved from the end of the last one, with Gaussians on a "
            "lattice in each: for fronts much sharper than the box is long.",
            label="pieces of time",
        ),
        Applies("training", ("least squares",)),
    ] = 1
    width: Annotated[
        float | None,
        Bound(0.003, 3.0, log=True, soft=(0.02, 1.0)),
        REFIT,
        Doc("First width, in half lengths of the box. Auto: from the distance of centres.",
            symbol="σ₀"),
    ] = None  # fmt: skip
    width_time: Annotated[
        float | None,
        Bound(0.003, 3.0, log=True, soft=(0.02, 1.0)),
        REFIT,
        Doc("First width along time. Auto: as in space.", label="width in time"),
    ] = None
    covariance: Annotated[
        Literal["diagonal", "full"], REFIT, Doc("Whether Gaussians may turn."), _TRAINED
    ] = "diagonal"
    features: Annotated[
        int, Bound(1, 16), REFIT, Doc("Sums of Gaussians that the network reads.", symbol="K"),
        _TRAINED,
    ] = 4  # fmt: skip
    hidden: Annotated[
        int, Bound(0, 64), REFIT,
        Doc("Width of the network; 0: none, features are added.", symbol="H"), _TRAINED,
    ] = 16  # fmt: skip
    share: Annotated[
        bool, REFIT, Doc("Whether all features are made of the same Gaussians.",
                         label="share Gaussians"), _TRAINED,
    ] = False  # fmt: skip
    raw_widths: Annotated[
        bool, REFIT, Doc("Widths without a lower limit, as in the authors' code."), _TRAINED
    ] = False
    interior: Annotated[
        int, Bound(20, 50000, log=True, soft=(200, 10000)), REFIT, Doc("Points inside the box.")
    ] = 2000
    boundary: Annotated[
        int, Bound(4, 10000, log=True, soft=(20, 1000)), REFIT, Doc("Points on each face.")
    ] = 200
    steps: Annotated[
        int | None,
        Bound(0, 200000, soft=(0, 2000)),
        REFIT,
        Doc("Moves of the Gaussians, or training steps. Auto: none with least squares, "
            "200 with L-BFGS, 5000 with Adam."),
    ] = None  # fmt: skip
    weight_residual: Annotated[
        float | None,
        Bound(1e-8, 1e8, log=True, soft=(1e-6, 100.0)),
        STEP,
        Doc("Weight of the equation in the loss. Auto: from its size.", symbol="λᵣ"),
    ] = None
    weight_boundary: Annotated[
        float, Bound(1e-8, 1e8, log=True, soft=(1e-3, 1000.0)), STEP,
        Doc("Weight of the boundary.", symbol="λb"),
    ] = 1.0  # fmt: skip
    weight_initial: Annotated[
        float, Bound(1e-8, 1e8, log=True, soft=(1e-3, 1000.0)), STEP,
        Doc("Weight of the start.", symbol="λᵢ"),
    ] = 1.0  # fmt: skip
    rate: Annotated[
        float | None, Bound(1e-6, 10.0, log=True), STEP,
        Doc("Length of steps. Auto: 1 with L-BFGS, 0.01 with Adam.", label="learning rate"),
        _TRAINED,
    ] = None  # fmt: skip
    decay: Annotated[
        float, Bound(0.1, 1.0), STEP,
        Doc("Adam's rate is multiplied by this per 2000 steps."), Applies("training", ("Adam",)),
    ] = 0.9  # fmt: skip
    redraw: Annotated[
        int, Bound(0, 10000), STEP, Doc("New points every so many steps; 0: never.")
    ] = 1

    def __post_init__(self) -> None:
        check(self)

    def many(self, dimension: int) -> int:
        """Gaussians, per feature or piece of time. In three dimensions 500 lie too far apart."""
        if self.gaussians is not None:
            return self.gaussians
        whole = self.training == PROJECTION and self.pieces == 1
        return 1500 if dimension == 3 and whole else 500

    @property
    def planned(self) -> int:
        """Steps to go."""
        if self.steps is not None:
            return self.steps
        return {"L-BFGS": 200, "Adam": 5000}.get(self.training, 0)
