"""Pictures per second of the cloud view: at rest with every point, and while a hand turns it."""

from __future__ import annotations

import time

import numpy as np

from engine.layers import Axis, Points
from tests.bench.report import Report
from tests.bench.stage import application

PICTURES = 12
SIZE = (900, 700)


def measure(*, quick: bool) -> Report:
    app = application()
    from workbench import theme
    from workbench.app import opengl
    from workbench.views.cloud import CloudView

    report = Report("drawing", ("points", "drawn", "pictures/s at rest", "pictures/s moving"))
    for n in (1000,) if quick else (10_000, 100_000, 1_000_000):
        view = CloudView()
        view.set_theme(theme.load("light"))
        view.resize(*SIZE)
        view.show()
        app.processEvents()
        view.show_layer(_cloud(n))
        still = _rate(view)
        view.navigated()
        moving, drawn = _rate(view), view.shown()["count"]
        report.add(n, drawn, still, moving)
        view.release()
        view.close()
        app.processEvents()
    report.remarks.append(f"renderer: {opengl().get('renderer', 'none')}; {SIZE[0]} x {SIZE[1]}")
    report.remarks.append("drawn: points while moving; at rest all of them are drawn.")
    return report


def _cloud(n: int) -> Points:
    rng = np.random.default_rng(0)
    positions = rng.standard_normal((n, 3)).astype(np.float32)
    axes = tuple(Axis(name) for name in "xyz")
    columns = {"height": positions[:, 2]}
    return Points(
        name="cloud", role="data", positions=positions, axes=axes, columns=columns,
        colour_by="height",
    )  # fmt: skip


def _rate(view: object) -> float:
    """Turn the camera and draw off-screen to the end: `render` waits for the last pixel."""
    scene = view.scene  # type: ignore[attr-defined]
    scene.canvas.render(size=SIZE, alpha=False)
    started = time.perf_counter()
    for _ in range(PICTURES):
        scene._turning.azimuth += 3.0
        scene.canvas.render(size=SIZE, alpha=False)
    return PICTURES / (time.perf_counter() - started)
