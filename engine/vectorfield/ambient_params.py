"""Parameters of ambient Gaussian-process regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, Bound, Doc, Rows, check
from engine.vectorfield import training


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbientParams:
    """Left to the method (None), a value is the most likely one; the form shows it."""

    length: Annotated[
        float | None,
        Bound(1e-6, 1e6, log=True, soft=(0.01, 100.0)),
        LIVE,
        Doc("How far the field keeps its value, in the unit of the positions. Auto: most likely.",
            symbol="ℓ", label="length scale"),
    ] = None  # fmt: skip
    noise: Annotated[
        float | None,
        Bound(1e-8, 1e6, log=True, soft=(1e-4, 1.0)),
        LIVE,
        Doc("Standard deviation of the noise on each component. Auto: most likely.", symbol="σ"),
    ] = None  # fmt: skip
    amplitude: Annotated[
        float | None,
        Bound(1e-8, 1e6, log=True, soft=(0.01, 100.0)),
        LIVE,
        Doc("Standard deviation of a component before any vector is seen. Auto: most likely.",
            symbol="a"),
    ] = None  # fmt: skip
    without: Annotated[Rows, LIVE, training.TAKEN_OUT] = ()
    added: Annotated[Rows, LIVE, training.PUT_IN] = ()
    project: Annotated[
        bool, LIVE, Doc("Take what sticks out of the tangent plane away.", label="tangent part")
    ] = True
    kernel: Annotated[
        Literal["gaussian", "matern 1.5", "matern 2.5"],
        REFIT,
        Doc("Covariance of a component at two points by their distance in space."),
    ] = "gaussian"
    knn: Annotated[
        int,
        Bound(2, 200, soft=(5, 50)),
        REFIT,
        Doc("Neighbours that a tangent plane is fitted to.", symbol="k", label="neighbours"),
    ] = 16
    dimension: Annotated[
        int | None,
        Bound(1, 20),
        REFIT,
        Doc("Dimension of the manifold. Auto: from the variance around each point.", symbol="d",
            label="manifold dimension"),
    ] = None  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
