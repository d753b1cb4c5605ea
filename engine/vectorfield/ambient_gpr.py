"""Ambient Gaussian-process regression: each component of the field as a function of space.

What a person would use otherwise: one kernel on the coordinates, shared by all components
(Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006), with the mean projected on
the tangent plane. It knows nothing of the manifold: where a smooth field in space would do, it is
hard to beat; where neighbours in space are far apart along the surface, it mixes them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.spatial import cKDTree

from engine.data.vectors import VectorSamples
from engine.layers import Array, Arrows, Layer
from engine.method import DataError, Note, Snapshot, Step
from engine.numerics import neighbours, tangents
from engine.numerics.held import from_arrays, to_arrays
from engine.stages import Stages, beats
from engine.vectorfield import elsewhere, field_layers, training
from engine.vectorfield.ambient_params import AmbientParams
from engine.vectorfield.calculus import DRAWS, Calculus, near
from engine.vectorfield.left_out import LeftOut
from engine.vectorfield.rvgp_stages import Said, check_samples, said
from engine.vectorfield.training import Training

Floats = NDArray[np.float64]

MOST = 2000
"""Vectors that the dense regression takes; of more, so many are drawn at random."""
BLOCK = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Observed rows and vectors, tangent frames, and the most likely length, noise, amplitude.

    `order` (m,) is the turn of each observed row when not all can be taken; `spare` (s,) are rows
    that could be put in, with their vectors (s, D); `learnt` (l,) those that `likely` came from.
    """

    positions: Floats
    faces: NDArray[np.int64]
    truth: Floats | None
    frames: Floats
    rows: NDArray[np.int64]
    vectors: Floats
    smoothness: float
    likely: Floats
    order: NDArray[np.int64]
    spare: NDArray[np.int64]
    spare_vectors: Floats
    learnt: NDArray[np.int64]

    @property
    def training(self) -> Training:
        return Training.of(len(self.positions), self.rows, self.spare, self.learnt)

    def drawn(self, used: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
        """Of the rows to learn from (n,) at most `MOST`, with their vectors: those put in by hand,
        and of the observed ones as many as there is room for."""
        put = self.spare[used[self.spare]][:MOST]
        waiting = np.flatnonzero(used[self.rows])
        first = waiting[np.argsort(self.order[waiting])][: MOST - len(put)]
        vectors = np.empty((len(self.positions), self.vectors.shape[1]))
        vectors[self.rows] = self.vectors
        vectors[self.spare] = self.spare_vectors
        rows = np.sort(np.concatenate([put, self.rows[first]]))
        return rows, vectors[rows]


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Rows (m,) that a picture is learnt from, and their vectors (m, D)."""

    rows: NDArray[np.int64]
    vectors: Floats


class AmbientGPR:
    """See the module's docstring."""

    Params: ClassVar[type] = AmbientParams
    Data: ClassVar[type] = VectorSamples

    def __init__(self, params: AmbientParams) -> None:
        self.params = params
        self.stages = Stages()
        self._fitted: Fitted | None = None
        self._calculus: Calculus | None = None

    def fit(
        self, data: VectorSamples, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Tangent planes and most likely kernel; `device` is always the CPU."""
        learning = _learn(data, self.params, rng, self.stages)
        while True:
            try:
                stage = next(learning)
            except StopIteration as stop:
                self._fitted, self._calculus = stop.value
                break
            yield Step(index=0, total=1, stage=stage)
        yield Step(index=1, total=1, stage="done", snapshot=self.evaluate(self.params))

    def evaluate(self, params: AmbientParams) -> Snapshot:
        """A dense regression of the observed vectors: cubic in their number."""
        fitted = self._ready()
        length, noise, amplitude = _chosen(fitted, params)
        known = fitted.training
        used = known.used(params)
        learnt = Learnt(*fitted.drawn(used))
        mean, variance, foretold = _predict(
            fitted, learnt, fitted.positions, length, noise, amplitude
        )
        mean, spread = _in_planes(mean, variance, fitted.frames, noise, params.project)
        field = field_layers.Field(
            fitted.positions, fitted.faces, fitted.truth, known.standing(used)
        )
        held = _held(params, length, noise, amplitude) if known.differs(used) else {}
        painted = known.notes(params, used, held=bool(held))
        zeros = training.zero_vectors(fitted.vectors)
        if self._calculus is None:
            self._calculus = _calculus(fitted, self.params)
        inside = np.einsum("nDd,nD->nd", fitted.frames, mean)
        layers: list[Layer] = field_layers.layers(
            field, mean, spread, self._calculus.columns(inside)
        )
        draw = partial(_draw, fitted, learnt, length, noise, amplitude)
        layers += field_layers.zeros(field, mean, self._calculus, draw)
        return Snapshot(
            layers=tuple(layers),
            params=params,
            metrics={"length scale": length, "noise": noise, "amplitude": amplitude, **foretold},
            step=1,
            notes=(*painted, *zeros, *_notes(len(learnt.rows), int(np.count_nonzero(used)))),
            chosen={"length": length, "noise": noise, "amplitude": amplitude,
                    "dimension": fitted.frames.shape[2]},
            held=held,
        )  # fmt: skip

    def at(self, points: Array, params: AmbientParams) -> Arrows:
        """The field at new points (q, D); it is known everywhere in space."""
        fitted = self._ready()
        x = elsewhere.checked(points, fitted.positions)
        nearest = cKDTree(fitted.positions).query(x, k=self.params.knn)[1]
        around = np.concatenate([x[:, None], fitted.positions[np.asarray(nearest)]], axis=1)
        d = fitted.frames.shape[2]
        frames = tangents.principal_directions(around)[0][:, :, :d]
        length, noise, amplitude = _chosen(fitted, params)
        learnt = Learnt(*fitted.drawn(fitted.training.used(params)))
        mean, variance, _ = _predict(fitted, learnt, x, length, noise, amplitude)
        mean, spread = _in_planes(mean, variance, frames, noise, params.project)
        return elsewhere.layer(x, mean, spread, np.ones(len(x), bool), fitted.positions)

    def state(self) -> dict[str, Array]:
        """Observed vectors, frames and kernel."""
        return to_arrays(self._ready())

    @classmethod
    def from_state(cls, params: AmbientParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._fitted = from_arrays(Fitted, state if "learnt" in state else _paintable(state))
        return method

    def _ready(self) -> Fitted:
        if self._fitted is None:
            raise DataError("The fit was stopped before there was a field; run it again.")
        return self._fitted


def _paintable(state: Mapping[str, Array]) -> dict[str, Array]:
    """The state of a model saved before rows could be painted: it kept the vectors that it learnt
    from alone, and only those can be taken out."""
    rows = np.asarray(state["trained"])
    nothing = np.empty(0, np.int64)
    added = {"rows": rows, "order": np.arange(len(rows)), "learnt": rows, "spare": nothing}
    return {**state, **added, "spare_vectors": np.asarray(state["vectors"])[:0]}


def _learn(
    data: VectorSamples, params: AmbientParams, rng: np.random.Generator, stages: Stages
) -> Said[tuple[Fitted, Calculus]]:
    check_samples(data, "Ambient regression")
    n, knn = len(data), params.knn
    if knn > n - 1:
        raise DataError(
            f"Each of the {n} points has only {n - 1} others, fewer than the {knn} neighbours "
            "asked for; lower the neighbours or add points."
        )
    near = yield from said(
        "neighbours",
        stages.get_by_steps(
            "neighbours", (data.sha256(), knn), lambda: neighbours.search(data.positions, knn)
        ),
    )
    directions, variances = yield from said(
        "tangent planes",
        stages.get_with_beats(
            "tangents",
            (data.sha256(), knn),
            lambda: tangents.local_directions(data.positions, near.indices),
        ),
    )
    dimension = params.dimension or tangents.estimated_dimension(variances)
    if dimension > directions.shape[2]:
        raise DataError(
            f"A tangent plane of dimension {dimension} was asked for, but there are only "
            f"{directions.shape[2]} directions to fit it to; set a smaller dimension."
        )
    rows = np.flatnonzero(data.observed)
    spare, spare_vectors = training.spare_vectors(data)
    smoothness = {"gaussian": math.inf, "matern 1.5": 1.5, "matern 2.5": 2.5}[params.kernel]
    fitted = Fitted(
        np.asarray(data.positions), np.asarray(data.faces), data.truth,
        np.ascontiguousarray(directions[:, :, :dimension]), rows, data.vectors[rows], smoothness,
        np.empty(0), np.argsort(rng.permutation(len(rows))), spare, spare_vectors, rows,
    )  # fmt: skip
    used = fitted.training.used(params)
    drawn, y = fitted.drawn(used)
    x = data.positions[drawn]
    likely = yield from said("most likely kernel", beats(lambda: _most_likely(x, y, smoothness)))
    fitted = replace(fitted, likely=likely, learnt=np.flatnonzero(used))
    calculus = yield from said("derivatives", beats(lambda: _calculus(fitted, params)))
    return fitted, calculus


def _calculus(fitted: Fitted, params: AmbientParams) -> Calculus:
    around = near(fitted.positions, params.knn)
    return Calculus.of(fitted.positions, fitted.faces, fitted.frames, around)


def _chosen(fitted: Fitted, params: AmbientParams) -> tuple[float, float, float]:
    """Length, noise and amplitude; the most likely ones where they are open."""
    asked = (params.length, params.noise, params.amplitude)
    length, noise, amplitude = (a or float(b) for a, b in zip(asked, fitted.likely, strict=True))
    return length, noise, amplitude


def _in_planes(
    mean: Floats, variance: Floats, frames: Floats, noise: float, project: bool
) -> tuple[Floats, field_layers.Spread]:
    """The mean (n, D) with its spread, in the tangent planes or in all of space."""
    n, ambient, _ = frames.shape
    if not project:
        frames = np.tile(np.eye(ambient), (n, 1, 1))
    else:
        mean = np.einsum("nDd,nd->nD", frames, np.einsum("nDd,nD->nd", frames, mean))
    covariance = variance[:, None, None] * np.eye(frames.shape[2])
    return mean, field_layers.Spread(frames, covariance, noise)


def _kernel(smoothness: float, length: float, amplitude: float) -> Any:
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

    strength = ConstantKernel(amplitude**2, (1e-12, 1e12))
    bounds = (length * 1e-3, length * 1e3)
    shape = RBF(length, bounds) if math.isinf(smoothness) else Matern(length, bounds, smoothness)
    return strength * shape


def _most_likely(x: Floats, y: Floats, smoothness: float) -> Floats:
    """Length, noise and amplitude that explain all components best, by scikit-learn."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import WhiteKernel

    scale = float(np.sqrt(np.mean(y**2)))
    length = float(np.linalg.norm(np.ptp(x, axis=0))) / 5 or 1.0
    noise = WhiteKernel((0.1 * scale) ** 2, ((1e-4 * scale) ** 2, (10 * scale) ** 2))
    found = GaussianProcessRegressor(_kernel(smoothness, length, scale) + noise)
    with warnings.catch_warnings():
        # A parameter at the end of its range is not wrong here: sliders show where it is.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found.fit(x, y)
    strength, long, loud = np.exp(found.kernel_.theta)
    return np.array([long, math.sqrt(loud), math.sqrt(strength)])


def _held(params: AmbientParams, length: float, noise: float, amplitude: float) -> dict[str, float]:
    """Values left to the method, as the fit chose them."""
    chosen = {"length": length, "noise": noise, "amplitude": amplitude}
    return {name: value for name, value in chosen.items() if getattr(params, name) is None}


def _predict(
    fitted: Fitted, learnt: Learnt, at: Floats, length: float, noise: float, amplitude: float
) -> tuple[Floats, Floats, dict[str, float]]:
    """Mean (n, D) and variance of a component (n,) at points (n, D); where there is no truth to
    ask, how well the vectors foretell each other."""
    kernel = _kernel(fitted.smoothness, length, amplitude)
    x = fitted.positions[learnt.rows]
    gram = kernel(x)
    gram.flat[:: len(gram) + 1] += noise**2 + 1e-10 * amplitude**2
    factor = cho_factor(gram, lower=True)
    weights = cho_solve(factor, learnt.vectors)
    n = len(at)
    mean, variance = np.empty((n, x.shape[1])), np.empty(n)
    block = max(1, BLOCK // len(x))
    for start in range(0, n, block):
        part = slice(start, start + block)
        across = kernel(at[part], x)
        mean[part] = across @ weights
        explained = solve_triangular(factor[0], across.T, lower=True)
        variance[part] = amplitude**2 - np.einsum("mq,mq->q", explained, explained)
    # Rounding may leave a few parts in 1e10 of the prior below zero next to an observation.
    foretold = _foretold(learnt.vectors, weights, factor) if fitted.truth is None else {}
    return mean, variance.clip(min=0.0), foretold


def _draw(
    fitted: Fitted,
    learnt: Learnt,
    length: float,
    noise: float,
    amplitude: float,
    rows: NDArray[np.int64],
) -> Floats:
    """Tangent fields (DRAWS, r, D) drawn from the posterior at some rows; the same every time."""
    kernel = _kernel(fitted.smoothness, length, amplitude)
    x, at = fitted.positions[learnt.rows], fitted.positions[rows]
    gram, across = kernel(x), kernel(at, x)
    gram.flat[:: len(gram) + 1] += noise**2 + 1e-10 * amplitude**2
    factor = cho_factor(gram, lower=True)
    explained = solve_triangular(factor[0], across.T, lower=True)
    values, turned = np.linalg.eigh(kernel(at) - explained.T @ explained)
    root = turned * np.sqrt(values.clip(min=0.0))
    loose = np.random.default_rng(0).standard_normal((DRAWS, len(rows), x.shape[1]))
    drawn = across @ cho_solve(factor, learnt.vectors) + np.einsum("rq,sqD->srD", root, loose)
    local = np.einsum("rDd,srD->srd", fitted.frames[rows], drawn)
    return np.asarray(np.einsum("rDd,srd->srD", fitted.frames[rows], local))


def _foretold(vectors: Floats, weights: Floats, factor: tuple[Floats, bool]) -> dict[str, float]:
    """Residuals of each vector by all the others: K^-1 y over the diagonal of K^-1."""
    precision = np.diag(cho_solve(factor, np.eye(len(vectors))))[:, None]
    residuals = weights / precision
    return LeftOut(residuals, (residuals**2 * precision).sum(axis=1), vectors).metrics


def _notes(learnt: int, offered: int) -> tuple[Note, ...]:
    if learnt == offered:
        return ()
    return (
        Note(
            f"Learnt from {learnt} of {offered} vectors: a dense regression of more takes minutes "
            "for every move of a slider."
        ),
    )
