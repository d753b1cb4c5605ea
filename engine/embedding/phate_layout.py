"""What PHATE learns, and its map for given LIVE parameters: in full, or as a preview."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.table import Table
from engine.embedding import phate_potential as potentials
from engine.embedding import reading
from engine.embedding.heat_distance import row_distances_steps
from engine.numerics import clusters, landmarks, mds, walks
from engine.numerics.graphs import Graph
from engine.numerics.procrustes import turn
from engine.stages import Stages, beats, finish

if TYPE_CHECKING:
    from engine.embedding.phate import _Params as Params

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

FEWEST = 5
MOST_CLUSTERED = 50_000
PREVIEW = 220
"""Points that a preview lays out."""
SWEEPS = 100
PREVIEW_COLUMNS = 1000
"""Potentials that a preview compares at most."""
PREVIEW_SWEEPS = 8
UNSEEN = 1e-9
"""Eigenvectors of which less is left change no digit of a preview: potentials floor at 1e-7."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """n rows of data, r of them in the graph, m points that diffuse (rows, or clusters of rows).

    Attributes
    ----------
    values, vectors, stationary : the walk between the m points, see `Walk`
    times, curve : von Neumann entropy (nats) at t = 1, ..., 100
    knee : the automatic time
    preview : (q,) of the points
    spread : (m, q), how the points follow the previewed ones
    reference : (m, 3) what every layout is turned to; axes of unit variance
    layout, previewed : settled (m, d) and previewed (q, d) layout at the fit's own parameters
    weights : kernel between the rows of the graph (r, r)
    rows : (r,) rows of the data in the graph
    place : (n, m), how every row follows the points; None when each row is one
    component : (r,) part of the graph
    """

    values: Floats
    vectors: Floats
    stationary: Floats
    times: Floats
    curve: Floats
    knee: float
    preview: Rows
    spread: sparse.csr_array
    reference: Floats
    layout: Floats
    previewed: Floats
    weights: sparse.csr_array
    rows: Rows
    place: sparse.csr_array | None
    component: Rows
    joined: int
    duplicates: int
    constant: int

    @property
    def walk(self) -> walks.Walk:
        return walks.Walk(self.values, self.vectors, self.stationary)

    @property
    def total(self) -> int:
        """Rows of the data."""
        return len(self.rows) if self.place is None else int(self.place.shape[0])

    def time(self, params: Params) -> float:
        return self.knee if params.time is None else params.time


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Positions (m, d) of all points, and the normalised stress after each sweep."""

    positions: Floats
    stresses: tuple[float, ...]
    points: Floats
    """(q, d): those that were laid out; `positions` itself when settled."""


def learn(
    data: Table, params: Params, rng: np.random.Generator, stages: Stages
) -> reading.Said[Fitted]:
    """All stages before the layout, yielding the running stage's name."""
    read = yield from reading.read(
        data,
        title="PHATE",
        fewest=FEWEST,
        pca=params.pca,
        metric=params.metric,
        most=MOST_CLUSTERED,
        rng=rng,
        stages=stages,
    )
    seed = int(rng.integers(2**31))
    graph = yield from reading.neighbour_graph(
        read,
        stages,
        metric=params.metric,
        knn=params.knn,
        decay=params.decay,
        connect=params.components == "connect",
    )
    key: tuple[Any, ...] = (read.source, params.knn, params.decay, params.components)
    key += (params.landmarks, seed if len(read.rows) > params.landmarks else 0)
    anchors, place, kernel = yield from reading.said(
        "landmarks",
        stages.get_with_beats("kernel", key, lambda: _points(read, graph, params.landmarks, seed)),
    )
    walk, times, curve = yield from reading.said(
        "eigenvectors and entropy of the walk",
        stages.get_with_beats("walk", key, lambda: _walk(kernel)),
    )
    knee = potentials.knee(times, curve)
    preview, spread = yield from reading.said(
        "choosing preview points", stages.get_by_steps("preview", key, lambda: _previews(anchors))
    )
    reference = yield from reading.said(
        "reference layout",
        stages.get_by_steps("reference", key, lambda: _reference(walk, knee)),
    )
    return Fitted(
        walk.values, walk.vectors, walk.stationary, times, curve, knee, preview, spread, reference,
        reference[:, :2], reference[preview, :2], graph.weights, read.rows, place,
        graph.component, graph.joined, graph.duplicates, read.constant,
    )  # fmt: skip


