"""Which rows a field is learnt from: the observed ones, less those taken out, with those put in.

A hand paints the two sets of rows (parameters `without` and `added`). Any observed row can be taken
out; a row that was not observed can be put in where its vector is known all the same: from the
truth, or from a vector in the data that was held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.data.vectors import VectorSamples
from engine.layers import USED, Array, Standing
from engine.method import DataError, Note
from engine.params import Doc, Rows

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

PAINTS = ("without", "added")
TAKEN_OUT = Doc(
    "Observed rows that the field is not learnt from, as painted out with the brush.",
    label="taken out",
)
PUT_IN = Doc(
    "Further rows that the field is learnt from, as painted in with the brush; their vectors must "
    "be known.",
    label="put in",
)
WORDS = {
    Standing.UNKNOWN: "predicted",
    Standing.KNOWN: "predicted",
    Standing.PUT_IN: "put in",
    Standing.TAKEN_OUT: "taken out",
    Standing.OBSERVED: "observed",
}


class Painted(Protocol):
    """Parameters with rows painted out of and into the training set."""

    @property
    def without(self) -> Rows: ...
    @property
    def added(self) -> Rows: ...


def spare_vectors(data: VectorSamples) -> tuple[Numbers, Floats]:
    """Rows (s,) that were not observed but whose vectors (s, D) are known."""
    vectors = np.array(data.vectors)
    if data.truth is not None:
        unknown = ~np.isfinite(vectors).all(axis=1)
        vectors[unknown] = data.truth[unknown]
    rows = np.flatnonzero(~data.observed & np.isfinite(vectors).all(axis=1))
    return rows, vectors[rows]


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """The rows of a data set of `count` rows that can be learnt from.

    Attributes
    ----------
    observed : (m,) rows with an observed vector
    spare : (s,) further rows whose vector is known
    learnt : rows that the fit chose its values from
    """

    count: int
    observed: Numbers
    spare: Numbers
    learnt: Numbers

    @classmethod
    def of(
        cls, count: int, observed: Numbers, spare: Numbers | None, learnt: Numbers | None
    ) -> Training:
        """As a fit keeps it; models saved before rows could be painted have no spare ones."""
        nothing = np.empty(0, np.int64)
        return cls(
            count, observed, nothing if spare is None else spare,
            observed if learnt is None else learnt,
        )  # fmt: skip

    def used(self, params: Painted) -> Mask:
        """Rows to learn from (n,).

        Raises
        ------
        DataError
            When a painted row is beyond the data, or no row is left.
        """
        out, put = (self._mask(rows) for rows in (params.without, params.added))
        used = self._mask(self.observed) & ~out
        used[self.spare] |= put[self.spare]
        if not used.any():
            raise DataError("Every vector is taken out, so there is nothing to learn from.")
        return used

    def _mask(self, rows: Rows | Numbers) -> Mask:
        found = np.zeros(self.count, bool)
        wanted = np.asarray(rows, np.int64)
        if len(wanted) and int(wanted.max()) >= self.count:
            raise DataError(
                f"Row {int(wanted.max())} is to be taken out or put in, but the data has only "
                f"{self.count} rows."
            )
        found[wanted] = True
        return found

    def standing(self, used: Mask) -> Array:
        """What each row is to the picture (n,) uint8."""
        found = np.full(self.count, Standing.UNKNOWN, np.uint8)
        found[self.spare] = np.where(used[self.spare], Standing.PUT_IN, Standing.KNOWN)
        taken = np.where(used[self.observed], Standing.OBSERVED, Standing.TAKEN_OUT)
        found[self.observed] = taken
        return found

    def differs(self, used: Mask) -> bool:
        """Whether the fit learnt from other rows."""
        return bool((self._mask(self.learnt) != used).any())

    def notes(self, params: Painted, used: Mask, *, held: bool) -> list[Note]:
        """What must be known of the painted rows; `held` when values are kept from the fit."""
        found = []
        out = int(np.count_nonzero(~used[self.observed]))
        put = int(np.count_nonzero(used[self.spare]))
        parts = [f"{out} of {len(self.observed)} vectors taken out"] if out else []
        parts += [f"{put} {'other' if put == 1 else 'others'} put in"] if put else []
        told = [f"Painted: {', '.join(parts)}."] if parts else []
        told += ["Auto keeps its values from the fit; Fit chooses anew."] if held else []
        if told:
            found.append(Note(" ".join(told)))
        deaf = int(np.count_nonzero(self._mask(params.added) & ~used))
        if deaf:
            found.append(
                Note(f"{deaf} of the rows to put in {_have(deaf)} no known vector and stay out.")
            )
        idle = len(np.setdiff1d(np.asarray(params.without, np.int64), self.observed))
        if idle:
            found.append(Note(f"{idle} of the rows to take out {_were(idle)} never observed."))
        return found


def zero_vectors(vectors: Floats) -> list[Note]:
    """A word on vectors (m, d) of length zero, which may mean that nothing was measured."""
    count = int(np.count_nonzero(~vectors.any(axis=1)))
    if not count:
        return []
    return [
        Note(
            f"{count} of {len(vectors)} vectors have length zero and are taken as such; leave the "
            "cells empty where nothing was measured."
        )
    ]


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def words(standing: Array) -> Array:
    """The standing of each row as text (n,)."""
    names = np.array([WORDS[kind] for kind in Standing])
    found: Any = names[standing]
    return np.asarray(found)


def is_used(standing: Array) -> Mask:
    """Rows that a picture was learnt from."""
    return np.isin(standing, USED)
