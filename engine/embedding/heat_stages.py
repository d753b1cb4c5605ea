"""From a table to all that every LIVE parameter needs: graph, spectrum, reference, landmarks."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.table import Table
from engine.embedding.heat_distance import EULER_EPS, dissimilarity_steps
from engine.embedding.heat_params import Params
from engine.layers import Array
from engine.method import DataError
from engine.numerics import entropy, graphs, heat, landmarks, laplacians, mds, neighbours
from engine.numerics.principal import project
from engine.stages import Stages, beats

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Said = Generator[str, None, Any]

PREVIEW = 220
"""Points that a preview lays out: 220 of 2000 take about 12 ms of one core; 400 would take 35 ms
and lie no nearer to the settled map."""
LADDER = (50, 150, 600)
"""How many neighbours are searched at once, so that moving `knn` seldom searches again."""
ALL_COLUMNS = 100
"""Up to so many columns no principal components are taken unless asked for."""
STEPS = 30
"""Euler steps of the automatic time, as in the default parameters."""
FEWEST = 4
"""Rows that a map in three dimensions needs at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """All that a fit learns. n rows of data, m of them computed, q of these laid out in previews.

    Attributes
    ----------
    rows : (m,) the computed rows of the data
    place : P (n, m), how every row follows the computed ones; None when all are computed
    weights, lap : graph and Laplacian (m, m)
    values, vectors : spectrum of the Laplacian (m,), (m, m)
    times, curve : entropy per point (nats) at 40 times
    knee : the entropy's knee, or nan
    preview : (q,) of the computed points
    spread : (m, q), how the computed points follow the previewed ones
    tail : (q, q) -log of one short implicit step of heat between previewed points, which is
        accurate however far they are; inf between components
    reference : (m, 3) what every layout is turned to; axes of unit variance
    layout, previewed : settled (m, d) and previewed (q, d) layout at the fit's own parameters
    component : (m,) component of each point
    counts : numbers for the notes: see `Counts`
    """

    rows: Rows
    place: sparse.csr_array | None
    weights: sparse.csr_array
    lap: sparse.csr_array
    values: Floats
    vectors: Floats
    times: Floats
    curve: Floats
    knee: float
    preview: Rows
    spread: sparse.csr_array
    tail: Floats
    reference: Floats
    layout: Floats
    previewed: Floats
    component: Rows
    counts: Floats

    @property
    def spectrum(self) -> heat.Spectrum:
        return heat.Spectrum(self.values, self.vectors)

    @property
    def total(self) -> int:
        """Rows of the data."""
        return len(self.rows) if self.place is None else int(self.place.shape[0])

    @property
    def automatic_time(self) -> float:
        """The knee, or the middle of the curve's times where there is none."""
        if np.isfinite(self.knee):
            return float(self.knee)
        return float(np.sqrt(self.times[0] * self.times[-1]))

    def state(self) -> dict[str, Array]:
        """Flat arrays."""
        found: dict[str, Array] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, sparse.csr_array):
                for part in ("data", "indices", "indptr"):
                    found[f"{item.name}.{part}"] = getattr(value, part)
                found[f"{item.name}.shape"] = np.array(value.shape, np.int64)
            elif value is not None:
                found[item.name] = np.asarray(value)
        return found

    @classmethod
    def from_state(cls, state: Any) -> Self:
        """Inverse of `state`."""
        found: dict[str, Any] = {"place": None}
        for item in fields(cls):
            if item.name in state:
                found[item.name] = np.asarray(state[item.name])
            elif f"{item.name}.data" in state:
                parts = tuple(
                    np.asarray(state[f"{item.name}.{p}"]) for p in ("data", "indices", "indptr")
                )
                height, width = (int(s) for s in state[f"{item.name}.shape"])
                found[item.name] = sparse.csr_array(parts, shape=(height, width))
        found["knee"] = float(found["knee"])
        return cls(**found)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the notes tell, kept as an array in the state."""

    duplicates: int
    truncated: float
    joined: int
    constant_columns: int

    def array(self) -> Floats:
        return np.array([self.duplicates, self.truncated, self.joined, self.constant_columns])

    @classmethod
    def of(cls, array: Floats) -> Counts:
        return cls(int(array[0]), float(array[1]), int(array[2]), int(array[3]))


def _said(stage: str, steps: Generator[None, None, Any]) -> Said:
    """The stage's name at every breath, and in the end its result."""
    yield stage
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value
        yield stage


