"""How much of a gridded field is at which spatial frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def spectrum(values: Floats, spacing: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Frequencies (r,) in cycles per unit and the root of the power in each ring of them (r,).

    A Hann window takes away what the ends of a grid that is not periodic would add. The power in
    all rings but the mean's sums to the mean square of the windowed field.
    """
    windowed = values - values.mean()
    for k, size in enumerate(values.shape):
        shape = [1] * values.ndim
        shape[k] = size
        windowed = windowed * np.hanning(size).reshape(shape)
    power = np.abs(np.fft.fftn(windowed)) ** 2 / windowed.size**2
    axes = [np.fft.fftfreq(n, h) for n, h in zip(values.shape, spacing, strict=True)]
    radius = np.sqrt(sum(f**2 for f in np.meshgrid(*axes, indexing="ij")))
    step = max(1.0 / (n * h) for n, h in zip(values.shape, spacing, strict=True))
    ring = np.round(radius / step).astype(int).ravel()
    total = np.bincount(ring, power.ravel())
    shown = np.arange(1, len(total))
    return shown * step, np.sqrt(total[1:])
