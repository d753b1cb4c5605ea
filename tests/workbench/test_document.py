"""The document and its edits, with a small method of its own: no window, no display needed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QUndoStack

from engine.data import Table
from engine.params import LIVE, REFIT, from_json, parameters, to_json
from workbench.commands import ChangeParams, ChangeView, ChooseMethod, EditRun
from workbench.document import Document

METHOD = "embedding.diffusion_map"


@pytest.fixture
def table():
    values = np.random.default_rng(0).normal(size=(40, 3))
    return Table(name="noise", spec="noise", values=values, columns=("a", "b", "c"))


@pytest.fixture
def document(qapp, table):
    document = Document()
    document.set_method(METHOD)
    document.set_data(table)
    return document


def other(params, **values):
    return from_json(type(params), {**to_json(params), **values})


def live_name(params):
    return next(p for p in parameters(type(params)) if p.effect is LIVE and p.kind == "float")


def refit_name(params):
    return next(p for p in parameters(type(params)) if p.effect is REFIT and p.kind == "int")


def test_spec_holds_what_decides_a_run(document, table):
    spec = document.spec()
    assert spec.method == METHOD
    assert spec.data == table.spec
    assert spec.data_sha256 == table.sha256()
    assert dict(spec.params) == to_json(document.params())


def test_a_second_fit_never_overwrites_the_first(document, table):
    first = document.add_run(document.spec(), table)
    second = document.add_run(document.spec(), table)
    assert document.runs == [first, second]
    assert document.active is second
    assert first.id != second.id and first.name != second.name


def test_undo_brings_back_parameters(document):
    stack = QUndoStack()
    before = document.params()
    name = refit_name(before).name
    after = other(before, **{name: getattr(before, name) + 1})
    stack.push(ChangeParams(document, before, after))
    assert document.params() == after
    stack.undo()
    assert document.params() == before
    stack.redo()
    assert document.params() == after


def test_quick_changes_of_one_field_are_one_edit_and_of_two_fields_two(document):
    stack = QUndoStack()
    start = document.params()
    name = refit_name(start).name
    for _ in range(3):
        now = document.params()
        stack.push(ChangeParams(document, now, other(now, **{name: getattr(now, name) + 1})))
    assert stack.count() == 1
    now = document.params()
    live = live_name(start)
    value = (live.bound.low + live.bound.high) / 2
    stack.push(ChangeParams(document, now, other(now, **{live.name: value})))
    assert stack.count() == 2
    stack.undo()
    stack.undo()
    assert document.params() == start


def test_refit_changes_are_stale_and_live_ones_are_not(document, table):
    document.add_run(document.spec(), table)
    params = document.params()
    live, refit = live_name(params), refit_name(params)
    changed = other(params, **{live.name: live.bound.low, refit.name: params_value(params, refit)})
    document.set_params(changed)
    assert set(document.stale()) == {refit.name}
    kept = document.live_params(document.active)
    assert getattr(kept, live.name) == live.bound.low
    assert getattr(kept, refit.name) == getattr(params, refit.name)


def params_value(params, parameter):
    return getattr(params, parameter.name) + 1


def test_a_deleted_run_comes_back_with_its_name_and_star(document, table):
    stack = QUndoStack()
    run = document.add_run(document.spec(), table)
    stack.push(EditRun(document, run, "rename", name="tuesday"))
    stack.push(EditRun(document, run, "star", starred=True))
    stack.push(EditRun(document, run, "delete", deleted=True))
    assert document.visible_runs() == []
    stack.undo()
    assert document.visible_runs() == [run]
    assert run.starred and run.name == "tuesday"


def test_view_and_method_edits_undo(document):
    stack = QUndoStack()
    stack.push(ChangeView(document, "colour by a", colour_by="a"))
    stack.push(ChooseMethod(document, "embedding.isomap", "Isomap"))
    assert document.view["colour_by"] == "a" and document.method_id == "embedding.isomap"
    stack.undo()
    stack.undo()
    assert document.method_id == METHOD
    assert "colour_by" not in document.view


def test_every_change_marks_the_project_as_modified(document, table):
    document.mark_saved("")
    assert not document.modified
    document.set_view(point_size=4.0)
    assert document.modified
