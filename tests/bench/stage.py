"""A Qt application and a window for the benches that draw."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def application() -> Any:
    from workbench import app

    return app.application()


def window() -> Any:
    """The real window with settings of its own."""
    from workbench import theme
    from workbench.settings import Settings
    from workbench.window import Window

    theme.apply(application(), theme.load("light"))
    made = Window(Settings(Path(tempfile.mkdtemp()) / "settings.ini"))
    made.resize(1440, 900)
    made.show()
    made.start_engine()
    return made


def pause(seconds: float) -> None:
    """Let Qt's own loop run: polling it from here would fight the workers for the interpreter."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait(condition: Callable[[], Any], limit: float = 300.0) -> None:
    """Let the window live until the condition holds.

    Raises
    ------
    TimeoutError
    """
    started = time.perf_counter()
    while not condition():
        pause(0.01)
        if time.perf_counter() - started > limit:
            raise TimeoutError("the window did not get there")
