"""Pictures per second while a hand pans a photograph of 40 megapixels in the real window."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.data.photograph import Photograph
from tests.bench.report import Report
from tests.bench.stage import application, wait, window

LARGE = (5200, 7700)
FRAMES = 60
METHOD = "restoration.gaussian"


def measure(*, quick: bool) -> Report:
    columns = ("megapixels", "first ms", "zoom", "levels", "pictures/s", "slowest ms", "read")
    report = Report("photographs", columns)
    size = (1300, 1925) if quick else LARGE
    made = window()
    try:
        _pan(made, size, report)
    finally:
        close(made)
    report.remarks.append(
        "Before and after at both sides of the line; first: ms from the data, and from no panel, "
        "to the first picture on screen."
    )
    return report


def photograph(size: tuple[int, int]) -> Photograph:
    """Colour, smooth with noise, of any size in little time."""
    rng = np.random.default_rng(0)
    y = np.linspace(0, 40, size[0], dtype=np.float32)[:, None, None]
    x = np.linspace(0, 60, size[1], dtype=np.float32)[None, :, None]
    values = 0.5 + 0.3 * np.sin(x) * np.cos(y) * np.array([1, 0.8, 0.6], np.float32)
    tile = rng.standard_normal((512, 512, 3)).astype(np.float32) * np.float32(25 / 255)
    for top in range(0, size[0], 512):
        for left in range(0, size[1], 512):
            part = values[top : top + 512, left : left + 512]
            part += tile[: part.shape[0], : part.shape[1]]
    return Photograph(name="waves", spec="waves", values=values, sigma=25 / 255)


def _pan(made: Any, size: tuple[int, int], report: Report) -> None:
    """The picture beside itself: how long the method takes is not asked here."""
    data = photograph(size)
    other = replace(data, values=1 - data.values)
    made.session.choose_method(METHOD)
    started = time.perf_counter()
    made.session.show_data(data)
    view = made.panel.data_view
    wait(lambda: view.table.frames > 0)
    first = (time.perf_counter() - started) * 1e3
    from engine.layers import Picture

    layers = [Picture(name=n, role="data", values=d.values)
              for n, d in (("after", other), ("before", data))]  # fmt: skip
    view.show_pictures(*layers)
    for ready in (False, True):
        if ready:
            wait(lambda: not view.waits())
        for zoom in (0.0, 0.35, 1.0, 4.0):
            made.panel.zoom_to(zoom)
            application().processEvents()
            rate, slowest, read = _rate(view)
            levels = "being made" if view.waits() else "ready"
            zoomed = f"{100 * view.seen().zoom:.0f} %"
            report.add(size[0] * size[1] / 1e6, first, zoomed, levels, rate, slowest, read)


def _rate(view: Any) -> tuple[float, float, int]:
    """Drag to and fro, each move drawn to its end."""
    table, app = view.table, application()
    middle = QPoint(table.width() // 4, table.height() // 2)
    QTest.mousePress(table, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    from tests.workbench.mouse import drag

    times, read = [], 0
    for k in range(FRAMES):
        away = QPoint(7 * (k % 20), 5 * (k % 20))
        started = time.perf_counter()
        drag(table, middle + away)
        table.repaint()
        app.processEvents()
        times.append(time.perf_counter() - started)
        read = max(read, table.read)
    QTest.mouseRelease(table, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    return len(times) / sum(times), 1e3 * max(times), read


def close(made: Any) -> None:
    made.document.modified = False
    made.close()
    made.deleteLater()
