"""A drag of the mouse, as a widget hears it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

LEFT = Qt.MouseButton.LeftButton


NONE = Qt.KeyboardModifier.NoModifier


def drag(target: QWidget, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    """Move with the left button held. QTest moves the cursor itself, whose event comes late."""
    spot = QPointF(place)
    everywhere = QPointF(target.mapToGlobal(place))
    event = QMouseEvent(
        QEvent.Type.MouseMove, spot, everywhere, Qt.MouseButton.NoButton, LEFT, keys
    )
    QApplication.sendEvent(target, event)
