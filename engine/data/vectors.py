"""Vectors at some of many positions: the data set of the vector-field methods."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorSamples:
    """n positions in D dimensions; vectors are known at the observed ones.

    Attributes
    ----------
    name, spec : as of a `Table`
    positions : (n, D) float64, finite
    vectors : (n, D) float64, finite where observed; elsewhere NaN, or a vector that is held back
    observed : (n,) bool
    faces : (f, 3) int64 triangles over the positions, counter-clockwise seen from outside; empty
        where there is no mesh
    truth : (n, D) the true field where it is known
    noise : (n,) relative standard deviation of each observation; empty when all are as noisy
    axes, unit : names of the D axes and their common unit
    vector_unit : unit of the vectors
    labels : further per-row columns (n,)
    """

    name: str
    spec: str
    positions: Floats
    vectors: Floats
    observed: NDArray[np.bool_]
    faces: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 3), np.int64))
    truth: Floats | None = None
    noise: Floats = field(default_factory=lambda: np.empty(0))
    axes: tuple[str, ...] = ()
    unit: str = ""
    vector_unit: str = ""
    labels: Mapping[str, Array] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, dimension = self.positions.shape
        if self.vectors.shape != (n, dimension) or self.observed.shape != (n,):
            raise ValueError(
                f"positions {self.positions.shape}, vectors {self.vectors.shape} and "
                f"observed {self.observed.shape} disagree."
            )
        for name in ("positions", "vectors", "observed", "faces", "noise", "truth"):
            value = getattr(self, name)
            if value is not None:
                view = np.ascontiguousarray(value).view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)
        object.__setattr__(self, "axes", self.axes or _axis_names(dimension))

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `values`."""
        return (*self.axes, *(f"along {name}" for name in self.axes))

    @property
    def values(self) -> Floats:
        """Positions and vectors side by side (n, 2 D); NaN where no vector is known."""
        return np.hstack([self.positions, self.vectors])

    @property
    def colour_by(self) -> str:
        """Fields are coloured by what a method finds."""
        return ""

    def sha256(self) -> str:
        """Hash of positions, vectors, mask, mesh and noise."""
        digest = hashlib.sha256()
        for part in (self.positions, self.vectors, self.observed, self.faces, self.noise):
            digest.update(str(part.shape).encode())
            digest.update(part.tobytes())
        return digest.hexdigest()


def _axis_names(dimension: int) -> tuple[str, ...]:
    return ("x", "y", "z")[:dimension] if dimension <= 3 else tuple(
        f"x{k + 1}" for k in range(dimension)
    )  # fmt: skip
