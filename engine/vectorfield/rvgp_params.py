"""Parameters of the vector-field Gaussian process on an unknown manifold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, Applies, Bound, Doc, Rows, check
from engine.vectorfield import training


@dataclass(frozen=True, slots=True, kw_only=True)
class RVGPParams:
    """Left to the method (None), a value is the most likely one; the form shows it."""

    length: Annotated[
        float | None,
        Bound(0.01, 100.0, log=True, soft=(0.05, 20.0)),
        LIVE,
        Doc("How far the field keeps its direction, in units of the median eigenfield's "
            "wavelength over 2π. Auto: most likely.", symbol="κ", label="length scale"),
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
        Doc("Standard deviation of the field before any vector is seen. Auto: most likely.",
            symbol="a"),
    ] = None  # fmt: skip
    smoothness: Annotated[
        Literal["auto", "0.5", "1.5", "2.5", "infinite"],
        LIVE,
        Doc("Matérn smoothness; infinite is the heat kernel. Auto: most likely.", symbol="ν"),
    ] = "auto"
    modes: Annotated[
        int | None,
        Bound(1, 2000, log=True, soft=(5, 400)),
        LIVE,
        Doc("Eigenfields used, of those computed. Auto: all.", symbol="k'", label="modes used"),
    ] = None  # fmt: skip
    smoothing: Annotated[
        float,
        Bound(0.0, 100.0, soft=(0.0, 10.0)),
        LIVE,
        Doc("Diffusion time of the shown field: directions even out, magnitudes are kept.",
            symbol="t", label="diffusion time"),
    ] = 0.0  # fmt: skip
    sample: Annotated[
        int,
        Bound(0, 10_000, soft=(0, 20)),
        LIVE,
        Doc("0 shows the mean; a number shows that draw from the posterior.",
            label="posterior sample"),
    ] = 0  # fmt: skip
    eigenfield: Annotated[
        int,
        Bound(1, 2000, soft=(1, 100)),
        LIVE,
        Doc("Which eigenfield stands beside the field; a click on the spectrum picks one."),
    ] = 1
    kernel_at: Annotated[
        int,
        Bound(0, 100_000_000, soft=(0, 1000)),
        LIVE,
        Doc("Row whose kernel column stands beside the field; a click on a point picks it.",
            label="kernel at row"),
    ] = 0  # fmt: skip
    exponent: Annotated[
        Literal["manifold", "graph"],
        LIVE,
        Doc("Matérn exponent -(ν + d/2) of the manifold, or -ν as in the published code."),
    ] = "manifold"
    without: Annotated[Rows, LIVE, training.TAKEN_OUT] = ()
    added: Annotated[Rows, LIVE, training.PUT_IN] = ()
    graph: Annotated[
        Literal["weighted", "unit"],
        REFIT,
        Doc("Gaussian weights with the sampling density divided out, or unit weights as in the "
            "paper.", label="graph weights"),
    ] = "weighted"  # fmt: skip
    knn: Annotated[
        int,
        Bound(3, 200, soft=(5, 50)),
        REFIT,
        Doc("Neighbours of each point in the graph; the paper takes 10.", symbol="k",
            label="neighbours"),
    ] = 20  # fmt: skip
    width: Annotated[
        float,
        Bound(0.05, 10.0, log=True, soft=(0.2, 3.0)),
        REFIT,
        Doc("Kernel width in units of the median distance to the last neighbour.", symbol="h"),
        Applies("graph", ("weighted",)),
    ] = 0.7  # fmt: skip
    density: Annotated[
        bool,
        REFIT,
        Doc("Divide the sampling density out of the weights.", symbol="α",
            label="density removal"),
        Applies("graph", ("weighted",)),
    ] = True  # fmt: skip
    dimension: Annotated[
        int | None,
        Bound(1, 20),
        REFIT,
        Doc("Dimension of the manifold. Auto: from the variance around each point.", symbol="d",
            label="manifold dimension"),
    ] = None  # fmt: skip
    frame_knn: Annotated[
        int | None,
        Bound(2, 300, soft=(5, 60)),
        REFIT,
        Doc("Neighbours that a tangent plane is fitted to. Auto: 0.8 of the graph's (1.5 times "
            "for the paper's graph).", label="tangent neighbours"),
    ] = None  # fmt: skip
    computed: Annotated[
        int,
        Bound(2, 2000, log=True, soft=(20, 400)),
        REFIT,
        Doc("Eigenfields of the connection Laplacian that are computed.", symbol="k",
            label="modes computed"),
    ] = 100  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
