"""From the last of 60 events of a slider within a second, at which the hand lets go, to the picture
that answers it, for a photograph of 512 by 512 pixels in the real window."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from engine import catalog
from engine.params import Effect, parameters
from tests.bench.photographs import close, photograph
from tests.bench.report import Report
from tests.bench.stage import pause, wait, window

SMALL = (512, 512)
EVENTS = 60
METHODS = ("restoration.tunable", "restoration.gaussian")


def measure(*, quick: bool) -> Report:
    columns = ("method", "slider", "shown", "evaluate ms", "first ms", "settled ms")
    report = Report("photo_sliders", columns)
    known = [card.id for card in catalog.cards().values()]
    for method in METHODS:
        if method in known:
            _drag(method, 10 if quick else EVENTS, report)
    report.remarks.append(
        "shown: pictures during the drag; evaluate: the method alone; first and settled: from the "
        "last event to a picture for its value, and to the settled one, on screen."
    )
    return report


def _drag(method: str, events: int, report: Report) -> None:
    made = window()
    try:
        made.session.choose_method(method)
        made.session.show_data(photograph(SMALL))
        made.session.fit()
        wait(lambda: made.document.active.state == "finished")
        wait(lambda: made.document.active.judgement is not None)
        pause(3.0)
        run = made.document.active
        live = next(
            p for p in parameters(type(run.shown))
            if p.effect is Effect.LIVE and p.kind == "float" and p.bound
        )  # fmt: skip
        started = time.perf_counter()
        run.method.evaluate(run.shown)
        alone = time.perf_counter() - started
        low, high = live.bound.soft or (live.bound.low, live.bound.high)
        shown: list[tuple[float, Any, bool]] = []
        made.panel.drawn.connect(
            lambda: shown.append((time.perf_counter(), run.shown, run.snapshot.coarse == ""))
        )
        params = made.document.params()
        for k in range(events):
            params = replace(params, **{live.name: low + (high - low) * (0.2 + 0.6 * k / events)})
            asked = time.perf_counter()
            (made.form.changing if k < events - 1 else made.form.changed).emit(params)
            if k < events - 1:
                pause(1.0 / EVENTS)
        wait(lambda: shown and shown[-1][1] == params and shown[-1][2])
        first = next(at for at, value, _ in shown if value == params)
        settled = next(at for at, value, whole in shown if value == params and whole)
        report.add(method, live.name, len(shown), 1e3 * alone, 1e3 * (first - asked),
                   1e3 * (settled - asked))  # fmt: skip
    finally:
        close(made)
