"""Pictures of noise over the whole range of a type, and what files hold of them."""

from __future__ import annotations

import numpy as np
from PIL import ImageCms

from engine.data import open_any

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def drawn(*shape, kind=np.uint8, seed=0):
    """Numbers over the whole range of a type."""
    return np.random.default_rng(seed).integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)


def whole(values, depth):
    """What a file of that depth holds."""
    return np.rint(values.astype(np.float64) * (2**depth - 1)).astype(np.int64)


def opened(path):
    return open_any(path, picture="")
