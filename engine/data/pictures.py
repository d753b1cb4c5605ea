"""An image as a table: its pixels, or its patches when it is large in one colour."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from engine.data.errors import OpenError
from engine.data.raw import Raw

MOST_PIXELS = 64_000_000
MOST_ROWS = 20_000


def read(path: Path, spec: str) -> Raw:
    """Rows are pixels with their colour; place and lightness are labels.

    More than `MOST_ROWS` pixels are thinned to an even grid, and the remark says so.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise OpenError(
                        f"'{path.name}' has {picture.width} × {picture.height} pixels; "
                        f"the limit is {MOST_PIXELS // 1_000_000} million."
                    )
                picture.load()
                pixels = np.asarray(picture.convert("RGB"), dtype=np.float64) / 255
    except OpenError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise OpenError(f"'{path.name}' would unpack to far more pixels than its size.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise OpenError(f"'{path.name}' is an image that is cut off or damaged.") from None
    height, width = pixels.shape[:2]
    step = max(1, int(np.ceil(np.sqrt(height * width / MOST_ROWS))))
    rows, columns = np.mgrid[0:height:step, 0:width:step]
    values = pixels[::step, ::step].reshape(-1, 3)
    remarks = [f"Each pixel of the {width} × {height} image is a row of three colours."]
    if step > 1:
        remarks.append(f"Every {step}th pixel in each direction is kept: {len(values)} rows.")
    return Raw(
        name=path.name,
        spec=spec,
        numbers=values,
        columns=("red", "green", "blue"),
        labels={
            "lightness": values @ np.array([0.2126, 0.7152, 0.0722]),
            "pixel row": rows.ravel().astype(np.float64),
            "pixel column": columns.ravel().astype(np.float64),
        },
        remarks=tuple(remarks),
    )
