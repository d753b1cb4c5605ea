"""The application: environment, event loop, error net, and the ways it can be started.

The window is painted before anything slow is imported: vispy and pyqtgraph come with the first
data, the engine's libraries on the fit thread.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from workbench import theme
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.entry import StartOptions
    from workbench.window import Window

log = logging.getLogger(__name__)


def choose_platform() -> None:
    """On Wayland with an X server at hand, use X for both Qt and OpenGL: a mixture of GLX and EGL
    ends the process (napari/napari#8808). Must run before the application object exists."""
    wayland_with_x = os.environ.get("WAYLAND_DISPLAY") and os.environ.get("DISPLAY")
    if sys.platform.startswith("linux") and wayland_with_x:
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
        os.environ.setdefault("PYOPENGL_PLATFORM", "glx")


def application() -> QApplication:
    """The one QApplication, made with what vispy needs to survive re-parenting."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    os.environ.setdefault("QT_API", "pyside6")
    choose_platform()
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts, True)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("fieldwright")
    app.setApplicationDisplayName("Fieldwright")
    app.setOrganizationName("fieldwright")
    app.setDesktopFileName("fieldwright")
    return app


def start(options: StartOptions) -> int:
    """Run the window until it closes; returns the exit code."""
    if options.diagnose:
        return diagnose()
    app = application()
    qInstallMessageHandler(_qt_message)
    settings = Settings()
    name = options.theme or settings.theme() or theme.follow_system(app)
    theme.apply(app, theme.load(name))
    import qasync

    return int(qasync.run(_main(app, settings, name, options)) or 0)


async def _main(app: QApplication, settings: Settings, name: str, options: StartOptions) -> int:
    """Build the window inside the running loop, and wait until it has closed."""
    from workbench.window import Window

    closed = asyncio.Event()
    app.aboutToQuit.connect(closed.set)
    window = Window(settings, name)
    _catch_errors(window)
    if options.size:
        width, _, height = options.size.partition("x")
        window.resize(int(width), int(height))
    elif not options.reset_layout:
        settings.restore(window)
    window.show()
    await _painted(window)
    window.start_engine()
    code = 0
    if options.self_test:
        from workbench.selftest import self_test

        code = await self_test(window)
        window.document.modified = False
        window.close()
    else:
        from workbench.errands import carry_out

        code = await carry_out(window, options)
    if not closed.is_set() and window.isVisible():
        await closed.wait()
    window.shut_down()
    return code


class _FirstPaint(QObject):
    def __init__(self, painted: asyncio.Event) -> None:
        super().__init__()
        self._painted = painted

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._painted.set()
        return False


async def _painted(window: Window) -> None:
    """Wait for the first paint, so that nothing slow stands before it."""
    painted = asyncio.Event()
    watch = _FirstPaint(painted)
    window.centralWidget().installEventFilter(watch)
    window.welcome.installEventFilter(watch)
    window.update()
    with_limit = asyncio.wait_for(painted.wait(), timeout=10)
    try:
        await with_limit
    except TimeoutError:
        log.warning("The window was not painted within ten seconds.")
    window.centralWidget().removeEventFilter(watch)
    window.welcome.removeEventFilter(watch)
    window.painted.emit()


def _catch_errors(window: Window) -> None:
    """Show what would otherwise vanish: an exception in a slot is printed and swallowed by Qt."""

    def shown(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("%s", details)
        if issubclass(kind, KeyboardInterrupt):
            QTimer.singleShot(0, window, window.close)
            return
        window.say(f"Something went wrong: {error or kind.__name__}", True, details)

    sys.excepthook = shown


def _qt_message(kind: Any, context: Any, message: str) -> None:
    log.debug("Qt: %s", message)


def diagnose() -> int:
    """Print what a bug report needs: versions, devices, OpenGL."""
    from engine.device import available
    from engine.runs import versions

    for name, number in versions().items():
        print(f"{name:14} {number}")
    print(f"{'devices':14} {', '.join(available())}")
    for name, text in opengl().items():
        print(f"{name:14} {text}")
    return 0


def opengl() -> dict[str, str]:
    """Qt's platform and the OpenGL renderer, or why there is none."""
    from PySide6 import __version__ as pyside
    from PySide6.QtGui import QOffscreenSurface, QOpenGLContext

    app = application()
    found = {"PySide6": pyside, "platform": app.platformName()}
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        return {**found, "OpenGL": "no context can be made; pictures fall back to 2-D"}
    functions = context.functions()
    found["OpenGL"] = str(functions.glGetString(0x1F02))  # GL_VERSION
    found["renderer"] = str(functions.glGetString(0x1F01))  # GL_RENDERER
    context.doneCurrent()
    return found
