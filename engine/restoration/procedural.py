"""Pictures made by a formula, to train on: dead leaves, grain, lettering, gratings.

Dead leaves are opaque discs over each other with radii of density r^-3, whose statistics are near
those of photographs at every scale (Lee, Mumford and Huang, IJCV 41, 2001); they are free of
anyone's rights and there is no end of them.
"""

from __future__ import annotations

import string

import numpy as np
from scipy import fft

from engine.layers import Array

SMALLEST, LARGEST = (3.0, 24.0), 300.0
"""Radii of leaves in pixels, before the picture is halved; the smallest is drawn per picture."""
LAYERS = 4.0
"""How many leaves lie over each other on average."""
DISCS, DISC, GRAIN = 24, (25.0, 110.0), (0.008, 0.12)
"""Of `grain`: how many, their radii in pixels, standard deviations of their texture."""


def dead_leaves(side: int, palette: Array, rng: np.random.Generator) -> Array:
    """A picture (side, side, 3), float32 in [0, 1].

    Drawn at twice the side and halved, so that edges are as sharp as a lens leaves them; colours
    are drawn from the rows of `palette` (n, 3).
    """
    full = 2 * side
    picture = np.tile(palette[rng.integers(len(palette))], (full, full, 1)).astype(np.float32)
    textures = [_texture(full, slope, rng) for slope in (0.4, 0.9, 1.4)]
    radii = _radii(full, rng)
    centres = rng.uniform(-20, full + 20, size=(len(radii), 2))
    colours = palette[rng.integers(len(palette), size=len(radii))]
    strengths = rng.uniform(0, 0.16, size=len(radii)) * (rng.random(len(radii)) < 0.6)
    slopes = rng.normal(0, 0.15, size=(len(radii), 2)) * (rng.random((len(radii), 1)) < 0.7)
    kinds = rng.integers(len(textures), size=len(radii))
    for radius, (cy, cx), colour, strength, (down, along), kind in zip(
        radii, centres, colours, strengths, slopes, kinds, strict=True
    ):
        top, left = max(0, int(cy - radius)), max(0, int(cx - radius))
        bottom, right = min(full, int(cy + radius) + 2), min(full, int(cx + radius) + 2)
        if top >= bottom or left >= right:
            continue
        y, x = np.ogrid[top:bottom, left:right]
        inside = (y - cy) ** 2 + (x - cx) ** 2 <= radius**2
        region = picture[top:bottom, left:right]
        shade = (1 + down / radius * (y - cy) + along / radius * (x - cx))[inside]
        relief = textures[kind][top:bottom, left:right][inside]
        region[inside] = colour * (shade + strength * relief)[:, None]
    return np.clip(_halved(picture), 0, 1)


def grain(side: int, palette: Array, rng: np.random.Generator) -> Array:
    """Large discs of strong fine texture, as of grass, gravel or cloth, (side, side, 3).

    Dead leaves seldom have it, and a network that knows these alone takes such texture for noise.
    """
    picture = np.tile(palette[rng.integers(len(palette))], (side, side, 1)).astype(np.float32)
    y, x = np.ogrid[:side, :side]
    for _ in range(DISCS):
        radius, (cy, cx) = np.exp(rng.uniform(*np.log(DISC))), rng.uniform(0, side, 2)
        inside = (y - cy) ** 2 + (x - cx) ** 2 <= radius**2
        relief = _texture(side, rng.uniform(0, 1.2), rng)
        if rng.random() < 0.4:
            relief = np.sign(relief) * np.abs(relief) ** rng.uniform(0.6, 1.5)
            relief /= relief.std()
        strength = np.exp(rng.uniform(*np.log(GRAIN))) * (rng.random() < 0.8)
        colour = palette[rng.integers(len(palette))]
        picture[inside] = colour + (strength * relief[inside])[:, None]
    return np.clip(picture, 0, 1)


