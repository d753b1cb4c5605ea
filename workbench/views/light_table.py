"""Where pictures are looked at: one, or what was before and what is after on both sides of a line
that a hand drags, with pan, zoom and a loupe.

Painted by Qt itself: a processor copies and averages the pixels in sight in a few milliseconds,
and needs no OpenGL for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.theme import Theme
from workbench.views import overlays
from workbench.views.sheet import Sheet
from workbench.views.viewport import Viewport

NEAR = 7
"""Pixels from the line within which it is taken."""
LENS = 232
"""Diameter of the loupe."""
ENLARGED = 4.0
NUDGE = 0.02


class LightTable(QWidget):
    """`looked` says that a hand moved the picture, `pointed` which pixel (x, y) is under the
    pointer, None for none."""

    looked = Signal()
    resized = Signal()
    pointed = Signal(object)
    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen = Viewport()
        self.home = True
        self.split = 0.5
        self.loupe = False
        self.names = ("", "")
        self.read = 0
        """Pixels of pictures that the newest frame read."""
        self.frames = 0
        self._after: Sheet | None = None
        self._before: Sheet | None = None
        self._theme: Theme | None = None
        self._frame = QImage()
        self._stale = True
        self._pointer: QPoint | None = None
        self._held = ""
        self._last = QPointF()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.WheelFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # What lies on it

    def lay(self, after: Sheet | None, before: Sheet | None) -> None:
        """Show these; what stays on the table stays ready. A new size is shown as a whole."""
        old = {id(s): s for s in (self._after, self._before) if s is not None}
        self._after, self._before = after, before
        kept = {id(s) for s in (after, before)}
        for key, sheet in old.items():
            if key not in kept:
                sheet.leave()
        if after is not None and after.size != self.seen.size:
            self.seen = replace(self.seen, size=after.size)
            self.fit()
        self.redraw()

    def sheets(self) -> tuple[Sheet | None, Sheet | None]:
        """What is after and what is before."""
        return self._after, self._before

    def look(self, seen: Viewport, *, home: bool) -> None:
        """Show another part, without saying so."""
        self.seen = replace(seen, size=self.seen.size, room=self._room()).kept()
        self.home = home
        self.redraw()

    def fit(self) -> None:
        self.look(replace(self.seen, room=self._room()).fitted(), home=True)

    def set_split(self, split: float) -> None:
        self.split = min(max(split, 0.0), 1.0)
        self.redraw()

    def set_loupe(self, on: bool) -> None:
        self.loupe = on
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.redraw()

    def redraw(self) -> None:
        self._stale = True
        self.update()

    def edge(self) -> int:
        """Where, from the left, what is after begins: 0 where nothing lies before it."""
        if self._before is None:
            return 0
        return self.width() if self._held == "before" else round(self.split * self.width())

    # Drawing

    def _room(self) -> tuple[int, int]:
        """Pixels of the screen."""
        scale = self.devicePixelRatioF()
        return max(1, round(self.width() * scale)), max(1, round(self.height() * scale))

    def _line(self) -> int:
        """Screen column of the line."""
        return (
            self.seen.room[0] if self._held == "before" else round(self.split * self.seen.room[0])
        )

    def compose(self, seen: Viewport, line: int) -> QImage:
        """The pictures as `seen`, what was before left of the column `line`."""
        image = QImage(*seen.room, QImage.Format.Format_RGB32)
        image.fill(overlays.surround(self._theme))
        painter = QPainter(image)
        whole = image.rect()
        sides = [(self._after, whole)]
        if self._before is not None:
            left = QRect(0, 0, line, whole.height())
            sides = [(self._before, left), (self._after, whole.adjusted(line, 0, 0, 0))]
        self.read = 0
        for sheet, clip in sides:
            if sheet is None or clip.isEmpty():
                continue
            painter.setClipRect(clip)
            if not sheet.opaque:
                overlays.paint_checks(painter, seen, dark=bool(self._theme and self._theme.dark))
            self.read += sheet.paint(painter, seen, clip)
        painter.end()
        return image

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._stale:
            self._stale = False
            self._frame = self.compose(self.seen, self._line())
            self._frame.setDevicePixelRatio(self.devicePixelRatioF())
            self.frames += 1
            self.shown.emit()
        painter = QPainter(self)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(0, 0, self._frame)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._before is not None and self._held != "before":
            hot = self._held == "line" or self.on_line(self._pointer)
            overlays.paint_line(painter, self.split * self.width(), self.height(), hot=hot)
        names = (self.names[0], "") if self._held == "before" else self.names
        overlays.paint_names(painter, self.width(), names)
        if self.hasFocus() and self._theme is not None:
            overlays.paint_focus(painter, self.rect(), self._theme)
        if (self.loupe or self._held == "loupe") and self._pointer is not None:
            self._paint_loupe(painter, self._pointer)
        painter.end()

    def _paint_loupe(self, painter: QPainter, at: QPoint) -> None:
        scale = self.devicePixelRatioF()
        side = round(LENS * scale)
        zoom = min(max(ENLARGED, ENLARGED * self.seen.zoom), 64.0)
        centre = self.seen.to_picture(at.x() * scale, at.y() * scale)
        lens = replace(self.seen, room=(side, side), zoom=zoom, centre=centre)
        before = self.read
        image = self.compose(lens, side // 2)
        self.read += before
        image.setDevicePixelRatio(scale)
        overlays.paint_lens(painter, at, LENS, image, zoom, halves=self._before is not None)

    # The hand

    def on_line(self, at: QPoint | None) -> bool:
        """Whether a press at that place takes the line."""
        if self._before is None or at is None:
            return False
        return abs(at.x() - self.split * self.width()) <= NEAR

    def grasp(self, at: QPointF) -> None:
        """The picture follows the pointer from here until a button is let go."""
        self._held, self._last = "picture", at
        self._show_cursor()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = event.position()
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = "line" if self.on_line(self._last.toPoint()) else "picture"
        elif event.button() == Qt.MouseButton.RightButton:
            self._held = "loupe"
        self._show_cursor()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._pointer = at.toPoint()
        if self._held == "line":
            self.set_split(at.x() / max(1, self.width()))
        elif self._held == "picture":
            scale = self.devicePixelRatioF()
            away = (at - self._last) * scale
            self._last = at
            self._go(self.seen.moved(away.x(), away.y()))
        self._show_cursor()
        self._point()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = ""
        self._show_cursor()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The pixel under the pointer at 1:1, or the whole again."""
        if event.button() == Qt.MouseButton.LeftButton:
            if self.home and self.seen.zoom != 1.0:
                self.zoom_to(1.0, event.position())
            else:
                self.fit()
                self.looked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        if steps:
            x, y = (event.position() * self.devicePixelRatioF()).toTuple()
            self._go(self.seen.stepped(steps, x, y))
            self._point()
        event.accept()

    def zoom_to(self, zoom: float, at: Any = None) -> None:
        """This many pixels of the screen for one of the picture, about a place or the middle."""
        spot = QPointF(self.rect().center()) if at is None else at
        x, y = (spot * self.devicePixelRatioF()).toTuple()
        self._go(self.seen.zoomed(zoom, x, y))

    def step(self, steps: int) -> None:
        """Zoomed by stops of the wheel about the middle."""
        x, y = self.seen.room[0] / 2, self.seen.room[1] / 2
        self._go(self.seen.stepped(steps, x, y))

    def _go(self, seen: Viewport) -> None:
        self.look(seen, home=False)
        self.looked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the picture, with Shift the line; + and - zoom; while the backslash is held
        all is as it was before."""
        key = event.key()
        ways = {
            Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0),
            Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
        }  # fmt: skip
        if key in ways:
            dx, dy = ways[Qt.Key(key)]
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._before is not None:
                self.set_split(self.split - NUDGE * dx)
            else:
                self._go(self.seen.moved(dx * self.seen.room[0] / 8, dy * self.seen.room[1] / 8))
        elif key == Qt.Key.Key_Backslash and not event.isAutoRepeat():
            self._held = "before"
            self.redraw()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.step(1)
        elif key == Qt.Key.Key_Minus:
            self.step(-1)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backslash and not event.isAutoRepeat():
            self._held = ""
            self.redraw()

    def _point(self) -> None:
        if self._pointer is None:
            self.pointed.emit(None)
            return
        scale = self.devicePixelRatioF()
        x, y = self.seen.to_picture(self._pointer.x() * scale, self._pointer.y() * scale)
        self.pointed.emit((int(x // 1), int(y // 1)))

    def _show_cursor(self) -> None:
        shapes = Qt.CursorShape
        if self._held == "line" or (not self._held and self.on_line(self._pointer)):
            self.setCursor(shapes.SplitHCursor)
        elif self._held == "picture":
            self.setCursor(shapes.ClosedHandCursor)
        else:
            self.setCursor(shapes.CrossCursor if self.loupe else shapes.ArrowCursor)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._pointer = event.position().toPoint()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._point()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.home:
            self.fit()
        else:
            self.look(self.seen, home=False)
        self.resized.emit()
        super().resizeEvent(event)
