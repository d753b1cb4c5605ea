"""Rows painted out of and into the training set: the same field as learnt from those rows alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import engine
from engine import cli
from engine.data.generated_vectors import sphere_field
from engine.io.models import load_model, save_model
from engine.io.packing import ArrayStore, pack_snapshot, unpack_snapshot
from engine.io.scripts import as_python
from engine.layers import Standing
from engine.method import DataError
from engine.params import (
    LIVE,
    Doc,
    ParameterError,
    Rows,
    check,
    from_json,
    parameters,
    parse,
    to_json,
)
from engine.vectorfield import ambient_gpr
from engine.vectorfield.ambient_gpr import AmbientGPR
from engine.vectorfield.judgement import judge
from engine.vectorfield.painted_evidence import PaintedEvidence
from engine.vectorfield.rvgp import RVGP
from engine.vectorfield.spectral_regression import Evidence
from tests.engine.conformance import same

KINDS = (RVGP, AmbientGPR)
OPEN = {RVGP: {"smoothness", "length", "amplitude", "noise"},
        AmbientGPR: {"length", "amplitude", "noise"}}  # fmt: skip


def fitted(kind, data, **params):
    method = kind(kind.Params(**params))
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


@pytest.fixture(scope="module")
def sphere():
    return sphere_field(name="", spec="", n=400, observed=0.3, noise=0.1, seed=0)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def method(request, sphere):
    return fitted(request.param, sphere)


@pytest.fixture(scope="module")
def painted(sphere):
    """Forty observed rows out, fifteen others in."""
    out = np.flatnonzero(sphere.observed)[10:50]
    put = np.flatnonzero(~sphere.observed)[5:20]
    return {"without": tuple(out.tolist()), "added": tuple(put.tolist())}


def relearnt(data, without, added):
    """The data as if the painted rows were the observed ones."""
    vectors = np.where(np.isfinite(data.vectors), data.vectors, data.truth)
    seen = data.observed.copy()
    seen[list(without)], seen[list(added)] = False, True
    return replace(data, observed=seen, vectors=np.where(seen[:, None], vectors, np.nan))


# The sums


@pytest.mark.parametrize("noisy", [False, True])
def test_sums_of_a_wandering_brush_are_those_of_its_rows(noisy):
    """Three hundred strokes, each a few rows out or in, against sums taken anew."""
    rng = np.random.default_rng(0)
    n, d, k = 300, 2, 20
    fields = rng.normal(size=(n, d, k))
    order = rng.permutation(n)
    observed, spare = np.sort(order[:180]), np.sort(order[180:260])
    vectors = rng.normal(size=(n, d))
    relative = rng.uniform(0.2, 5.0, n) if noisy else None
    if relative is not None:
        relative[spare] = 1.0
    sums = PaintedEvidence(
        fields, observed, vectors[observed], None if relative is None else relative[observed],
        spare, vectors[spare],
    )  # fmt: skip
    known = np.zeros(n, bool)
    known[order[:260]] = True
    used = np.zeros(n, bool)
    used[observed] = True
    for _ in range(300):
        touched = rng.choice(np.flatnonzero(known), 7)
        used[touched] = rng.random() < 0.5
        fresh = Evidence.of(fields[used], vectors[used], None if relative is None
                            else relative[used])  # fmt: skip
        for found in (sums.near(used), sums.exact(used)):
            assert np.abs(found.gram - fresh.gram).max() < 1e-10
            assert np.abs(found.moment - fresh.moment).max() < 1e-10
            assert found.square == pytest.approx(fresh.square, abs=1e-10)
            assert found.log_scale == pytest.approx(fresh.log_scale, abs=1e-10)
            assert found.count == fresh.count


def test_settled_sums_do_not_depend_on_the_way_there():
    rng = np.random.default_rng(1)
    fields, vectors = rng.normal(size=(80, 2, 9)), rng.normal(size=(80, 2))
    rows, spare = np.arange(50), np.arange(50, 80)

    def fresh():
        return PaintedEvidence(fields, rows, vectors[rows], None, spare, vectors[spare])

    wanted = rng.random(80) < 0.6
    sums = fresh()
    for _ in range(20):
        sums.near(rng.random(80) < 0.5)
        sums.exact(rng.random(80) < 0.5)
    assert np.array_equal(sums.exact(wanted).gram, fresh().exact(wanted).gram)


# The picture


def test_painted_it_is_the_fit_of_those_rows_with_the_same_values(method, sphere, painted):
    params = replace(method.params, **painted)
    frame = method.evaluate(params)
    other = relearnt(sphere, **painted)
    again = fitted(type(method), other, **frame.held).evaluate(replace(method.params, **frame.held))
    assert set(frame.held) == OPEN[type(method)]
    one, two = frame.layer("field"), again.layer("field")
    assert np.abs(one.vectors - two.vectors).max() < 1e-9
    for name in ("standard deviation", "with noise"):
        assert np.abs(one.columns[name] - two.columns[name]).max() < 1e-9
    likely = "log likelihood"
    if likely in frame.metrics:
        assert frame.metrics[likely] == pytest.approx(again.metrics[likely], abs=1e-8)


def test_a_fit_chooses_from_the_painted_rows(method, sphere, painted):
    kind = type(method)
    whole = fitted(kind, sphere, **painted)
    alone = fitted(kind, relearnt(sphere, **painted))
    one, two = whole.evaluate(whole.params), alone.evaluate(alone.params)
    assert one.held == {}
    for name, value in two.chosen.items():
        assert one.chosen[name] == pytest.approx(value, rel=1e-5)
    assert np.abs(one.layer("field").vectors - two.layer("field").vectors).max() < 1e-4
    kept = method.evaluate(replace(method.params, **painted)).chosen
    assert abs(kept["noise"] - one.chosen["noise"]) > 1e-4, "the choice has moved"


def test_a_painted_frame_is_repeated_by_its_run_to_the_last_bit(method, sphere, painted):
    params = replace(method.params, **painted)
    method.evaluate(replace(params, without=params.without[:7]))
    frame = method.evaluate(params)
    stated = replace(params, **frame.held)
    again = fitted(type(method), sphere, **to_json_params(stated))
    same_arrays(again.evaluate(stated), frame)


def to_json_params(params):
    return {name: getattr(from_json(type(params), to_json(params)), name)
            for name in to_json(params)}  # fmt: skip


def same_arrays(one, other):
    for a, b in zip(one.layers, other.layers, strict=True):
        for name, array in a.arrays().items():
            np.testing.assert_array_equal(array, b.arrays()[name])


def test_previews_of_a_brush_stroke_end_in_the_settled_frame(sphere, monkeypatch):
    from engine.vectorfield import rvgp

    monkeypatch.setattr(rvgp, "AT_ONCE", 0)
    one, two = fitted(RVGP, sphere), fitted(RVGP, sphere)
    rows = [int(row) for row in np.flatnonzero(sphere.observed)]
    for end in range(1, 60):
        wanted = replace(one.params, without=tuple(rows[:end]))
        preview, *_, settled = (frame for frame in one.refine(wanted) if frame is not None)
        gap = preview.layer("field").vectors - settled.layer("field").vectors
        assert preview.coarse and np.abs(gap).max() < 1e-9
    same(settled, two.evaluate(wanted))


def test_the_standing_of_each_row_and_its_words(method, sphere, painted):
    field = method.evaluate(replace(method.params, **painted)).layer("field")
    out, put = list(painted["without"]), list(painted["added"])
    assert field.paints == ("without", "added")
    assert (field.standing[out] == Standing.TAKEN_OUT).all()
    assert (field.standing[put] == Standing.PUT_IN).all()
    counts = [int((field.standing == kind).sum()) for kind in Standing]
    assert counts == [0, 400 - 120 - 15, 15, 40, 80]
    words = field.columns["row is"]
    assert set(words[out]) == {"taken out"} and set(words[put]) == {"put in"}


def test_notes_say_what_is_painted_and_what_cannot_be(sphere):
    seen, rest = np.flatnonzero(sphere.observed), np.flatnonzero(~sphere.observed)
    blind = replace(sphere, truth=None)
    method = fitted(RVGP, blind, noise=0.1)
    params = replace(method.params, without=(int(seen[0]), int(rest[0])),
                     added=(int(rest[1]), int(rest[2])))  # fmt: skip
    frame = method.evaluate(params)
    notes = [note.text for note in frame.notes]
    kept = " Auto keeps its values from the fit; Fit chooses anew."
    assert f"Painted: 1 of 120 vectors taken out.{kept}" in notes
    assert "2 of the rows to put in have no known vector and stay out." in notes
    assert "1 of the rows to take out was never observed." in notes
    assert "noise" not in frame.held, "what a person set is not held"
    assert (frame.layer("field").standing[rest] == Standing.UNKNOWN).all()


def test_what_cannot_be_painted_is_refused_in_a_sentence(method, sphere):
    seen = np.flatnonzero(sphere.observed)
    with pytest.raises(DataError, match=r"Row 400 .* only 400 rows"):
        method.evaluate(replace(method.params, added=(400,)))
    everything = replace(method.params, without=tuple(int(row) for row in seen))
    with pytest.raises(DataError, match="Every vector is taken out"):
        method.evaluate(everything)
    with pytest.raises(DataError, match="Every vector is taken out"):
        fitted(type(method), sphere, without=everything.without)
    one = method.evaluate(replace(everything, added=(int(np.flatnonzero(~sphere.observed)[0]),)))
    assert np.isfinite(one.layer("field").vectors).all()


def test_a_vector_that_was_held_back_can_be_put_in(sphere):
    """Its own noisy vector, not the truth."""
    row = int(np.flatnonzero(~sphere.observed)[0])
    vectors = np.array(sphere.vectors)
    vectors[row] = sphere.truth[row] + [0.5, -0.2, 0.1]
    data = replace(sphere, vectors=vectors)
    found = fitted(AmbientGPR, data).evaluate(
        AmbientGPR.Params(added=(row,), noise=1e-4, length=0.3, amplitude=2.0, project=False)
    )
    assert np.abs(found.layer("field").vectors[row] - vectors[row]).max() < 1e-4


def test_scores_are_of_the_rows_that_were_not_learnt_from(method, sphere, painted):
    params = replace(method.params, **painted)
    frame = method.evaluate(params)
    back = ~relearnt(sphere, **painted).observed
    wrong = frame.layer("field").vectors[back] - sphere.truth[back]
    error = np.linalg.norm(wrong) / np.linalg.norm(sphere.truth[back])
    scored = judge(frame, sphere)
    assert scored.values()["relative error"] == pytest.approx(error, rel=1e-12)
    assert list(scored.layers[0].ids) == list(np.flatnonzero(back))
    blind = replace(sphere, truth=None)
    alone = fitted(type(method), blind)
    out = list(painted["without"])
    frame = alone.evaluate(replace(alone.params, without=painted["without"]))
    gap = np.linalg.norm(frame.layer("field").vectors[out] - sphere.vectors[out])
    told = judge(frame, blind).values()["error at vectors kept back"]
    assert told == pytest.approx(gap / np.linalg.norm(sphere.vectors[out]), rel=1e-12)
    assert "error at vectors kept back" not in judge(alone.evaluate(alone.params), blind).values()


def test_the_dense_regression_takes_the_painted_rows(sphere, painted):
    method = fitted(AmbientGPR, sphere)
    params = replace(method.params, length=0.6, noise=0.2, amplitude=1.5, project=False, **painted)
    field = method.evaluate(params).layer("field")
    x, data = sphere.positions, relearnt(sphere, **painted)
    k = 2.25 * np.exp(-cdist(x, x, "sqeuclidean") / (2 * 0.36))
    seen = data.observed
    solved = np.linalg.solve(k[np.ix_(seen, seen)] + 0.04 * np.eye(seen.sum()), k[seen])
    assert np.abs(field.vectors - solved.T @ data.vectors[seen]).max() < 1e-7


def test_of_too_many_vectors_those_put_in_are_always_taken(sphere, painted, monkeypatch):
    method = fitted(AmbientGPR, sphere, length=0.5, noise=0.1, amplitude=1.0)
    monkeypatch.setattr(ambient_gpr, "MOST", 50)
    found = method._fitted
    used = found.training.used(replace(method.params, **painted))
    rows, vectors = found.drawn(used)
    assert len(rows) == 50 and set(painted["added"]) <= set(rows.tolist())
    assert not set(painted["without"]) & set(rows.tolist())
    assert np.array_equal(vectors, relearnt(sphere, **painted).vectors[rows])
    fewer = replace(method.params, **{**painted, "without": painted["without"][:5]})
    kept = set(found.drawn(found.training.used(fewer))[0].tolist())
    assert len(kept & set(rows.tolist())) >= 35, "one more row does not shuffle the rest"


# Recorded


def test_a_model_saved_before_rows_could_be_painted_still_opens(method, painted):
    state = {name: np.array(value) for name, value in method.state().items()}
    if isinstance(method, AmbientGPR):
        state["trained"] = state["rows"]
    for name in ("spare", "spare_tangent", "spare_vectors", "learnt", "order"):
        state.pop(name, None)
    old = type(method).from_state(method.params, state)
    out = replace(method.params, without=painted["without"])
    same_but_standing(old.evaluate(method.params), method.evaluate(method.params))
    same_but_standing(old.evaluate(out), method.evaluate(out))
    assert any("no known vector" in note.text for note in
               old.evaluate(replace(out, added=painted["added"])).notes)  # fmt: skip


def same_but_standing(one, other):
    first, second = one.layer("field"), other.layer("field")
    assert np.array_equal(first.vectors, second.vectors)
    assert np.array_equal(first.columns["standard deviation"], second.columns["standard deviation"])


@pytest.mark.parametrize("card", ["vectorfield.rvgp", "vectorfield.ambient_gpr"])
def test_painted_rows_go_through_model_script_and_command_line(card, tmp_path):
    sample = "sample:sphere_field?n=200"
    data = engine.open_any(sample)
    seen = np.flatnonzero(data.observed)[:9].tolist()
    spec = engine.RunSpec(method=card, data=sample, params={"without": seen, "noise": 0.2})
    fit = engine.run(spec)
    wanted = fit.result()
    assert (wanted.layer("field").standing[seen] == Standing.TAKEN_OUT).all()
    save_model(tmp_path / "m.safetensors", fit)
    model, told = load_model(tmp_path / "m.safetensors")
    same(model.evaluate(told.typed_params()), wanted)
    script = as_python(spec)
    assert f'"without": {seen}' in script
    space = {}
    exec(compile(script.split("fit = engine")[0], "script", "exec"), space)
    same(engine.run(space["spec"]).result(), wanted)
    text = ",".join(str(row) for row in seen)
    arguments = ["run", card, "--data", sample, "--set", f"without={text}", "--set", "noise=0.2"]
    assert cli.main([*arguments, "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text())["params"]["without"] == seen
    stored = np.load(tmp_path / "out" / "layers.npz", allow_pickle=False)
    found = next(stored[name] for name in stored.files if name.endswith("vectors"))
    assert np.array_equal(found, wanted.layer("field").vectors)


def test_what_was_held_is_kept_with_the_frame(sphere, painted):
    method = fitted(RVGP, sphere)
    frame = method.evaluate(replace(method.params, **painted))
    store = ArrayStore()
    packed = json.loads(json.dumps(pack_snapshot(frame, store)))
    back = unpack_snapshot(packed, store, RVGP.Params)
    assert dict(back.held) == dict(frame.held) and back.params == frame.params
    assert back.layer("field").paints == ("without", "added")
    assert np.array_equal(back.layer("field").standing, frame.layer("field").standing)


# The kind of parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    rows: Annotated[Rows, LIVE, Doc("Rows.")] = ()

    def __post_init__(self):
        check(self)


def test_rows_are_read_written_and_refused():
    assert parameters(Some)[0].kind == "rows"
    assert parse(Some, "rows", "5, 3,3; 10-12") == (3, 5, 10, 11, 12)
    assert parse(Some, "rows", "") == ()
    assert to_json(Some(rows=(4, 2))) == {"rows": [4, 2]}
    assert from_json(Some, {"rows": [4, 2]}) == Some(rows=(4, 2))
    for text in ("a", "-3", "3.5", "5-2"):
        with pytest.raises(ParameterError, match="rows such as 3,7,10-12"):
            parse(Some, "rows", text)
    for wrong in ((1.0,), (True,), (-1,), [3], 3):
        with pytest.raises(ParameterError, match="counted from 0"):
            Some(rows=wrong)
    many = tuple(range(5000))
    with pytest.raises(ParameterError) as told:
        Some(rows=(*many, -7))
    assert len(str(told.value)) < 100
