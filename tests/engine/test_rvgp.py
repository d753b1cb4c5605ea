"""RVGP against known spectra, dense regression, other gauges and other methods."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import multivariate_normal

from engine.data.generated_vectors import (
    fibonacci_sphere,
    outward,
    sphere_field,
    sphere_vectors,
    tight_roll,
)
from engine.data.vectors import VectorSamples
from engine.method import DataError
from engine.numerics import connection, eigen, singularities, tangents
from engine.numerics.neighbours import search
from engine.stages import Stages, finish
from engine.vectorfield import likelihood, rvgp_stages, spectral_kernel
from engine.vectorfield.rvgp import RVGP
from engine.vectorfield.rvgp_params import RVGPParams
from engine.vectorfield.spectral_regression import Evidence, regress


def half_sphere(n, seed=0):
    """The smooth field of degrees 1 and 3, known at half of a Fibonacci lattice, without noise."""
    x = fibonacci_sphere(n)
    seen = np.zeros(n, bool)
    seen[np.random.default_rng(seed).permutation(n)[: n // 2]] = True
    truth = sphere_vectors(x)
    return VectorSamples(
        name="sphere", spec="", positions=x, vectors=np.where(seen[:, None], truth, np.nan),
        observed=seen, truth=truth,
    )  # fmt: skip


def fitted(data, **params):
    method = RVGP(RVGPParams(**params))
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


def manifold(data, **params):
    steps = rvgp_stages.eigenfields(data, RVGPParams(**params), np.random.default_rng(0), Stages())
    return finish(steps)


def error(method, data):
    field = method.evaluate(method.params).layer("field").vectors
    rest = ~data.observed
    return np.linalg.norm(field[rest] - data.truth[rest]) / np.linalg.norm(data.truth[rest])


@pytest.fixture(scope="module")
def sphere():
    return half_sphere(1000)


@pytest.fixture(scope="module")
def on_sphere(sphere):
    return fitted(sphere)


@pytest.mark.parametrize("graph", [{"graph": "unit", "knn": 10}, {}])
def test_the_spectrum_of_the_sphere_is_the_bochner_laplacians(sphere, graph):
    """l (l + 1) - 1 with multiplicity 2 (2 l + 1): 1 (6), 5 (10), 11 (14). The Hodge Laplacian
    would give ratios 3 and 6, a Laplacian per channel zero modes."""
    values = manifold(sphere, **graph).values
    first = values[:6].mean()
    assert values[6:16].mean() / first == pytest.approx(5, abs=0.1)
    assert values[16:30].mean() / first == pytest.approx(11, abs=0.4)
    assert values[6] / values[5] > 4.5
    assert values[16] / values[15] > 1.9
    assert values.min() > 0.5 * first


def test_the_sphere_is_two_dimensional_and_so_is_a_plane_in_five():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 5)) + 0.001 * rng.normal(size=(300, 5))
    for x in (fibonacci_sphere(500), flat):
        near = finish(search(x, 16))
        _, variances = tangents.local_directions(x, near.indices)
        assert tangents.estimated_dimension(variances) == 2


def test_transport_on_a_plane_is_the_change_of_frames():
    rng = np.random.default_rng(2)
    for d in (1, 2, 3):
        turns = np.linalg.qr(rng.normal(size=(40, d, d)))[0]
        frames = np.concatenate([turns, np.zeros((40, 2, d))], axis=1)
        first, second = rng.integers(40, size=(2, 100))
        carried, cosines = tangents.transports(frames, first, second)
        exact = turns[first].transpose(0, 2, 1) @ turns[second]
        assert np.abs(carried - exact).max() < 1e-12
        assert np.abs(cosines - 1).max() < 1e-12


def test_the_closed_polar_factor_is_that_of_the_singular_vectors():
    m = np.random.default_rng(3).normal(size=(500, 2, 2))
    left, singular, right = np.linalg.svd(m)
    found, smallest = tangents.polar_factor(m)
    assert np.abs(found - left @ right).max() < 1e-9
    assert np.abs(smallest - singular[:, 1]).max() < 1e-12


def test_the_laplacian_is_symmetric_and_never_negative(sphere):
    near = finish(search(sphere.positions, 10))
    directions, _ = tangents.local_directions(sphere.positions, near.indices)
    weights = connection.tangent_weights(near, 10, 0.7)
    rows = np.repeat(np.arange(1000), np.diff(weights.indptr))
    carried, _ = tangents.transports(directions[:, :, :2], rows, weights.indices)
    for kind in ("combinatorial", "normalised"):
        lap = connection.Connection(weights, carried).laplacian(kind)
        assert abs(lap - lap.T).max() == 0
        v = np.random.default_rng(0).normal(size=(2000, 20))
        assert (np.einsum("ij,ij->j", v, lap @ v) > 0).all()


def test_shift_invert_finds_what_dense_algebra_finds(sphere):
    near = finish(search(sphere.positions, 10))
    directions, _ = tangents.local_directions(sphere.positions, near.indices)
    weights = connection.unit_weights(near, 10)
    rows = np.repeat(np.arange(1000), np.diff(weights.indptr))
    carried, _ = tangents.transports(directions[:, :, :2], rows, weights.indices)
    lap = connection.Connection(weights, carried).laplacian("combinatorial")
    values, vectors = eigen.smallest_pairs(lap, 30, np.random.default_rng(0))
    assert np.abs(values - np.linalg.eigvalsh(lap.toarray())[:30]).max() < 1e-10
    assert np.abs(lap @ vectors - vectors * values).max() < 1e-9
    assert np.abs(vectors.T @ vectors - np.eye(30)).max() < 1e-9


def test_a_cluster_of_equal_eigenvalues_is_kept_whole():
    values = np.array([1.0, 1.0, 2.0, 2.0, 2.0, 3.0])
    assert [eigen.whole_clusters(values, k) for k in (1, 2, 3, 4, 5, 6)] == [1, 2, 2, 2, 5, 6]


def test_results_do_not_depend_on_the_frames(on_sphere):
    """Every frame turned or mirrored at random: mean and spread are the same field."""
    state = on_sphere.state()
    rng = np.random.default_rng(4)
    turns = np.linalg.qr(rng.normal(size=(1000, 2, 2)))[0]
    turned = dict(state)
    turned["frames"] = state["frames"] @ turns
    turned["fields"] = turns.transpose(0, 2, 1) @ state["fields"]
    turned["tangent"] = np.einsum("mba,mb->ma", turns[state["rows"]], state["tangent"])
    one = on_sphere.evaluate(on_sphere.params).layer("field")
    two = RVGP.from_state(on_sphere.params, turned).evaluate(on_sphere.params).layer("field")
    assert np.abs(one.vectors - two.vectors).max() < 1e-8
    std = "standard deviation"
    assert np.abs(one.columns[std] - two.columns[std]).max() < 1e-8


def test_the_spectrum_does_not_depend_on_the_frames(sphere):
    near = finish(search(sphere.positions, 10))
    directions, _ = tangents.local_directions(sphere.positions, near.indices)
    weights = connection.unit_weights(near, 10)
    rows = np.repeat(np.arange(1000), np.diff(weights.indptr))
    turns = np.linalg.qr(np.random.default_rng(5).normal(size=(1000, 2, 2)))[0]
    found = []
    for frames in (directions[:, :, :2], directions[:, :, :2] @ turns):
        carried, _ = tangents.transports(frames, rows, weights.indices)
        lap = connection.Connection(weights, carried).laplacian("combinatorial")
        found.append(eigen.smallest_pairs(lap, 20, np.random.default_rng(0))[0])
    assert np.abs(found[0] - found[1]).max() < 1e-9


def test_it_equals_dense_regression():
    """n = 500: mean, variance and log likelihood of the dense Gaussian process."""
    data = half_sphere(500)
    method = fitted(data, computed=60)
    found = method._fitted
    params = replace(method.params, length=2.0, amplitude=1.3, noise=0.2, smoothness="1.5")
    regression = method.regression(params)
    u = found.fields.reshape(1000, -1)
    prior = (u * regression.kernel) @ u.T
    seen = (2 * found.rows[:, None] + np.arange(2)).ravel()
    k = prior[np.ix_(seen, seen)] + 0.04 * np.eye(len(seen))
    solved = np.linalg.solve(k, prior[seen])
    mean = solved.T @ found.tangent.ravel()
    cov = prior - prior[:, seen] @ solved
    posterior = regression.posterior
    assert np.abs(posterior.mean(found.fields).ravel() - mean).max() < 1e-8
    blocks = posterior.covariance(found.fields)
    exact = np.stack([cov[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] for i in range(500)])
    assert np.abs(blocks - exact).max() < 1e-8
    likely = multivariate_normal(np.zeros(len(seen)), k).logpdf(found.tangent.ravel())
    assert posterior.log_likelihood == pytest.approx(likely, abs=1e-8 * abs(likely))


def test_noise_per_point_is_weighted_regression():
    data = half_sphere(500)
    found = fitted(data, computed=40)._fitted
    u = found.fields[found.rows]
    relative = np.random.default_rng(0).uniform(0.2, 5.0, len(u))
    s = np.linspace(2.0, 0.1, u.shape[2])
    posterior = regress(Evidence.of(u, found.tangent, relative), s, 0.3)
    flat = u.reshape(-1, u.shape[2])
    k = (flat * s) @ flat.T + np.diag(0.09 * np.repeat(relative, 2))
    y = found.tangent.ravel()
    assert np.abs(posterior.weights - s * (flat.T @ np.linalg.solve(k, y))).max() < 1e-8
    likely = multivariate_normal(np.zeros(len(y)), k).logpdf(y)
    assert posterior.log_likelihood == pytest.approx(likely, rel=1e-9)


@pytest.mark.parametrize("nu", [0.5, 2.5, math.inf])
@pytest.mark.parametrize("exponent", ["manifold", "graph"])
def test_the_slope_of_the_likelihood_is_its_slope(on_sphere, nu, exponent):
    found = on_sphere._fitted
    rng = np.random.default_rng(0)
    noisy = found.tangent + 0.1 * rng.normal(size=found.tangent.shape)
    evidence = Evidence.of(found.fields[found.rows], noisy)
    ask = {"nu": nu, "dimension": 2, "exponent": exponent}
    args = (evidence, found.values, found.manifold.energy)
    at = np.log([1.3, 1.5, 0.02])
    slope = likelihood._likelihood(at, *args, **ask)[1]
    gap = check_grad(
        lambda t: likelihood._likelihood(t, *args, **ask)[0],
        lambda t: likelihood._likelihood(t, *args, **ask)[1],
        at, epsilon=1e-6,
    )  # fmt: skip
    assert gap < 1e-4 * np.linalg.norm(slope)


def test_the_likelihood_surface_is_that_of_the_regression(on_sphere):
    found = on_sphere._fitted
    evidence = Evidence.of(found.fields[found.rows], found.tangent)
    energy = found.manifold.energy
    ask = {"nu": 1.5, "amplitude": 1.2, "dimension": 2, "exponent": "manifold"}
    grid = likelihood.surface(
        evidence, found.values, energy, kappas=np.array([0.7, 2.0]),
        noises=np.array([0.05, 0.3]), **ask,
    )  # fmt: skip
    for i, kappa in enumerate((0.7, 2.0)):
        s = likelihood.weights(found.values, energy, kappa=kappa, **ask)
        for j, noise in enumerate((0.05, 0.3)):
            assert grid[i, j] == pytest.approx(regress(evidence, s, noise).log_likelihood, rel=1e-9)


def test_matern_tends_to_the_heat_kernel():
    lam = np.linspace(0, 5, 30)
    ask = {"kappa": 1.1, "dimension": 2}
    heat = spectral_kernel.spectrum(lam, nu=math.inf, **ask)
    assert np.abs(spectral_kernel.spectrum(lam, nu=1e6, **ask) - heat).max() < 1e-4


def test_the_prior_has_the_amplitude_asked_for(on_sphere):
    found = on_sphere._fitted
    s = likelihood.weights(
        found.values, found.manifold.energy, kappa=1.0, nu=1.5, amplitude=0.7, dimension=2,
        exponent="manifold",
    )  # fmt: skip
    variance = np.einsum("idk,k->id", found.fields**2, s)
    assert variance.mean() == pytest.approx(0.49, rel=1e-12)


def test_a_smooth_field_on_the_sphere_is_filled_in(sphere, on_sphere):
    assert error(on_sphere, sphere) < 0.02
    assert on_sphere.evaluate(on_sphere.params).notes == ()


def test_on_a_tight_roll_the_sheet_counts_and_not_the_space():
    """B3: 120 of 2500 vectors with noise 0.05. A Gaussian process in space is three times worse."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    data = tight_roll(name="", spec="", n=2500, observed=120 / 2500, noise=0.05, seed=0)
    ours = fitted(data, knn=8, frame_knn=9, smoothness="1.5")
    kernel = ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(0.01)
    peer = GaussianProcessRegressor(kernel, n_restarts_optimizer=2, random_state=0)
    seen = data.observed
    found = peer.fit(data.positions[seen], data.vectors[seen]).predict(data.positions[~seen])
    truth = data.truth[~seen]
    theirs = np.linalg.norm(found - truth) / np.linalg.norm(truth)
    assert error(ours, data) < 0.14
    assert error(ours, data) < theirs / 3


