"""Samples are reproducible and their true distances are distances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from engine.data import OpenError, open_any, samples
from engine.data.photograph import Photograph
from engine.data.vectors import VectorSamples


@pytest.mark.parametrize("spec", [s.spec for s in samples()])
def test_a_sample_reopens_to_the_same_numbers(spec):
    data = open_any(spec)
    assert open_any(data.spec).sha256() == data.sha256()
    if spec.startswith("problem:"):
        assert data.spec == spec and data.equations and data.conditions
    elif isinstance(data, VectorSamples):
        assert np.isfinite(data.positions).all()
        assert np.isfinite(data.vectors[data.observed]).all()
    elif isinstance(data, Photograph):
        assert np.isfinite(data.values).all() and data.truth is not None
    else:
        assert np.isfinite(data.values).all()
        assert not data.label or data.label in data.labels


def test_options_travel_in_the_address():
    table = open_any("sample:swiss_roll?n=50&noise=0.5&dimension=10&seed=3")
    assert table.values.shape == (50, 10)
    assert open_any(table.spec).sha256() == table.sha256()
    assert open_any("sample:swiss_roll?n=50").sha256() != table.sha256()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("sample:swiss", "Choose one of"),
        ("sample:swiss_roll?m=3", "no option 'm'"),
        ("sample:swiss_roll?n=many", "whole number"),
        ("sample:swiss_roll?n=0", "between 3 and"),
    ],
)
def test_wrong_addresses_are_answered(spec, says):
    with pytest.raises(OpenError, match=says):
        open_any(spec)


@pytest.mark.parametrize("name", ["swiss_roll?n=60", "tree?n=60", "cycle?n=60"])
def test_truth_is_a_metric(name):
    truth = open_any(f"sample:{name}").truth
    rows = np.arange(60)
    d = truth.distances(rows, rows)
    assert np.isfinite(d).all()
    np.testing.assert_allclose(d, d.T, atol=1e-9)
    np.testing.assert_allclose(np.diag(d), 0, atol=1e-9)
    assert (d[:, None, :] <= d[:, :, None] + d[None, :, :] + 1e-9).all()
    np.testing.assert_allclose(truth.distances(rows[3:5], rows[7:9]), d[3:5, 7:9], atol=1e-9)


def test_roll_truth_uses_arc_length_not_the_angle():
    table = open_any("sample:swiss_roll?n=40&noise=0")
    x, height, z = table.values.T
    turn = np.hypot(x, z)
    d = table.truth.distances(np.array([0]), np.array([1]))[0, 0]
    low, high = sorted(turn[:2])
    length = quad(lambda t: np.sqrt(1 + t * t), low, high)[0]
    assert d == pytest.approx(np.hypot(length, height[0] - height[1]), rel=1e-8)
