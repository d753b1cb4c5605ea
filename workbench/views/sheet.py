"""A picture that lies ready to be drawn at any zoom: a whole, or a coarse whole under a sharp
inset. Drawing reads about as many pixels as the screen has, however many the picture has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from engine.layers import Picture
from workbench.views.pyramid import Pyramid, pyramid_of
from workbench.views.viewport import Viewport

FINER = 2
"""A reduced picture is drawn so many times larger and then averaged: single samples would keep the
noise of some pixels and average that of others, a pattern that is not in the picture."""


class Plate:
    """Pixels over `rect` (left, top, width, height), in pixels of the whole picture. A `coarse` one
    is smoothed where it is enlarged; true pixels stay crisp."""

    def __init__(
        self, pyramid: Pyramid, rect: tuple[float, float, float, float], *, coarse: bool
    ) -> None:
        self.pyramid, self.rect, self.coarse = pyramid, rect, coarse

    def paint(self, painter: QPainter, seen: Viewport, clip: QRect) -> int:
        """Draw what lies within `clip` (screen pixels); returns how many pixels were read."""
        left, top, width, height = self.rect
        rows, columns = self.pyramid.size
        scale = seen.zoom * height / rows, seen.zoom * width / columns
        level = self._level(min(scale))
        down, across = (one * (1 << level) for one in scale)
        x0, y0 = (
            begin + at * seen.zoom for begin, at in zip(seen.origin(), (left, top), strict=True)
        )
        side = tuple(-(-count // (1 << level)) for count in (rows, columns))
        rect = (
            max(0, math.floor((clip.top() - y0) / down) - 1),
            max(0, math.floor((clip.left() - x0) / across) - 1),
            min(side[0], math.ceil((clip.bottom() + 1 - y0) / down) + 1),
            min(side[1], math.ceil((clip.right() + 1 - x0) / across) + 1),
        )
        count = int((rect[2] - rect[0]) * (rect[3] - rect[1]))
        if rect[2] <= rect[0] or rect[3] <= rect[1]:
            return 0
        image, row, column = self.pyramid.part(level, rect)
        source = QRectF(rect[1] - column, rect[0] - row, rect[3] - rect[1], rect[2] - rect[0])
        target = QRectF(
            x0 + rect[1] * across, y0 + rect[0] * down, source.width() * across,
            source.height() * down,
        )  # fmt: skip
        # The last pixel of a level may stand for fewer than the others.
        whole = QRectF(x0, y0, width * seen.zoom, height * seen.zoom).intersected(QRectF(clip))
        reduced = min(down, across) < 1 and self.pyramid.ready
        if reduced:
            _average(painter, image, source, target, whole.toAlignedRect().intersected(clip))
        else:
            painter.save()
            painter.setClipRect(whole, Qt.ClipOperation.IntersectClip)
            smooth = self.coarse or down < 1
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(target, image, source)
            painter.restore()
        return count

    def _level(self, scale: float) -> int:
        """The coarsest level that has a pixel for each of the screen's; while levels are being
        made one coarser, as every pixel is then made into bytes for this frame."""
        if scale >= 1:
            return 0
        exact = math.log2(1 / scale)
        level: int = math.floor(exact + 1e-9) if self.pyramid.ready else math.ceil(exact - 1e-9)
        return int(min(max(level, 0), self.pyramid.depth - 1))


def _average(painter: QPainter, image: QImage, source: QRectF, target: QRectF, room: QRect) -> None:
    """Draw a reduced picture as means over the pixels of the screen, those of `room`."""
    if room.isEmpty():
        return
    # Pixels of the screen that the picture covers in part stay transparent in part.
    large = QImage(room.size() * FINER, QImage.Format.Format_ARGB32_Premultiplied)
    large.fill(Qt.GlobalColor.transparent)
    pen = QPainter(large)
    pen.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    pen.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    pen.scale(FINER, FINER)
    pen.translate(-room.left(), -room.top())
    pen.drawImage(target, image, source)
    pen.end()
    mode = Qt.TransformationMode.SmoothTransformation
    painter.drawImage(
        room.topLeft(), large.scaled(room.size(), Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    )


class Sheet:
    """A `Picture` layer with the opacity `alpha` (height, width) of the whole, if it has any."""

    def __init__(self, layer: Picture, alpha: NDArray[Any] | None = None) -> None:
        self.layer = layer
        self.size = height, width = layer.whole
        rows, columns = layer.values.shape[:2]
        coarse = (rows, columns) != self.size
        whole = pyramid_of(layer.values, _thinned(alpha, (rows, columns)) if coarse else alpha)
        self.plates = [Plate(whole, (0.0, 0.0, width, height), coarse=coarse)]
        if coarse and layer.inset.size:
            top, left = layer.inset_at
            high, wide = layer.inset.shape[:2]
            part = None if alpha is None else alpha[top : top + high, left : left + wide]
            inset = pyramid_of(layer.inset, part)
            self.plates.append(Plate(inset, (left, top, wide, high), coarse=False))
        for plate in self.plates:
            plate.pyramid.take()

    @property
    def opaque(self) -> bool:
        return all(plate.pyramid.opaque for plate in self.plates)

    @property
    def ready(self) -> bool:
        """Whether every level is there."""
        return all(plate.pyramid.ready for plate in self.plates)

    def leave(self) -> None:
        """It will not be drawn any more."""
        for plate in self.plates:
            plate.pyramid.leave()

    def paint(self, painter: QPainter, seen: Viewport, clip: QRect) -> int:
        """Draw within `clip`; returns how many pixels were read."""
        return sum(plate.paint(painter, seen, clip) for plate in self.plates)

    def at(self, column: int, row: int) -> NDArray[Any] | None:
        """The numbers of a pixel of the whole, as sharp as they are known; None outside."""
        height, width = self.size
        if not (0 <= row < height and 0 <= column < width):
            return None
        layer = self.layer
        top, left = layer.inset_at
        if layer.inset.size and len(self.plates) > 1:
            high, wide = layer.inset.shape[:2]
            if top <= row < top + high and left <= column < left + wide:
                return np.atleast_1d(layer.inset[row - top, column - left])
        rows, columns = layer.values.shape[:2]
        return np.atleast_1d(layer.values[row * rows // height, column * columns // width])


def _thinned(alpha: NDArray[Any] | None, shape: tuple[int, int]) -> NDArray[Any] | None:
    """The opacity at fewer pixels, for a preview."""
    if alpha is None:
        return None
    rows, columns = (
        np.arange(count) * side // count for count, side in zip(shape, alpha.shape, strict=True)
    )
    return np.ascontiguousarray(alpha[np.ix_(rows, columns)])
