"""From a table to the rows that a method computes on, with what a person must know of them."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.table import Table
from engine.method import DataError, Note
from engine.numerics import graphs, landmarks, neighbours
from engine.numerics.principal import project
from engine.stages import Stages, beats

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
T = TypeVar("T")
Said = Generator[str, None, T]

ALL_COLUMNS = 100
"""Up to so many columns no principal components are taken unless asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """m rows to compute on, of n.

    Attributes
    ----------
    values : (m, D) columns or principal components of the computed rows
    rows : (m,) which rows of the data these are
    place : P (n, m), how every row follows the computed ones; None when all are computed
    source : what all this depends on, for the keys of later stages
    constant : columns that are constant
    """

    values: Floats
    rows: Rows
    place: sparse.csr_array | None
    source: tuple[Hashable, ...]
    constant: int


def said(stage: str, steps: Generator[None, None, T]) -> Said[T]:
    """The stage's name at every breath, and in the end its result."""
    yield stage
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        yield stage


def check_rows(table: Table, title: str, fewest: int) -> int:
    """Refuse what cannot be embedded; returns how many columns are constant.

    Raises
    ------
    DataError
        In one sentence.
    """
    n = len(table)
    if n < fewest:
        raise DataError(f"{title} needs at least {fewest} rows; this data has {n}.")
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
    return int(constant.sum())


def check_neighbours(knn: int, computed: int) -> None:
    """Refuse more neighbours than there are other rows.

    Raises
    ------
    DataError
    """
    if knn > computed - 1:
        raise DataError(
            f"The graph asks for {knn} neighbours, but each of the {computed} computed rows has "
            f"only {computed - 1} others; set neighbours to at most {computed - 1}."
        )


def read(
    table: Table,
    *,
    title: str,
    fewest: int,
    pca: int | None,
    metric: neighbours.Metric,
    most: int,
    rng: np.random.Generator,
    stages: Stages,
) -> Said[Reading]:
    """Check, project on `pca` principal components (auto: all columns up to 100, else 100), and
    choose at most `most` random rows between which the others are placed."""
    constant = yield from said("reading the data", beats(lambda: check_rows(table, title, fewest)))
    # Drawn before any stage is looked up, so that a kept stage does not shift the random numbers.
    subset_seed, pca_seed = (int(s) for s in rng.integers(2**31, size=2))
    sha = yield from said("reading the data", beats(table.sha256))
    columns = table.values.shape[1]
    count = pca or (ALL_COLUMNS if columns > ALL_COLUMNS else columns)
    source: tuple[Hashable, ...] = (sha, metric)
    ready = table.values
    if count < columns:
        source += (count, pca_seed)
        ready = yield from said(
            "principal components",
            stages.get_with_beats(
                "principal", (sha, count, pca_seed), lambda: project(table.values, count, pca_seed)
            ),
        )
    rows = landmarks.random_subset(len(table), most, np.random.default_rng(subset_seed))
    place = None
    if len(rows) < len(table):
        source += (most, subset_seed)
        place = yield from said(
            "placing rows between landmarks",
            stages.get_by_steps(
                "place", source, lambda: landmarks.interpolation(ready, rows, 8, metric)
            ),
        )
    return Reading(np.ascontiguousarray(ready[rows]), rows, place, source, constant)


LADDER = (50, 150, 600)
"""How many neighbours are searched at once, so that moving `knn` seldom searches again."""


def neighbour_graph(
    reading: Reading,
    stages: Stages,
    *,
    metric: neighbours.Metric,
    kind: graphs.Kind = "alpha decay",
    knn: int,
    decay: float = 40.0,
    connect: bool = False,
) -> Said[graphs.Graph]:
    """Neighbours searched once for many values of `knn`, and their graph."""
    m = len(reading.values)
    check_neighbours(knn, m)
    # A gentle decay reaches three bandwidths far, which in two dimensions is nine times as many.
    wanted = 3 * knn if decay >= 10 else 9 * knn
    depth = min(next((k for k in LADDER if k >= wanted), LADDER[-1]), m - 1)
    found = yield from said(
        "searching neighbours",
        stages.get_by_steps(
            "neighbours",
            (reading.source, depth),
            lambda: neighbours.search(reading.values, depth, metric),
        ),
    )
    return (
        yield from said(
            "neighbour graph",
            stages.get_with_beats(
                "graph",
                (reading.source, kind, knn, decay, connect),
                lambda: graphs.build(
                    neighbours.prepared(reading.values, metric),
                    found,
                    kind=kind,
                    knn=knn,
                    decay=decay,
                    connect_components=connect,
                ),
            ),
        )
    )


def row_notes(
    total: int,
    computed: int,
    *,
    duplicates: int = 0,
    constant: int = 0,
    together: str = "they share one place.",
) -> list[Note]:
    """Rows that were not computed, rows that coincide (`together`: and what becomes of them),
    columns that say nothing."""
    found = []
    if computed < total:
        found.append(
            Note(
                f"Computed on {computed} landmarks of {total} rows; "
                "the others are placed between their nearest landmarks."
            )
        )
    if duplicates:
        found.append(Note(f"{duplicates} rows coincide with another row; {together}"))
    if constant:
        what = "column is" if constant == 1 else "columns are"
        found.append(Note(f"{constant} {what} constant and say nothing about distances."))
    return found


def part_notes(component: Rows, joined: int, consequence: str) -> list[Note]:
    """What it means that the graph is in several parts; `consequence` when they were kept."""
    sizes = np.bincount(component)
    if len(sizes) < 2:
        return []
    shown = ", ".join(str(s) for s in sizes[:4]) + (", ..." if len(sizes) > 4 else "")
    parts = f"The graph falls into {len(sizes)} parts of {shown} points"
    if joined:
        return [Note(f"{parts}; {joined} shortest edges were added to join them.")]
    return [
        Note(
            f"{parts}; {consequence} Raise the number of neighbours, or set separate parts to "
            "connect.",
            grave=True,
        )
    ]


def loose_part_notes(parts: int) -> list[Note]:
    """For maps that place parts of the graph at will."""
    if parts < 2:
        return []
    return [
        Note(
            f"The rows fall into {parts} parts without neighbours in one another; where the "
            "parts lie to one another means nothing."
        )
    ]


LOOSE_DUPLICATES = "the map may set them apart."
"""What becomes of coincident rows in those maps."""
