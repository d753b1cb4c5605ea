"""The two workers: the newest wish wins, the last one is answered in full, and cancel is prompt."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

from engine import catalog
from engine.data.table import Table
from engine.jobs import FitJob, FitWorker, LiveWorker
from engine.method import Snapshot, Step
from engine.params import LIVE, STEP, Bound, Doc, check
from engine.runs import RunSpec


class Slow:
    """Fits in short steps; a frame takes a while and refines from a preview."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Params:
        value: Annotated[float, Bound(0, 1e6), LIVE, Doc("value")] = 0.0
        rate: Annotated[float, Bound(0, 10), STEP, Doc("rate")] = 1.0

        def __post_init__(self) -> None:
            check(self)

    Data = Table

    def __init__(self, params):
        self.params = params
        self.evaluated = []

    def fit(self, data, *, rng, device):
        now = self.params
        for index in range(200):
            time.sleep(0.005)
            if now.rate == 7.0:
                raise RuntimeError("It broke.")
            changed = yield Step(
                index=index, total=200, stage="at work", metrics={"rate": now.rate}
            )
            now = changed or now

    def evaluate(self, params):
        return Snapshot(layers=(), params=params)

    def refine(self, params):
        time.sleep(0.01)
        yield Snapshot(layers=(), params=params, coarse="half")
        for _ in range(5):
            time.sleep(0.01)
            yield None
        self.evaluated.append(params.value)
        yield Snapshot(layers=(), params=params)

    def state(self):
        return {}


CARD = catalog.Card(
    id="embedding.slow", title="Slow", target="tests.engine.test_jobs:Slow", summary="", paper=""
)


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setitem(catalog.cards(), CARD.id, CARD)
    return Table(name="t", spec="t", values=np.eye(5), columns=tuple("abcde"))


@pytest.fixture
def live():
    frames, errors = [], []
    worker = LiveWorker(frames.append, lambda *e: errors.append(e), settle_s=0.05)
    yield worker, frames, errors
    worker.close()


@pytest.fixture
def fits():
    events = []
    worker = FitWorker(lambda job, event: events.append((job.number, event, time.monotonic())))
    yield worker, events
    worker.close()


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_newest_value_wins_and_the_last_is_shown_in_full(live):
    worker, frames, errors = live
    method = Slow(Slow.Params())
    for value in range(100):
        worker.submit("run", method, Slow.Params(value=float(value)), dragging=True)
        time.sleep(0.001)
    worker.submit("run", method, Slow.Params(value=99.0), dragging=False)
    until(lambda: frames and frames[-1].settled)
    shown = [frame.snapshot.params.value for frame in frames]
    assert shown == sorted(shown) and shown[-1] == 99.0
    assert 2 <= len(frames) < 60, "values in between are dropped"
    assert all(frame.snapshot.coarse for frame in frames[:-1])
    assert not frames[-1].snapshot.coarse
    assert method.evaluated[-1] == 99.0
    assert not errors


def test_a_hand_that_rests_without_letting_go_gets_the_full_picture(live):
    worker, frames, _ = live
    worker.submit("run", Slow(Slow.Params()), Slow.Params(value=3.0), dragging=True)
    until(lambda: frames and frames[-1].settled)
    assert frames[0].snapshot.coarse and not frames[0].settled


def test_a_dropped_wish_is_not_answered(live):
    worker, frames, _ = live
    method = Slow(Slow.Params())
    worker.submit("run", method, Slow.Params(value=1.0), dragging=True)
    worker.drop()
    time.sleep(0.3)
    assert all(frame.snapshot.params.value == 1.0 for frame in frames)
    assert not any(frame.settled for frame in frames[1:])


class Beating:
    """Its first frame comes after beats, later than the next wish does."""

    def evaluate(self, params):
        raise AssertionError("not asked for")

    def refine(self, params):
        for _ in range(4):
            time.sleep(0.01)
            yield None
        yield Snapshot(layers=(), params=params, coarse="early")
        yield Snapshot(layers=(), params=params)


