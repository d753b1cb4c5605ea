"""The sums of a regression for a training set that a hand paints: only what changed is summed.

    G -> G +- U_i^T U_i,   b -> b +- U_i^T y_i,   yy -> yy +- y_i^T y_i

over the rows that come and go, an update of rank d for each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.vectorfield.spectral_regression import Evidence

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

MOST_STEPS = 64
"""Updates in a row before the sums are taken anew: each adds its rounding to those before."""


class PaintedEvidence:
    """Evidence for any subset of the rows whose vectors are known.

    Parameters
    ----------
    fields : U (n, d, k), not copied
    observed, tangent, relative : rows (m,), their vectors in their frames (m, d), and their noise
        variances relative to the common one (m,) or None
    spare, spare_tangent : further rows (s,) and vectors (s, d); their noise is the common one
    """

    def __init__(
        self, fields: Floats, observed: Numbers, tangent: Floats, relative: Floats | None,
        spare: Numbers, spare_tangent: Floats,
    ) -> None:  # fmt: skip
        n, d, _ = fields.shape
        self._fields = fields
        self._vectors = np.zeros((n, d))
        self._vectors[observed] = tangent
        self._vectors[spare] = spare_tangent
        self._relative: Floats | None = None
        if relative is not None:
            self._relative = np.ones(n)
            self._relative[observed] = relative
        self._observed = np.zeros(n, bool)
        self._observed[observed] = True
        self._whole = self._of(self._observed)
        self._exact = (self._observed, self._whole)
        self._near = (self._observed, self._whole, 0)

    def exact(self, used: Mask) -> Evidence:
        """For the rows `used` (n,): the observed ones with what comes and without what goes, or
        all of `used` where that is less work. It depends on nothing but `used`, to the last bit."""
        last, evidence = self._exact
        if np.array_equal(last, used):
            return evidence
        if np.count_nonzero(used != self._observed) < np.count_nonzero(used):
            evidence = self._changed(self._whole, self._observed, used)
        else:
            evidence = self._of(used)
        self._exact = (used.copy(), evidence)
        return evidence

    def near(self, used: Mask) -> Evidence:
        """The same up to rounding, from the last that was asked for where that is less work: a
        moving brush changes few rows of many."""
        last, evidence, steps = self._near
        changed = np.count_nonzero(used != last)
        if changed == 0:
            return evidence
        if steps < MOST_STEPS and changed < np.count_nonzero(used != self._observed):
            evidence, steps = self._changed(evidence, last, used), steps + 1
        else:
            evidence, steps = self.exact(used), 0
        self._near = (used.copy(), evidence, steps)
        return evidence

    def _changed(self, evidence: Evidence, before: Mask, after: Mask) -> Evidence:
        for mask, sign in ((before & ~after, -1), (after & ~before, 1)):
            rows = np.flatnonzero(mask)
            if len(rows):
                evidence = evidence.with_points(
                    self._fields[rows], self._vectors[rows], sign, self._noise(rows)
                )
        return evidence

    def _of(self, used: Mask) -> Evidence:
        rows = np.flatnonzero(used)
        return Evidence.of(self._fields[rows], self._vectors[rows], self._noise(rows))

    def _noise(self, rows: Numbers) -> Floats | None:
        return None if self._relative is None else self._relative[rows]
