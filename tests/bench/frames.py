"""From the event of a dragged slider to the picture that answers it, through the real window.

A hand moves the slider every 16 ms for the length of a drag; the picture answers as it can. The
delay of an event is the time until a picture for its value, or for a newer one, has been drawn.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from tests.bench.report import Report
from tests.bench.stage import pause, wait, window

PERIOD_S = 0.016


def measure(*, quick: bool) -> Report:
    columns = ("points", "events", "pictures", "p50 ms", "p95 ms", "after release ms", "last shown")
    report = Report("frames", columns)
    for n in (300,) if quick else (1000, 2000, 5000):
        report.add(n, *_drag(n, 20 if quick else 150))
    report.remarks.append(
        "p50 and p95: event to the drawn preview that answers it; after release: to the settled map"
    )
    return report


def _drag(n: int, events: int) -> tuple[Any, ...]:
    made = window()
    try:
        made.session.open_data(f"sample:swiss_roll?n={n}", then=made.session.fit)
        wait(lambda: made.document.active and made.document.active.state == "finished")
        wait(lambda: made.document.active.judgement is not None)
        run = made.document.active
        drawn: list[tuple[float, float]] = []
        made.panel.drawn.connect(lambda: drawn.append((time.perf_counter(), run.shown.time)))
        asked = _move(made, events)
        last = asked[-1][1]
        wait(lambda: run.shown.time == last and run.snapshot.coarse == "")
        settled = (time.perf_counter() - asked[-1][0]) * 1e3
        wait(lambda: drawn and drawn[-1][1] == last, 10)
        delays = _delays(asked, drawn)
        p50, p95 = np.percentile(delays, [50, 95]) * 1e3
        return events, len(drawn), float(p50), float(p95), settled, drawn[-1][1] == last
    finally:
        made.document.modified = False
        made.close()
        made.deleteLater()


def _move(made: Any, events: int) -> list[tuple[float, float]]:
    """Drag from 3 to 40 and let go; (time of the event, value)."""
    params = replace(made.document.params(), time=3.0)
    asked = []
    for value in np.geomspace(3.0, 40.0, events):
        params = replace(params, time=float(value))
        asked.append((time.perf_counter(), float(value)))
        made.form.changing.emit(params)
        pause(PERIOD_S)
    made.form.changed.emit(params)
    return asked


def _delays(asked: list[tuple[float, float]], drawn: list[tuple[float, float]]) -> list[float]:
    """For each event the time to the first later picture of its value or of a newer one."""
    found = []
    for when, value in asked:
        answers = [at for at, shown in drawn if at > when and shown >= value]
        if answers:
            found.append(min(answers) - when)
    return found
