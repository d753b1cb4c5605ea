"""How noisy a photograph is: known, told, or read off its finest wavelets.

Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81 (1994): of the
finest diagonal band nearly all is noise, and its median does not see the few edges.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.params import LIVE, Bound, Doc

MEDIAN_OF_NORMAL = 0.6744897501960817
"""Median of |z|, z a standard normal number."""
LEVELS = 255.0
"""Noise is quoted in these, and computed in units of the values."""

Sigma = Annotated[
    float | None,
    Bound(0.0, 255.0, soft=(0.0, 100.0)),
    LIVE,
    Doc("Standard deviation of the noise. Auto: what was put in, or an estimate.", unit="levels",
        symbol="σ", label="noise"),
]  # fmt: skip


def estimated_sigma(values: Array) -> float:
    """Standard deviation of white noise in (H, W) or (H, W, 3), the mean over channels, in the
    units of the values; 0 where there is nothing to tell it from."""
    import pywt

    planes = values[..., None] if values.ndim == 2 else values
    found = []
    for k in range(planes.shape[-1]):
        plane = np.asarray(planes[..., k], np.float64)
        diagonal = pywt.dwt2(plane, "db2")[1][2]
        finest = np.abs(diagonal[diagonal != 0])
        found.append(float(np.median(finest)) if finest.size else 0.0)
    return float(np.mean(found)) / MEDIAN_OF_NORMAL


def known_sigma(photograph: Photograph) -> float:
    """What was put in, or the estimate, in units of the values."""
    return estimated_sigma(photograph.values) if photograph.sigma is None else photograph.sigma
