"""What lies over pictures: the line between before and after, names, the loupe, checks under what
is transparent. Dark with a light rim or the reverse, so that they stand out on any picture."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen, QTransform

from workbench.theme import Theme
from workbench.views.viewport import Viewport

INK = QColor(255, 255, 255)
SHADE = QColor(0, 0, 0, 150)
CHECK = 8
MARGIN = 10


def surround(theme: Theme | None) -> QColor:
    """Around a picture: a grey that neither dazzles nor hides where the picture ends."""
    if theme is None:
        return QColor("#202020")
    return QColor(theme.canvas if theme.dark else theme.border)


def paint_line(painter: QPainter, x: float, height: int, *, hot: bool) -> None:
    """The line between before and after, and what it is held by."""
    painter.fillRect(QRectF(round(x) - 2, 0, 4, height), QColor(0, 0, 0, 90))
    painter.fillRect(QRectF(round(x) - 1, 0, 2, height), INK)
    middle, radius = height / 2, 13.0
    painter.setPen(QPen(INK, 1.6))
    painter.setBrush(QColor(0, 0, 0, 210 if hot else 150))
    painter.drawEllipse(QPointF(x, middle), radius, radius)
    for way in (-1, 1):
        tip = QPointF(x + way * 7.5, middle)
        painter.drawLine(tip, tip + QPointF(-way * 3.5, -3.5))
        painter.drawLine(tip, tip + QPointF(-way * 3.5, 3.5))


def paint_names(painter: QPainter, width: int, names: tuple[str, str]) -> None:
    """What is at the left and at the right."""
    metrics = QFontMetricsF(painter.font())
    room = width / 2 - 2 * MARGIN
    for name, side in zip(names, ("left", "right"), strict=True):
        if not name:
            continue
        text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room - 16)
        wide = metrics.horizontalAdvance(text) + 16
        left = MARGIN if side == "left" else width - MARGIN - wide
        place = QRectF(left, MARGIN, wide, metrics.height() + 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(SHADE)
        painter.drawRoundedRect(place, 5, 5)
        painter.setPen(INK)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def paint_lens(
    painter: QPainter, at: QPoint, side: int, image: QImage, zoom: float, *, halves: bool
) -> None:
    """A round piece of `image`, whose middle is what is under the pointer."""
    centre, radius = QPointF(at), side / 2
    brush = QBrush(image)
    scale = 1 / image.devicePixelRatio()
    corner = QPointF(at) - QPointF(radius, radius)
    brush.setTransform(QTransform.fromTranslate(corner.x(), corner.y()).scale(scale, scale))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.drawEllipse(centre, radius, radius)
    if halves:
        for ink, width in ((QColor(0, 0, 0, 110), 3.0), (INK, 1.2)):
            painter.setPen(QPen(ink, width))
            painter.drawLine(centre - QPointF(0, radius), centre + QPointF(0, radius))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 160), 4))
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(QPen(INK, 2))
    painter.drawEllipse(centre, radius, radius)
    text = f"{100 * zoom:.0f} %"
    metrics = QFontMetricsF(painter.font())
    wide = metrics.horizontalAdvance(text) + 14
    high = metrics.height() + 4
    place = QRectF(centre.x() - wide / 2, centre.y() + radius - high - 8, wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(SHADE)
    painter.drawRoundedRect(place, 5, 5)
    painter.setPen(INK)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def paint_checks(painter: QPainter, seen: Viewport, *, dark: bool) -> None:
    """Squares of two greys, of one size on screen, where the picture is."""
    shades = (52, 66) if dark else (255, 224)
    tile = QImage(2 * CHECK, 2 * CHECK, QImage.Format.Format_RGB32)
    tile.fill(QColor(shades[0], shades[0], shades[0]))
    for corner in ((0, 0), (CHECK, CHECK)):
        for x in range(CHECK):
            for y in range(CHECK):
                tile.setPixelColor(corner[0] + x, corner[1] + y, QColor(*[shades[1]] * 3))
    left, top = seen.origin()
    height, width = seen.size
    where = QRectF(left, top, width * seen.zoom, height * seen.zoom)
    painter.fillRect(where, QBrush(tile))


def paint_focus(painter: QPainter, rect: QRect, theme: Theme) -> None:
    """The ring of what has the keyboard."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.accent), 2))
    painter.drawRect(QRectF(rect).adjusted(1, 1, -1, -1))
