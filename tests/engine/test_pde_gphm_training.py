"""GP-HM's training: the authors' run, its gradient and forms, what it keeps and what follows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import catalog
from engine.data import open_any
from engine.io.packing import ArrayStore, pack_snapshot, unpack_snapshot
from engine.params import to_json
from engine.pde import lags
from engine.pde.gphm import GPHM
from engine.pde.gphm_params import GPHMParams
from engine.pde.joint import Joint
from engine.pde.lattice import Lattice
from engine.stages import finish
from tests.engine import conformance as owed
from tests.engine.test_pde_gphm import SLOW, SMALL, begun, distance, mixture, solved

CARD = catalog.card("pde.gphm")
PUBLISHED = {"training": "as published", "nodes": 400, "highest": 20.0}


@pytest.mark.parametrize("spec, shape, family", [
    ("problem:waves_phases_sin?w=7", (12,), "Gaussian mixture"),
    ("problem:waves_phases_mix?w=7", (7, 6), "Student-t mixture"),
    ("problem:waves_advection?beta=3", (6, 7), "Matern"),
])  # fmt: skip
def test_the_log_joint_has_the_gradient_of_differences(spec, shape, family):
    problem, rng = open_any(spec), np.random.default_rng(0)
    joint = Joint(Lattice(problem, problem.values, shape), family, 1e-4)
    leaves = joint.start(tuple(mixture(family, 3, top=6.0) for _ in shape))
    leaves = {k: np.asarray(v + 0.2 * rng.standard_normal(v.shape)) for k, v in leaves.items()}
    gradient = joint(leaves, 3.0).gradient
    assert set(gradient) == set(leaves)
    h = 1e-6
    for name, value in leaves.items():
        for _ in range(3):
            at = tuple(rng.integers(n) for n in value.shape)
            ends = []
            for sign in (1, -1):
                moved = {**leaves, name: value.copy()}
                moved[name][at] += sign * h
                ends.append(joint(moved, 3.0).loss)
            told = (ends[0] - ends[1]) / (2 * h)
            assert gradient[name][at] == pytest.approx(told, rel=1e-4, abs=1e-3), name


def on_300(fit):
    found = finish(fit.method._solved(fit.params)).solved
    return distance(fit.data, found.mean, fit.data.grid((300,)), (0,))


def test_c2_the_authors_run_after_96_steps():
    """Their log says 0.27562."""
    assert on_300(solved("problem:waves_sin", steps=96, **PUBLISHED)) == pytest.approx(
        0.2756, abs=5e-4
    )


def test_c4_training_as_published():
    assert on_300(solved("problem:waves_sin", **PUBLISHED)) < 3e-2


def test_c5_the_kronecker_forms_are_the_dense_ones():
    problem, rng = open_any("problem:waves_product?w=2"), np.random.default_rng(0)
    lattice, jitter = Lattice(problem, problem.values, (6, 5)), 1e-6
    joint = Joint(lattice, "Student-t mixture", jitter)
    kernels = tuple(mixture(q=2, seed=k, top=3.0) for k in range(2))
    leaves = joint.start(kernels) | {"values": rng.standard_normal((6, 5))}
    dense = [lags.gathered(k.table(lattice.lags(n), 1)[0], 0) + jitter * np.eye(size)
             for n, (k, size) in enumerate(zip(kernels, (6, 5), strict=True))]  # fmt: skip
    whole = np.kron(*dense)
    flat = leaves["values"].ravel()
    prior = 0.5 * np.linalg.slogdet(whole)[1] + 0.5 * flat @ np.linalg.solve(whole, flat)
    rest = joint(leaves, 1.0)
    # What is left of the loss is the noise at log precisions of 0.
    noise = 0.5 * rest.equation * 30 + 0.5 * rest.boundary * 22
    assert rest.loss - noise == pytest.approx(prior, rel=1e-8)


@pytest.mark.parametrize("training", ["as published", "published from the direct solution"])
def test_a_paused_fit_goes_on_to_the_bit(training):
    small = {"training": training, "steps": 6, **SMALL}
    whole = solved(SLOW, **small)
    fit = begun(SLOW, **small)
    for step in fit:
        if step.index == 3:
            solved(SLOW, **small)
    owed.same(fit.result(), whole.result())


def test_step_parameters_act_are_recorded_and_replay_to_the_bit():
    small = {"training": "as published", "steps": 8, **SMALL}
    fit = begun(SLOW, **small)
    for step in fit:
        if step.index == 3 and step.metrics and not fit.history:
            fit.change(replace(fit.params, weight_boundary=10.0, rate=0.1))
    assert fit.history[0][1] == {"weight_boundary": 10.0, "rate": 0.1}
    again = begun(SLOW, changes=tuple(fit.history), **small)
    for _ in again:
        pass
    owed.same(fit.result(), again.result())
    assert solved(SLOW, **small).result().metrics["RMSE"] != fit.result().metrics["RMSE"]


def test_training_begins_where_the_direct_solution_ends():
    small = {"steps": 0, **SMALL}
    direct = solved(SLOW, **SMALL).result()
    begins = solved(SLOW, training="published from the direct solution", **small).result()
    blank = solved(SLOW, training="as published", **small).result()
    for name in ("prediction", "residual"):
        one, other = direct.layer(name).values, begins.layer(name).values
        assert np.abs(one - other).max() < 1e-3 * np.abs(one).max() + 1e-3
    assert not blank.layer("prediction").values.any()


def test_a_second_process_takes_over_what_is_left():
    common = {"training": "published from the direct solution", **SMALL}
    half = solved(SLOW, steps=10, **common).method._fitted
    both = solved(SLOW, steps=60, extra=True, extra_from=1 / 6, **common)
    fitted = both.method._fitted
    np.testing.assert_array_equal(fitted.components, half.components)
    np.testing.assert_array_equal(fitted.values, half.values)
    assert len(fitted.components_2) == 1 and fitted.values_2.any()
    losses = fitted.losses
    assert losses[-1, 2] < losses[11, 2], "the residual falls on"
    again = GPHM.from_state(both.params, both.method.state())
    owed.same(again.evaluate(both.params), both.result())


def test_after_training_handles_solve_directly_and_can_be_repeated():
    fit = solved(SLOW, training="as published", steps=30, **SMALL)
    trained = fit.result()
    layer = trained.layer("spectrum")
    assert list(layer.handles) == ["frequencies", "weights", "widths"]
    assert not trained.held
    moved = layer.handles["frequencies"].copy()
    moved[1] = 3.0
    wanted = replace(fit.params, frequencies=tuple(moved))
    frame = fit.method.evaluate(wanted)
    np.testing.assert_array_equal(frame.layer("spectrum").handles["weights"],
                                  layer.handles["weights"])  # fmt: skip
    assert frame.held["training"] == "direct"
    assert any("not trained" in n.text for n in frame.notes)
    repeated = solved(SLOW, **to_json(replace(wanted, **frame.held))).result()
    np.testing.assert_array_equal(repeated.layer("prediction").values,
                                  frame.layer("prediction").values)  # fmt: skip
    owed.same(fit.result(), trained)
    back = fit.method.evaluate(replace(fit.params, highest=2.0))
    assert back.layer("spectrum").handles["frequencies"][-1] == pytest.approx(4 * np.pi)


def test_lost_numbers_are_found_again(monkeypatch):
    fit, count = begun(SLOW, training="as published", steps=8, **SMALL), [0]
    plain = Joint.__call__

    def poisoned(self, leaves, weight):
        value = plain(self, leaves, weight)
        count[0] += 1
        if count[0] == 4:
            value.gradient["values"][3] = np.nan
        return value

    monkeypatch.setattr(Joint, "__call__", poisoned)
    for _ in fit:
        pass
    assert any("At step 4 the numbers were lost" in n.text for n in fit.result().notes)
    assert np.isfinite(fit.method._fitted.values).all()


def test_a_stopped_fit_is_a_usable_model():
    fit = begun(SLOW, training="as published", steps=50, **SMALL)
    for step in fit:
        if step.index == 2:
            break
    fit.close()
    frame = fit.result()
    assert any("Stopped after" in n.text for n in frame.notes)
    again = GPHM.from_state(fit.params, fit.method.state())
    owed.same(again.evaluate(fit.params), frame)


def test_the_contract_of_the_house_in_training():
    for training in ("as published", "published from the direct solution"):
        params = owed.params_for(CARD, training=training, steps=3, nodes=16)
        fit = owed.fitted(CARD, owed.problem(), params)
        owed.check_snapshot(fit.result(), 1)
        again = GPHM.from_state(params, fit.method.state())
        owed.same(again.evaluate(params), fit.result())


def test_what_repeats_a_frame_is_kept_in_a_project():
    fit = solved(SLOW, training="as published", steps=5, **SMALL)
    frame = fit.method.evaluate(replace(fit.params, spread=2.0))
    store = ArrayStore()
    again = unpack_snapshot(pack_snapshot(frame, store), store, GPHMParams)
    owed.same(again, frame)
    assert again.held == frame.held and isinstance(again.held["widths"], tuple)
    assert again.held["widths"] == tuple(fit.result().layer("spectrum").handles["widths"] / 2), (
        "the factor is in them"
    )
