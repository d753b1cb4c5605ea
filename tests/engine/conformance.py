"""What every method of the catalogue owes to those who run it, as functions of its card.

A plug-in's author calls `check_all(card)` on a method that works on tables, vector samples or
problems.
"""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from engine.catalog import Card
from engine.data.photograph import Photograph
from engine.data.table import Table
from engine.data.vectors import VectorSamples
from engine.jobs import FitJob, FitWorker
from engine.layers import Arrows, Network, Points
from engine.method import DataError, Refines, Snapshot
from engine.params import (
    LIVE,
    REFIT,
    Parameter,
    ParameterError,
    effects,
    from_json,
    parameters,
    to_json,
)
from engine.pde.problem import Problem
from engine.runs import Fit, RunSpec

ROWS = 60


def table(n: int = ROWS, seed: int = 3) -> Table:
    """A noisy arc in three dimensions with a class per row."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, np.pi, n))
    values = np.column_stack([np.cos(angle), np.sin(angle), 0.1 * angle])
    values += 0.02 * rng.normal(size=values.shape)
    half = (angle > np.pi / 2).astype(np.int64)
    return table_of(values, half)


def table_of(values: Any, half: Any = None) -> Table:
    values = np.asarray(values, dtype=np.float64)
    columns = tuple(f"c{k}" for k in range(values.shape[1]))
    labels = {} if half is None else {"half": half}
    return Table(
        name="arc", spec="arc", values=values, columns=columns, labels=labels,
        label="half" if labels else "",
    )  # fmt: skip


def swirl(n: int = ROWS, seed: int = 3) -> VectorSamples:
    """A rotation on a bent sheet, known at every second point."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, size=(2, n))
    return swirl_of(np.column_stack([x, y, 0.2 * x**2]))


def swirl_of(positions: Any) -> VectorSamples:
    positions = np.asarray(positions, dtype=np.float64)
    x, y = positions[:, 0], positions[:, 1]
    vectors = np.zeros_like(positions)
    vectors[:, 0], vectors[:, 1] = -y, x
    observed = np.arange(len(x)) % 2 == 0
    return VectorSamples(
        name="swirl", spec="swirl", positions=positions, observed=observed, truth=vectors,
        vectors=np.where(observed[:, None], vectors, np.nan),
    )  # fmt: skip


PLATE = """x in [-1, 1]; y in [0, 1]; k = 2 in [0, 5]
u_xx + u_yy - k*u = x*y; boundary u = x"""


def problem(n: int = ROWS) -> Problem:
    """A plate with a source; a problem has no rows, so n is not asked."""
    from engine.data import open_any

    found = open_any(f"equation:{PLATE}")
    assert isinstance(found, Problem)
    return found


def photograph(n: int = ROWS) -> Photograph:
    """A small grey picture, noisy, whose truth is known; n is not asked."""
    y, x = np.mgrid[0:36, 0:44]
    return photograph_of(0.5 + 0.3 * np.sin(x / 4.0) * np.cos(y / 5.0))


def photograph_of(truth: Any, noise: float = 0.1) -> Photograph:
    truth = np.asarray(truth, np.float32)
    drawn = np.random.default_rng(3).normal(size=truth.shape)
    return Photograph(
        name="waves", spec="waves", values=truth + noise * drawn, truth=truth, sigma=noise
    )


def data_for(card: Card, n: int = ROWS) -> Any:
    """Data of the kind that the method accepts."""
    made = {Table: table, VectorSamples: swirl, Problem: problem, Photograph: photograph}
    return made[card.load().Data](n)


def made_of(card: Card, values: Any) -> Any:
    """Data with these rows as its numbers or positions."""
    return {Table: table_of, VectorSamples: swirl_of}[card.load().Data](values)


