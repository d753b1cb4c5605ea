"""What a person can set of the heat-geodesic embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.params import LIVE, REFIT, Applies, Bound, Doc, check

MOST_COMPUTED = 4000
"""Points whose n x n matrices (128 MB each, seven at once) stay under a gigabyte."""
SPECTRAL = ("exact", "chebyshev", "lowrank")


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """See `engine.embedding.heat_distance` for the formulas that the symbols belong to."""

    time: Annotated[
        float | None,
        Bound(0.01, 1000.0, log=True, soft=(0.1, 100.0)),
        LIVE,
        Doc(
            "How long heat spreads before distances are read off it. Short times see fine detail "
            "but lose far pairs, long times the reverse. Auto takes the knee of the entropy curve.",
            symbol="t",
            label="diffusion time",
        ),
    ] = None
    kernel: Annotated[
        Literal["euler", "exact", "chebyshev", "lowrank"],
        LIVE,
        Doc(
            "How heat is computed. Euler has a heavier tail than true heat, so far pairs stay "
            "apart at short times; exact and Chebyshev are true heat; low-rank keeps the slowest "
            "eigenvectors and is right at long times only.",
            symbol="H",
            label="heat kernel",
        ),
    ] = "euler"
    order: Annotated[
        int,
        Bound(1, 200, soft=(2, 60)),
        LIVE,
        Doc(
            "Implicit steps that the diffusion time is cut into. More come closer to true heat; "
            "fewer make the tail heavier.",
            symbol="K",
            label="Euler steps",
        ),
        Applies("kernel", ("euler",)),
    ] = 30
    floor: Annotated[
        float | None,
        Bound(1e-140, 1e-6, log=True),
        LIVE,
        Doc(
            "Heat is not told apart below this. Auto is 1e-100: entries of Euler's kernel are "
            "right however small, so far pairs keep their distances even at short times. The "
            "paper uses 1e-16, which is all that the other kernels resolve.",
            symbol="ε",
            label="heat floor",
        ),
        Applies("kernel", ("euler",)),
    ] = None
    rank: Annotated[
        float,
        Bound(0.005, 1.0, log=True),
        LIVE,
        Doc(
            "Share of the eigenvectors, slowest first, that the kernel is built from.",
            label="eigenvectors kept",
        ),
        Applies("kernel", ("lowrank",)),
    ] = 0.1
    scales: Annotated[
        int,
        Bound(1, 5),
        LIVE,
        Doc(
            "Average the distances of this many diffusion times, short ones counting more.",
            label="times averaged",
        ),
        Applies("kernel", SPECTRAL),
    ] = 1
    span: Annotated[
        float,
        Bound(1.5, 100.0, log=True),
        LIVE,
        Doc(
            "Longest of the averaged times over the shortest; they lie evenly around the "
            "diffusion time on a logarithmic scale.",
            label="span of times",
        ),
        Applies("scales", (2, 3, 4, 5)),
    ] = 10.0
    volume: Annotated[
        float,
        Bound(0.0, 1.5),
        LIVE,
        Doc(
            "How much of the local volume is divided out (parabolic Harnack inequality). 1 removes "
            "the effect of density and mends long times; 0 is Varadhan's formula alone.",
            symbol="σ",
            label="volume correction",
        ),
    ] = 0.0
    power: Annotated[
        float,
        Bound(0.25, 3.0, soft=(0.5, 2.0)),
        LIVE,
        Doc(
            "Distances are raised to this power. 2 gives squared distances, which favour "
            "clusters as SNE does.",
            symbol="p",
            label="distance power",
        ),
    ] = 1.0
    log_normalise: Annotated[
        bool,
        LIVE,
        Doc(
            "Use the logarithm of heat over the logarithm of time instead of Varadhan's square "
            "root. Undefined where the time (Euler: the time per step) is near 1.",
            label="normalise by log time",
        ),
    ] = False
    far_limit: Annotated[
        float,
        Bound(0.5, 1.0),
        LIVE,
        Doc(
            "Distances beyond this quantile are set to it; 1 keeps all.",
            label="cap on far distances",
        ),
    ] = 1.0
    denoising: Annotated[
        Literal["off", "rescaled", "as in the code"],
        LIVE,
        Doc(
            "Mix each distance with the distance between the two points' whole rows of distances. "
            "Rescaled brings both to the same mean (our deviation, so that the mix means what it "
            "says); as in the code leaves rows larger by about the square root of n.",
            label="denoising",
        ),
    ] = "off"
    denoise: Annotated[
        float,
        Bound(0.0, 1.0),
        LIVE,
        Doc("Share of the distances between rows in the mix.", symbol="ρ", label="denoising mix"),
        Applies("denoising", ("rescaled", "as in the code")),
    ] = 0.5
    diagonal: Annotated[
        Literal["kept", "zero"],
        LIVE,
        Doc(
            "Whether a point's own heat counts in its row of distances before denoising.",
            label="own heat in rows",
        ),
        Applies("denoising", ("rescaled", "as in the code")),
    ] = "kept"
    weights: Annotated[
        Literal["equal", "inverse square", "heat"],
        LIVE,
        Doc(
            "How much each pair counts in the layout: all alike, near pairs more (inverse square "
            "of the distance), or by the heat between them.",
            symbol="w",
            label="pair weights",
        ),
    ] = "equal"
    dimension: Annotated[
        Literal[2, 3], LIVE, Doc("Dimensions of the map.", symbol="d", label="dimensions")
    ] = 2
    knn: Annotated[
        int,
        Bound(1, 200, soft=(3, 50)),
        REFIT,
        Doc(
            "Neighbours that set the width of the graph's kernel around each point.",
            symbol="k",
            label="neighbours",
        ),
    ] = 10
    decay: Annotated[
        float,
        Bound(1.0, 100.0, log=True),
        REFIT,
        Doc(
            "How steeply weights fall beyond the k-th neighbour: 40 is nearly a cut, 2 a Gaussian.",
            symbol="α",
        ),
        Applies("graph", ("alpha decay",)),
    ] = 40.0
    graph: Annotated[
        Literal["alpha decay", "gaussian", "fuzzy"],
        REFIT,
        Doc(
            "Weights of neighbours: a width per point (PHATE's), one Gaussian width for all, or "
            "UMAP's fuzzy simplicial set.",
            symbol="W",
            label="graph",
        ),
    ] = "alpha decay"
    metric: Annotated[
        Literal["euclidean", "cosine", "manhattan"],
        REFIT,
        Doc("Distance between rows of the data.", label="data distance"),
    ] = "euclidean"
    anisotropy: Annotated[
        float,
        Bound(0.0, 1.0),
        REFIT,
        Doc(
            "How much of the sampling density is divided out of the weights.",
            symbol="a",
            label="density removal",
        ),
    ] = 0.0
    pca: Annotated[
        int | None,
        Bound(2, 1000, log=True, soft=(5, 200)),
        REFIT,
        Doc(
            "Principal components kept before neighbours are searched. Auto: all columns up to "
            "100, else 100.",
            label="principal components",
        ),
    ] = None
    laplacian: Annotated[
        Literal["combinatorial", "normalised"],
        REFIT,
        Doc(
            "Operator whose heat spreads. Combinatorial keeps the total heat; normalised makes "
            "all points cool alike, whatever their degree.",
            symbol="L",
        ),
    ] = "combinatorial"
    components: Annotated[
        Literal["keep", "connect"],
        REFIT,
        Doc(
            "When the graph falls apart: keep the parts, between which distances mean nothing, or "
            "connect them by their shortest edges.",
            label="separate parts",
        ),
    ] = "keep"
    landmarks: Annotated[
        int,
        Bound(50, MOST_COMPUTED, log=True, soft=(200, MOST_COMPUTED)),
        REFIT,
        Doc(
            "Largest number of rows computed in full. Of more, a random subset of this size is "
            "computed and the others are placed between their nearest.",
            label="rows computed",
        ),
    ] = 2000

    def __post_init__(self) -> None:
        check(self)
