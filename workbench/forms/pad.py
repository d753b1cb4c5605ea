"""A plane on which one hand sets two numbers at once, over pictures of what they would do."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.params import Effect, Parameter, parameters
from workbench.forms.slider import number_text
from workbench.theme import Theme

CELLS = 5
KNOB = 8.0
EDGE = 10
"""From the widget's edge to the plane: the handle and its ring fit in."""
NUMBERS = 16
"""Pixels of a line of numbers beside the plane, in letters of so many:"""
SMALL = 11
STEP = 0.02
_KEYS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Down: (0, -1),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_PageDown: (0, -5),
    Qt.Key.Key_PageUp: (0, 5),
    Qt.Key.Key_Home: (-5, 0),
    Qt.Key.Key_End: (5, 0),
}


def choices(params: Any) -> list[Parameter]:
    """The LIVE numbers with ends that a pad can set, as far as they matter at these values and
    change what is computed."""
    return [
        p for p in parameters(type(params))
        if p.effect is Effect.LIVE and p.kind in ("float", "int") and p.bound is not None
        and not p.display
        and (p.applies is None or getattr(params, p.applies.name) in p.applies.values)
    ]  # fmt: skip


def span(parameter: Parameter) -> tuple[float, float]:
    """The ends of the slider."""
    bound = parameter.bound
    assert bound is not None
    low, high = bound.soft or (bound.low, bound.high)
    return max(low, bound.low), min(high, bound.high)


def part_of(parameter: Parameter, value: float | None) -> float:
    """Where a value lies on its slider, 0 to 1; a value left to the method in the middle."""
    low, high = span(parameter)
    if value is None:
        return 0.5
    value = min(max(value, low), high)
    assert parameter.bound is not None
    if parameter.bound.log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def value_at(parameter: Parameter, part: float) -> float:
    """The value at a part of the slider, to four digits that count."""
    low, high = span(parameter)
    part = min(max(part, 0.0), 1.0)
    assert parameter.bound is not None
    value = low * (high / low) ** part if parameter.bound.log else low + (high - low) * part
    step = parameter.bound.step
    if step:
        value = low + round((value - low) / step) * step
    value = min(max(float(f"{value:.4g}"), low), high)
    return round(value) if parameter.kind == "int" else value