def test_singularities_of_the_sphere_sum_to_two():
    """The field has fourteen zeros; seen at 300 points through noise, most are found again."""
    x = fibonacci_sphere(1000)
    data = sphere_field(name="", spec="", n=1000, observed=0.3, noise=0.1, seed=0)
    true = singularities.find(x, data.faces, sphere_vectors(x))
    assert len(true.faces) == 14 and true.index.sum() == 2
    field = fitted(data).evaluate(RVGPParams()).layer("field").vectors
    found = singularities.find(x, data.faces, field)
    assert found.index.sum() == 2
    cosines = (true.places @ found.places.T) / np.outer(
        np.linalg.norm(true.places, axis=1), np.linalg.norm(found.places, axis=1)
    )
    same = np.sign(true.index)[:, None] == np.sign(found.index)
    assert np.count_nonzero(((cosines > np.cos(np.radians(8))) & same).any(axis=1)) >= 10


def test_a_field_around_a_torus_has_no_zero():
    u, v = np.meshgrid(np.arange(40), np.arange(20), indexing="ij")
    a, b = 2 * np.pi * u.ravel() / 40, 2 * np.pi * v.ravel() / 20
    ring = 2 + 0.7 * np.cos(b)
    x = np.column_stack([ring * np.cos(a), ring * np.sin(a), 0.7 * np.sin(b)])
    normals = np.column_stack([np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)])

    def at(i, j):
        return ((i % 40) * 20 + j % 20).ravel()

    faces = np.concatenate(
        [np.column_stack([at(u, v), at(u + 1, v), at(u, v + 1)]),
         np.column_stack([at(u + 1, v), at(u + 1, v + 1), at(u, v + 1)])]
    )  # fmt: skip
    faces = outward(x, faces, normals)
    around = np.column_stack([-np.sin(a), np.cos(a), np.zeros(800)])
    assert len(singularities.find(x, faces, around).faces) == 0
    bent = np.random.default_rng(0).normal(size=3) * np.ones((800, 1))
    bent = bent - (bent * normals).sum(axis=1, keepdims=True) * normals
    found = singularities.find(x, faces, bent)
    assert found.index.sum() == 0 and len(found.faces) >= 4


