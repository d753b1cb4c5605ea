"""RVGP: a Gaussian process for vector fields on a manifold known only by its points.

arXiv 2309.16746. A neighbour graph with parallel transport along its edges gives a connection
Laplacian, whose smoothest eigenfields U are the features of a Gaussian process:

    f = sum_k w_k U_k,   w_k ~ N(0, s(lam_k)),   y_i = T_i^T v_i + noise

Observations are regressed in tangent coordinates; what of a vector sticks out of the tangent plane
is left aside and told. All that follows a slider is k x k (`spectral_regression`); rows that a hand
paints out or in are an update of rank d each (`painted_evidence`).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.vectors import VectorSamples
from engine.layers import Array, Arrows, Field, Network
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.stages import Stages, beats
from engine.vectorfield import (
    elsewhere,
    kernel_pictures,
    likelihood,
    rvgp_picture,
    rvgp_stages,
    training,
)  # fmt: skip
from engine.vectorfield.calculus import Calculus
from engine.vectorfield.extension import Graph, extend
from engine.vectorfield.field_layers import Spread
from engine.vectorfield.likelihood import Choice
from engine.vectorfield.painted_evidence import PaintedEvidence
from engine.vectorfield.rvgp_params import RVGPParams
from engine.vectorfield.rvgp_stages import Eigenfields
from engine.vectorfield.spectral_kernel import Exponent
from engine.vectorfield.spectral_regression import Evidence, Posterior, regress
from engine.vectorfield.training import Training

Floats = NDArray[np.float64]

SMOOTHNESS = (0.5, 1.5, 2.5, math.inf)
EXPONENTS: tuple[Exponent, ...] = ("manifold", "graph")
AT_ONCE = 400_000_000
"""Multiplications that the variance may take and still follow a slider in one go."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a fit learns. See `Eigenfields` for the manifold's part.

    `tangent` (m, d) are the observed vectors at `rows` (m,) in their frames, `normal` (m,) the
    share of each that stuck out. `choices` (4 smoothnesses, 2 exponents, 5) are the most likely
    nu, kappa, amplitude, noise and log likelihood; `bound` (4, 2, 3) which of length scale,
    amplitude and noise ended at a bound. `spare` (s,) are rows that could be put in, with their
    vectors (s, d); `learnt` (l,) those that the choices were made from.
    """

    positions: Floats
    faces: NDArray[np.int64]
    truth: Floats | None
    frames: Floats
    values: Floats
    fields: Floats
    unit: float
    weights: sparse.csr_array
    component: NDArray[np.int64]
    cosines: Floats
    width: float
    reach: float
    density: Floats
    duplicates: int
    rows: NDArray[np.int64]
    tangent: Floats
    normal: Floats
    relative: Floats | None
    choices: Floats
    bound: NDArray[np.bool_]
    spare: NDArray[np.int64] | None = None
    spare_tangent: Floats | None = None
    learnt: NDArray[np.int64] | None = None

    @property
    def manifold(self) -> Eigenfields:
        return Eigenfields(
            self.frames, self.values, self.fields, self.unit, self.weights, self.component,
            self.cosines, self.width, self.reach, self.density, self.duplicates,
        )  # fmt: skip

    @property
    def training(self) -> Training:
        return Training.of(len(self.positions), self.rows, self.spare, self.learnt)

    @property
    def known(self) -> tuple[Floats, Floats]:
        """Known vectors in their frames (n, d), 0 where there is none, and the variances of their
        noise relative to the common one (n,)."""
        vectors, relative = np.zeros(self.fields.shape[:2]), np.ones(len(self.positions))
        vectors[self.rows] = self.tangent
        if self.spare is not None and self.spare_tangent is not None:
            vectors[self.spare] = self.spare_tangent
        if self.relative is not None:
            relative[self.rows] = self.relative
        return vectors, relative

    @property
    def evidence(self) -> PaintedEvidence:
        spare = self.training.spare
        vectors = self.tangent[:0] if self.spare_tangent is None else self.spare_tangent
        return PaintedEvidence(self.fields, self.rows, self.tangent, self.relative, spare, vectors)


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """A posterior with the kernel that it belongs to, and the rows (n,) that it learnt from."""

    choice: Choice
    kernel: Floats
    posterior: Posterior
    modes: int
    evidence: Evidence
    used: NDArray[np.bool_]


class RVGP:
    """See the module's docstring."""

    Params: ClassVar[type] = RVGPParams
    Data: ClassVar[type] = VectorSamples

    def __init__(self, params: RVGPParams) -> None:
        self.params = params
        self.stages = Stages()
        self._fitted: Fitted | None = None
        self._evidence: PaintedEvidence | None = None
        self._energy: Floats = np.empty(0)
        self._graph: Network | None = None
        self._calculus: Calculus | None = None
        self._surface: tuple[tuple[Any, ...], Field] | None = None

    def fit(
        self, data: VectorSamples, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Manifold, eigenfields, most likely kernels; `device` is always the CPU."""
        learning = _learn(data, self.params, rng, self.stages)
        while True:
            try:
                stage = next(learning)
            except StopIteration as stop:
                fitted, self._calculus = stop.value
                self._publish(fitted)
                break
            yield Step(index=0, total=1, stage=stage)
        yield Step(index=1, total=1, stage="done", snapshot=self.evaluate(self.params))

    def _publish(self, fitted: Fitted) -> None:
        self._evidence = fitted.evidence
        self._energy = fitted.manifold.energy
        self._surface = None
        self._graph = rvgp_picture.graph_of(fitted)
        self._fitted = fitted

    def evaluate(self, params: RVGPParams) -> Snapshot:
        """The field with its spread: k x k algebra and one product per point."""
        regression = self.regression(params)
        return self._frame(params, regression, surface=self._likelihood(params, regression))

    def refine(self, params: RVGPParams) -> Iterator[Snapshot | None]:
        """The mean at once; the spread after it where there are many points."""
        fitted, _ = self._ready()
        n, d, k = fitted.fields.shape
        if n * d * min(params.modes or k, k) ** 2 > AT_ONCE:
            yield self._frame(params, self.regression(params, moving=True), full=False)
            yield None
        regression = self.regression(params)
        if self._surface is None or self._surface[0] != self._surface_key(params, regression):
            yield self._frame(params, regression)
            yield None
        yield self._frame(params, regression, surface=self._likelihood(params, regression))

    def _surface_key(self, params: RVGPParams, regression: Regression) -> tuple[Any, ...]:
        choice = regression.choice
        used = regression.used.tobytes()
        return (choice.nu, params.exponent, regression.modes, choice.amplitude, used)

    def _likelihood(self, params: RVGPParams, regression: Regression) -> Field:
        """The likelihood's picture; kept while only length scale and noise move."""
        fitted, _ = self._ready()
        key, choice = self._surface_key(params, regression), regression.choice
        likely = _chosen(fitted, replace(params, length=None, noise=None))
        if self._surface is None or self._surface[0] != key:
            found = kernel_pictures.surface(
                fitted, regression.evidence, self._energy, params, choice, regression.modes
            )
            self._surface = (key, found)
        marks = {"here": (choice.kappa, choice.noise)}
        if params.amplitude is None:
            marks["most likely"] = (likely.kappa, likely.noise)
        return replace(self._surface[1], marks=marks)

    def _frame(
        self, params: RVGPParams, regression: Regression, *, full: bool = True,
        surface: Field | None = None,
    ) -> Snapshot:  # fmt: skip
        fitted, _ = self._ready()
        assert self._graph is not None
        if self._calculus is None:
            self._calculus = _calculus(fitted)
        return rvgp_picture.snapshot(
            fitted, params, regression, self._graph, self._calculus, full=full, surface=surface
        )

    def regression(self, params: RVGPParams, *, moving: bool = False) -> Regression:
        """The posterior at LIVE parameters; those left open take their most likely values.

        While a hand is `moving`, sums over painted rows follow the last ones, up to rounding.
        """
        fitted, painted = self._ready()
        used = fitted.training.used(params)
        evidence = painted.near(used) if moving else painted.exact(used)
        choice = _chosen(fitted, params)
        modes = min(params.modes or len(fitted.values), len(fitted.values))
        kernel = likelihood.weights(
            fitted.values[:modes], self._energy[:modes], kappa=choice.kappa, nu=choice.nu,
            amplitude=choice.amplitude, dimension=fitted.frames.shape[2],
            exponent=params.exponent,
        )  # fmt: skip
        return Regression(
            choice, kernel, regress(evidence.first(modes), kernel, choice.noise), modes, evidence,
            used,
        )  # fmt: skip

    def at(self, points: Array, params: RVGPParams) -> Arrows:
        """The field at new points (q, D), by `engine.vectorfield.extension`; a drawn field where
        `params.sample` asks for one. Diffusion is left out: it knows the data's points only.

        >>> fit.method.at(points, fit.method.params).columns["standard deviation"]  # doctest: +SKIP
        """
        fitted, _ = self._ready()
        found = extend(
            elsewhere.checked(points, fitted.positions), fitted.positions, fitted.frames,
            fitted.fields, fitted.values * fitted.unit, self._graph_around(),
        )  # fmt: skip
        now = self.regression(params)
        fields, carried = found.fields[:, :, : now.modes], found.carried[: now.modes]
        weights = rvgp_picture.shown_weights(now, params)
        local = fields @ weights
        # Eigenfields that could not be carried keep what they might have added.
        lost = float((now.kernel * self._energy[: now.modes])[~carried].sum())
        lost += rvgp_picture.unresolved(fitted, now) * now.choice.amplitude**2
        covariance = now.posterior.covariance(fields) + lost * np.eye(fields.shape[1])
        covariance[~found.near] = now.choice.amplitude**2 * np.eye(fields.shape[1])
        return elsewhere.layer(
            np.asarray(points, np.float64), np.einsum("qDd,qd->qD", found.frames, local),
            Spread(found.frames, covariance, now.choice.noise), found.near, fitted.positions,
        )  # fmt: skip

    def _graph_around(self) -> Graph:
        fitted, _ = self._ready()
        in_plane = rvgp_stages.tangent_neighbours(self.params)
        return Graph(fitted.width, fitted.reach, fitted.density, self.params.knn, in_plane)

    def state(self) -> dict[str, Array]:
        """Eigenfields, observations and the most likely kernels."""
        return to_arrays(self._ready()[0])

    @classmethod
    def from_state(cls, params: RVGPParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._publish(from_arrays(Fitted, state))
        return method

    def _ready(self) -> tuple[Fitted, PaintedEvidence]:
        if self._fitted is None or self._evidence is None:
            raise DataError("The fit was stopped before there was a field; run it again.")
        return self._fitted, self._evidence


def _learn(
    data: VectorSamples, params: RVGPParams, rng: np.random.Generator, stages: Stages
) -> rvgp_stages.Said[tuple[Fitted, Calculus]]:
    manifold = yield from rvgp_stages.eigenfields(data, params, rng, stages)
    rows = np.flatnonzero(data.observed)
    vectors = data.vectors[rows]
    tangent = np.einsum("mDd,mD->md", manifold.frames[rows], vectors)
    inside = np.einsum("mDd,md->mD", manifold.frames[rows], tangent)
    length = np.linalg.norm(vectors, axis=1)
    normal = np.linalg.norm(vectors - inside, axis=1) / np.where(length > 0, length, 1.0)
    spare, spare_vectors = training.spare_vectors(data)
    fitted = Fitted(
        np.asarray(data.positions), np.asarray(data.faces), data.truth, manifold.frames,
        manifold.values, manifold.fields, manifold.unit, manifold.weights, manifold.component,
        manifold.cosines, manifold.width, manifold.reach, manifold.density, manifold.duplicates,
        rows, tangent, normal, _relative_noise(data, rows), np.empty(0), np.empty(0, bool), spare,
        np.einsum("sDd,sD->sd", manifold.frames[spare], spare_vectors),
    )  # fmt: skip
    used = fitted.training.used(params)
    choices, bound = yield from rvgp_stages.said(
        "most likely kernel", _most_likely(fitted.evidence.exact(used), manifold)
    )
    fitted = replace(fitted, choices=choices, bound=bound, learnt=np.flatnonzero(used))
    calculus = yield from rvgp_stages.said("derivatives", beats(lambda: _calculus(fitted)))
    return fitted, calculus


def _calculus(fitted: Fitted) -> Calculus:
    return Calculus.of(fitted.positions, fitted.faces, fitted.frames, fitted.weights)


def _relative_noise(data: VectorSamples, rows: NDArray[np.int64]) -> Floats | None:
    """Noise variances over their geometric mean; None when all points are as noisy."""
    if not len(data.noise):
        return None
    variance = data.noise[rows] ** 2
    if not (np.isfinite(variance).all() and (variance > 0).all()):
        raise DataError("A noise level is zero, negative or missing; each must be above zero.")
    return np.asarray(variance / np.exp(np.log(variance).mean()))


def _most_likely(
    evidence: Evidence, manifold: Eigenfields
) -> Generator[None, None, tuple[Floats, NDArray[np.bool_]]]:
    choices = np.empty((len(SMOOTHNESS), len(EXPONENTS), 5))
    bound = np.zeros((len(SMOOTHNESS), len(EXPONENTS), 3), bool)
    for i, nu in enumerate(SMOOTHNESS):
        for j, exponent in enumerate(EXPONENTS):
            yield None
            if math.isinf(nu) and j:
                choices[i, j], bound[i, j] = choices[i, 0], bound[i, 0]
                continue
            found = likelihood.best(
                evidence, manifold.values, manifold.energy, nu=nu, dimension=manifold.dimension,
                exponent=exponent,
            )  # fmt: skip
            choices[i, j] = (nu, found.kappa, found.amplitude, found.noise, found.log_likelihood)
            bound[i, j] = [name in found.at_bound for name in likelihood.SEARCHED]
    return choices, bound


def _chosen(fitted: Fitted, params: RVGPParams) -> Choice:
    """The kernel that the parameters ask for, with the most likely values where they are open."""
    column = EXPONENTS.index(params.exponent)
    if params.smoothness == "auto":
        row = int(fitted.choices[:, column, 4].argmax())
    else:
        asked = math.inf if params.smoothness == "infinite" else float(params.smoothness)
        row = SMOOTHNESS.index(asked)
    nu, kappa, amplitude, noise, value = (float(v) for v in fitted.choices[row, column])
    open_ones = (params.length is None, params.amplitude is None, params.noise is None)
    at_bound = tuple(
        name
        for name, there, is_open in zip(
            likelihood.SEARCHED, fitted.bound[row, column], open_ones, strict=True
        )
        if there and is_open
    )
    return Choice(
        nu, params.length or kappa, params.amplitude or amplitude, params.noise or noise, value,
        at_bound,
    )  # fmt: skip
