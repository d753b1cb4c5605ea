#!/usr/bin/env python3
"""Makes the pictures that ship with the program, from the program itself.

.venv/bin/python packaging/pictures.py            thumbnails of the sample cards
.venv/bin/python packaging/pictures.py NAME …     of these alone
.venv/bin/python packaging/pictures.py --window   and, on a display, the README's screenshots
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

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
    from engine.data.photograph import Photograph
    from engine.data.samples import samples
    from engine.data.vectors import VectorSamples
    from engine.runs import RunSpec, run
    from workbench.views.colouring import colouring

    spec = next(s.spec for s in samples() if s.name == name)
    data: Any = open_any(spec)
    if isinstance(data, VectorSamples):
        return field_thumbnail(data)
    if isinstance(data, Photograph):
        return photograph_thumbnail(data)
    if spec.startswith("problem:"):
        return problem_thumbnail(overview(data).values)
    if name in SHOWN_AS_DATA:
        places = turned(overview(data).positions)
    else:
        snapshot = run(RunSpec(method="embedding.heat_geodesic", data=spec), data).result()
        places = snapshot.layer("map").positions
    found = colouring(data.labels[data.colour_by], data.colour_by, "viridis", "", len(data))
    return drawn(places, found.rgb)


def photograph_thumbnail(data: Any) -> Image.Image:
    """The middle of the picture, spoilt at the left and as it was at the right."""
    height, width = data.values.shape[:2]
    across = min(width, round(height * PICTURE[0] / PICTURE[1]))
    down = round(across * PICTURE[1] / PICTURE[0])
    top, left = (height - down) // 5, (width - across) // 2
    both = np.array(data.truth)
    both[:, : width // 2] = np.clip(data.values, 0, 1)[:, : width // 2]
    part = np.round(both[top : top + down, left : left + across] * 255).astype(np.uint8)
    whole = Image.fromarray(part).convert("RGB").resize(PICTURE, Image.Resampling.LANCZOS)
    ImageDraw.Draw(whole).line([(PICTURE[0] // 2, 0), (PICTURE[0] // 2, PICTURE[1])],
                               fill="white", width=2)  # fmt: skip
    return whole


def problem_thumbnail(values: NDArray[Any]) -> Image.Image:
    """The reference, in its colours or as a curve."""
    from engine import colour

    width, height = PICTURE
    if values.ndim == 1:
        picture = Image.new("RGB", (OVERSAMPLED * width, OVERSAMPLED * height), "white")
        low, high = float(values.min()), float(values.max())
        across = np.linspace(0.06, 0.94, len(values)) * OVERSAMPLED * width
        up = (0.9 - 0.8 * (values - low) / ((high - low) or 1.0)) * OVERSAMPLED * height
        line = list(zip(across.tolist(), up.tolist(), strict=True))
        ImageDraw.Draw(picture).line(line, fill="#2f6fdb", width=2 * OVERSAMPLED)
        return picture.resize(PICTURE, Image.Resampling.LANCZOS)
    shown = values if values.ndim == 2 else values[:, :, -1]
    rgb = colour.rgb(shown.T[::-1], "viridis", colour.limits(shown))
    whole = Image.fromarray(np.round(255 * np.asarray(rgb)).astype(np.uint8))
    return whole.resize(PICTURE, Image.Resampling.BICUBIC)


def field_thumbnail(data: Any) -> Image.Image:
    """The true field as arrows, on the side that is seen."""
    from workbench.views.colouring import colouring

    starts = turned(data.positions)
    ends = turned(data.positions + data.truth, about=data.positions)
    around, above = TURNED
    towards = np.array(
        [-np.sin(around) * np.cos(above), -np.cos(around) * np.cos(above), np.sin(above)]
    )
    depth = (data.positions - data.positions.mean(axis=0)) @ towards
    facing = depth > 0 if len(data.faces) else np.full(len(depth), True)
    speed = np.linalg.norm(data.truth, axis=1)
    column = next(iter(data.labels.values()), speed)
    rgb = colouring(column, "", "viridis", "", len(column)).rgb
    order = np.flatnonzero(facing)[np.argsort(depth[facing])]
    order = order[:: max(1, len(order) // 420)]
    return drawn_arrows(starts[order], (ends - starts)[order], rgb[order])


def drawn_arrows(
    starts: NDArray[np.float64], along: NDArray[np.float64], rgb: NDArray[np.float32]
) -> Image.Image:
    """Darts on nothing."""
    from engine import darts

    size = np.array(PICTURE) * OVERSAMPLED
    low, high = starts.min(axis=0), starts.max(axis=0)
    scale = float((size * 0.84 / (high - low)).min())
    spots = (starts - (low + high) / 2) * scale * (1, -1) + size / 2
    moves = along * (1, -1)
    moves *= 26 * OVERSAMPLED / np.percentile(np.linalg.norm(moves, axis=1), 95)
    corners = darts.flat(spots.astype(np.float32), moves.astype(np.float32), 3.2 * OVERSAMPLED)[
        :, :2
    ].reshape(len(spots), -1, 3, 2)
    image = Image.new("RGBA", tuple(size.tolist()), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    for dart, colour in zip(corners, np.round(rgb * 255).astype(int), strict=True):
        for triangle in dart:
            pen.polygon([tuple(p) for p in triangle.tolist()], fill=(*colour, 255))
    return image.resize(PICTURE, Image.Resampling.LANCZOS)


def turned(
    places: NDArray[np.float64], about: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Seen from the side and a little from above, about the middle of `about`."""
    around, above = TURNED
    x, y, z = (places - (places if about is None else about).mean(axis=0)).T
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
    "equations": ["--open", "problem:helmholtz", "--method", "pde.pig", "--fit"],
    "embedding": ["--open", "sample:digits", "--fit"],
    "embedding-dark": ["--open", "sample:tree", "--fit", "--theme", "dark"],
    "restoration": ["--open", "sample:astronaut", "--method", "restoration.tunable", "--fit"],
    "vectorfield": ["--open", "sample:sphere_field", "--method", "vectorfield.rvgp", "--fit"],
}


def main(words: list[str]) -> int:
    from engine.data.samples import samples

    folder = ROOT / "resources" / "thumbnails"
    folder.mkdir(exist_ok=True)
    wanted = [word for word in words if not word.startswith("--")]
    for sample in samples():
        if wanted and sample.name not in wanted:
            continue
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
