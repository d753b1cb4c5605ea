"""The inverse of a random-grid process: what it reads, how it is trained, what it finds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.data import open_any
from engine.pde import coverage, inverse_training, rgnp_picture, shipped, weighing
from engine.pde.elbo import Elbo, tensors
from engine.pde.family import Family
from engine.pde.inverse_training import InverseTraining, begun_anew
from engine.pde.observations import between, found, observe
from engine.pde.recovery import PRIOR, recovery
from engine.pde.reference import reference
from engine.pde.rgnp_params import RGNPParams
from engine.pde.rgnp_training import evaluator, start
from engine.runs import Fit, RunSpec

POISSON, BURGERS = (f"problem:{n}_family" for n in ("poisson", "burgers"))


def networks(spec=BURGERS, **values):
    small = {"layers": 2, "width": 12, "fourier": 5, "head": 10, "informed": True, **values}
    params = RGNPParams(weights="trained here", **small)
    family = Family(open_any(spec), params.given)
    leaves = tensors(start(family, params, np.random.default_rng(0)), "cpu", trained=True,
                     dtype=torch.float64)  # fmt: skip
    generator = torch.Generator()
    generator.manual_seed(1)
    return Elbo(family, leaves, rank=params.rank, inverse_rank=params.inverse_rank,
                generator=generator)  # fmt: skip


def shipped_networks(spec):
    problem = open_any(spec)
    kept = shipped.known(problem)
    return evaluator(problem, kept.arrays, kept.given)


def read(made, count, seed=0):
    """Places, values and coefficients of two draws."""
    problem, rng = made.family.problem, np.random.default_rng(seed)
    low, high = problem.bounds.T
    x = torch.tensor(low + (high - low) * rng.random((2, count, problem.dimension)))
    z = torch.tensor(rng.uniform(-1, 1, (2, len(problem.coefficients))))
    return x, torch.tensor(rng.standard_normal((2, count, len(problem.unknowns)))), z


# What an informed network reads


@pytest.mark.parametrize("spec", [POISSON, BURGERS])
def test_trust_weighs_the_sums(spec):
    """The sums written out at one grid point, places weighed by 1 / (1 + (s / t)^2)."""
    made = networks(spec)
    made.leaves["inverse.trust"] = torch.linspace(-1, 1, 5, dtype=torch.float64)
    x, values, z = read(made, 9)
    noise = torch.rand(values.shape, dtype=torch.float64, generator=made.generator)
    with torch.no_grad():
        grid = made.inverse._informed(x, values, z[:, -1:], noise)[0].flatten(1).numpy()
        everything = made.inverse._around(x, z[:, -1:])
        xi = made.inverse._scaled(x)
        f = torch.cat([values / (1 + noise**2), (noise + 0.01).log() / 4, xi, everything], 2)
        w, b = (made.leaves[f"inverse.lift.{p}.0"] for p in "wb")
        f = torch.nn.functional.silu(f @ w + b)[0].numpy()
    line = np.linspace(-1, 1, 20 if spec == POISSON else 10)
    at = [line[7]] * xi.shape[2]
    number = 7 if spec == POISSON else 7 * 10 + 7
    for p, length in enumerate(np.exp(made.leaves["inverse.length"].detach().numpy())):
        trust = 1 / (1 + (noise[0, :, 0].numpy() / np.exp(-1 + p / 2)) ** 2)
        kernel = trust * np.exp(-((xi[0].numpy() - at) ** 2).sum(axis=1) / (2 * length**2))
        wanted = (kernel @ f[:, 4 * p : 4 * p + 4]) / (kernel.sum() + 1e-6)
        assert np.abs(grid[4 * p : 4 * p + 4, number] - wanted).max() < 1e-10
        assert grid[20 + p, number] == pytest.approx(np.log1p(kernel.sum()) / 2, abs=1e-10)


@pytest.mark.parametrize("spec", [POISSON, BURGERS, "problem:cavity_family"])
def test_an_informed_network_reads_a_set(spec):
    """In any order; a place seen twice counts as two (the paper's network sees one)."""
    made = networks(spec)
    x, values, z = read(made, 15)
    noise = 0.1 * values.abs()
    order = torch.randperm(15, generator=made.generator)
    with torch.no_grad():
        first = made.inverse.at(x, values, z, noise)
        other = made.inverse.at(x[:, order], values[:, order], z, noise[:, order])
        twice = made.inverse.at(*(torch.cat([t, t], 1) for t in (x, values)), z,
                                torch.cat([noise, noise], 1))  # fmt: skip
        louder = made.inverse.at(x, values, z, 3 * noise)
    for a, b in zip(first, other, strict=True):
        assert not a.numel() or float((a - b).abs().max()) < 1e-10
    for changed in (twice, louder):
        assert float((first[0] - changed[0]).abs().max()) > 1e-5


def test_a_value_beside_a_face_does_no_harm():
    """There (u - B) / D is anything, and the paper's network believes it."""
    for informed, most in ((True, 1e-3), (False, np.inf)):
        made = networks(informed=informed)
        x, values, z = read(made, 12)
        noise = torch.full_like(values, 0.05)
        noise[:, 3] = 1e3
        means = []
        for wrong in (-300.0, 300.0):
            values[:, 3] = wrong
            with torch.no_grad():
                means.append(made.inverse.at(x, values, z, noise)[0])
        moved = float((means[0] - means[1]).abs().max())
        assert moved < most and (informed or moved > 0.1)


def test_a_value_on_a_face_tells_nothing():
    """u is given there, and N = (u - B) / D is not 0 where both vanish."""
    made = shipped_networks(BURGERS)
    c = (0.04, 0.7, 1.2)
    seen = observe(made.family.problem, RGNPParams(), reference(made.family.problem, c))
    face = np.array([[0.5, 0.0], [0.7, 1.0]])
    more = replace(seen, places=np.concatenate([seen.places, face]),
                   clean=np.concatenate([seen.clean, [[0], [0]]]),
                   noise=np.zeros((len(seen.places) + 2, 1)))  # fmt: skip
    one, other = found(made, seen, c), found(made, more, c)
    assert np.all(np.abs(one.mean - other.mean) < 0.5 * one.spread)
    assert np.all(np.abs(one.spread / other.spread - 1) < 0.3)


def test_what_is_sought_is_not_read():
    """Neither directly nor through the boundary's values."""
    text = "a = 1 in [0, 2]; w = 1 in [0, 2]; u_xx = a; x in [0, 1]; u(0) = a; u(1) = w"
    made = networks(f"equation:{text}")
    x, values, z = read(made, 6)
    other = z.clone()
    other[:, 0] = -z[:, 0]
    third = z.clone()
    third[:, 1] = -z[:, 1]
    with torch.no_grad():
        first, same, moved = (made.inverse.at(x, values, k)[0] for k in (z, other, third))
    assert torch.equal(first, same) and not torch.equal(first, moved)


def test_values_between_grid_points_are_cubics():
    problem = open_any(BURGERS)
    t, x = np.meshgrid(*problem.grid(), indexing="ij")
    places = 0.02 + 0.96 * np.random.default_rng(0).random((50, 2))

    def cubic(t, x):
        return t**3 - 2 * t * x**2 + x**3

    gap = between(problem, cubic(t, x), places) - cubic(*places.T)
    assert np.abs(gap).max() < 1e-12


# Training alone


def test_training_alone_moves_the_inverse_network_alone(monkeypatch):
    """It says more than the prior's normal soon, and the same again from the same seed."""
    monkeypatch.setattr(inverse_training, "AT_ONCE", 1000)
    monkeypatch.setattr(inverse_training, "MOST_DRAWS", 50)
    problem = open_any(POISSON)
    family, rng = Family(problem, 1), np.random.default_rng(0)
    arrays = begun_anew(family, shipped.known(problem).arrays, lifts=2, convolutions=1, head=40,
                        rank=1, informed=True, rng=rng)  # fmt: skip

    def trained(steps):
        training = InverseTraining(family, arrays, np.random.default_rng(1), steps=steps,
                                   rate=3e-3, fall=1.0)  # fmt: skip
        assert len(list(training.run())) == steps
        return training

    training = trained(80)
    draw = replace(training.elbo.draw(500, 30), read=30)
    value = training.elbo.inverse_term(draw, training._sampled(draw)).mean().item()
    normal = -5 * 0.5 * (np.log(2 * np.pi / 3) + 1)
    assert value > normal + 0.15
    one, other = trained(3).published(), trained(3).published()
    for key, value in training.published().items():
        assert np.array_equal(one[key], other[key])
        same = np.array_equal(value, np.asarray(arrays[key], np.float32))
        assert same != key.startswith("inverse."), key


def test_the_command_keeps_the_forward_network(tmp_path, capsys, monkeypatch):
    from engine.pde import train_inverse

    monkeypatch.setattr(train_inverse, "HELD_OUT", 2)
    monkeypatch.setattr(train_inverse, "COUNTS", (5,))
    words = ["poisson_family", "--steps", "3", "--until", "2", "--out", str(tmp_path)]
    assert train_inverse.main(words) == 0
    assert "step 2" in capsys.readouterr().out
    arrays, head = train_inverse._read(tmp_path / "poisson_family.safetensors")
    before, _ = train_inverse._read(shipped.MODELS / "poisson_family.safetensors")
    assert all(np.array_equal(arrays[k], v) for k, v in before.items() if k[:8] == "forward.")
    card = json.loads((tmp_path / "poisson_family.json").read_text())
    assert card == head and card["inverse"]["steps"] == 2
    assert {row["by"] for row in card["inverse"]["reached"]} == {"inverse network", "both networks"}


# Weighed by the forward network


@pytest.mark.parametrize(("count", "noise"), [(8, 0.1), (30, 0.0)])
def test_weighed_draws_have_the_moments_of_the_posterior(count, noise):
    """Against a fine grid over both coefficients of Burgers' family."""
    made = shipped_networks(BURGERS)
    family = made.family
    c = np.array([0.04, 0.7, 1.2])
    params = RGNPParams(places=count, noise=noise)
    seen = observe(family.problem, params, reference(family.problem, c))
    said = weighing.weighed(made, seen, c)
    line = np.linspace(-0.995, 0.995, 60)
    z = np.array([(a, b) for a in line for b in line])
    told = np.concatenate([weighing._likelihood(made, seen, c, part) for part in np.split(z, 12)])
    weights = np.exp(told - told.max())
    weights /= weights.sum()
    mean = weights @ z
    spread = np.sqrt(weights @ (z - mean) ** 2)
    half = (family.high - family.low)[:2] / 2
    off = family.scaled([*said.mean, 1.2])[:2] - mean
    assert np.all(np.abs(off) < 0.2 * spread + 0.01)
    assert np.all(np.abs(said.spread / half / spread - 1) < 0.25)


def test_of_what_is_sought_weighing_reads_nothing():
    made = shipped_networks(BURGERS)
    c = np.array([0.04, 0.7, 1.2])
    seen = observe(made.family.problem, RGNPParams(), reference(made.family.problem, c))
    one, other = (weighing.weighed(made, seen, k) for k in (c, np.array([0.09, 0.9, 1.2])))
    assert np.array_equal(one.mean, other.mean) and np.array_equal(one.spread, other.spread)


def test_a_pass_is_shown_before_what_is_weighed():
    fit = Fit(RunSpec(method="pde.rgnp", data=POISSON, params={}, seed=0), open_any(POISSON))
    for _ in fit:
        pass
    wanted = replace(fit.params, noise=0.02)
    first, last = [f for f in fit.method.refine(wanted) if f is not None][-2:]
    alone = fit.method.evaluate(replace(wanted, told_by="inverse network"))
    said = [f.layer("coefficients found").columns["found"] for f in (first, alone, last)]
    assert first.coarse and not last.coarse and first.params == last.params == wanted
    assert np.array_equal(said[0], said[1]) and not np.array_equal(said[0], said[2])


def test_what_was_weighed_is_kept_while_what_is_observed_stays(monkeypatch):
    fit = Fit(RunSpec(method="pde.rgnp", data=POISSON, params={}, seed=0), open_any(POISSON))
    for _ in fit:
        pass
    counted = []

    def weighed(*given):
        counted.append(1)
        return weighing.weighed(*given)

    monkeypatch.setattr(rgnp_picture, "weighed", weighed)

    def told(**values):
        wanted = replace(fit.params, **values)
        frames = [f for f in fit.method.refine(wanted) if f is not None]
        return [f.layer("coefficients found").columns["found"] for f in frames]

    before = told(noise=0.02)
    after = told(noise=0.02, sample_seed=7, samples=3)
    assert len(counted) == 1
    assert all(np.array_equal(found, before[-1]) for found in after), "nor does a pass flash up"
    other = told(noise=0.02, observation_seed=5)
    assert len(counted) == 2 and not np.array_equal(other[-1], before[-1])


# What ships


@pytest.fixture(scope="module")
def waves():
    """Draws of another seed than those of the card."""
    problem = open_any(BURGERS)
    c = Family(problem, 1).draws(24, np.random.default_rng(11))
    return coverage.HeldOut(c, tuple(reference(problem, k) for k in c))


# Largest errors of nu and c over half the range, where the prior's mean errs by 0.58.
FOUND = {
    (found, 50, 0.0): (0.15, 0.5),
    (found, 50, 0.05): (0.25, 0.58),
    (weighing.weighed, 50, 0.0): (0.06, 0.25),
    (weighing.weighed, 225, 0.0): (0.06, 0.2),
    (weighing.weighed, 50, 0.05): (0.15, 0.53),
}


@pytest.mark.parametrize(("way", "count", "noise"), FOUND)
def test_what_ships_finds_the_coefficients_of_waves(waves, way, count, noise):
    reached = recovery(shipped_networks(BURGERS), waves, count, noise, way)
    assert np.all(reached.error < FOUND[way, count, noise]) and reached.error[0] < 0.5 * PRIOR
    assert np.all(reached.coverage >= 0.85)
