"""A deep residual fit as layers: the picture, what the kernel leaves over, and the fit's course."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from engine.data.photograph import Photograph
from engine.layers import Array, Axis, Curves, Layer, Matrix, Picture
from engine.method import Note, Snapshot
from engine.restoration import picture_layers
from engine.restoration.borders import Frame
from engine.restoration.deep_residual_params import DeepResidualParams
from engine.restoration.degradations import transfer

if TYPE_CHECKING:
    from engine.restoration.deep_residual_prior import Fitted

LAPLACIAN = np.array([[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]])
FAINTEST = 1e-6
"""What varies less than this has no shape to compare."""


def snapshot(photograph: Photograph, fitted: Fitted, params: DeepResidualParams) -> Snapshot:
    """The frame of the kept picture nearest to `params.moment`."""
    from engine.restoration.deep_residual_prior import frame_of

    frame = frame_of(photograph, fitted)
    moment = fitted.moments[-1] if params.moment is None else params.moment
    which = int(np.argmin(np.abs(fitted.moments - moment)))
    kept = fitted.averages if params.shown == "average" else fitted.images
    restored = frame.inside(kept[which])
    seen = frame.inside(blurred(kept[which], fitted.kernel))
    layers: list[Layer] = list(picture_layers.pictures(photograph, restored, params.gain, seen))
    residual, ringing = frame.inside(fitted.residual), frame.inside(fitted.ringing)
    layers += [
        _about_grey("kernel residual R", residual, params.residual_gain),
        _about_grey("ringing h", ringing, params.ringing_gain),
    ]
    known = true_residual(photograph, fitted, frame)
    found = picture_layers.metrics(photograph, restored, seen)
    # An input without any error is infinitely near the truth.
    metrics = {name: value for name, value in found.items() if np.isfinite(value)}
    if known is not None:
        layers.append(_about_grey("true residual", known, params.residual_gain))
        both = residual + ringing
        if min(both.std(), known.std()) > FAINTEST:
            alike = np.corrcoef(both.ravel(), known.ravel())[0, 1]
            metrics["likeness of R + h to the true residual"] = float(alike)
    quick = frame.inside(wiener(fitted.seen, fitted.kernel, params.balance))
    layers += [
        Picture(name="Wiener", role="diagnostic", values=quick),
        Matrix(name="kernel", role="diagnostic", values=fitted.kernel,
               axes=(Axis("down", "px"), Axis("right", "px"))),
        *_course(fitted, int(fitted.moments[which])),
        picture_layers.histogram(photograph.values, restored),
        _left(fitted, kept[which]),
    ]  # fmt: skip
    return Snapshot(
        layers=tuple(layers), params=params, metrics=metrics, step=int(fitted.course[-1, 0]),
        notes=_notes(fitted), chosen={} if params.moment is not None else {"moment": float(moment)},
    )  # fmt: skip


def wiener(seen: Array, kernel: Array, balance: float) -> Array:
    """Planes (C, H, W) deconvolved: conj(K) Y / (|K|^2 + b |L|^2), L the Laplacian."""
    shape = (seen.shape[1], seen.shape[2])
    k, smooth = transfer(kernel, shape), transfer(LAPLACIAN, shape)
    # In float64: where K vanishes the quotient spans eight decades.
    gain = np.conj(k) / (np.abs(k) ** 2 + balance * np.abs(smooth) ** 2)
    found = fft.irfft2(fft.rfft2(np.asarray(seen, np.float64)) * gain, s=shape)
    return np.asarray(found, np.float32)


def true_residual(photograph: Photograph, fitted: Fitted, frame: Frame) -> Array | None:
    """What the assumed kernel cannot explain of the truth, noise included: y - k * x."""
    truth = photograph.truth
    if truth is None:
        return None
    height, width = fitted.seen.shape[1:]
    planes = truth[None] if truth.ndim == 2 else np.moveaxis(truth, 2, 0)
    before = (frame.top, frame.left)
    widths = [(0, 0)] + [
        (start, whole - start - side)
        for start, whole, side in zip(before, (height, width), planes.shape[1:], strict=True)
    ]
    wide = np.pad(planes, widths, mode="reflect")
    explained = frame.inside(blurred(wide, fitted.kernel))
    return np.asarray(photograph.values - explained, np.float32)


def blurred(planes: Array, kernel: Array) -> Array:
    """Planes (C, H, W) through a kernel, with periodic borders."""
    shape = (planes.shape[1], planes.shape[2])
    found = fft.irfft2(fft.rfft2(np.asarray(planes, np.float64)) * transfer(kernel, shape), s=shape)
    return np.asarray(found, np.float32)


def _about_grey(name: str, values: Array, gain: float) -> Picture:
    return Picture(name=name, role="diagnostic", values=picture_layers.about_grey(values, gain))


def _course(fitted: Fitted, shown: int) -> list[Layer]:
    """Data terms by step, and PSNR where there is a truth; the shown step is the hand's."""
    step, data, unexplained = fitted.course.T
    lines = {"with R and h": data, "picture alone": unexplained}
    if fitted.sigma > 0:
        lines["noise"] = np.full(len(step), fitted.sigma**2)
    marks = {"shown": float(shown)}
    found: list[Layer] = [
        Curves(name="data term", role="diagnostic", x=step, lines=lines, marks=marks,
               steers="moment", axes=(Axis("step"), Axis("mean square", log=True)))
    ]  # fmt: skip
    if np.isfinite(fitted.quality).all():
        of = {"average": fitted.quality[:, 1], "iterate": fitted.quality[:, 0]}
        found.append(
            Curves(name="PSNR by step", role="diagnostic", x=fitted.moments.astype(np.float64),
                   lines=of, marks=marks, steers="moment", axes=(Axis("step"), Axis("PSNR", "dB")))
        )  # fmt: skip
    return found


def _left(fitted: Fitted, shown: Array) -> Curves:
    """Spectrum of what the shown picture leaves over of what was seen; noise alone is level."""
    left = fitted.seen - blurred(shown, fitted.kernel)
    x, power = picture_layers.radial_power(left.mean(axis=0))
    lines = {"left over": 255 * np.sqrt(power)}
    if fitted.sigma > 0:
        level = 255 * fitted.sigma / np.sqrt(len(shown))
        lines["noise"] = np.full(len(x), level)
    return Curves(
        name="residual spectrum", role="diagnostic", x=x, lines=lines,
        axes=(Axis("frequency", "cycles/px"), Axis("amplitude", "levels")),
    )  # fmt: skip


def _notes(fitted: Fitted) -> tuple[Note, ...]:
    if fitted.ended:
        return (Note(f"Stopped at step {fitted.ended}: the picture explains all but the noise."),)
    return ()
