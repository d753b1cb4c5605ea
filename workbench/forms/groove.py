"""A slider painted by ourselves: jumps to a click, marks its default, leaves the wheel alone."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

KNOB = 7.0
"""Radius of the handle in device-independent pixels."""
EDGE = 10
"""From the widget's edge to the end of the track: the handle and its focus ring fit in."""
LINE_EDGE = 1

_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10,
    Qt.Key.Key_PageUp: 10,
}
_ENDS = {Qt.Key.Key_Home: -1, Qt.Key.Key_End: 1}


class Groove(QSlider):
    """Whoever owns it says what a step is: keys only ask (`stepped`, `end_asked`)."""

    reset = Signal()
    stepped = Signal(int)
    end_asked = Signal(int)
    stepping_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover, True)
        self._grip = 0.0
        self._origin = 0.0
        self._default: float | None = None
        self._quiet = False
        self._hovered = False

    def sizeHint(self) -> QSize:
        return QSize(160, 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 20)

    def set_marks(self, *, origin: float, default: float | None) -> None:
        """Where the filled part begins and where the default lies, as parts of the track."""
        self._origin, self._default = origin, default
        self.update()

    def set_quiet(self, quiet: bool) -> None:
        """Dimmed, for a value that somebody else chooses."""
        if quiet != self._quiet:
            self._quiet = quiet
            self.update()

    # Geometry

    def _track(self) -> int:
        return max(1, self.width() - 2 * EDGE)

    def _x(self, part: float) -> float:
        return EDGE + part * self._track()

    def _knob(self) -> float:
        return self._x((self.sliderPosition() - self.minimum()) / self._range())

    def _range(self) -> int:
        return max(1, self.maximum() - self.minimum())

    def _place(self, x: float) -> int:
        part = min(1.0, max(0.0, (x - EDGE) / self._track()))
        return self.minimum() + round(part * self._range())

    # The hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        x = event.position().x()
        on_knob = abs(x - self._knob()) <= KNOB + 1
        # Gripped off its centre, the handle must not jump to the pointer.
        self._grip = x - self._knob() if on_knob else 0.0
        self.setSliderDown(True)
        if not on_knob:
            self.setSliderPosition(self._place(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderPosition(self._place(event.position().x() - self._grip))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.stepped.emit(_STEPS[key])
        elif key in _ENDS:
            self.end_asked.emit(_ENDS[key])
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset.emit()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if (key in _STEPS or key in _ENDS) and not event.isAutoRepeat():
            self.stepping_ended.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.stepping_ended.emit()

    # Drawing

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        role = QPalette.ColorRole
        middle = self.height() / 2
        lively = self.isEnabled() and not self._quiet
        strong = colours.color(role.Highlight if lively else role.PlaceholderText)
        # The line is longer than the knob's way, so that it ends where the labels do.
        track = QRectF(LINE_EDGE, middle - 2, self.width() - 2 * LINE_EDGE, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color(role.Mid))
        painter.drawRoundedRect(track, 2, 2)
        knob = self._knob()
        origin = self._x(self._origin) if self._origin > 0 else LINE_EDGE
        painter.setBrush(strong)
        painter.drawRoundedRect(QRectF(min(knob, origin), middle - 2, abs(knob - origin), 4), 2, 2)
        if self._default is not None:
            self._paint_default(painter, middle, colours.color(role.PlaceholderText))
        self._paint_knob(painter, QPointF(knob, middle), strong, colours.color(role.Base))
        painter.end()

    def _paint_default(self, painter: QPainter, middle: float, colour: QColor) -> None:
        assert self._default is not None
        painter.setPen(QPen(colour, 1.5))
        x = self._x(self._default)
        painter.drawLine(QPointF(x, middle + 5), QPointF(x, middle + 8))

    def _paint_knob(self, painter: QPainter, at: QPointF, strong: QColor, inside: QColor) -> None:
        if self.hasFocus():
            painter.setPen(QPen(strong, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, KNOB + 2, KNOB + 2)
        filled = self.isSliderDown() or self._hovered
        painter.setPen(QPen(strong, 1.5))
        painter.setBrush(strong if filled else inside)
        painter.drawEllipse(at, KNOB - 1, KNOB - 1)
