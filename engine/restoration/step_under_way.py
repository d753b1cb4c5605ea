"""A training whose steps last: beats in between, and when what is sent in counts.

A beat has the number of the step under way. What is heard in it counts from the step after, in the
run and when the run is repeated, however long the step took.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, Generic, TypeVar

from engine.method import Snapshot, Step
from engine.stages import beats

P = TypeVar("P")
T = TypeVar("T")


class StepUnderWay(Generic[P]):
    """The parameters `now` and those `using` by the step under way; `steps` in all, none `done`."""

    def __init__(self, params: P, steps: int) -> None:
        self.now = self.using = params
        self.steps = steps
        self.done = self.under_way = 0

    def hear(self, sent: P | None) -> None:
        if sent is not None:
            self.now = sent

    def told(
        self, stage: str, metrics: Mapping[str, float] | None = None, shown: Snapshot | None = None
    ) -> Step:
        return Step(index=self.under_way, total=self.steps, stage=stage,
                    metrics=metrics or {}, snapshot=shown)  # fmt: skip

    def beating(self, call: Callable[[], T], stage: str = "training") -> Generator[Step, Any, T]:
        """The result of a call, with beats of the fit while it lasts."""
        waiting = beats(call)
        while True:
            try:
                next(waiting)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            self.hear((yield self.told(stage)))
