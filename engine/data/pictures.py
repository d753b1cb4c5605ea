"""An image as a table: its pixels, or its patches when it is large in one colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.data import picture_files
from engine.data.raw import Raw

MOST_ROWS = 20_000


def read(path: Path, spec: str) -> Raw:
    """Rows are pixels with their colour; place and lightness are labels.

    More than `MOST_ROWS` pixels are thinned to an even grid, and the remark says so.
    """
    found = picture_files.decode(path)
    height, width = found.values.shape[:2]
    step = max(1, int(np.ceil(np.sqrt(height * width / MOST_ROWS))))
    rows, columns = np.mgrid[0:height:step, 0:width:step]
    kept = np.asarray(found.values[::step, ::step], np.float64)
    values = (np.stack([kept] * 3, axis=-1) if kept.ndim == 2 else kept).reshape(-1, 3)
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
        remarks=(*remarks, *found.remarks),
    )
