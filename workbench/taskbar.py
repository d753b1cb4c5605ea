"""The bar at the bottom: what is being computed, how far it is, pause and cancel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from workbench.views.elided import ElidedLabel


class TaskBar(QWidget):
    """One running task at a time is shown in full; the rest are counted."""

    pause_asked = Signal(int)
    resume_asked = Signal(int)
    cancel_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("taskbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setFixedHeight(36)
        self._tasks: dict[int, str] = {}
        self._paused = False
        self.title = ElidedLabel("", self)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(180)
        self.bar.setAccessibleName("Progress")
        self.rate = QLabel("", self)
        self.rate.setProperty("role", "muted")
        self.pause = self._button("Pause")
        self.cancel = self._button("Cancel")
        self.message = ElidedLabel("", self)
        self.message.setProperty("role", "muted")
        self.device = QLabel("", self)
        self.device.setProperty("role", "muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(12)
        for widget in (self.title, self.bar, self.rate, self.pause, self.cancel):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.message)
        layout.addWidget(self.device)
        self.pause.clicked.connect(self._on_pause)
        self.cancel.clicked.connect(self._on_cancel)
        self._show_idle()

    def _button(self, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAutoRaise(True)
        return button

    def show_task(
        self,
        number: int,
        title: str,
        state: str,
        stage: str,
        index: int,
        total: int,
        rate: float,
        eta_s: float | None,
    ) -> None:
        """Progress of a task; an unknown total shows as a moving bar."""
        self._tasks[number] = title
        if number != self._current():
            self._count()
            return
        self._paused = state == "paused"
        words = {"queued": "waiting", "paused": "paused"}.get(state, stage or "fitting")
        self.title.setText(f"{title}: {words}")
        self.bar.setRange(0, total if index else 0)
        if total and index:
            self.bar.setValue(min(index, total))
        parts = [f"{rate:.0f} steps/s"] if rate else []
        if eta_s is not None:
            parts.append(f"{eta_s:.0f} s left")
        self.rate.setText(" · ".join(parts))
        self.pause.setText("Resume" if self._paused else "Pause")
        for widget in (self.bar, self.rate, self.pause, self.cancel):
            widget.show()
        self._count()

    def remove_task(self, number: int) -> None:
        self._tasks.pop(number, None)
        if not self._tasks:
            self._show_idle()

    def _count(self) -> None:
        waiting = len(self._tasks) - 1
        if waiting > 0:
            self.title.setToolTip(f"{waiting} more in the queue")

    def _current(self) -> int:
        return next(iter(self._tasks), 0)

    def _show_idle(self) -> None:
        self.title.setText("Ready")
        for widget in (self.bar, self.rate, self.pause, self.cancel):
            widget.hide()

    def set_device(self, text: str) -> None:
        self.device.setText(text)

    def set_message(self, text: str) -> None:
        """What the picture leaves out at the moment."""
        self.message.setText(text)

    @Slot()
    def _on_pause(self) -> None:
        signal = self.resume_asked if self._paused else self.pause_asked
        signal.emit(self._current())

    @Slot()
    def _on_cancel(self) -> None:
        self.cancel_asked.emit(self._current())