def lettering(side: int, palette: Array, rng: np.random.Generator) -> Array:
    """Lines of letters of many sizes on a smooth ground, (side, side, 3)."""
    from PIL import Image, ImageDraw, ImageFont

    full = 2 * side
    ground = _ramp(full, palette, rng)
    drawn = Image.fromarray(np.round(ground * 255).astype(np.uint8))
    pen = ImageDraw.Draw(drawn)
    letters = np.array(list(string.ascii_letters + string.digits + "  .,;:-+()"))
    y = 0.0
    while y < full:
        size = int(np.exp(rng.uniform(np.log(12), np.log(90))))
        text = "".join(rng.choice(letters, size=int(3 * full / size)))
        ink = tuple(int(v * 255) for v in palette[rng.integers(len(palette))])
        if rng.random() < 0.5:
            ink = (15, 15, 15) if ground.mean() > 0.5 else (240, 240, 240)
        font = ImageFont.load_default(size=size)
        pen.text((-rng.uniform(0, 2 * size), y), text, fill=ink, font=font)
        y += size * rng.uniform(1.0, 1.6)
    return _halved(np.asarray(drawn, np.float32) / 255)


def gratings(side: int, palette: Array, rng: np.random.Generator) -> Array:
    """Patches of straight, circular and square waves of every frequency, (side, side, 3)."""
    full = 2 * side
    y, x = np.mgrid[0:full, 0:full].astype(np.float32)
    picture = np.empty((full, full, 3), np.float32)
    cell = full // 4
    for top in range(0, full, cell):
        for left in range(0, full, cell):
            here = np.s_[top : top + cell, left : left + cell]
            turn, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(5), np.log(60)))
            phase = (x[here] * np.cos(turn) + y[here] * np.sin(turn)) * (2 * np.pi / period)
            if rng.random() < 0.3:
                cy, cx = rng.uniform(0, full, 2)
                phase = np.hypot(y[here] - cy, x[here] - cx) ** 2 * (np.pi / (period * 60))
            wave = np.sin(phase)
            if rng.random() < 0.4:
                wave = np.clip(4 * wave, -1, 1)
            one, other = palette[rng.integers(len(palette), size=2)]
            picture[here] = one + (other - one) * (0.5 + 0.5 * wave)[..., None]
    return _halved(picture)


def _radii(full: int, rng: np.random.Generator) -> Array:
    """Radii of density proportional to r^-3, by inversion: enough to cover the square `LAYERS`
    times."""
    smallest = float(np.exp(rng.uniform(*np.log(SMALLEST))))
    mean_area = 2 * np.pi * smallest**2 * np.log(LARGEST / smallest)
    u = rng.random(int(LAYERS * full * full / mean_area) + 1)
    radii: Array = 1 / np.sqrt(smallest**-2 - u * (smallest**-2 - LARGEST**-2))
    return radii


def _texture(side: int, slope: float, rng: np.random.Generator) -> Array:
    """Noise of unit variance whose amplitude falls as frequency to the `slope`."""
    across = fft.fftfreq(side)[:, None]
    along = fft.rfftfreq(side)[None]
    radius = np.hypot(across, along)
    radius[0, 0] = 1
    amplitude = radius**-slope
    amplitude[0, 0] = 0
    noise = fft.irfft2(fft.rfft2(rng.standard_normal((side, side))) * amplitude, s=(side, side))
    return np.asarray(noise / noise.std(), np.float32)


def _ramp(side: int, palette: Array, rng: np.random.Generator) -> Array:
    one, other = palette[rng.integers(len(palette), size=2)]
    other = one + 0.3 * (other - one)
    turn = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    share = 0.5 + 0.7 * (x * np.cos(turn) + y * np.sin(turn))
    ramp = np.clip(one + (other - one) * np.clip(share, 0, 1)[..., None], 0, 1)
    return np.asarray(ramp, np.float32)


def _halved(picture: Array) -> Array:
    p = picture
    return (p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) / 4
