#!/usr/bin/env python3
"""Makes the pictures that ship with the program, from the program itself.

.venv/bin/python packaging/pictures.py            thumbnails of the sample cards
.venv/bin/python packaging/pictures.py --window   and, on a display, the README's screenshots
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PICTURE = (416, 264)
"""Twice the size on the card, for sharp displays."""
OVERSAMPLED = 3
SHOWN_AS_DATA = ("swiss_roll", "clustered_roll", "spheres")
TURNED = np.deg2rad(-55.0), np.deg2rad(18.0)


def thumbnail(name: str) -> Image.Image:
    """The sample's heat-geodesic map, or the data where they are the better picture."""
    from engine.data import open_any
    from engine.data.overview import overview
    from engine.runs import RunSpec, run
    from workbench.views.colouring import colouring

    spec = f"sample:{name}"
    data = open_any(spec)
    if name in SHOWN_AS_DATA:
        places = turned(overview(data).positions)
    else:
        snapshot = run(RunSpec(method="embedding.heat_geodesic", data=spec), data).result()
        places = snapshot.layer("map").positions
    found = colouring(data.labels[data.colour_by], data.colour_by, "viridis", "", len(data))
    return drawn(places, found.rgb)


def turned(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seen from the side and a little from above, the farthest first."""
    around, above = TURNED
    x, y, z = (places - places.mean(axis=0)).T
    right, away = x * np.cos(around) - y * np.sin(around), x * np.sin(around) + y * np.cos(around)
    return np.column_stack([right, z * np.cos(above) + away * np.sin(above)])


def drawn(places: NDArray[np.float64], rgb: NDArray[np.float32]) -> Image.Image:
    """Discs on nothing, so that the card's own colour shows through."""
    size = np.array(PICTURE) * OVERSAMPLED
    low, high = places.min(axis=0), places.max(axis=0)
    scale = float((size * 0.88 / np.maximum(high - low, 1e-12)).min())
    spots = (places - (low + high) / 2) * scale * (1, -1) + size / 2
    radius = OVERSAMPLED * float(np.clip(110 / len(places) ** 0.5, 2.2, 6.0))
    image = Image.new("RGBA", tuple(size.tolist()), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    for (x, y), colour in zip(spots, np.round(rgb * 255).astype(int), strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*colour, 235))
    return image.resize(PICTURE, Image.Resampling.LANCZOS)


SCREENSHOTS = {
    "embedding": ["--open", "sample:digits", "--fit"],
    "embedding-dark": ["--open", "sample:tree", "--fit", "--theme", "dark"],
}


def main(words: list[str]) -> int:
    from engine.data.samples import samples

    folder = ROOT / "resources" / "thumbnails"
    folder.mkdir(exist_ok=True)
    for sample in samples():
        thumbnail(sample.name).save(folder / f"{sample.name}.png", optimize=True)
        print(f"resources/thumbnails/{sample.name}.png")
    if "--window" in words:
        (ROOT / "resources" / "screenshots").mkdir(exist_ok=True)
        for name, asked in SCREENSHOTS.items():
            file = f"resources/screenshots/{name}.png"
            command = [sys.executable, "-m", "workbench", *asked, "--size", "1440x900"]
            subprocess.run([*command, "--screenshot", file, "--quit"], cwd=ROOT, check=True)
            print(file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
