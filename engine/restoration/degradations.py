"""What spoils a picture, with a seed: noise, blur, compression, fewer pixels.

Pictures are (H, W) or (H, W, 3), nominally in [0, 1]; noisy ones are not clipped.
"""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from scipy import fft, ndimage

from engine.layers import Array

BlurKind = Literal["gaussian", "disc", "motion"]


def gaussian_noise(picture: Array, sigma: float, rng: np.random.Generator) -> Array:
    """White noise of standard deviation sigma (25 / 255 is what is quoted as 25)."""
    return picture + sigma * rng.standard_normal(picture.shape).astype(picture.dtype)


def poisson_noise(picture: Array, peak: float, rng: np.random.Generator) -> Array:
    """Photon noise where the value 1 stands for `peak` photons."""
    counts = rng.poisson(np.clip(picture, 0, None) * peak)
    return (counts / peak).astype(picture.dtype)


def impulse_noise(picture: Array, share: float, rng: np.random.Generator) -> Array:
    """Salt and pepper: a share of the pixels becomes 0 or 1 in all channels."""
    drawn = rng.random(picture.shape[:2])
    spoilt = picture.copy()
    spoilt[drawn < share / 2] = 0
    spoilt[drawn > 1 - share / 2] = 1
    return spoilt


def blur_kernel(kind: BlurKind, size: float, angle: float = 0.0) -> Array:
    """A kernel of odd side that sums to 1.

    `size` is the standard deviation of a Gaussian, the radius of a disc or the length of a motion,
    in pixels; `angle` the motion's direction in degrees, counterclockwise from the row.
    """
    reach = {"gaussian": 3.5 * size, "disc": size + 1, "motion": size / 2 + 1}[kind]
    r = max(1, int(np.ceil(reach)))
    y, x = np.mgrid[-r : r + 1, -r : r + 1].astype(np.float64)
    if kind == "gaussian":
        kernel = np.exp(-(x**2 + y**2) / (2 * max(size, 1e-6) ** 2))
    elif kind == "disc":
        kernel = np.clip(size + 0.5 - np.hypot(x, y), 0, 1)
    else:
        turn = np.deg2rad(angle)
        along = x * np.cos(turn) - y * np.sin(turn)
        across = x * np.sin(turn) + y * np.cos(turn)
        inside = np.clip(size / 2 + 0.5 - np.abs(along), 0, 1)
        kernel = inside * np.clip(1 - np.abs(across), 0, 1)
    normalised: Array = kernel / kernel.sum()
    return normalised


def transfer(kernel: Array, shape: tuple[int, int]) -> Array:
    """The kernel's Fourier transform (rfft2) on a periodic grid, its centre at the origin; what of
    it is wider than the grid comes round."""
    padded = np.zeros(shape)
    rows, columns = ((np.arange(k) - k // 2) % n for k, n in zip(kernel.shape, shape, strict=True))
    np.add.at(padded, (rows[:, None], columns[None]), kernel)
    found: Array = fft.rfft2(padded)
    return found


def circular_blur(picture: Array, kernel: Array) -> Array:
    """Convolution with periodic borders, each channel by itself."""
    spectrum = transfer(kernel, picture.shape[:2])
    if picture.ndim == 3:
        spectrum = spectrum[..., None]
    blurred = fft.irfft2(
        fft.rfft2(picture, axes=(0, 1)) * spectrum, s=picture.shape[:2], axes=(0, 1)
    )
    return np.asarray(blurred, dtype=picture.dtype)


def gaussian_blur(picture: Array, std: float) -> Array:
    """Gaussian blur with mirrored borders; std in pixels."""
    if std <= 0:
        return picture
    stds = (std, std) + (0.0,) * (picture.ndim - 2)
    return np.asarray(ndimage.gaussian_filter(picture, stds, mode="mirror"), picture.dtype)


def jpeg(picture: Array, quality: int) -> Array:
    """The picture as it comes back from a JPEG file of that quality (1 to 95)."""
    from PIL import Image

    eight = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(eight).save(file, "JPEG", quality=quality)
    with Image.open(file) as back:
        return (np.asarray(back, np.float32) / 255).astype(picture.dtype)


def halved(picture: Array) -> Array:
    """Means of 2 by 2 pixels; a last odd row or column is left out."""
    h, w = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    p = picture[:h, :w]
    return (p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) / 4
