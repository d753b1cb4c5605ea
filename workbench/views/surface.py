"""Where a vispy canvas is seen: Qt's OpenGL widget itself, or a plain widget with its picture.

A window with an OpenGL widget in it is put together by OpenGL as a whole at every frame. Where a
processor does that, it costs several times what the picture costs (measured with llvmpipe at
1440 x 900: 28 ms for the window, 7 ms for the picture). There the canvas draws out of sight, and a
plain widget shows what it drew.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from workbench.views.opengl import gl

_HANDED_ON = {
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.NativeGesture,
}


class NativeSurface(QWidget):
    """The OpenGL widget of a canvas."""

    def __init__(self, canvas: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(canvas.native)
        _expand(self)


class RasterSurface(QWidget):
    """A picture of a canvas that is never shown itself, with the mouse handed on to it."""

    def __init__(self, canvas: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._native = canvas.native
        self._native.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self._native.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._native._vispy_update = self.ask
        # There is nothing to swap. Waiting for the pixels here lets go of the interpreter, which
        # Qt, when it reads them, does not: a third of the time of the worker behind a slider.
        self._native._vispy_swap_buffers = gl.glFinish
        self._native.show()
        self._image = QImage()
        self._stale = True
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.WheelFocus)
        _expand(self)

    def ask(self) -> None:
        """The canvas wants to be drawn anew."""
        self._stale = True
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._stale:
            self._stale = False
            if self._native.size() != self.size():
                self._native.resize(self.size())
            # Runs the canvas's own draw event and waits for its last pixel.
            self._image = self._native.grabFramebuffer()
            self._image.setDevicePixelRatio(self.devicePixelRatioF())
        painter = QPainter(self)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(0, 0, self._image)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        # The canvas follows when it is looked at: each of its sizes is drawn at once, and a window
        # that is laid out passes through several.
        self.ask()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in _HANDED_ON:
            return QCoreApplication.sendEvent(self._native, event)
        return super().event(event)


def _expand(widget: QWidget) -> None:
    both = QSizePolicy.Policy.Expanding
    widget.setSizePolicy(both, both)


def surface(canvas: Any, *, software: bool, parent: QWidget | None = None) -> QWidget:
    """The widget to put into a layout; `canvas` must have been made without a parent."""
    return (RasterSurface if software else NativeSurface)(canvas, parent)