def test_a_model_predicts_the_same_after_a_round_trip(on_sphere):
    state = {name: value.copy() for name, value in on_sphere.state().items()}
    again = RVGP.from_state(on_sphere.params, state)
    for params in (on_sphere.params, replace(on_sphere.params, length=0.5, noise=0.1, modes=30)):
        one, two = on_sphere.evaluate(params), again.evaluate(params)
        assert np.abs(one.layer("field").vectors - two.layer("field").vectors).max() < 1e-12


def test_samples_scatter_as_the_spread_says(on_sphere):
    params = replace(on_sphere.params, noise=0.3, length=0.5)
    posterior = on_sphere.regression(params).posterior
    rng = np.random.default_rng(0)
    draws = np.stack([posterior.sample(rng) for _ in range(4000)])
    expected = posterior.spread.T @ posterior.spread
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(np.cov(draws.T) - expected) / scale).max() < 0.1
    shown = [on_sphere.evaluate(replace(params, sample=k)).layer("field").vectors for k in (1, 2)]
    assert np.abs(shown[0] - shown[1]).max() > 0.01


def test_smoothing_evens_directions_and_keeps_lengths(on_sphere):
    before = on_sphere.evaluate(on_sphere.params).layer("field").vectors
    after = on_sphere.evaluate(replace(on_sphere.params, smoothing=1.0)).layer("field").vectors
    lengths = [np.linalg.norm(v, axis=1) for v in (before, after)]
    assert lengths[1].mean() == pytest.approx(lengths[0].mean(), rel=0.1)
    assert lengths[1].std() < lengths[0].std()
    tiny = on_sphere.evaluate(replace(on_sphere.params, smoothing=1e-9)).layer("field").vectors
    assert np.abs(tiny - before).max() < 1e-6