def params_for(card: Card, n: int = ROWS, **values: Any) -> Any:
    """The defaults, with neighbours and perplexity cut to what n rows allow."""
    defaults = card.load().Params()
    small = {"knn": max(2, n // 6), "perplexity": max(2.0, (n - 2) / 4)}
    if card.load().Data is Problem:
        small = {"interior": 150, "boundary": 15, "width": 16, "batch": 4, "head": 16}
        small |= {"held_out": 2}
        values.setdefault("steps", 4)
        if hasattr(defaults, "gaussians"):
            values.setdefault("gaussians", 25)
    if card.load().Data is Photograph:
        small = {"iterations": 12, "steps": 4}
    for name, most in small.items():
        if name not in values and (getattr(defaults, name, 0) or 0) > most:
            values[name] = most
    return replace(defaults, **values)


def fitted(card: Card, data: Any, params: Any = None, seed: int = 0) -> Fit:
    """A fit run to its end."""
    params = params_for(card, len(data)) if params is None else params
    fit = Fit(RunSpec(method=card.id, data=data.spec, params=to_json(params), seed=seed), data)
    for _ in fit:
        pass
    return fit


def live(card: Card) -> list[Parameter]:
    return [p for p in parameters(card.load().Params) if p.effect is LIVE]


def extremes(p: Parameter) -> list[Any]:
    """Values at the ends of a slider, every choice, or some rows of the data and none."""
    if p.kind == "rows":
        return [(0, 1, 2, 3), ()]
    if p.kind == "choice":
        return list(p.choices)
    if p.kind == "bool":
        return [False, True]
    if p.bound is None:
        return []
    if p.kind == "floats":
        return [(float(end),) for end in p.bound.soft or (p.bound.low, p.bound.high)]
    ends = p.bound.soft or (p.bound.low, p.bound.high)
    found = [round(e) if p.kind == "int" else float(e) for e in ends]
    return [*found, None] if p.optional else found


def same(one: Snapshot, other: Snapshot) -> None:
    """Two frames are equal in every array, bit for bit."""
    assert [x.name for x in one.layers] == [x.name for x in other.layers]
    for a, b in zip(one.layers, other.layers, strict=True):
        one_arrays, other_arrays = a.arrays(), b.arrays()
        assert list(one_arrays) == list(other_arrays)
        for name, array in one_arrays.items():
            np.testing.assert_array_equal(array, other_arrays[name])
    assert dict(one.metrics) == dict(other.metrics)
    assert one.notes == other.notes


def differ(one: Snapshot, other: Snapshot) -> bool:
    """Whether any array of two frames differs."""
    if [x.name for x in one.layers] != [x.name for x in other.layers]:
        return True
    pairs = zip(one.layers, other.layers, strict=True)
    arrays = [(a.arrays(), b.arrays()) for a, b in pairs]
    return any(
        list(a) != list(b) or any(not np.array_equal(a[name], b[name]) for name in a)
        for a, b in arrays
    )


def check_parameters(card: Card) -> None:
    """Documented, bounded, legal by default, and through JSON unharmed."""
    kind = card.load().Params
    found = parameters(kind)
    defaults = kind()
    for p in found:
        assert p.doc.text, f"{p.name} says nothing"
        assert p.kind != "float" or p.bound is not None, f"{p.name} has no bounds"
        if p.bound is not None:
            assert p.bound.low < p.bound.high
    assert from_json(kind, to_json(defaults)) == defaults
    for p in found:
        if p.bound is not None:
            try:
                replace(defaults, **{p.name: p.bound.high * 2 + 1})
            except ParameterError as error:
                assert p.name in str(error) or p.label in str(error)
            else:
                raise AssertionError(f"{p.name} takes a value beyond its bound")


def check_steps(card: Card) -> None:
    """A fit counts forwards, ends with its picture, and reports finite numbers."""
    data = data_for(card)
    fit = Fit(RunSpec(method=card.id, data="arc", params=to_json(params_for(card))), data)
    index, last = 0, None
    for step in fit:
        assert step.index >= index and step.stage
        assert step.total is None or step.index <= step.total
        assert all(math.isfinite(v) for v in step.metrics.values())
        index, last = step.index, step.snapshot or last
    assert last is not None and last.coarse == ""
    same(last, fit.result())
    check_snapshot(last, len(data))


def check_snapshot(snapshot: Snapshot, n: int) -> None:
    """Finite numbers on named axes, about rows that exist."""
    names = [layer.name for layer in snapshot.layers]
    assert len(set(names)) == len(names)
    assert any(layer.role == "prediction" for layer in snapshot.layers)
    for layer in snapshot.layers:
        if isinstance(layer, Arrows):
            assert np.isfinite(layer.vectors).all()
            assert layer.vectors.shape == layer.positions.shape
        if isinstance(layer, Points | Arrows):
            assert np.isfinite(layer.positions).all()
            assert len(layer.axes) == layer.positions.shape[1]
            assert all(axis.name for axis in layer.axes)
            assert layer.colour_by in ("", *layer.columns)
            assert all(len(c) == len(layer.positions) for c in layer.columns.values())
        if isinstance(layer, Network):
            assert len(layer.edges) == 0 or layer.edges.max() < n
            assert len(layer.weights) == len(layer.edges)
    assert all(math.isfinite(v) for v in snapshot.metrics.values())


def check_repeatable(card: Card) -> None:
    """The same seed gives the same numbers."""
    same(fitted(card, data_for(card)).result(), fitted(card, data_for(card)).result())


def check_evaluation(card: Card) -> None:
    """A frame depends on the fit and its parameters, not on what was shown before; every end of
    every LIVE slider is a frame or one sentence; previews end in the frame itself."""
    fit = fitted(card, data_for(card))
    method, base = fit.method, fit.params
    first = method.evaluate(base)
    for p in live(card):
        for value in extremes(p):
            wanted = replace(base, **{p.name: value})
            try:
                frame = method.evaluate(wanted)
            except DataError as error:
                assert_sentence(error)
                continue
            assert frame.params == wanted
            check_snapshot(frame, ROWS)
            if isinstance(method, Refines):
                frames = [f for f in method.refine(wanted) if f is not None]
                assert frames[-1].coarse == ""
                same(frames[-1], frame)
    again = method.evaluate(base)
    same(first, again)
    same(again, fitted(card, data_for(card)).method.evaluate(base))


def check_live(card: Card) -> None:
    """Every LIVE parameter changes the picture, where it applies, without a fit."""
    data = data_for(card)
    fit = fitted(card, data)
    found = {p.name: p for p in parameters(card.load().Params)}
    for p in live(card):
        if p.name in getattr(data, "idle", ()):
            continue
        base, condition = fit.params, p.applies
        while condition is not None:
            base = replace(base, **{condition.name: condition.values[0]})
            condition = found[condition.name].applies
        # A parameter that belongs to another way of fitting is looked at after such a fit.
        learnt = fit if REFIT not in effects(fit.params, base) else fitted(card, data, base)
        before, frames = learnt.method.evaluate(base), []
        for value in extremes(p):
            with contextlib.suppress(DataError):
                frames.append(learnt.method.evaluate(replace(base, **{p.name: value})))
        assert not frames or any(differ(before, frame) for frame in frames), p.name


def check_state(card: Card) -> None:
    """What was saved evaluates as what was fitted."""
    fit = fitted(card, data_for(card))
    state = fit.method.state()
    assert all(isinstance(v, np.ndarray) and v.dtype != object for v in state.values())
    again = card.load().from_state(fit.params, {k: v.copy() for k, v in state.items()})
    wanted = [fit.params]
    wanted += [replace(fit.params, **{p.name: extremes(p)[0]}) for p in live(card) if extremes(p)]
    for params in wanted:
        try:
            frame = fit.method.evaluate(params)
        except DataError:
            continue
        same(again.evaluate(params), frame)


def check_cancel(card: Card, data: Any) -> None:
    """Cancelled in the middle, a fit is over within a fifth of a second, and another can follow."""
    # What is imported at first use is waited for then, and is not what is timed here.
    fitted(card, data_for(card))
    ended: dict[int, float] = {}

    def on_event(job: FitJob, event: str) -> None:
        if event in ("cancelled", "finished", "failed"):
            ended[job.number] = time.monotonic()

    worker = FitWorker(on_event)
    try:
        spec = RunSpec(method=card.id, data="arc", params=to_json(card.load().Params()))
        job = FitJob(spec, data)
        worker.submit(job)
        until(lambda: job.step is not None)
        asked = time.monotonic()
        job.cancel()
        until(lambda: job.over)
        assert job.state in ("cancelled", "finished"), job.error
        assert ended[job.number] - asked < 0.2
    finally:
        worker.close()


def until(condition: Any, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


BAD = {
    "one row": np.zeros((1, 3)),
    "two rows": np.eye(2, 3),
    "equal rows": np.ones((30, 3)),
    "a missing value": np.where(np.eye(30, 3) > 0, np.nan, 1.0),
}


BAD_PROBLEMS = {
    "a source that is not a number": "u_xx = log(0 - 1 - x); x in [0, 1]; boundary u = 0",
    "a start that is not a number": "u_t = u_x; t in [0, 1]; x in [0, 1]; u(0, x) = log(0 - 1 - x)",
}


def _bad(card: Card) -> dict[str, Any]:
    if card.load().Data is Photograph:  # refused when it is opened, if at all
        return {}
    if card.load().Data is not Problem:
        return {name: made_of(card, values) for name, values in BAD.items()}
    from engine.data import open_any
    from engine.pde import wellposedness

    # These are refused when they are stated; a slider may bring a good one there.
    with mock.patch.object(wellposedness, "finite"):
        return {name: open_any(f"equation:{text}") for name, text in BAD_PROBLEMS.items()}


def check_bad_data(card: Card) -> None:
    """What cannot be embedded or solved is refused in one sentence."""
    for name, data in _bad(card).items():
        try:
            fitted(card, data, card.load().Params())
        except DataError as error:
            assert_sentence(error)
        else:
            raise AssertionError(f"{card.id} took {name}")


def check_odd_data(card: Card) -> None:
    """Duplicates, constant columns, separate parts and one column give a picture; what must be
    known of it is said."""
    if card.load().Data is Problem:
        _check_odd_problems(card)
        return
    if card.load().Data is Photograph:
        _check_odd_photographs(card)
        return
    kept = data_for(card)
    values = kept.values if isinstance(kept, Table) else kept.positions
    doubled = np.concatenate([values, values[:5]])
    constant = np.column_stack([values, np.ones(len(values))])
    apart = np.concatenate([values, values + 100.0])
    for odd in (doubled, constant, apart, *([values[:, :1]] if isinstance(kept, Table) else [])):
        data = made_of(card, odd)
        snapshot = fitted(card, data).result()
        check_snapshot(snapshot, len(data))
    if isinstance(kept, Table):
        assert any("constant" in n.text for n in fitted(card, table_of(constant)).result().notes)


ODD_PROBLEMS = (
    "u_xx + u = 0; x in [0, 1]; u(0) = 0; u_x(1) = 1; a = 1 in [0, 2]",
    "u_x - v = 0; v_x + u = 0; x in [0, 1]; u(0) = 0; v(0) = 1",
    "u_t = u_xx; t in [0, 1]; x in [0, 1] periodic; u(0, x) = 0; exact u = 0",
    "u_t + u_x + u_y = 0; t in [0, 1]; x in [0, 1] periodic; y in [0, 1] periodic; "
    "u(0, x, y) = sin(2*pi*x)",
)


REFUSED = {"pde.gphm": ODD_PROBLEMS[1:], "pde.rgnp": ODD_PROBLEMS}
"""Problems that a method does not take, and says so."""


def _check_odd_problems(card: Card) -> None:
    """Slopes, two unknowns, a zero solution and three coordinates give a picture, or are refused
    in one sentence by a method that is known not to take them."""
    from engine.data import open_any

    for text in ODD_PROBLEMS:
        data = open_any(f"equation:{text}")
        if text in REFUSED.get(card.id, ()):
            try:
                fitted(card, data, params_for(card))
            except DataError as error:
                assert_sentence(error)
                continue
            raise AssertionError(f"{card.id} took {text}")
        snapshot = fitted(card, data, params_for(card)).result()
        check_snapshot(snapshot, len(data))
        assert ("relative error" in snapshot.metrics) == ("exact u = 0" not in text)


def _check_odd_photographs(card: Card) -> None:
    """One pixel, one row, one colour, three channels and no truth give a picture of that shape."""
    rng = np.random.default_rng(0)
    shapes = ((1, 1), (1, 30), (37, 2), (20, 21, 3))
    odd = [photograph_of(rng.uniform(size=shape)) for shape in shapes]
    odd += [photograph_of(np.full((24, 24), 0.5), noise=0.0)]
    odd += [replace(odd[3], truth=None, sigma=None)]
    for data in odd:
        snapshot = fitted(card, data, params_for(card)).result()
        check_snapshot(snapshot, len(data))
        shown = next(x for x in snapshot.layers if x.role == "prediction")
        assert shown.values.shape == data.values.shape
        assert np.isfinite(shown.values).all()


def assert_sentence(error: Exception) -> None:
    text = str(error)
    assert text[:1].isupper() and text.rstrip().endswith("."), text
    assert "\n" not in text and len(text) < 300


def check_all(card: Card) -> None:
    check_parameters(card)
    check_steps(card)
    check_repeatable(card)
    check_evaluation(card)
    check_live(card)
    check_state(card)
    check_bad_data(card)
    check_odd_data(card)
