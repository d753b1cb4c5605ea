"""Networks predicted from sliders, and hyper-parameters tuned along with the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine import catalog
from engine.method import DataError
from engine.params import to_json
from engine.restoration import patch_training
from engine.restoration.gated_network import GatedConvolution
from engine.restoration.hypernetwork import PredictedNetwork
from engine.restoration.networks import SHAPES
from engine.restoration.objectives import band_energies
from engine.restoration.patch_training import tiny
from engine.restoration.self_tuning import Pace, SelfTuning
from engine.restoration.stn_judge import FAINT, Judge
from engine.restoration.stn_params import ALL, STNParams
from engine.restoration.stn_training import Tuning
from engine.runs import Fit, RunSpec
from tests.engine import conformance as owed


def ridge():
    rng = np.random.default_rng(0)
    w, x = rng.standard_normal(20), rng.standard_normal((40, 20))
    y = x @ w + 3 * rng.standard_normal(40)
    xv = rng.standard_normal((400, 20))
    yv = xv @ w + 3 * rng.standard_normal(400)
    return x, y, xv, yv


def solved(x, y, log):
    return np.linalg.solve(x.T @ x / len(y) + np.exp(log) * np.eye(20), x.T @ y / len(y))


@pytest.mark.parametrize("start", [-5.0, 3.0])
def test_the_ridge_of_a_regression_is_found_from_both_sides(start):
    """Check 5.4 of the family: the best l is -2.01 with a validation error of 12.061."""
    x, y, xv, yv = ridge()
    grid = np.linspace(-6, 4, 1001)
    errors = [np.mean((xv @ solved(x, y, at) - yv) ** 2) for at in grid]
    assert abs(grid[np.argmin(errors)] + 2.01) < 0.01 and abs(min(errors) - 12.061) < 1e-3
    a, b = (torch.zeros(20, dtype=torch.float64, requires_grad=True) for _ in "ab")
    tx, ty, txv, tyv = (torch.from_numpy(v) for v in (x, y, xv, yv))

    def training(at):
        w = a + at * b
        error = (w @ tx.T - ty).square().mean(1)
        return (error + at[:, 0].exp() * w.square().sum(1)).mean()

    def validation(at):
        return ((a + at * b) @ txv.T - tyv).square().mean()

    tuning = SelfTuning(
        (a, b), torch.tensor([start], dtype=torch.float64), spread=0.5, training=training,
        validation=validation, warm_up=500, draws=32, generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    for _ in range(6000):
        tuning.advance(Pace(rate=1e-2, tuning_rate=1e-2, entropy=1e-3))
    found = float(tuning.l.detach())
    w = (a + found * b).detach().numpy()
    assert abs(found + 2.01) < 0.25
    assert np.mean((xv @ w - yv) ** 2) < 12.15
    wanted = solved(x, y, found)
    assert np.linalg.norm(w - wanted) < 0.02 * np.linalg.norm(wanted)


def test_a_gated_convolution_is_the_published_sum():
    """s conv(x, W) + (V l) conv(x, W') + (C l) b', and the row-wise form of a linear layer."""
    rng = np.random.default_rng(0)
    layer = GatedConvolution(3, 5, 3, tuned=2, rng=rng, dtype=torch.float64)
    with torch.no_grad():
        layer.scale.fill_(1.3)
    x = torch.from_numpy(rng.standard_normal((2, 3, 9, 8)))
    at = torch.tensor([0.7, -2.0], dtype=torch.float64)
    with torch.no_grad():
        kernel, bias = layer.merged(at)
        one = layer.scale * functional.conv2d(x, layer.weight, layer.bias)
        other = (layer.gate @ at)[:, None, None] * functional.conv2d(x, layer.answer)
        shift = ((layer.bias_gate @ at) * layer.bias_answer)[:, None, None]
        assert float((functional.conv2d(x, kernel, bias) - one - other - shift).abs().max()) < 1e-12
        flat = layer.scale * layer.weight.flatten(1) + torch.diag(layer.gate @ at) @ (
            layer.answer.flatten(1)
        )
        assert float((kernel.flatten(1) - flat).abs().max()) < 1e-12
        # At l = 0 the answer is silent; the kernel is affine in l.
        assert torch.equal(layer.merged(0 * at)[0], layer.scale * layer.weight)
        middle = (layer.merged(2 * at)[0] + layer.merged(0 * at)[0]) / 2
        assert float((middle - kernel).abs().max()) < 1e-12


def test_gradients_of_a_gate_are_those_of_its_channels():
    """dL/d(V l)_o = <dL/dK_o, W'_o>, so dL/dV = that times l, and dL/dl = V^T of it."""
    rng = np.random.default_rng(0)
    layer = GatedConvolution(3, 5, 3, tuned=2, rng=rng, dtype=torch.float64)
    x = torch.from_numpy(rng.standard_normal((2, 3, 9, 8)))
    at = torch.tensor([0.7, -2.0], dtype=torch.float64, requires_grad=True)
    kernel, bias = layer.merged(at)
    loss = functional.conv2d(x, kernel, bias).pow(3).sum()
    by_kernel, by_bias, by_gate, by_at = torch.autograd.grad(loss, (kernel, bias, layer.gate, at))
    with torch.no_grad():
        rows = (by_kernel * layer.answer).sum((1, 2, 3))
        by_rows = rows[:, None] * at
        wanted = layer.gate.T @ rows + layer.bias_gate.T @ (by_bias * layer.bias_answer)
    assert float((by_gate - by_rows).abs().max()) < 1e-9 * float(by_gate.abs().max())
    assert float((by_at - wanted).abs().max()) < 1e-9 * float(wanted.abs().max())


def test_tuning_steps_leave_the_weights_and_training_steps_the_numbers():
    """And the entropy widens the spread where the loss does not care: sigma' = tau / sigma."""
    w = torch.zeros(3, requires_grad=True)
    tuning = SelfTuning(
        (w,), torch.tensor([0.5]), spread=0.4, warm_up=2, draws=4,
        training=lambda at: (w - at.mean()).square().sum(),
        validation=lambda at: 0 * at.sum() + w.sum(),
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    kinds = []
    for _ in range(9):
        before = [v.detach().clone() for v in (w, tuning.l, tuning.sigma)]
        kinds.append(tuning.tunes)
        tuning.advance(Pace())
        after = (w, tuning.l, tuning.sigma)
        same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        assert same == ([True, True, False] if kinds[-1] else [False, True, True])
        assert tuning.sigma.item() >= before[2].item()
    assert kinds == [False, False, False, False, True, False, False, True, False]


def test_of_a_number_that_does_not_matter_the_spread_grows_to_its_bound():
    """The entropy alone decides: without a bound w would be asked to follow ever further."""
    found = []
    for widest in (1.5, np.inf):
        w = torch.zeros(1, requires_grad=True)
        tuning = SelfTuning(
            (w,), torch.zeros(1), spread=0.5, warm_up=0, draws=4, widest=widest,
            training=lambda at, w=w: (w - at.mean()).square().sum(),
            validation=lambda at: 0 * at.sum(), generator=torch.Generator().manual_seed(0),
        )  # fmt: skip
        for _ in range(300):
            tuning.advance(Pace(tuning_rate=0.1))
        found.append(float(tuning.sigma.detach()))
    assert found[0] == pytest.approx(1.5) and found[1] > 3


@pytest.mark.parametrize("tuned", ALL, ids=lambda t: t.name)
def test_tuned_numbers_come_back_from_their_places(tuned):
    for at in (-4.0, -0.3, 0.0, 2.0):
        assert abs(tuned.place(tuned.value(at)) - at) < 1e-9
    assert tuned.low <= tuned.value(tuned.place(tuned.low)) < tuned.value(0.0)
    assert tuned.value(0.0) < tuned.value(tuned.place(tuned.high)) <= tuned.high


def test_the_estimate_that_tunes_agrees_with_the_error_that_it_stands_for():
    """Stein's identity for the network at hand, over a picture's worth of pixels."""
    y, x = np.mgrid[0:256, 0:256]
    data = owed.photograph_of(0.5 + 0.3 * np.sin(x / 4.0) * np.cos(y / 5.0))
    losses = []
    for judge in ("estimate", "truth"):
        made = Tuning(data, STNParams(judge=judge), data.sigma, np.random.default_rng(1))
        with torch.no_grad():  # at the start the network leaves the picture as it is
            made.network.layers["last"].weight.mul_(20)
        parts = made.judge.parts(20, np.random.default_rng(2))
        with torch.no_grad():
            losses.append(float(made._judged(made.tuning.l, parts)))
    assert losses[1] > 0.1 and abs(losses[0] - losses[1]) < 0.05 * losses[1]


def test_how_much_texture_a_picture_has_is_told_without_the_truth():
    """Energies of bands of a noisy picture less those of its noise; and a network that leaves too
    little texture is the worse by the distance of logarithms, times what texture is worth."""
    rng = np.random.default_rng(0)
    data = owed.photograph_of(0.5 + 0.2 * rng.standard_normal((256, 256)), noise=0.1)
    blind, told = (Judge(data, data.sigma, by_truth=by) for by in (False, True))
    parts, known = (j.parts(20, np.random.default_rng(2)) for j in (blind, told))
    wanted = band_energies(known.truth)
    assert float((blind._wanted(parts) / wanted - 1).abs().max()) < 0.1

    def halved(x):
        return known.truth / 2 + 0.0 * x

    more = told.loss(halved, known, texture=3.0) - told.loss(halved, known)
    apart = ((wanted + FAINT) / (wanted / 4 + FAINT)).log()
    assert abs(float(more) - 3 * float(apart.mean())) < 1e-4
    assert float(told.loss(lambda x: known.truth, known, texture=3.0)) < 1e-6


def at_either(name, values):
    """The loss, the patches and what they were, where one number is at either place."""
    params, found = STNParams(tune=f"noise, {name}"), []
    for value in values:
        made = Tuning(owed.photograph(), params, 0.1, np.random.default_rng(1))
        before = made.rng.bit_generator.state
        spoilt = made._spoilt({"noise": 10.0, name: value})
        made.rng.bit_generator.state = before
        at = [t.place({"noise": 10.0, name: value}[t.name]) for t in made.tuned]
        with torch.no_grad():
            found.append((float(made._asked(torch.tensor(at))), *spoilt[:2]))
    return found


@pytest.mark.parametrize("name", ["blur", "compression", "exposure", "detail"])
def test_every_tuned_number_is_one_of_the_training(name):
    """Blur and compression spoil the patches, exposure changes what they are, and detail asks for
    their texture in the loss alone."""
    (low, seen, target), (high, far, other) = at_either(name, (0.02, 0.9))
    assert torch.allclose(target, other) == (name != "exposure")
    assert torch.allclose(seen, far) == (name == "detail")
    assert high > low if name == "detail" else high != low


def test_all_that_is_tuned_has_a_slider_and_a_course_over_the_landscape():
    card, data = catalog.card("restoration.stn"), owed.photograph()
    fit = owed.fitted(card, data, owed.params_for(card, tune="everything", steps=8, warm_up=2))
    found = fit.result()
    assert set(found.chosen) == {t.name for t in ALL}
    for tuned in ALL:
        layer = found.layer(f"course of {tuned.name}")
        path = layer.paths["tuned"]
        assert len(path) == 8 and tuple(path[-1]) == layer.marks["now"]
        assert path[-1, 1] == pytest.approx(found.chosen[tuned.name])
        assert (layer.paths["from"][:, 1] < path[:, 1]).all()
        assert layer.values.min() == 0 and layer.values.shape == (1, 16)
    plane = found.layer("course of noise and blur")
    np.testing.assert_array_equal(plane.paths["tuned"][:, 0],
                                  found.layer("course of noise").paths["tuned"][:, 1])  # fmt: skip
    # The landscape at the end of the course is that along either axis.
    moved = fit.method.evaluate(replace(fit.params, noise=11.0))
    assert moved.layer("course of noise and blur").marks["now"][0] == pytest.approx(11.0)
    assert moved.layer("course of noise and blur").marks["tuned"] == plane.marks["tuned"]


def test_strips_of_a_picture_agree_with_the_whole(monkeypatch):
    rng = np.random.default_rng(0)
    network = PredictedNetwork(
        tiny(3), sliders=2, encoding="magnitude invariant", hidden=(16,), rng=rng
    )
    with torch.no_grad():
        weights = network.hyper(torch.tensor([0.3, 0.7]))
        weights["last.weight"] = 20 * weights["last.weight"]
    values = rng.uniform(size=(150, 45, 3)).astype(np.float32)
    found = []
    for pixels in (10**6, 40 * 45):
        monkeypatch.setattr(patch_training, "STRIP", pixels)
        found.append(patch_training.restored(values, network.shape,
                                             lambda x: network.restored(x, weights)))  # fmt: skip
    assert np.abs(found[0] - values).max() > 0.05
    assert np.abs(found[0] - found[1]).max() < 1e-5


def test_too_many_weights_to_predict_are_refused():
    with pytest.raises(ValueError, match="too many"):
        PredictedNetwork(
            SHAPES["nano-grey"], sliders=1, encoding="plain", hidden=(16,),
            rng=np.random.default_rng(0),
        )  # fmt: skip
    for channels in (1, 3):
        count = sum(i * o * s * s + o for i, o, s, _, _ in tiny(channels).convolutions().values())
        assert count < 20_000


@pytest.mark.parametrize("shape", [tiny(1), tiny(3), *SHAPES.values()])
def test_no_network_is_too_narrow_for_its_pixels(shape):
    """Four pixels become one place: with fewer features than numbers there, a part of the noise
    never arrives at the end. With 8 for the 12 of colours a third of its energy stayed (24.6 dB
    for noise 25 on a picture where 16 reach 29.9)."""
    assert shape.width >= 4 * shape.channels


@pytest.mark.parametrize("name", ["restoration.mip", "restoration.stn"])
def test_a_rate_changed_in_the_run_counts_from_the_next_step_and_is_repeated(name):
    card, data = catalog.card(name), owed.photograph()
    before = owed.params_for(card, steps=6)
    fit = Fit(RunSpec(method=name, data=data.spec, params=to_json(before)), data)
    for step in fit:
        if step.index == 3 and fit.params == before:
            fit.change(replace(before, rate=0.05))
    spec = RunSpec(
        method=name, data=data.spec, params=to_json(before), step_changes=tuple(fit.history)
    )
    again = Fit(spec, data)
    for _ in again:
        pass
    owed.same(fit.result(), again.result())
    assert owed.differ(fit.result(), owed.fitted(card, data, before).result())


def test_the_truth_is_asked_for_only_where_it_is_known():
    card, data = catalog.card("restoration.stn"), owed.photograph()
    blind = replace(data, truth=None)
    with pytest.raises(DataError, match="not known"):
        owed.fitted(card, blind, owed.params_for(card, judge="truth"))
    one, other = (owed.fitted(card, d).result().layer("restored").values for d in (data, blind))
    np.testing.assert_array_equal(one, other)


def test_predicted_weights_are_carried_to_another_picture():
    kind = catalog.card("restoration.mip").load()
    fits = []
    for noise in (0.02, 0.06):
        data = owed.photograph_of(np.full((48, 48), 0.5), noise=noise)
        fit = Fit(RunSpec(method="restoration.mip", data="", params={"steps": 2}), data)
        for _ in fit:
            pass
        fits.append((fit, data))
    (one, _), (other, seen) = fits
    carried = one.method.transferred(seen)
    params = kind.Params(steps=2)
    found, wanted = (m.evaluate(params) for m in (carried, other.method))
    assert found.chosen == wanted.chosen and found.chosen != one.method.evaluate(params).chosen
    # Steps do not look at the open picture: both have learnt the same.
    np.testing.assert_array_equal(found.layer("restored").values, wanted.layer("restored").values)
    colour = owed.photograph_of(np.full((32, 32, 3), 0.5))
    with pytest.raises(DataError, match="other colour channels"):
        one.method.transferred(colour)


def test_beyond_what_was_learnt_it_is_said():
    card, data = catalog.card("restoration.stn"), owed.photograph()
    fit = owed.fitted(card, data)
    assert not fit.result().notes
    chosen = fit.result().chosen["noise"]
    assert not fit.method.evaluate(replace(fit.params, noise=chosen)).notes
    assert "guess" in fit.method.evaluate(replace(fit.params, noise=50.0)).notes[0].text
