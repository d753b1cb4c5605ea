"""Channels first, as arithmetic on whole planes wants them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array


def split(picture: Array, kind: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
    """(H, W) or (H, W, C) as (C, H, W)."""
    whole = picture[..., None] if picture.ndim == 2 else picture
    return np.ascontiguousarray(np.moveaxis(whole, 2, 0), kind)


def joined(planes: NDArray[Any], like: Array) -> NDArray[np.float32]:
    """Inverse of `split`, float32, of the shape of `like`."""
    return np.ascontiguousarray(np.moveaxis(planes, 0, 2).reshape(like.shape), np.float32)