def _points(
    read: reading.Reading, graph: Graph, most: int, seed: int
) -> tuple[Floats, sparse.csr_array | None, Any]:
    """Where the m points are (m, D), how rows follow them, and the kernel between them (m, m)."""
    kernel = walks.with_diagonal(graph.weights)
    if len(read.rows) <= most:
        return read.values, read.place, kernel
    cluster = clusters.spectral_clusters(kernel, most, seed)
    place, between = clusters.condensed(kernel, cluster)
    if read.place is not None:
        place = sparse.csr_array(read.place @ place)
    return clusters.centres(read.values, cluster), place, between


def _walk(kernel: Any) -> tuple[walks.Walk, Floats, Floats]:
    walk = walks.decompose(kernel, kernel.shape[0])
    times, curve = potentials.entropy_curve(potentials.singular_values(walk))
    return walk, times, curve


def _previews(anchors: Floats) -> Generator[None, None, tuple[Rows, sparse.csr_array]]:
    chosen = yield from beats(lambda: landmarks.farthest_points(anchors, PREVIEW))
    return chosen, (yield from landmarks.interpolation(anchors, chosen))


def _reference(walk: walks.Walk, t: float) -> Generator[None, None, Floats]:
    """Classical scaling of the log potential at the automatic time; its axes get unit variance, so
    that the minor ones hold a layout in place as firmly as the first."""
    rows = yield from beats(lambda: potentials.potential(walk.power(t), 1.0))
    apart = yield from row_distances_steps(rows)
    found = yield from beats(lambda: mds.classical(apart, 3))
    deviation = found.std(axis=0)
    return np.asarray(found / np.where(deviation > 0, deviation, 1.0))


def settle(fitted: Fitted, params: Params) -> Generator[mds.Sweep | None, None, Layout]:
    """The full layout; yields every sweep of the scaling, None otherwise."""
    t, walk = fitted.time(params), fitted.walk
    rows = yield from beats(lambda: potentials.potential(walk.power(t), params.gamma))
    apart = yield from row_distances_steps(rows)
    start = yield from beats(lambda: mds.classical(apart, params.dimension))
    stresses = []
    positions = start
    for sweep in mds.smacof(mds.target(apart), start, sweeps=SWEEPS):
        if sweep is not None:
            stresses.append(sweep.normalised)
            positions = sweep.layout
            sweep = replace(sweep, layout=_aligned(fitted, sweep.layout))
        yield sweep
    positions = _aligned(fitted, positions)
    return Layout(positions, tuple(stresses), positions)


def preview(fitted: Fitted, params: Params) -> Layout:
    """A layout of the preview points, which all others follow:
    Y = s (B - P B_q) + P Y_q, where B is the fit's own layout and s the ratio of extents."""
    t, walk = fitted.time(params), fitted.walk
    # Every so many columns stand for all; the same ones at every t, so that the map glides.
    stride = -(-len(fitted.values) // PREVIEW_COLUMNS)
    reached = walk.power(t, fitted.preview, slice(None, None, stride), least=UNSEEN)
    rows = potentials.potential(reached, params.gamma)
    apart = np.sqrt(stride) * finish(row_distances_steps(rows))
    points = mds.classical(apart, params.dimension)
    stresses = []
    for sweep in mds.smacof(mds.target(apart), points, sweeps=PREVIEW_SWEEPS):
        if sweep is not None:
            stresses.append(sweep.normalised)
            points = sweep.layout
    points = turn(points, fitted.reference[fitted.preview, : params.dimension])
    followed = fitted.spread @ points
    if fitted.layout.shape == followed.shape:
        extent = float(np.linalg.norm(fitted.previewed))
        scale = float(np.linalg.norm(points)) / extent if extent > 0 else 1.0
        followed += scale * (fitted.layout - fitted.spread @ fitted.previewed)
    return Layout(followed - followed.mean(axis=0), tuple(stresses), points)


def with_layout(fitted: Fitted, layout: Layout, params: Params) -> Fitted:
    """The fit with its own layout, which previews start from."""
    before = preview(fitted, params)
    return replace(fitted, layout=layout.positions, previewed=before.points)


def _aligned(fitted: Fitted, positions: Floats) -> Floats:
    return turn(positions, fitted.reference[:, : positions.shape[1]])
