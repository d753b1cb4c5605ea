"""The ambient peer against dense algebra, and the scores both methods are judged by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from engine.data import open_any
from engine.data.generated_vectors import sphere_field, tight_roll
from engine.layers import Arrows, Axis
from engine.method import Snapshot
from engine.numerics import singularities
from engine.vectorfield.ambient_gpr import AmbientGPR
from engine.vectorfield.judgement import judge
from engine.vectorfield.rvgp import RVGP


@pytest.fixture(scope="module")
def sphere():
    return sphere_field(name="", spec="", n=400, observed=0.3, noise=0.1, seed=0)


def fitted(kind, data, **params):
    method = kind(kind.Params(**params))
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


def test_it_is_the_textbook_regression(sphere):
    method = fitted(AmbientGPR, sphere)
    params = replace(method.params, length=0.6, noise=0.2, amplitude=1.5, project=False)
    frame = method.evaluate(params).layer("field")
    x, seen = sphere.positions, sphere.observed
    k = 2.25 * np.exp(-cdist(x, x, "sqeuclidean") / (2 * 0.36))
    inside = k[np.ix_(seen, seen)] + 0.04 * np.eye(seen.sum())
    solved = np.linalg.solve(inside, k[seen])
    assert np.abs(frame.vectors - solved.T @ sphere.vectors[seen]).max() < 1e-7
    variance = 2.25 - np.einsum("mn,mn->n", k[seen], solved)
    std = frame.columns["standard deviation"]
    assert np.abs(std - np.sqrt(3 * variance)).max() < 1e-6


def test_projected_the_field_is_tangent(sphere):
    vectors = fitted(AmbientGPR, sphere).evaluate(AmbientGPR.Params()).layer("field").vectors
    normal = np.einsum("nd,nd->n", vectors, sphere.positions)
    assert np.abs(normal).max() < 0.1 * np.linalg.norm(vectors, axis=1).max()


def test_each_wins_where_it_should():
    """On a coarse random sphere with loud noise space is as good a guide as the surface; on a
    tight roll it is not."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    even = sphere_field(name="", spec="", n=600, observed=0.2, noise=0.0, seed=1)
    from engine.data.generated_vectors import sphere_vectors

    truth = sphere_vectors(x)
    loud = truth + 0.2 * np.sqrt((truth**2).mean()) * rng.normal(size=truth.shape)
    sphere = replace(
        even, positions=x, truth=truth, vectors=np.where(even.observed[:, None], loud, np.nan),
        faces=np.empty((0, 3), np.int64),
    )  # fmt: skip
    roll = tight_roll(name="", spec="", n=1500, observed=0.08, noise=0.05, seed=0)
    errors = {}
    for name, data, knn in (("sphere", sphere, 20), ("roll", roll, 8)):
        for kind in (RVGP, AmbientGPR):
            method = fitted(kind, data, knn=knn)
            scores = judge(method.evaluate(method.params), data).values()
            errors[name, kind] = scores["relative error"]
    assert errors["sphere", AmbientGPR] < errors["sphere", RVGP] < 0.3
    assert errors["roll", RVGP] < errors["roll", AmbientGPR] / 3


def frame(vectors, std, data):
    axes = tuple(Axis(name) for name in "xyz")
    layer = Arrows(
        name="field", role="prediction", positions=data.positions, vectors=vectors, axes=axes,
        columns={"standard deviation": std},
    )  # fmt: skip
    return Snapshot(layers=(layer,), params=None, chosen={"dimension": 2})


def test_scores_of_known_errors(sphere):
    truth = sphere.truth
    std = np.ones(len(truth))
    exact = judge(frame(truth, std, sphere), sphere).values()
    assert exact["relative error"] == 0
    assert exact["mean cosine"] == pytest.approx(1)
    assert exact["95 % coverage"] == 1
    half = judge(frame(-truth / 2, std, sphere), sphere).values()
    assert half["relative error"] == pytest.approx(1.5)
    assert half["mean cosine"] == pytest.approx(-1)


def test_coverage_of_an_honest_spread_is_95_percent(sphere):
    """Errors drawn in the tangent plane with the promised deviation."""
    data = sphere_field(name="", spec="", n=6000, observed=0.01, noise=0.0, seed=0)
    rng = np.random.default_rng(0)
    push = rng.normal(size=(6000, 3))
    push -= (push * data.positions).sum(axis=1, keepdims=True) * data.positions
    found = judge(frame(data.truth + push, np.full(6000, np.sqrt(2.0)), data), data).values()
    assert found["95 % coverage"] == pytest.approx(0.95, abs=0.01)


def test_without_a_truth_the_misfit_is_told(sphere):
    blind = replace(sphere, truth=None)
    method = fitted(RVGP, blind)
    scores = judge(method.evaluate(method.params), blind).values()
    assert set(scores) == {"misfit", "mean cosine", "left-out error", "left-out coverage"}
    assert 0.02 < scores["misfit"] < 0.2


@pytest.mark.parametrize("name", ["sphere_field", "roll_field"])
def test_samples_are_what_they_say(name):
    data = open_any(f"sample:{name}?n=500&observed=0.1&noise=0&seed=3")
    assert len(data) == 500 and data.observed.sum() == 50
    assert np.allclose(data.vectors[data.observed], data.truth[data.observed])
    assert np.isnan(data.vectors[~data.observed]).all()
    again = open_any(data.spec)
    assert again.sha256() == data.sha256()


@pytest.mark.parametrize(("name", "euler"), [("torus_field", 0), ("blob_field", 2), ("winds", 2)])
def test_samples_on_closed_surfaces_have_the_zeros_that_topology_asks_for(name, euler):
    data = open_any(f"sample:{name}")
    truth = np.asarray(data.truth)
    normals = singularities.vertex_normals(data.positions, data.faces)
    assert np.abs(np.einsum("nd,nd->n", truth, normals)).max() < 0.05 * np.abs(truth).max()
    zeros = singularities.find(data.positions, data.faces, truth)
    assert zeros.index.sum() == euler
    assert len(zeros.faces) == {"torus_field": 8, "blob_field": 2}.get(name, len(zeros.faces))


def test_too_few_eigenfields_for_a_field_of_eddies_are_told():
    data = open_any("sample:winds?n=1500")
    notes = fitted(RVGP, data, computed=40).evaluate(RVGP.Params(computed=40)).notes
    assert any("compute more of them" in note.text and note.grave for note in notes)


@pytest.mark.parametrize("kind", [RVGP, AmbientGPR])
def test_vectors_of_length_zero_are_told(sphere, kind):
    vectors = np.array(sphere.vectors)
    vectors[np.flatnonzero(sphere.observed)[:7]] = 0.0
    method = fitted(kind, replace(sphere, vectors=vectors))
    notes = [note.text for note in method.evaluate(method.params).notes]
    assert any(note.startswith("7 of 120 vectors have length zero") for note in notes)
