"""How noisy a photograph is: known, told, or heard in its finest wavelets.

Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81 (1994): of the
finest diagonal band nearly all is noise, and its median does not see the few edges. A JPEG empties
this band; after one it is the noise before it that is told, by its coefficients (`jpeg_noise`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.params import LIVE, Bound, Doc
from engine.restoration import jpeg_noise, jpeg_quality
from engine.restoration.jpeg_quality import Saved

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


ToldBy = Literal["nobody", "who put it in", "wavelets", "coefficients"]
TOLD_BY: tuple[ToldBy, ...] = get_args(ToldBy)


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a photograph, in units of its values, and what told it.

    After a JPEG it is the noise before it; what is left of that is no longer white, so that
    Stein's estimate of an error does not hold.
    """

    sigma: float
    told_by: ToldBy = "nobody"
    saved: Saved | None = None

    @property
    def is_white(self) -> bool:
        """Whether no JPEG has changed it."""
        return self.saved is None or not self.saved.changes_noise

    def sentence(self, hence: str) -> str:
        """What a person reads of it after a JPEG, and what follows; nothing without one."""
        if self.saved is None or self.is_white:
            return ""
        told = f"{self.saved.sentence[:-1]}: "
        if self.told_by != "coefficients":
            return f"{told}its coefficients tell no noise, and what the pixels show is a guess."
        if self.sigma == 0:
            return f"{told}its coefficients show no noise from before."
        levels = f"{LEVELS * self.sigma:.3g} levels"
        return f"{told}its coefficients show noise of {levels} from before; {hence}."


def heard(photograph: Photograph, part: Array | None = None) -> Noise:
    """The noise as the pixels tell it; without a JPEG, those of `part` if it is given."""
    saved = jpeg_quality.saved(photograph)
    if saved is not None and saved.changes_noise:
        before = jpeg_noise.sigma_before(photograph.values, saved.table(photograph))
        if before is not None:
            return Noise(before, "coefficients", saved)
    return Noise(estimated_sigma(photograph.values if part is None else part), "wavelets", saved)


def known(photograph: Photograph) -> Noise:
    """What was put in, or what is heard."""
    if photograph.sigma is None:
        return heard(photograph)
    return Noise(photograph.sigma, "who put it in")


def known_sigma(photograph: Photograph) -> float:
    """Its standard deviation, in units of the values."""
    return known(photograph).sigma
