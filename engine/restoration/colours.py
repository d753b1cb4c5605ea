"""What channels have to do with each other."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.params import LIVE, Doc

Planes = NDArray[np.floating[Any]]

Channels = Annotated[
    Literal["together", "apart"],
    LIVE,
    Doc("Whether an edge in one colour is an edge in all.", label="colours"),
]

OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3.0], [2.0], [6.0]])
"""Lightness and two differences of colours. Orthonormal: white noise stays white, and as strong."""


def opponent(values: Planes) -> Planes:
    """(3, H, W) as lightness and two differences; one channel stays."""
    turned: Planes = np.tensordot(OPPONENT, values, 1) if len(values) == 3 else values
    return turned


def mixed(values: Planes) -> Planes:
    """Inverse of `opponent`."""
    turned: Planes = np.tensordot(OPPONENT.T, values, 1) if len(values) == 3 else values
    return turned
