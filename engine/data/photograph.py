"""A photograph: the data that restoration works on, with what is known of how it was spoilt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photograph:
    """Pixels as the file gives them, nominally in [0, 1]; noise that was put in is not clipped.

    Attributes
    ----------
    name : shown title
    spec : what `open_any` was given
    values : (H, W) or (H, W, 3) float32, read-only and finite, display-referred
    alpha : (H, W) float32 opacity, carried along and put back on export
    depth : bits per channel of the file: 8, 16 or 32
    profile : the file's ICC colour profile, empty without one
    exif : what the camera or scanner noted, resolution and description, as an EXIF block
        (`engine.data.camera_notes`), empty without any
    truth : what `values` were before they were spoilt, where that is known
    truth_spec : the file of the truth, where it came from one of its own
    sigma : standard deviation of white noise in `values` where it was put in and nothing after it
        changed it, in the units of `values`; None where it must be estimated
    kernel : (k, l) float64, sums to 1, the blur that was put in
    quantisation : (8, 8) int32, steps of luminance of the JPEG file that these pixels came out of
    remarks : what the loader understood or changed, one sentence each
    """

    name: str
    spec: str
    values: Pixels
    alpha: Pixels | None = None
    depth: int = 8
    profile: bytes = b""
    truth: Pixels | None = None
    sigma: float | None = None
    kernel: NDArray[np.float64] | None = None
    quantisation: NDArray[np.int32] | None = None
    remarks: tuple[str, ...] = ()
    truth_spec: str = ""
    exif: bytes = b""
    _digest: str = field(init=False, default="", repr=False)

    def __post_init__(self) -> None:
        for name, kind in (
            ("values", np.float32), ("alpha", np.float32), ("truth", np.float32),
            ("kernel", np.float64), ("quantisation", np.int32),
        ):  # fmt: skip
            value: Any = getattr(self, name)
            if value is not None:
                view = np.ascontiguousarray(value, dtype=kind).view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)
        shape = self.values.shape
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3):
            raise ValueError(f"A photograph is (H, W) or (H, W, 3), got {shape}.")
        if self.truth is not None and self.truth.shape != shape:
            raise ValueError(f"The truth has shape {self.truth.shape}, the photograph {shape}.")

    def __len__(self) -> int:
        """How many pixels."""
        height, width = self.values.shape[:2]
        return int(height * width)

    @property
    def channels(self) -> int:
        return 1 if self.values.ndim == 2 else 3

    @property
    def blurred(self) -> bool:
        """Whether a blur is known to have been put in."""
        return self.kernel is not None and bool(self.kernel.max() < 1)

    @property
    def idle(self) -> tuple[str, ...]:
        """Parameters of methods that mean nothing here: how the colours of a grey picture are
        treated."""
        return ("channels",) if self.channels == 1 else ()

    @property
    def colour_by(self) -> str:
        return ""

    def sha256(self) -> str:
        """Hash of the pixels alone, computed once."""
        if not self._digest:
            digest = hashlib.sha256(str(self.values.shape).encode())
            digest.update(self.values.data)
            object.__setattr__(self, "_digest", digest.hexdigest())
        return self._digest
