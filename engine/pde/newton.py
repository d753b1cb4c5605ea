"""Newton's method on a square system, damped by the natural test of Deuflhard.

P. Deuflhard, Newton Methods for Nonlinear Problems, Springer (2004), section 3.3: a step is taken
if the next simplified step, with the old derivative, is shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from engine.method import DataError
from engine.pde.problem import Floats

MOST_STEPS = 30
CLOSE = 1e-9
SHORTEST = 1 / 256


class System(Protocol):
    """`missing` is 0 at a solution; `solver` inverts its derivative; `size` measures a step in the
    unit of the solution. `linear` systems take one step."""

    linear: bool

    def start(self) -> Floats: ...
    def missing(self, at: Floats) -> Floats: ...
    def solver(self, at: Floats) -> Callable[[Floats], Floats]: ...
    def size(self, step: Floats) -> float: ...


def solve(system: System) -> Iterator[Floats]:
    """The iterates; the last one is the solution.

    Raises
    ------
    DataError
        When the numbers are lost, or no step leads on.
    """
    at = system.start()
    missing = system.missing(at)
    for _ in range(MOST_STEPS):
        if not np.isfinite(missing).all():
            raise DataError("The equation has no finite value on the grid; check its formulas.")
        inverse = system.solver(at)
        step = -inverse(missing)
        if not np.isfinite(step).all():
            raise DataError("The collocation system is singular; change frequencies or nodes.")
        if system.linear:
            yield at + step
            return
        length, share = system.size(step), 1.0
        while True:
            tried = at + share * step
            missing = system.missing(tried)
            finite = bool(np.isfinite(missing).all())
            again = system.size(inverse(missing)) if finite else np.inf
            if again <= (1 - share / 4) * length or length < 1e-8:
                break
            share /= 2
            if share < SHORTEST:
                raise DataError("Newton's method found no solution; start from other coefficients.")
        at = tried
        yield at
        if share == 1.0 and again <= CLOSE * max(1.0, system.size(at)):
            return
    raise DataError(f"Newton's method found no solution in {MOST_STEPS} steps.")
