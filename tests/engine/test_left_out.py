"""Closed-form leave-one-out against regressions that really leave a point out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.data.generated_vectors import sphere_field
from engine.vectorfield.ambient_gpr import AmbientGPR, Learnt, _predict
from engine.vectorfield.judgement import judge
from engine.vectorfield.left_out import left_out
from engine.vectorfield.rvgp import RVGP
from engine.vectorfield.spectral_regression import Evidence, regress


@pytest.fixture(scope="module")
def sphere():
    """Vectors at some points of a sphere, and no truth."""
    known = sphere_field(name="", spec="", n=300, observed=0.3, noise=0.2, seed=0)
    return replace(known, truth=None)


def fitted(kind, data):
    method = kind(kind.Params())
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


def test_residuals_are_those_of_regressions_without_the_point(sphere):
    method = fitted(RVGP, sphere)
    found, now = method._fitted, method.regression(method.params)
    fields = found.fields[found.rows]
    noise = np.full(len(found.rows), now.choice.noise)
    quick = left_out(
        found.tangent, now.posterior.mean(fields), now.posterior.covariance(fields), noise
    )
    everything = Evidence.of(fields, found.tangent)
    for i in (0, 17, 55):
        rest = regress(
            everything.with_points(fields[i : i + 1], found.tangent[i : i + 1], -1),
            now.kernel,
            now.choice.noise,
        )
        slow = found.tangent[i] - rest.mean(fields[i : i + 1])[0]
        assert np.abs(quick.residuals[i] - slow).max() < 1e-8
        told = rest.covariance(fields[i : i + 1])[0] + now.choice.noise**2 * np.eye(2)
        assert quick.squares[i] == pytest.approx(slow @ np.linalg.solve(told, slow), rel=1e-6)


def test_the_peer_leaves_out_as_truly(sphere):
    method = fitted(AmbientGPR, sphere)
    found = method._fitted
    length, noise, amplitude = (float(v) for v in found.likely)
    error = method.evaluate(method.params).metrics["left-out error"]
    missed = []
    for i in range(len(found.rows)):
        kept = np.delete(np.arange(len(found.rows)), i)
        less = Learnt(found.rows[kept], found.vectors[kept])
        here = found.positions[found.rows[i]][None]
        mean = _predict(found, less, here, length, noise, amplitude)[0][0]
        missed.append(found.vectors[i] - mean)
    slow = np.linalg.norm(missed) / np.linalg.norm(found.vectors)
    assert error == pytest.approx(slow, rel=1e-5)


@pytest.mark.parametrize("kind", [RVGP, AmbientGPR])
def test_both_methods_are_scored_without_a_truth(sphere, kind):
    method = fitted(kind, sphere)
    scores = {s.name: s.value for s in judge(method.evaluate(method.params), sphere).scores}
    assert 0.1 < scores["left-out error"] < 0.4
    assert 0.85 <= scores["left-out coverage"] <= 1.0


def test_a_point_that_no_other_speaks_for_is_not_scored():
    alone = left_out(np.ones((1, 2)), np.ones((1, 2)), np.eye(2)[None], np.array([1.0]))
    assert np.isnan(alone.residuals).all() and alone.metrics == {}
