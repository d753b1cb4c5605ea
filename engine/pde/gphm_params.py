"""What a Gaussian process with a spectral mixture can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, STEP, Applies, Bound, Doc, check

DIRECT, PUBLISHED = "direct", "as published"
FROM_DIRECT = "published from the direct solution"
_TRAINED = Applies("training", (PUBLISHED, FROM_DIRECT))
_START = Applies("frequencies", ((),))
_EVEN = Applies("widths", ((),))
_FREQUENCY = Bound(0.0, 1e4)
_WEIGHT = Bound(1e-9, 1e3, log=True)
_WIDTH = Bound(1e-4, 1e4, log=True)
Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GPHMParams:
    """See the annotations."""

    coefficients: Annotated[
        tuple[float, ...],
        LIVE,
        Doc("Coefficients of the equation in its order; empty: as stated."),
    ] = ()
    family: Annotated[
        Literal["Student-t mixture", "Gaussian mixture", "Matern", "squared exponential"],
        LIVE,
        Doc("Shape of the spectrum's components; the last two are plain kernels without "
            "frequencies, to see what these are good for.", label="kernel"),
    ] = "Student-t mixture"  # fmt: skip
    highest: Annotated[
        float | None,
        Bound(0.05, 500.0, log=True, soft=(1.0, 200.0)),
        LIVE,
        Doc("Up to where frequencies start, in cycles per unit (2π as many radians). What "
            "oscillates faster is not found. Auto: from the source and the given values.",
            symbol="F", label="highest frequency"),
        _START,
    ] = None  # fmt: skip
    components: Annotated[
        int, Bound(1, 200, soft=(1, 60)), LIVE,
        Doc("How many frequencies, evenly from 0 to the highest.", symbol="Q"), _START,
    ] = 30  # fmt: skip
    spread: Annotated[
        float, Bound(0.05, 20.0, log=True, soft=(0.1, 10.0)), LIVE,
        Doc("Factor on all correlation lengths: longer ones trust the frequencies more.",
            label="spread of lengths"), _EVEN,
    ] = 1.0  # fmt: skip
    nodes: Annotated[
        int | None, Bound(8, 900, log=True, soft=(16, 400)), LIVE,
        Doc("Points of the grid along each axis; 400 at most on a plane. Auto: enough for the "
            "highest frequency.", symbol="N"),
    ] = None  # fmt: skip
    jitter: Annotated[
        float, Bound(1e-12, 1e-3, log=True, soft=(1e-10, 1e-4)), LIVE,
        Doc("Added to the kernel matrix's diagonal: a part of the model."),
    ] = 1e-6  # fmt: skip
    sides: Annotated[
        Literal["initial and inflow", "all sides"], LIVE,
        Doc("Which data are given: what the problem states, or the known solution on every side, "
            "the last time included, as in the authors' code.", label="data sides"),
    ] = "initial and inflow"  # fmt: skip
    frequencies: Annotated[
        Numbers, _FREQUENCY, LIVE,
        Doc("Frequency of each component in radians per unit, as handles on the spectrum set them; "
            "empty: evenly up to the highest.", unit="rad"),
    ] = ()  # fmt: skip
    weights: Annotated[
        Numbers, _WEIGHT, LIVE, Doc("Weight of each component; empty: all alike.", symbol="w")
    ] = ()
    widths: Annotated[
        Numbers, _WIDTH, LIVE,
        Doc("Width of each component in the spectrum: one over its correlation length; empty: 1.",
            unit="rad"),
    ] = ()  # fmt: skip
    frequencies_2: Annotated[
        Numbers, _FREQUENCY, LIVE,
        Doc("The same along the second axis.", unit="rad", label="frequencies, second axis"),
    ] = ()  # fmt: skip
    weights_2: Annotated[
        Numbers, _WEIGHT, LIVE,
        Doc("The same along the second axis.", label="weights, second axis"),
    ] = ()  # fmt: skip
    widths_2: Annotated[
        Numbers, _WIDTH, LIVE,
        Doc("The same along the second axis.", unit="rad", label="widths, second axis"),
    ] = ()  # fmt: skip
    training: Annotated[
        Literal["direct", "as published", "published from the direct solution"],
        REFIT,
        Doc("Direct: the equation solved on the grid at the kernel given, no training. The others "
            "climb the log joint of values, kernel and noise by Adam."),
    ] = "direct"  # fmt: skip
    steps: Annotated[
        int | None, Bound(0, 3_000_000, soft=(0, 20000)), REFIT,
        Doc("Steps of Adam. Auto: 1500; the authors take 100,000 to 3,000,000."), _TRAINED,
    ] = None  # fmt: skip
    rate: Annotated[
        float, Bound(1e-6, 1.0, log=True), STEP, Doc("Adam's step.", label="learning rate"),
        _TRAINED,
    ] = 0.01  # fmt: skip
    weight_boundary: Annotated[
        float, Bound(1e-3, 1e6, log=True, soft=(1.0, 1000.0)), STEP,
        Doc("Weight of the given values in the log joint.", symbol="λb"), _TRAINED,
    ] = 200.0  # fmt: skip
    extra: Annotated[
        bool, REFIT,
        Doc("A second process with one plain Matern component learns what the first has left over.",
            label="second process"), _TRAINED,
    ] = False  # fmt: skip
    extra_from: Annotated[
        float, Bound(0.0, 1.0), REFIT,
        Doc("Share of the steps after which the first is frozen.", label="begins at"),
        Applies("extra", (True,)),
    ] = 0.5  # fmt: skip

    def __post_init__(self) -> None:
        check(self)

    @property
    def planned(self) -> int:
        """Steps to go."""
        if self.training == DIRECT:
            return 0
        return 1500 if self.steps is None else self.steps