def bad(**changes):
    data = half_sphere(100)
    return replace(data, **changes)


def test_what_no_field_can_be_learnt_from_is_refused_in_a_sentence():
    hole = half_sphere(100).positions.copy()
    hole[3, 1] = np.nan
    none = np.zeros(100, bool)
    zero = np.zeros((100, 3))
    for data, word in (
        (bad(positions=hole), "Row 3"),
        (bad(observed=none), "No row"),
        (bad(vectors=zero), "length zero"),
        (bad(observed=np.ones(100, bool)), "missing or infinite component"),
    ):
        with pytest.raises(DataError, match=word):
            fitted(data)
    with pytest.raises(DataError, match="neighbours"):
        fitted(half_sphere(12))


def test_parts_and_vectors_off_the_surface_are_told():
    one = half_sphere(300)
    x = np.concatenate([one.positions, one.positions + 10.0])
    vectors = np.concatenate([one.vectors + 2.0 * one.positions, np.full((300, 3), np.nan)])
    seen = np.concatenate([one.observed, np.zeros(300, bool)])
    data = VectorSamples(name="", spec="", positions=x, vectors=vectors, observed=seen)
    notes = [n.text for n in fitted(data).evaluate(RVGPParams()).notes]
    assert any("2 parts" in text and "no vector" in text for text in notes)
    assert any("stick out" in text for text in notes)
