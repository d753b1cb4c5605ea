"""Heat kernels against closed forms on the cycle, and against one another."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse
from scipy.special import ive

from engine.numerics import blocks, entropy, heat, laplacians
from engine.stages import finish

N, T = 101, 7.3


def cycle(n=N):
    one = np.arange(n)
    edges = sparse.csr_array((np.ones(n), (one, (one + 1) % n)), shape=(n, n))
    return laplacians.laplacian(sparse.csr_array(edges + edges.T))


def closed_form(n=N, t=T):
    k = np.arange(n)
    decay = np.exp(-t * (2 - 2 * np.cos(2 * np.pi * k / n)))
    return (decay * np.cos(2 * np.pi * np.outer(k, k) / n)).sum(axis=1) / n


@pytest.fixture(scope="module")
def lap():
    return cycle()


@pytest.fixture(scope="module")
def spectrum(lap):
    return heat.decompose(lap)


def test_exact_kernel_on_the_cycle(spectrum):
    kernel = finish(heat.exact(spectrum, T))
    assert np.abs(kernel[0] - closed_form()).max() < 1e-13
    assert np.abs(kernel[0, :20] - ive(np.arange(20), 2 * T)).max() < 1e-12
    assert np.abs(kernel.sum(axis=1) - 1).max() < 1e-12
    assert np.abs(kernel - kernel.T).max() < 1e-13
    other = finish(heat.exact(spectrum, 2.1))
    assert np.abs(kernel @ other - finish(heat.exact(spectrum, T + 2.1))).max() < 1e-12


def test_chebyshev_kernel_chooses_its_order(lap):
    kernel = finish(heat.chebyshev(lap, T))
    assert np.abs(kernel[0] - closed_form()).max() < 1e-12
    np.testing.assert_array_equal(kernel, kernel.T)


@pytest.mark.parametrize("reach", [3.6, 36.0, 363.0, 1454.0])
def test_chebyshev_order_is_enough_for_long_times(spectrum, lap, reach):
    t = reach / 2.0  # phi = 2 on the cycle
    exact = finish(heat.exact(spectrum, t))
    kernel = finish(heat.chebyshev(lap, t, largest=4.0))
    assert np.abs(kernel - exact).max() < 1e-13
    assert heat.chebyshev_order(t, 2.0) <= {3.6: 28, 36.0: 58, 363.0: 155, 1454.0: 297}[reach]


def test_a_fixed_order_is_wrong_for_long_times(spectrum, lap):
    kernel = finish(heat.chebyshev(lap, 183.0, order=32, largest=4.0))
    assert np.abs(kernel - finish(heat.exact(spectrum, 183.0))).max() > 1e-3


def test_several_times_share_one_recurrence(lap):
    kernels = finish(heat.chebyshev_many(lap, [1.0, T]))
    assert np.abs(kernels[1][0] - closed_form()).max() < 1e-12
    assert np.abs(kernels[0][0] - closed_form(t=1.0)).max() < 1e-12


def test_euler_kernel_converges_with_order_one(lap):
    error = {k: np.abs(finish(heat.euler(lap, T, k))[0] - closed_form()).max() for k in (30, 100)}
    assert error[30] < 3e-3
    assert 3.0 <= error[30] / error[100] <= 3.8


def test_euler_kernel_is_positive_and_conserves_heat(lap):
    kernel = finish(heat.euler(lap, 0.3, 30))
    assert kernel.min() > 0
    assert np.abs(kernel.sum(axis=1) - 1).max() < 1e-12
    np.testing.assert_array_equal(kernel, kernel.T)


def test_euler_entries_are_accurate_however_small():
    """Against exact rational arithmetic on a path of 12, down to 1e-30."""
    n, order, step = 12, 3, Fraction(1, 500)
    degree = [1] + [2] * (n - 2) + [1]
    rows = [
        [
            1 + step * degree[i] if i == j else (-step if abs(i - j) == 1 else Fraction(0))
            for j in range(n)
        ]
        for i in range(n)
    ]
    inverse = rational_inverse(rows)
    power = inverse
    for _ in range(order - 1):
        power = [
            [sum(a * inverse[k][j] for k, a in enumerate(row)) for j in range(n)] for row in power
        ]
    one = np.arange(n - 1)
    edges = sparse.csr_array((np.ones(n - 1), (one, one + 1)), shape=(n, n))
    path = laplacians.laplacian(sparse.csr_array(edges + edges.T))
    kernel = finish(heat.euler(path, order / 500, order))
    expected = np.array([[float(x) for x in row] for row in power])
    assert expected.min() < 1e-25
    np.testing.assert_allclose(kernel, expected, rtol=1e-12)


def rational_inverse(rows):
    n = len(rows)
    work = [[*row, *(Fraction(int(i == j)) for j in range(n))] for i, row in enumerate(rows)]
    for k in range(n):
        pivot = work[k][k]
        work[k] = [x / pivot for x in work[k]]
        for i in range(n):
            if i != k:
                factor = work[i][k]
                work[i] = [x - factor * y for x, y in zip(work[i], work[k], strict=True)]
    return [row[n:] for row in work]


def test_low_rank_error_is_within_its_bound(spectrum):
    exact = finish(heat.exact(spectrum, 20.0))
    kernel = finish(heat.lowrank(spectrum, 11, 20.0))
    bound = heat.tail_bound(spectrum, 11, 20.0)
    assert 1e-6 < np.abs(kernel - exact).max() <= bound
    assert heat.tail_bound(spectrum, N, 20.0) == 0


def test_lanczos_finds_the_lowest_eigenpairs(spectrum, lap):
    few = heat.decompose_lowest(lap, 11)
    np.testing.assert_allclose(few.values, spectrum.values[:11], atol=1e-9)


def test_heating_a_few_columns_agrees_with_the_kernel(spectrum, lap):
    b = np.random.default_rng(0).normal(size=(N, 3))
    for kernel, heated in (
        (heat.exact(spectrum, T), heat.exact(spectrum, T, b)),
        (heat.chebyshev(lap, T), heat.chebyshev(lap, T, b)),
        (heat.euler(lap, T, 7), heat.euler(lap, T, 7, b)),
    ):
        np.testing.assert_allclose(finish(kernel) @ b, finish(heated), atol=1e-12)


def test_block_inverse_and_power():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(150, 150))
    a = a @ a.T + 150 * np.eye(150)
    inverse = finish(blocks.symmetric_inverse(a, size=40))
    np.testing.assert_allclose(inverse @ a, np.eye(150), atol=1e-12)
    np.testing.assert_array_equal(inverse, inverse.T)
    positive = np.abs(inverse)
    for power in (1, 2, 3, 7, 30):
        expected = np.linalg.matrix_power(positive, power)
        np.testing.assert_allclose(finish(blocks.positive_power(positive, power)), expected)


def test_entropy_rises_to_the_logarithm_of_n(spectrum):
    times = entropy.diffusion_times(2.0)
    curve = finish(entropy.entropy_curve(spectrum, times))
    assert len(times) == 40
    assert times[0] == pytest.approx(0.025) and times[-1] == pytest.approx(100.0)
    assert (np.diff(curve) > 0).all()
    late = finish(entropy.entropy_curve(spectrum, np.array([1e5])))
    assert late[0] == pytest.approx(np.log(N), abs=1e-6)


def test_knee_of_a_known_curve():
    x = np.linspace(0, 10, 1001)
    assert entropy.knee(x, np.minimum(x, 2.0)) == pytest.approx(2.0)
    assert entropy.knee(x, x) is None
    assert entropy.knee(x, x**2) is None
    assert entropy.knee(x, np.ones_like(x)) is None