class Pad(QWidget):
    """`moved` carries the two numbers, and whether the hand has let go. Holds no value: it shows
    what it is told."""

    moved = Signal(float, float, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme | None = None
        self._axes: tuple[Parameter, Parameter] | None = None
        self._values: tuple[float | None, float | None] = (0.0, 0.0)
        self._cells: dict[tuple[int, int], QImage] = {}
        self._ground: QImage | None = None
        self._down = self._walked = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)

    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    # Shown

    def show_axes(self, across: Parameter, up: Parameter) -> None:
        self._axes = (across, up)
        self.setAccessibleName(f"{across.label} and {up.label} together")
        self.update()

    def show_values(self, across: float | None, up: float | None) -> None:
        """Where the handle stands; in a hand it stays there."""
        if not self._down:
            self._values = (across, up)
            self._describe()
            self.update()

    def show_cell(self, column: int, row: int, image: QImage) -> None:
        """A small picture of what the middle of a cell does, counted from the left and from
        below."""
        self._cells[column, row] = image
        self._redraw()

    def cells(self) -> int:
        """How many small pictures there are."""
        return len(self._cells)

    def forget_cells(self) -> None:
        self._cells.clear()
        self._redraw()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._redraw()

    def _redraw(self) -> None:
        self._ground = None
        self.update()

    def _describe(self) -> None:
        if self._axes is not None:
            told = ", ".join(
                f"{axis.label} {'auto' if value is None else number_text(value, whole=False)}"
                for axis, value in zip(self._axes, self._values, strict=True)
            )
            self.setAccessibleDescription(f"{told}. Arrow keys move the handle.")

    # Geometry

    def plane(self) -> QRectF:
        """The plane of the two sliders, beside the numbers at its ends."""
        left, below = EDGE + self._numbers_wide(), EDGE + NUMBERS
        width, height = self.width() - left - EDGE, self.height() - EDGE - below
        return QRectF(left, EDGE, max(10, width), max(10, height))

    def ends(self) -> tuple[tuple[str, str], ...]:
        """The numbers at the ends of both axes."""
        return (
            ()
            if self._axes is None
            else tuple(
                (
                    number_text(low, whole=axis.kind == "int"),
                    number_text(high, whole=axis.kind == "int"),
                )
                for axis in self._axes
                for low, high in [span(axis)]
            )
        )

    def _numbers_wide(self) -> int:
        """Pixels that the numbers of the axis upwards take, and at least its name on its side."""
        metrics = QFontMetrics(self._small())
        numbers = [text for pair in self.ends()[1:2] for text in pair]
        widest = max(map(metrics.horizontalAdvance, numbers), default=0)
        return max(NUMBERS, widest + 4)

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(SMALL)
        return font

    def place(self) -> QPointF:
        """Where the handle is."""
        plane = self.plane()
        if self._axes is None:
            return plane.center()
        x, y = (part_of(a, v) for a, v in zip(self._axes, self._values, strict=True))
        return QPointF(plane.left() + x * plane.width(), plane.bottom() - y * plane.height())

    def _set_parts(self, x: float, y: float) -> None:
        assert self._axes is not None
        wanted = (value_at(self._axes[0], x), value_at(self._axes[1], y))
        if wanted != self._values:
            self._values = wanted
            self._describe()
            self.update()
            self.moved.emit(*wanted, False)

    def _go_to(self, at: QPointF) -> None:
        plane = self.plane()
        self._set_parts((at.x() - plane.left()) / plane.width(),
                        (plane.bottom() - at.y()) / plane.height())  # fmt: skip

    # The hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._axes is not None:
            self._down = True
            self._go_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._down:
            self._go_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._down and event.button() == Qt.MouseButton.LeftButton:
            self._down = False
            self._let_go()

    def _let_go(self) -> None:
        across, up = self._values
        if across is not None and up is not None:
            self.moved.emit(across, up, True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _KEYS.get(Qt.Key(event.key()))
        if way is None or self._axes is None:
            super().keyPressEvent(event)
            return
        x, y = (part_of(a, v) for a, v in zip(self._axes, self._values, strict=True))
        self._walked = True
        self._set_parts(x + STEP * way[0], y + STEP * way[1])

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in _KEYS and not event.isAutoRepeat():
            self._end_walk()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._end_walk()

    def _end_walk(self) -> None:
        if self._walked:
            self._walked = False
            self._let_go()

    # Drawing

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        if theme is None or self._axes is None:
            return
        plane = self.plane()
        if self._ground is None:
            self._ground = self._drawn_ground(theme)
        painter = QPainter(self)
        painter.drawImage(plane.topLeft(), self._ground)
        focused = self.hasFocus()
        painter.setPen(QPen(QColor(theme.accent if focused else theme.border), 2 if focused else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(plane)
        self._paint_axes(painter, plane, theme)
        self._paint_handle(painter, plane, theme)
        painter.end()

    def _drawn_ground(self, theme: Theme) -> QImage:
        """The small pictures and the grid, which stay while the handle moves."""
        scale = self.devicePixelRatioF()
        across, up = (round(side * scale) for side in (self.plane().width(), self.plane().height()))
        ground = QImage(across, up, QImage.Format.Format_RGB32)
        ground.fill(QColor(theme.raised))
        painter = QPainter(ground)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        wide, high = across / CELLS, up / CELLS
        for (column, row), image in self._cells.items():
            where = QRectF(column * wide, up - (row + 1) * high, wide, high)
            painter.drawImage(where.adjusted(0, 0, -0.5, -0.5), image, _filling(image, wide / high))
        line = QColor(theme.border)
        line.setAlpha(160)
        for k in range(1, CELLS):
            painter.fillRect(QRectF(round(k * wide), 0, 1, up), line)
            painter.fillRect(QRectF(0, round(k * high), across, 1), line)
        painter.end()
        ground.setDevicePixelRatio(scale)
        return ground

    def _paint_axes(self, painter: QPainter, plane: QRectF, theme: Theme) -> None:
        """Which way is which: names, and the numbers at the ends."""
        assert self._axes is not None
        painter.setFont(self._small())
        painter.setPen(QColor(theme.muted))
        align = Qt.AlignmentFlag
        (left, right), (low, high) = self.ends()
        below = QRectF(plane.left(), plane.bottom() + EDGE - 2, plane.width(), NUMBERS)
        for text, where in ((left, align.AlignLeft), (right, align.AlignRight)):
            painter.drawText(below, where | align.AlignVCenter, text)
        room = below.width() - 2 * max(map(painter.fontMetrics().horizontalAdvance, (left, right)))
        painter.drawText(below, align.AlignCenter, _named(self._axes[0], painter, room - 2 * EDGE))
        beside = QRectF(0, plane.top(), plane.left() - EDGE + 2, plane.height())
        for text, where in ((high, align.AlignTop), (low, align.AlignBottom)):
            painter.drawText(beside, align.AlignRight | where, text)
        painter.save()
        painter.translate(beside.right() - NUMBERS / 2, plane.center().y())
        painter.rotate(-90)
        room = plane.height() - 4 * NUMBERS
        upright = QRectF(-room / 2, -NUMBERS / 2, room, NUMBERS)
        painter.drawText(upright, align.AlignCenter, _named(self._axes[1], painter, room))
        painter.restore()

    def _paint_handle(self, painter: QPainter, plane: QRectF, theme: Theme) -> None:
        at = self.place()
        for ink, width in ((QColor(0, 0, 0, 120), 3), (QColor(255, 255, 255, 210), 1)):
            x, y = round(at.x()) - width // 2, round(at.y()) - width // 2
            painter.fillRect(QRectF(plane.left(), y, plane.width(), width), ink)
            painter.fillRect(QRectF(x, plane.top(), width, plane.height()), ink)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(255, 255, 255), 5))
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(at, KNOB, KNOB)
        painter.setPen(QPen(QColor(theme.accent), 2.2))
        painter.setBrush(QColor("#ffffff") if not self._down else QColor(theme.accent))
        painter.drawEllipse(at, KNOB, KNOB)


def _filling(image: QImage, shape: float) -> QRectF:
    """The middle of a picture that is `shape` times as wide as high."""
    wide = min(float(image.width()), image.height() * shape)
    high = min(float(image.height()), image.width() / shape)
    return QRectF((image.width() - wide) / 2, (image.height() - high) / 2, wide, high)


def _named(axis: Parameter, painter: QPainter, room: float) -> str:
    """The name of an axis as far as it has room, with its unit where that has room too."""
    label = axis.label[:1].upper() + axis.label[1:]
    whole = f"{label} ({axis.doc.unit})" if axis.doc.unit else label
    metrics = painter.fontMetrics()
    text = whole if metrics.horizontalAdvance(whole) <= room else label
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(room)))


def swept(params: Any, names: tuple[str, str], column: int, row: int) -> Any:
    """The parameters at the middle of a cell, counted from the left and from below."""
    known = {p.name: p for p in choices(params)}
    parts = (column + 0.5) / CELLS, (row + 0.5) / CELLS
    put = {name: value_at(known[name], part) for name, part in zip(names, parts, strict=True)}
    return replace(params, **put)
