"""The open project: data sets, runs, views. The only holder of application state.

Widgets show what is here and ask for changes; nothing flows the other way. Every change says so by
one signal, and the window redraws what that signal concerns.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine import catalog
from engine.method import Method, Snapshot
from engine.params import Effect, changes, from_json, parameters, to_json
from engine.runs import RunSpec


@dataclass(eq=False)
class Run:
    """One fit and what has been looked at since.

    `fitted` are the parameters that the fit took, `shown` those of the frame on screen: they differ
    in LIVE parameters only. `failed` holds the sentence when the fit did not end well.
    """

    id: int
    name: str
    spec: RunSpec
    fitted: Any
    shown: Any
    data_name: str = ""
    data: Any = None
    method: Method | None = None
    snapshot: Snapshot | None = None
    judgement: Any = None
    history: list[tuple[float, int, Mapping[str, float]]] = field(default_factory=list)
    seconds: float = 0.0
    state: str = "queued"
    failed: str = ""
    starred: bool = False
    deleted: bool = False
    made: float = field(default_factory=time.time)

    @property
    def done(self) -> bool:
        return self.method is not None and self.state in ("finished", "cancelled")

    def current_spec(self) -> RunSpec:
        """What repeats the frame on screen. Values that the method kept from a fit at other
        parameters are stated: a fit at these would choose others."""
        held = self.snapshot.held if self.snapshot is not None else {}
        return self.spec.with_params(replace(self.shown, **held))


class Document(QObject):
    """The state of one window, with a signal for each kind of change."""

    data_changed = Signal()
    method_changed = Signal()
    params_changed = Signal()
    runs_changed = Signal()
    active_changed = Signal()
    frame_changed = Signal(object)
    judged = Signal(object)
    compare_changed = Signal()
    view_changed = Signal()
    modified_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.data: Any = None
        self.data_options: dict[str, Any] = {}
        self.method_id = next(iter(catalog.cards()))
        self.seed = 0
        self.device = "cpu"
        self.runs: list[Run] = []
        self.active: Run | None = None
        self.compared: tuple[int, ...] = ()
        self.view: dict[str, Any] = {}
        self.path = ""
        self.modified = False
        self._drafts: dict[str, Any] = {}
        self._numbers = itertools.count(1)

    # What the form shows

    def params(self) -> Any:
        """The parameters in the form for the chosen method."""
        if self.method_id not in self._drafts:
            self._drafts[self.method_id] = catalog.card(self.method_id).load().Params()
        return self._drafts[self.method_id]

    def set_params(self, params: Any) -> None:
        self._drafts[self.method_id] = params
        self.touch()
        self.params_changed.emit()

    def set_data(self, data: Any, options: Mapping[str, Any] | None = None) -> None:
        """Show another data set; earlier runs keep theirs."""
        before, self.data = self.data, data
        self.data_options = dict(options or {})
        self.active = None
        self.compared = ()
        self._forget_painted(same=_of(before) == _of(data))
        self.touch()
        self.data_changed.emit()
        self.active_changed.emit()
        self.compare_changed.emit()

    def _forget_painted(self, *, same: bool) -> None:
        """Rows painted in one data set mean nothing in another, and a map painted over a picture
        only in the `same` one, however it was spoilt."""
        for method_id, draft in list(self._drafts.items()):
            painted = {
                p.name: p.default for p in parameters(type(draft))
                if p.kind == "rows" or (p.factors_on and not same)
            }  # fmt: skip
            self._drafts[method_id] = replace(draft, **painted)
            if method_id == self.method_id and self._drafts[method_id] != draft:
                self.params_changed.emit()

    def set_method(self, method_id: str) -> None:
        if method_id == self.method_id:
            return
        self.method_id = method_id
        self.touch()
        self.method_changed.emit()
        self.params_changed.emit()

    def spec(self) -> RunSpec:
        """The run that Fit would start now."""
        return RunSpec(
            method=self.method_id,
            data=self.data.spec,
            data_options=self.data_options,
            data_sha256=self.data.sha256(),
            params=to_json(self.params()),
            seed=self.seed,
            device=self.device,
        )

    # Runs

    def run(self, number: int) -> Run | None:
        return next((r for r in self.runs if r.id == number), None)

    def visible_runs(self) -> list[Run]:
        return [r for r in self.runs if not r.deleted]

    def add_run(self, spec: RunSpec, data: Any) -> Run:
        """A new run, shown from now on. Nothing is overwritten."""
        number = next(self._numbers)
        params = spec.typed_params()
        title = catalog.card(spec.method).title
        run = Run(number, f"{title} {number}", spec, params, params, data_name=data.name, data=data)
        self.runs.append(run)
        self.touch()
        self.runs_changed.emit()
        self.activate(run)
        return run

    def restore_run(self, run: Run) -> None:
        """A run read from a project, under a number of its own."""
        run.id = next(self._numbers)
        self.runs.append(run)

    def earlier(self, run: Run) -> Method | None:
        """A method fitted before on the same data, whose stages the run may reuse."""
        for other in reversed(self.runs):
            same = other.spec.method == run.spec.method and other.data is run.data
            if other is not run and same and other.done:
                return other.method
        return None

    def activate(self, run: Run | None) -> None:
        """Show a run: its picture, its data, its parameters in the form."""
        self.active = run
        if run is not None:
            if run.data is not None and run.data is not self.data:
                self.data = run.data
                self.data_options = dict(run.spec.data_options)
                self.data_changed.emit()
            self._drafts[run.spec.method] = run.shown
            if run.spec.method != self.method_id:
                self.method_id = run.spec.method
                self.method_changed.emit()
            self.params_changed.emit()
        self.active_changed.emit()

    def set_frame(self, run: Run, snapshot: Snapshot, *, settled: bool) -> None:
        """The run's newest picture, with the parameters that made it."""
        run.snapshot = snapshot
        run.shown = snapshot.params
        if settled:
            self.touch()
        self.frame_changed.emit(run)

    def set_judgement(self, run: Run, judgement: Any) -> None:
        run.judgement = judgement
        self.judged.emit(run)

    def edit_run(self, run: Run, **values: Any) -> None:
        """Set name, starred, deleted or state."""
        for name, value in values.items():
            setattr(run, name, value)
        if run.deleted:
            self.compared = tuple(n for n in self.compared if n != run.id)
            if self.active is run:
                rest = self.visible_runs()
                self.activate(rest[-1] if rest else None)
            self.compare_changed.emit()
        self.touch()
        self.runs_changed.emit()

    def set_compared(self, numbers: tuple[int, ...]) -> None:
        self.compared = numbers
        self.compare_changed.emit()

    def set_view(self, **values: Any) -> None:
        """Colour column, point size, edges, layout: whatever a picture is drawn with."""
        self.view = {**self.view, **values}
        self.touch()
        self.view_changed.emit()

    # What follows from the state

    def live_params(self, run: Run) -> Any:
        """The form's LIVE values on top of what the run was fitted with; what a run shows where
        the form is that of another method."""
        if run.spec.method != self.method_id:
            return run.shown
        form = to_json(self.params())
        live = {
            p.name: form[p.name] for p in parameters(type(run.fitted)) if p.effect is Effect.LIVE
        }
        return from_json(type(run.fitted), {**to_json(run.fitted), **live})

    def stale(self) -> dict[str, Any]:
        """Changes in the form that wait for the next fit."""
        run = self.active
        if run is None or run.spec.method != self.method_id:
            return {}
        differing = changes(run.fitted, self.params())
        refit = {p.name for p in parameters(type(run.fitted)) if p.effect is Effect.REFIT}
        return {name: value for name, value in differing.items() if name in refit}

    def touch(self) -> None:
        if not self.modified:
            self.modified = True
            self.modified_changed.emit(True)

    def mark_saved(self, path: str) -> None:
        self.path = path
        self.modified = False
        self.modified_changed.emit(False)

    def clear(self) -> None:
        """An empty project."""
        self.runs.clear()
        self.view = {}
        self.path = ""
        self._drafts.clear()
        self.set_data(None)
        self.runs_changed.emit()
        self.params_changed.emit()
        self.modified = False
        self.modified_changed.emit(False)


def _of(data: Any) -> str:
    """The file or sample that data are of, without what was asked of it."""
    return "" if data is None else str(data.spec).partition("?")[0]
