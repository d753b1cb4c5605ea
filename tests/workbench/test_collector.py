"""Garbage with widgets in it must not be taken apart in a worker's thread."""

from __future__ import annotations

import gc
import threading
from typing import ClassVar

from workbench.collector import Collector


class Knot:
    """A cycle that tells where it was taken apart."""

    ends: ClassVar[list[str]] = []

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        Knot.ends.append(threading.current_thread().name)


def test_cycles_end_on_the_window_thread(window, qtbot):
    Knot.ends.clear()
    assert not gc.isenabled()
    Knot()

    # What is freed again is not counted: only what stays brings a collection about.
    kept: list[list[int]] = []

    def churn() -> None:
        kept.extend([] for _ in range(20_000))

    worker = threading.Thread(target=churn, name="worker")
    worker.start()
    worker.join()
    assert Knot.ends == []
    qtbot.waitUntil(lambda: Knot.ends == ["MainThread"], timeout=5000)


def test_python_collects_again_once_the_last_window_is_gone():
    before = gc.isenabled()
    gc.enable()
    one, two = Collector(), Collector()
    one.close()
    one.close()
    assert not gc.isenabled()
    two.close()
    assert gc.isenabled()
    if not before:
        gc.disable()
