"""Which blur a deconvolution takes out: what is known of the photograph, or what a person says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.photograph import Photograph
from engine.layers import Axis, Matrix
from engine.method import Note
from engine.params import LIVE, Applies, Bound, Doc
from engine.restoration.degradations import BlurKind, blur_kernel

Blur = Annotated[
    Literal["known", "gaussian", "disc", "motion"],
    LIVE,
    Doc("Shape of the blur: that which was put in, a Gaussian, a lens out of focus, or a straight "
        "motion."),
]  # fmt: skip
Size = Annotated[
    float,
    Bound(0.0, 60.0, soft=(0.0, 12.0)),
    LIVE,
    Doc("Standard deviation of a Gaussian, radius of a disc, length of a motion.", unit="px",
        label="blur size"),
    Applies("blur", ("gaussian", "disc", "motion")),
]  # fmt: skip
Angle = Annotated[
    float,
    Bound(-90.0, 90.0),
    LIVE,
    Doc("Direction of the motion, counterclockwise from the row.", unit="°"),
    Applies("blur", ("motion",)),
]


def kernel_of(photograph: Photograph, params: Any) -> NDArray[np.float64]:
    """(k, l), sums to 1. A blur that is called known and is not is a Gaussian of that size."""
    if params.blur == "known" and photograph.kernel is not None:
        return photograph.kernel
    kind: BlurKind = "gaussian" if params.blur == "known" else params.blur
    return np.asarray(blur_kernel(kind, params.size, params.angle), np.float64)


def width_of(photograph: Photograph) -> float:
    """The standard deviation in pixels of a Gaussian as wide as the blur that was put in; 0 where
    none was, or none is known."""
    if photograph.kernel is None:
        return 0.0
    weights, moments = photograph.kernel, []
    for axis in range(2):
        along = weights.sum(axis=1 - axis)
        places = np.arange(len(along)) - along @ np.arange(len(along))
        moments.append(float(along @ places**2))
    return float(np.sqrt(np.mean(moments)))


def coarser(kernel: NDArray[np.float64], level: int) -> NDArray[np.float64]:
    """The kernel between pixels that are 2**level times as large: every weight is shared by the two
    nearest places along each side. It keeps sum and centre."""
    rows, columns = (_shares(count, 2**level) for count in kernel.shape)
    found: NDArray[np.float64] = rows @ kernel @ columns.T
    return found


def _shares(count: int, factor: int) -> NDArray[np.float64]:
    """Of every place of a kernel (columns) in the places of a coarser one (rows)."""
    at = (np.arange(count) - count // 2) / factor
    reach = int(np.ceil(np.abs(at).max()))
    found: NDArray[np.float64] = np.maximum(
        1 - np.abs(at[None] - np.arange(-reach, reach + 1)[:, None]), 0.0
    )
    return found


def reach(photograph: Photograph, params: Any) -> int:
    """Pixels on every side that a blurred one holds."""
    return int(max(kernel_of(photograph, params).shape)) // 2


def notes(photograph: Photograph, params: Any) -> tuple[Note, ...]:
    """What must be known of a blur that nobody told."""
    if params.blur != "known" or photograph.kernel is not None:
        return ()
    return (
        Note(
            f"The blur of this photograph is not known; a Gaussian of {params.size:g} px is "
            "assumed. Choose another under Blur.",
            grave=True,
        ),
    )


def picture(kernel: NDArray[np.float64]) -> Matrix:
    """The kernel's weights."""
    return Matrix(
        name="kernel", role="diagnostic", values=kernel,
        axes=(Axis("row", "px"), Axis("column", "px")),
    )  # fmt: skip
