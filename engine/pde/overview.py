"""A problem before anything has been trained on it: its reference."""

from __future__ import annotations

import numpy as np

from engine.layers import Axis, Field
from engine.method import DataError
from engine.pde.problem import Problem
from engine.pde.reference import reference


def overview(problem: Problem) -> Field:
    """The reference of the first unknown that has one; of three coordinates the last becomes the
    one that is stepped through. It may take seconds to compute.

    Raises
    ------
    DataError
        When no reference can be found, in a sentence.
    """
    found = reference(problem, problem.values)
    name = next((u for u in problem.unknowns if u in found.values), "")
    if not name:
        raise DataError(f"No reference is known: {found.missing}")
    values = np.asarray(found.values[name], np.float64).reshape(problem.shape)
    order = list(range(problem.dimension))
    if problem.dimension == 3 and problem.time == 0:
        order = [1, 2, 0]
    axes = [problem.axes[k] for k in order]
    return Field(
        name=f"reference {name}", role="truth", values=values.transpose(order),
        extent=tuple(problem.cells(k) for k in order), axes=tuple(Axis(a.name) for a in axes),
    )  # fmt: skip
