"""Stages of a fit: results kept by the parameters they depend on, and long calls that yield."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Generator, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

_going: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
LAST_WAIT_S = 3.0
"""How long the end of the program waits for calls whose results nobody wants any more."""


@atexit.register
def _let_end() -> None:
    # A thread inside a C++ library when the interpreter goes takes the process down with it.
    end = time.monotonic() + LAST_WAIT_S
    for thread in list(_going):
        if thread.is_alive():
            thread.join(max(0.0, end - time.monotonic()))


BEAT_S = 0.02
"""Pause between two looks at a long call; the fit yields as often."""


def beats(call: Callable[[], T]) -> Generator[None, None, T]:
    """Run `call` in a thread of its own, yielding None until it is done, and return its result.

    For library calls that hold a core for seconds (LAPACK, t-SNE): the fit goes on yielding, so
    that cancel works at once. A generator closed in the middle leaves the call to end by itself;
    its result is dropped. The call must touch nothing that the fit still changes.

    Where this is itself part of such a call, there is no other thread: one is enough to wait for,
    and what nobody waits for any more must not pile up.
    """
    if threading.current_thread() in _going:
        found = call()
        yield None
        return found
    done = threading.Event()
    result: list[T] = []
    error: list[BaseException] = []

    def work() -> None:
        try:
            result.append(call())
        except BaseException as caught:
            error.append(caught)
        finally:
            done.set()

    thread = threading.Thread(target=work, name="fieldwright-stage", daemon=True)
    _going.add(thread)
    thread.start()
    while not done.wait(BEAT_S):
        yield None
    if error:
        raise error[0]
    return result[0]


def aside(
    steps: Generator[Any, Any, T], lock: threading.Lock | None = None
) -> Generator[None, None, T]:
    """As `beats`, for a computation that yields between blocks which hold a core for long too.

    Whoever iterates has at most one block computed between two turns. Closed in the middle, the
    computation is closed as well, when its block under way has ended: until then it goes on in a
    thread of its own. Of computations that change the same things, and share a `lock`, one block
    is computed at a time.
    """
    under_way, left = lock or threading.Lock(), threading.Event()

    def block() -> tuple[T] | None:
        with under_way:
            if not left.is_set():
                try:
                    next(steps)
                except StopIteration as stop:
                    return (stop.value,)
            if left.is_set():
                steps.close()
        return None

    try:
        while (found := (yield from beats(block))) is None:
            yield None
        return found[0]
    finally:
        left.set()
        if under_way.acquire(blocking=False):
            steps.close()
            under_way.release()


def finish(steps: Generator[Any, Any, T]) -> T:
    """Run a computation that yields between its blocks to the end and return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


class Stages:
    """Results of a method's expensive stages, each valid for one key.

    A key holds whatever the stage depends on; a stage asked for with another key is computed
    again and replaces the old one, so that memory holds one result per stage. `computed` counts
    the computations by stage name, for tests of what a slider repeats.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, Any]] = {}
        self.computed: dict[str, int] = {}

    def get(self, name: str, key: Hashable, compute: Callable[[], T]) -> T:
        """The stage's result for `key`, computed in this thread when it is not at hand."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == key:
            return kept[1]  # type: ignore[no-any-return]
        result = compute()
        self._keep(name, key, result)
        return result

    def get_with_beats(
        self, name: str, key: Hashable, compute: Callable[[], T]
    ) -> Generator[None, None, T]:
        """As `get`, yielding None while a long computation goes on."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == key:
            return kept[1]  # type: ignore[no-any-return]
        result = yield from beats(compute)
        self._keep(name, key, result)
        return result

    def get_by_steps(
        self, name: str, key: Hashable, compute: Callable[[], Generator[None, None, T]]
    ) -> Generator[None, None, T]:
        """As `get`, for a computation that itself yields None between its blocks."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == key:
            return kept[1]  # type: ignore[no-any-return]
        result = yield from compute()
        self._keep(name, key, result)
        return result

    def holds(self, name: str, key: Hashable) -> bool:
        """Whether the stage's result for `key` is at hand."""
        kept = self._kept.get(name)
        return kept is not None and kept[0] == key

    def _keep(self, name: str, key: Hashable, result: Any) -> None:
        self._kept[name] = (key, result)
        self.computed[name] = self.computed.get(name, 0) + 1