def check_table(table: Table, params: Params) -> int:
    """Refuse what cannot be embedded; returns how many columns are constant.

    Raises
    ------
    DataError
        In one sentence.
    """
    n = len(table)
    if n < FEWEST:
        raise DataError(f"A heat-geodesic map needs at least {FEWEST} rows; this data has {n}.")
    finite = np.isfinite(table.values).all(axis=0)
    if not finite.all():
        bad = table.columns[int(np.argmin(finite))]
        raise DataError(
            f"Column '{bad}' has missing or infinite values; drop those rows or that column."
        )
    constant = np.ptp(table.values, axis=0) == 0
    if constant.all():
        raise DataError(
            "All rows are the same, so there are no distances to embed; "
            "choose data whose columns vary."
        )
    most = min(n, params.landmarks) - 1
    if params.knn > most:
        raise DataError(
            f"The graph asks for {params.knn} neighbours, but each of the {most + 1} computed "
            f"rows has only {most} others; set neighbours to at most {most}."
        )
    return int(constant.sum())


def prepare(
    table: Table, params: Params, rng: np.random.Generator, stages: Stages
) -> Generator[str, None, Fitted]:
    """All stages before the layout, yielding the running stage's name."""
    constant = yield from _said("reading the data", beats(lambda: check_table(table, params)))
    # Drawn before any stage is looked up, so that a kept stage does not shift the random numbers.
    subset_seed, pca_seed = (int(s) for s in rng.integers(2**31, size=2))
    sha = yield from _said("reading the data", beats(table.sha256))
    n = len(table)
    columns = table.values.shape[1]
    pca = params.pca or (ALL_COLUMNS if columns > ALL_COLUMNS else columns)
    source: tuple[Hashable, ...] = (sha, params.metric)
    ready = table.values
    if pca < columns:
        source += (pca, pca_seed)
        ready = yield from _said(
            "principal components",
            stages.get_with_beats(
                "principal", (sha, pca, pca_seed), lambda: project(table.values, pca, pca_seed)
            ),
        )
    rows = landmarks.random_subset(n, params.landmarks, np.random.default_rng(subset_seed))
    if len(rows) < n:
        source += (params.landmarks, subset_seed)
    return (yield from _learn(ready, rows, constant, source, params, stages))


def _learn(
    ready: Floats,
    rows: Rows,
    constant: int,
    source: tuple[Hashable, ...],
    params: Params,
    stages: Stages,
) -> Generator[str, None, Fitted]:
    computed = np.ascontiguousarray(ready[rows])
    place = None
    if len(rows) < len(ready):
        place = yield from _said(
            "placing rows between landmarks",
            stages.get_by_steps(
                "place", source, lambda: landmarks.interpolation(ready, rows, 8, params.metric)
            ),
        )
    graph = yield from _graph(computed, source, params, stages)
    preview, spread = yield from _said(
        "choosing preview points",
        stages.get_by_steps("preview", source, lambda: _previews(computed, params.metric)),
    )
    key = (source, *(getattr(params, p) for p in _GRAPH), params.laplacian)
    lap, spectrum = yield from _said(
        "eigenvectors of the Laplacian",
        stages.get_with_beats("spectrum", key, lambda: _spectrum(graph, params)),
    )
    times, curve, knee = yield from _said(
        "entropy of diffusion",
        stages.get_by_steps("entropy", key, lambda: _entropy(graph, spectrum)),
    )
    counts = Counts(graph.duplicates, graph.truncated, graph.joined, constant)
    nothing = np.empty((0, 0))
    fitted = Fitted(
        rows, place, graph.weights, lap, spectrum.values, spectrum.vectors, times, curve, knee,
        preview, spread, nothing, nothing, nothing, nothing, graph.component, counts.array(),
    )  # fmt: skip
    reference, tail = yield from _said(
        "reference layout",
        stages.get_by_steps("reference", key, lambda: _reference(fitted)),
    )
    # Until the layout is done, the reference stands in for it.
    return replace(
        fitted,
        tail=tail,
        reference=reference,
        layout=reference[:, :2],
        previewed=reference[preview, :2],
    )


