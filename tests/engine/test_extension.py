"""The field at points that were not in the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from engine.data.generated_vectors import fibonacci_sphere, sphere_field, sphere_vectors
from engine.method import DataError, Predicts
from engine.vectorfield.ambient_gpr import AmbientGPR
from engine.vectorfield.rvgp import RVGP


def fitted(kind, data, **params):
    method = kind(kind.Params(**params))
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


@pytest.fixture(scope="module")
def sphere():
    return sphere_field(name="", spec="", n=1000, observed=0.5, noise=0.0, seed=0)


@pytest.fixture(scope="module")
def on_sphere(sphere):
    return fitted(RVGP, sphere)


def elsewhere(count=700):
    """Points of the sphere that the lattice of 1000 does not hold."""
    return fibonacci_sphere(count)


def error(found, truth):
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def test_new_points_are_predicted_as_well_as_the_data(sphere, on_sphere):
    x = elsewhere()
    found = on_sphere.at(x, on_sphere.params)
    inside = on_sphere.evaluate(on_sphere.params).layer("field").vectors
    assert error(inside, sphere.truth) < 0.02
    assert error(found.vectors, sphere_vectors(x)) < 0.04
    assert np.abs(np.einsum("nd,nd->n", found.vectors, x)).max() < 0.1


@pytest.mark.parametrize("graph", ["weighted", "unit"])
def test_the_extension_is_exact_where_the_graph_says_it(sphere, graph):
    """A point of the data, extended from its neighbours as if it were new, is found again."""
    method = fitted(RVGP, sphere, graph=graph, computed=40)
    field = method.evaluate(method.params).layer("field")
    near = sphere.positions + 1e-7
    found = method.at(near, method.params)
    # Its own entry counts among the neighbours of the new point, which the graph leaves out.
    assert error(found.vectors, field.vectors) < (0.03 if graph == "weighted" else 0.06)


def test_a_point_of_the_data_has_its_own_field(sphere, on_sphere):
    field = on_sphere.evaluate(on_sphere.params).layer("field")
    found = on_sphere.at(sphere.positions, on_sphere.params)
    assert np.array_equal(found.frames, field.frames)
    low = on_sphere._fitted.values * on_sphere._fitted.unit < 0.9
    assert low.all(), "every eigenfield of this sphere can be carried"
    assert np.abs(found.vectors - field.vectors).max() < 1e-12
    assert np.abs(found.covariance - field.covariance).max() < 1e-12


def test_it_does_not_depend_on_the_frames(on_sphere):
    state = on_sphere.state()
    turns = np.linalg.qr(np.random.default_rng(4).normal(size=(1000, 2, 2)))[0]
    turned = dict(state)
    turned["frames"] = state["frames"] @ turns
    turned["fields"] = turns.transpose(0, 2, 1) @ state["fields"]
    turned["tangent"] = np.einsum("mba,mb->ma", turns[state["rows"]], state["tangent"])
    one = on_sphere.at(elsewhere(), on_sphere.params)
    two = RVGP.from_state(on_sphere.params, turned).at(elsewhere(), on_sphere.params)
    assert np.abs(one.vectors - two.vectors).max() < 1e-8
    std = "standard deviation"
    assert np.abs(one.columns[std] - two.columns[std]).max() < 1e-8


@pytest.mark.parametrize("kind", [RVGP, AmbientGPR])
def test_save_and_load_give_the_same(sphere, kind, tmp_path):
    from engine.io.models import load_model, save_model
    from engine.runs import RunSpec

    method = fitted(kind, sphere)
    assert isinstance(method, Predicts)
    name = "rvgp" if kind is RVGP else "ambient_gpr"
    save_model(tmp_path / "m.safetensors", method, RunSpec(method=f"vectorfield.{name}", data=""))
    again, _ = load_model(tmp_path / "m.safetensors")
    x = elsewhere(50)
    one, two = method.at(x, method.params), again.at(x, again.params)
    assert np.abs(one.vectors - two.vectors).max() < 1e-12
    assert np.abs(one.covariance - two.covariance).max() < 1e-12


def test_far_points_have_no_vector_and_the_prior_spread(on_sphere):
    x = np.concatenate([elsewhere(20), [[0.0, 0, 0], [5, 5, 5]]])
    found = on_sphere.at(x, on_sphere.params)
    assert found.columns["on the manifold"].tolist() == ["yes"] * 20 + ["no"] * 2
    assert np.isnan(found.vectors[20:]).all() and np.isfinite(found.vectors[:20]).all()
    amplitude = on_sphere.regression(on_sphere.params).choice.amplitude
    assert np.allclose(found.columns["standard deviation"][20:], np.sqrt(2) * amplitude)


def test_rough_eigenfields_are_left_out_and_counted_as_spread():
    """With a graph so wide that many eigenvalues are near 1."""
    sphere = sphere_field(name="", spec="", n=300, observed=0.5, noise=0.0, seed=0)
    method = fitted(RVGP, sphere, knn=100, computed=100)
    values = method._fitted.values * method._fitted.unit
    assert 0 < (values > 0.9).sum() < len(values)
    params = replace(method.params, length=0.05, amplitude=1.0, noise=0.5, smoothness="0.5")
    found = method.at(sphere.positions, params)
    inside = method.evaluate(params).layer("field")
    std = "standard deviation"
    assert (found.columns[std] > inside.columns[std]).mean() > 0.95


def test_the_peer_is_the_textbook_regression_anywhere(sphere):
    method = fitted(AmbientGPR, sphere)
    params = replace(method.params, length=0.6, noise=0.2, amplitude=1.5, project=False)
    x, seen = elsewhere(40), sphere.positions[sphere.observed]
    k = 2.25 * np.exp(-cdist(seen, seen, "sqeuclidean") / 0.72) + 0.04 * np.eye(len(seen))
    across = 2.25 * np.exp(-cdist(x, seen, "sqeuclidean") / 0.72)
    found = method.at(x, params)
    exact = across @ np.linalg.solve(k, sphere.vectors[sphere.observed])
    assert np.abs(found.vectors - exact).max() < 1e-7


def test_wrong_points_are_refused(on_sphere):
    with pytest.raises(DataError, match="lives in 3 coordinates; the points have 2"):
        on_sphere.at(np.zeros((4, 2)), on_sphere.params)
    with pytest.raises(DataError, match="Point 1 has a missing"):
        on_sphere.at(np.array([[0.0, 0, 1], [np.nan, 0, 0]]), on_sphere.params)
