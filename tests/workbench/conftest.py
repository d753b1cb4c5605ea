"""For tests of the window: Qt prepared as the application prepares it, and nothing left behind."""

from __future__ import annotations

import gc
import os
import threading

os.environ.setdefault("QT_API", "pyside6")

import pytest
from PySide6.QtCore import QCoreApplication, Qt

QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts, True)
QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, True)

OURS = ("fieldwright-fit", "fieldwright-live", "fieldwright-io", "fieldwright-aside")


def _ours() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith(OURS)]


@pytest.fixture(autouse=True)
def nothing_left_behind(request):
    """Fail a test that leaves a worker thread or a window of ours behind."""
    yield
    gc.collect()
    left = _ours()
    assert not left, f"threads still running after the test: {left}"
    if "qapp" in request.fixturenames:
        from PySide6.QtWidgets import QApplication

        QApplication.sendPostedEvents(None, 52)  # DeferredDelete
        windows = [w for w in QApplication.topLevelWidgets() if w.objectName() == "fieldwright"]
        shown = [w for w in windows if w.isVisible()]
        assert not shown, "a window is still open after the test"


@pytest.fixture
def window(qtbot, tmp_path):
    """The real window with settings of its own, closed without questions."""
    from workbench.settings import Settings
    from workbench.window import Window

    window = Window(Settings(tmp_path / "settings.ini"))
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.document.modified = False
    window.close()
    window.deleteLater()


def pytest_collection_modifyitems(items):
    """vispy calls a deprecated method of Qt's mouse events; only that message is let through."""
    for item in items:
        item.add_marker(
            pytest.mark.filterwarnings(
                "ignore:Function.*QMouseEvent.pos.*:DeprecationWarning:vispy"
            )
        )
