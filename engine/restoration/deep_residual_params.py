"""What the deep residual prior can be asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from engine.layers import Array
from engine.params import LIVE, REFIT, STEP, Bound, Display, Doc, check
from engine.restoration.degradations import blur_kernel

REFERENCE = 256 * 256
"""Pixels of the pictures that the published weights are meant for; they multiply sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What may change from step to step.

    Infinite l1 and l2 with l3 = 0 make it the plain deep image prior.

    l1, l2 : on sums over pixels, beside a data term that is a mean
    l3 : on total variation, or on its smooth square if not `isotropic`
    """

    l1: float = 5e-7
    l2: float = 5e-5
    l3: float = 5e-4
    rate: float = 9e-3
    residual_rate: float = 5e-4
    isotropic: bool = True


_GAIN = Bound(1.0, 50.0, log=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepResidualParams:
    """The kernel that is assumed, weights of the terms, and what is looked at."""

    moment: Annotated[
        int | None, Bound(0, 20000, soft=(0, 1500)), LIVE,
        Doc("The stored step that is shown, the nearest one. Auto: the last.", label="step shown"),
    ] = None  # fmt: skip
    shown: Annotated[
        Literal["average", "iterate"],
        LIVE,
        Doc("Running mean of the pictures so far, which has less noise, or the last one itself."),
    ] = "average"
    gain: Annotated[
        float,
        _GAIN,
        LIVE,
        Display(),
        Doc("Contrast of the difference to the truth and of what was removed."),
    ] = 2.0
    residual_gain: Annotated[
        float, _GAIN, LIVE,
        Display(),
        Doc("Contrast of what the wrong kernel leaves over.", label="kernel residual gain"),
    ] = 8.0  # fmt: skip
    ringing_gain: Annotated[
        float, _GAIN, LIVE, Display(), Doc("Contrast of the ringing.", label="ringing gain")
    ] = 8.0
    balance: Annotated[
        float, Bound(1e-5, 1.0, log=True), LIVE,
        Doc("Smoothness of the quick Wiener filter with the same kernel, shown beside.",
            label="Wiener smoothness"),
    ] = 0.01  # fmt: skip
    kind: Annotated[
        Literal["gaussian", "disc", "motion"], STEP,
        Doc("Kind of blur assumed; a running fit goes on with the new one.", label="blur assumed"),
    ] = "gaussian"  # fmt: skip
    size: Annotated[
        float, Bound(0.3, 40.0, log=True), STEP,
        Doc("Standard deviation of a Gaussian, radius of a disc, length of a motion.", unit="px",
            label="blur size"),
    ] = 1.6  # fmt: skip
    angle: Annotated[
        float, Bound(-180.0, 180.0), STEP,
        Doc("Direction of a motion, counterclockwise from the row.", unit="°",
            label="motion angle"),
    ] = 0.0  # fmt: skip
    l1: Annotated[
        float, Bound(1e-9, 1e-3, log=True), STEP,
        Doc("How sparse the ringing's frequencies are, for 256 × 256 pixels.", symbol="λ₁",
            label="ringing weight"),
    ] = 1.25e-7  # fmt: skip
    l2: Annotated[
        float, Bound(1e-9, 1e-1, log=True), STEP,
        Doc("How few pixels the kernel residual has, for 256 × 256 pixels.", symbol="λ₂",
            label="residual weight"),
    ] = 1.25e-5  # fmt: skip
    l3: Annotated[
        float, Bound(0.0, 0.5, soft=(0.0, 0.005)), STEP,
        Doc("How smooth the picture is. 0 leaves that to the network, which fits noise in the "
            "end: stop it early then.", symbol="λ₃", label="smoothness weight"),
    ] = 5e-4  # fmt: skip
    rate: Annotated[
        float, Bound(1e-5, 0.1, log=True), STEP,
        Doc("Learning rate of the picture's network; halved at 2000 and 3000 steps.",
            label="picture rate"),
    ] = 9e-3  # fmt: skip
    residual_rate: Annotated[
        float, Bound(1e-8, 0.1, log=True), STEP,
        Doc("The same of the kernel residual's network.", label="residual rate"),
    ] = 5e-4  # fmt: skip
    residuals: Annotated[
        bool, REFIT,
        Doc("Ringing and kernel residual are modelled. Off, and with no smoothness weight, this "
            "is the deep image prior alone.", label="model residuals"),
    ] = True  # fmt: skip
    isotropic: Annotated[
        bool, REFIT,
        Doc("Smoothness counts the length of the gradient (total variation), which leaves edges "
            "sharp; off, its square, which softens them.", label="sharp edges"),
    ] = True  # fmt: skip
    steps: Annotated[int, Bound(1, 20000, log=True, soft=(100, 5000)), REFIT, Doc("Steps.")] = 1000
    stop: Annotated[
        bool, REFIT,
        Doc("End as soon as the picture explains all but the noise.", label="stop early"),
    ] = True  # fmt: skip
    noise: Annotated[
        float | None, Bound(0.0, 255.0, soft=(0.0, 50.0)), REFIT,
        Doc("Standard deviation of the noise. Auto: what was put in, or an estimate.",
            unit="levels"),
    ] = None  # fmt: skip
    periodic: Annotated[
        bool, REFIT, Doc("The picture goes on at the opposite border, instead of mirrored.")
    ] = False

    def __post_init__(self) -> None:
        check(self)

    def kernel(self) -> Array:
        """The assumed kernel."""
        return blur_kernel(self.kind, self.size, self.angle)

    def weights(self, numbers: int) -> Weights:
        """For a picture of so many numbers (pixels times channels)."""
        scale = REFERENCE / numbers if self.residuals else math.inf
        return Weights(
            l1=self.l1 * scale, l2=self.l2 * scale, l3=self.l3, rate=self.rate,
            residual_rate=self.residual_rate, isotropic=self.isotropic,
        )  # fmt: skip