_GRAPH = ("graph", "knn", "decay", "anisotropy", "components")


def _graph(
    computed: Floats, source: tuple[Hashable, ...], params: Params, stages: Stages
) -> Generator[str, None, graphs.Graph]:
    m = len(computed)
    # A gentle decay reaches three bandwidths far, which in two dimensions is nine times as many.
    wanted = 3 * params.knn if params.decay >= 10 else 9 * params.knn
    depth = next((k for k in LADDER if k >= wanted), LADDER[-1])
    found = yield from _said(
        "searching neighbours",
        stages.get_by_steps(
            "neighbours",
            (source, min(depth, m - 1)),
            lambda: neighbours.search(computed, depth, params.metric),
        ),
    )
    graph: graphs.Graph = yield from _said(
        "neighbour graph",
        stages.get_with_beats(
            "graph",
            (source, *(getattr(params, p) for p in _GRAPH)),
            lambda: graphs.build(
                neighbours.prepared(computed, params.metric),
                found,
                kind=params.graph,
                knn=params.knn,
                decay=params.decay,
                anisotropy=params.anisotropy,
                connect_components=params.components == "connect",
            ),
        ),
    )
    return graph


def _previews(
    computed: Floats, metric: neighbours.Metric
) -> Generator[None, None, tuple[Rows, sparse.csr_array]]:
    ready = neighbours.prepared(computed, metric)
    chosen = yield from beats(lambda: landmarks.farthest_points(ready, PREVIEW))
    spread = yield from landmarks.interpolation(computed, chosen, 8, metric)
    return chosen, spread


def _spectrum(graph: graphs.Graph, params: Params) -> tuple[sparse.csr_array, heat.Spectrum]:
    lap = laplacians.laplacian(graph.weights, params.laplacian)
    return lap, heat.decompose(lap)


def _entropy(
    graph: graphs.Graph, spectrum: heat.Spectrum
) -> Generator[None, None, tuple[Floats, Floats, float]]:
    times = entropy.diffusion_times(float(graphs.degrees(graph.weights).mean()))
    curve = yield from entropy.entropy_curve(spectrum, times)
    knee = entropy.knee(times, curve)
    return times, curve, float("nan") if knee is None else knee


def _reference(fitted: Fitted) -> Generator[None, None, tuple[Floats, Floats]]:
    """What layouts are turned to, and `tail`: r = -log of one short implicit step of heat,
    (I + (t/30) L)^-1 at the automatic time t.

    r grows linearly with distance and is accurate however far, so that its classical scaling is a
    plain unrolled picture, unlike that of the exact kernel, which saturates. Its axes get unit
    variance: the minor ones are to hold a layout in place as firmly as the first.
    """
    step = yield from heat.euler(fitted.lap, fitted.automatic_time / STEPS, 1)
    apart = yield from dissimilarity_steps(step, 0.25, volume=1.0, power=2.0, eps=EULER_EPS)
    reference = yield from beats(lambda: mds.classical(apart.values, 3))
    deviation = reference.std(axis=0)
    few = step[np.ix_(fitted.preview, fitted.preview)]
    with np.errstate(divide="ignore"):  # between components the heat is 0
        return reference / np.where(deviation > 0, deviation, 1.0), -np.log(few)
