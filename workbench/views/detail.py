"""Level of detail: which points of a great many are drawn while something moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_MOVING = {True: 30_000, False: 1_000_000}
"""Points drawn while something moves, where a processor draws and where hardware does: a hundred
thousand discs take llvmpipe a quarter of a second."""


class Detail:
    """A fixed random subset, so that the same points stay while the cloud turns."""

    def __init__(self, *, software: bool) -> None:
        self.most = MOST_MOVING[software]
        self._subset: NDArray[np.int64] | None = None

    def rows(self, n: int) -> NDArray[np.int64] | None:
        """Rows of n to draw while moving, ascending; None for all."""
        if n <= self.most:
            return None
        if self._subset is None or self._subset[-1] >= n:
            chosen = np.random.default_rng(0).choice(n, self.most, replace=False)
            self._subset = np.sort(chosen)
        return self._subset


def disc_size(n: int, *, arrows: bool) -> float:
    """Pixels of a point among n; an arrow's own point is no more than where it starts."""
    full = float(np.clip(210 / max(n, 1) ** 0.5, 2.0, 9.0))
    return min(full, 2.0) if arrows else full
