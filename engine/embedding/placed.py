"""A finished map that no slider moves, as the neighbour-embedding libraries give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.data.table import Table
from engine.embedding import drawing, reading
from engine.method import Note, Snapshot
from engine.numerics import neighbours
from engine.stages import Stages, beats

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

FEWEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Positions (m, d) of the computed rows and where the others lie; see `Reading`.

    `objective` is what the library minimised, nan when it does not say.
    """

    positions: Floats
    rows: Rows
    place: sparse.csr_array | None
    constant: int
    objective: float

    def snapshot(self, params: Any, axis: str, measure: str) -> Snapshot:
        """The map with its notes."""
        total = len(self.rows) if self.place is None else int(self.place.shape[0])
        notes: list[Note] = reading.row_notes(total, len(self.rows), constant=self.constant)
        metrics: Mapping[str, float] = (
            {measure: self.objective} if np.isfinite(self.objective) else {}
        )
        return Snapshot(
            layers=(drawing.map_points(self.positions, self.rows, self.place, axis),),
            params=params,
            metrics=metrics,
            step=1,
            notes=tuple(notes),
        )


def place_rows(
    data: Table,
    call: Callable[[Floats, int], tuple[Floats, float]],
    *,
    title: str,
    pca: int | None,
    metric: neighbours.Metric,
    most: int,
    rng: np.random.Generator,
    stages: Stages,
) -> reading.Said[Placed]:
    """Run a library on the rows: `call(values (m, D), seed)` gives positions and objective."""
    read = yield from reading.read(
        data,
        title=title,
        fewest=FEWEST,
        pca=pca,
        metric=metric,
        most=most,
        rng=rng,
        stages=stages,
    )
    seed = int(rng.integers(2**31))
    positions, objective = yield from reading.said(
        f"{title} at work", beats(lambda: call(read.values, seed))
    )
    positions = np.asarray(positions, dtype=np.float64)
    return Placed(
        positions - positions.mean(axis=0), read.rows, read.place, read.constant, float(objective)
    )
