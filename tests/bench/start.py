"""From the start of the process to the first painted frame, beside a bare PySide6 window."""

from __future__ import annotations

import subprocess
import sys
import tempfile

import numpy as np

from tests.bench.report import Report

_BARE = """
import sys, time
started = time.perf_counter()
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication(sys.argv)
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        print(time.perf_counter() - started, flush=True)
        app.quit()
window = Window(); window.resize(1440, 900); window.show()
app.exec()
"""

_OURS = """
import sys, time
started = time.perf_counter()
from pathlib import Path
import asyncio
from workbench import theme
from workbench.app import _painted, application
app = application()
from workbench.settings import Settings
theme.apply(app, theme.load("light"))
import qasync
async def main():
    from workbench.window import Window
    window = Window(Settings(Path(sys.argv[1]) / "settings.ini"))
    window.show()
    await _painted(window)
    print(time.perf_counter() - started, flush=True)
    window.close()
qasync.run(main())
"""


def measure(*, quick: bool) -> Report:
    report = Report("start", ("window", "seconds", "ratio"))
    times = 1 if quick else 5
    bare = _first_paint(_BARE, times)
    ours = _first_paint(_OURS, times)
    report.add("bare PySide6", bare, 1.0)
    report.add("fieldwright", ours, ours / bare)
    report.remarks.append(f"median of {times} starts each, files already in the system's cache")
    return report


def _first_paint(script: str, times: int) -> float:
    found = []
    for _ in range(times + 1):
        with tempfile.TemporaryDirectory() as home:
            command = [sys.executable, "-c", script, home]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(float(done.stdout.split()[0]))
    # The first start of each reads its files from disk.
    return float(np.median(found[1:]))
