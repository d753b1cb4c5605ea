"""Cuts through grids and spectra of fields against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from engine.numerics import cuts, power


def test_a_cut_through_a_bilinear_field_is_exact():
    x = np.linspace(0.05, 0.95, 10)
    y = np.linspace(-0.9, 0.9, 10)
    values = 1 + 2 * x[:, None] - y + 3 * x[:, None] * y
    extent = ((0.0, 1.0), (-1.0, 1.0))
    start, end = np.array([0.1, -0.8]), np.array([0.9, 0.7])
    distance, found = cuts.along(values, extent, start, end)
    share = distance / distance[-1]
    px, py = (start + share[:, None] * (end - start)).T
    assert np.abs(found - (1 + 2 * px - py + 3 * px * py)).max() < 1e-12
    assert distance[-1] == pytest.approx(np.hypot(0.8, 1.5))


def test_a_cut_knows_nothing_outside():
    _, found = cuts.along(np.ones((4, 4)), ((0, 1), (0, 1)), np.array([-1.0, 0.5]),
                          np.array([2.0, 0.5]))  # fmt: skip
    assert np.isnan(found[0]) and np.isnan(found[-1]) and found[len(found) // 2] == 1


@pytest.mark.parametrize("waves", [3, 17])
def test_a_wave_is_found_at_its_frequency(waves):
    x = np.arange(256) / 128.0
    values = np.sin(2 * np.pi * waves * x)[:, None] * np.ones(64)
    frequency, amplitude = power.spectrum(values, (1 / 128, 1 / 32))
    assert frequency[amplitude.argmax()] == pytest.approx(waves, abs=0.6)


def test_the_power_is_that_of_the_field():
    """Parseval: all rings together hold the mean square of what was windowed."""
    values = np.random.default_rng(0).normal(size=(64, 48))
    _, amplitude = power.spectrum(values, (0.1, 0.2))
    window = np.hanning(64)[:, None] * np.hanning(48)
    windowed = (values - values.mean()) * window
    assert (amplitude**2).sum() == pytest.approx(np.mean(windowed**2), rel=1e-3)