def test_a_hand_that_asks_faster_than_frames_come_still_sees_some(live):
    worker, frames, errors = live
    method = Beating()
    for k in range(40):
        worker.submit("a", method, k, dragging=True)
        time.sleep(0.015)
    worker.submit("a", method, 40, dragging=False)
    deadline = time.monotonic() + 5
    while not (frames and frames[-1].settled) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert frames[-1].snapshot.params == 40 and not errors
    assert len({frame.snapshot.params for frame in frames}) >= 6
    # Another method's wish does not wait.
    worker.submit("a", method, 50, dragging=True)
    time.sleep(0.015)
    worker.submit("b", Beating(), 51, dragging=False)
    time.sleep(0.2)
    assert 50 not in {frame.snapshot.params for frame in frames}


def test_an_error_is_told_and_the_worker_lives_on(live):
    worker, frames, errors = live

    class Broken(Slow):
        def refine(self, params):
            raise ValueError("No picture at this value.")
            yield

    worker.submit("run", Broken(Slow.Params()), Slow.Params(value=1.0), dragging=False)
    until(lambda: errors)
    assert errors[0][:2] == ("run", "No picture at this value.")
    worker.submit("run", Slow(Slow.Params()), Slow.Params(value=2.0), dragging=False)
    until(lambda: frames and frames[-1].settled)


@pytest.mark.alone
def test_cancel_is_prompt_and_the_next_fit_runs(fits, table):
    worker, events = fits
    first, second = (FitJob(RunSpec(method=CARD.id, data="t"), table) for _ in range(2))
    worker.submit(first)
    worker.submit(second)
    until(lambda: first.step is not None and first.step.index > 3)
    asked = time.monotonic()
    first.cancel()
    until(lambda: first.over)
    assert first.state == "cancelled" and time.monotonic() - asked < 0.2
    until(lambda: second.step is not None)
    second.cancel()
    until(lambda: second.over)
    order = [event for number, event, _ in events if number == first.number and event != "step"]
    assert order == ["queued", "started", "cancelled"]


def test_paused_takes_no_step_and_goes_on(fits, table):
    worker, _ = fits
    job = FitJob(RunSpec(method=CARD.id, data="t"), table)
    worker.submit(job)
    until(lambda: job.step is not None)
    job.pause()
    time.sleep(0.05)
    stopped = job.step.index
    time.sleep(0.1)
    assert job.paused and job.step.index == stopped
    job.resume()
    until(lambda: job.step.index > stopped)
    job.cancel()
    until(lambda: job.over)


def test_step_parameters_reach_the_running_fit_and_are_recorded(fits, table):
    worker, _ = fits
    job = FitJob(RunSpec(method=CARD.id, data="t"), table)
    worker.submit(job)
    until(lambda: job.step is not None and job.step.index > 2)
    job.change(Slow.Params(rate=3.0))
    until(lambda: job.step.metrics["rate"] == 3.0)
    job.cancel()
    until(lambda: job.over)
    assert [values for _, values in job.fit.history] == [{"rate": 3.0}]
    rates = [metrics["rate"] for _, _, metrics in job.metrics]
    assert rates == sorted(rates) and set(rates) == {1.0, 3.0}


def test_a_failure_is_one_sentence_with_its_details(fits, table):
    worker, _ = fits
    job = FitJob(RunSpec(method=CARD.id, data="t", params={"rate": 7.0}), table)
    worker.submit(job)
    until(lambda: job.over)
    assert job.state == "failed" and job.error == "It broke." and "Traceback" in job.details


def test_no_thread_is_left_after_close():
    before = threading.active_count()
    worker = LiveWorker(lambda f: None, lambda *e: None)
    fits = FitWorker(lambda j, e: None)
    assert threading.active_count() == before + 2
    worker.close()
    fits.close()
    assert threading.active_count() == before
