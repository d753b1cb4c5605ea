"""GP-HM: kernels, training as published, the direct solution, its warnings, the contract."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from engine import catalog
from engine.data import open_any
from engine.io.tables import save_table
from engine.method import DataError
from engine.pde import lags, posterior
from engine.pde.gp_line import Line
from engine.pde.gphm_direct import Setting, solve
from engine.pde.gphm_params import GPHMParams
from engine.pde.lattice import Lattice
from engine.pde.mean import Mean
from engine.pde.spectral import Slopes, Spectrum
from engine.runs import Fit, RunSpec
from engine.stages import finish
from tests.engine import conformance as owed

CARD = catalog.card("pde.gphm")
FAMILIES = ["Student-t mixture", "Gaussian mixture", "Matern", "squared exponential"]
MIXTURES = FAMILIES[:2]


def begun(spec, changes=(), **params):
    return Fit(RunSpec(method=CARD.id, data=spec, params=params, step_changes=changes),
               open_any(spec))  # fmt: skip


def solved(spec, **params):
    fit = begun(spec, **params)
    for _ in fit:
        pass
    return fit


def error(spec, **params):
    """The direct solution's relative error on the problem's own grid."""
    problem = open_any(spec)
    found = finish(solve(Setting.of(problem, GPHMParams(**params), problem.values),
                         params.get("jitter", 1e-6)))  # fmt: skip
    value = problem.value_key()[1]
    return distance(problem, found.mean, problem.grid(), value)


def distance(problem, mean, axes, value):
    u = mean.on_grid(axes, [value])[value][:, 0]
    mesh = np.meshgrid(*axes, indexing="ij")
    exact = problem.solution(np.column_stack([m.ravel() for m in mesh]), problem.values)[0]
    return np.linalg.norm(u - exact) / np.linalg.norm(exact)


def mixture(family="Student-t mixture", q=4, seed=0, top=30.0):
    rng = np.random.default_rng(seed)
    return Spectrum(family, rng.uniform(0.1, 1, q), rng.uniform(0, top, q), rng.uniform(0.5, 2, q))


def at_signed(kernel, z, order, orders=5):
    sign = np.where(z < 0, -1.0, 1.0) ** order
    return sign * kernel.table(np.abs(z), orders)[order]


@pytest.mark.parametrize("family", FAMILIES)
def test_c1_derivatives_of_kernels_are_those_of_differences(family):
    kernel, h = mixture(family), 1e-4
    for order in range(1, 5):
        # Matern's fifth derivative jumps at 0, which differences of the third would feel.
        z = np.linspace(0, 1, 201) + (2 * h if order > 2 else 0.0)
        up, down = (at_signed(kernel, z + s * h, order - 1) for s in (1, -1))
        told = kernel.table(z, 5)[order]
        assert np.abs((up - down) / (2 * h) - told).max() < 1e-5 * np.abs(told).max(), order


@pytest.mark.parametrize("family", FAMILIES)
def test_the_power_spectrum_is_the_kernels(family):
    kernel = mixture(family)
    waves = np.linspace(-4000, 4000, 400001)
    density = kernel.density(waves)
    for z in (0.0, 0.3):
        back = np.trapezoid(density * np.cos(waves * z), waves) / (2 * np.pi)
        assert back == pytest.approx(kernel.table(np.array([z]), 1)[0, 0], abs=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_gains_of_a_kernel_are_those_of_differences(family):
    kernel, rng = mixture(family), np.random.default_rng(1)
    distances, by = np.linspace(0, 1, 20), rng.standard_normal((3, 20))

    def total(weights, widths, waves):
        return (by * Spectrum(family, weights, waves, widths).table(distances, 3)).sum()

    gains = Slopes(kernel, distances).gains(by)
    start, h = (kernel.weights, kernel.widths, kernel.frequencies), 1e-6
    for number, gain in enumerate(gains):
        for q in range(4):
            ends = []
            for sign in (1, -1):
                moved = [v.copy() for v in start]
                moved[number][q] = moved[number][q] + sign * h if number == 2 else (
                    moved[number][q] * np.exp(sign * h))  # fmt: skip
                ends.append(total(*moved))
            assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(gain[q], rel=1e-5, abs=1e-5)


def test_sums_over_lags_are_those_of_the_whole_matrices():
    rng, kernel = np.random.default_rng(0), mixture()
    column = kernel.table(np.linspace(0, 1, 20), 1)[0]
    column[0] += 1e-2
    inverse = np.linalg.inv(lags.gathered(column, 0))
    gap = np.arange(20)[:, None] - np.arange(20)
    wanted = [inverse[np.abs(gap) == lag].sum() for lag in range(20)]
    np.testing.assert_allclose(lags.inverse_sums(inverse[:, 0]), wanted, rtol=1e-6, atol=1e-6)
    for width in (1, 3):
        one, other = rng.standard_normal((2, 20, width))
        for order in (0, 1, 2):
            changed = rng.standard_normal(20)
            changed[0] *= order != 1
            whole = (one @ other.T * lags.gathered(changed, order)).sum()
            assert lags.folded(one, other, order) @ changed == pytest.approx(whole)


def test_c3_the_direct_solution_of_a_fast_sine():
    at = {"nodes": 400, "highest": 20.0}
    assert error("problem:waves_sin", **at) < 1e-2
    assert error("problem:waves_sin", spread=10.0, **at) < 2e-4
    oracle = {"frequencies": (100.0,), "weights": (1.0,), "widths": (0.1,)}
    assert error("problem:waves_sin", **oracle, **at) < 1e-5
    assert error("problem:waves_sin", family="Matern", **at) > 3e-2
    assert error("problem:waves_sin", family="squared exponential", **at) > 3e-2


def test_c3_the_direct_solution_on_a_plane():
    assert error("problem:waves_product", nodes=400, highest=20.0) < 1e-3


@pytest.mark.parametrize("family", MIXTURES)
def test_a_mean_between_nodes_is_the_dense_sum(family):
    rng, kernels = np.random.default_rng(0), [mixture(family, seed=k) for k in range(2)]
    nodes = [np.linspace(0, 2, 40), np.linspace(-1, 0, 30)]
    places = [np.linspace(0, 2, 57), np.linspace(-1, 0, 41)]
    gaps = [p[:, None] - n for p, n in zip(places, nodes, strict=True)]
    dense = [[at_signed(k, g, n, 3) for n in range(3)] for k, g in zip(
        [_flat(k) for k in kernels], gaps, strict=True)]  # fmt: skip
    line, plane = rng.standard_normal(40), rng.standard_normal((40, 30))
    found = Mean(nodes[:1], kernels[:1], line).on_grid(places[:1], [(0,), (1,), (2,)])
    for n in range(3):
        wanted = dense[0][n] @ line
        assert np.abs(found[n,][:, 0] - wanted).max() < 1e-7 * np.abs(wanted).max()
    both = Mean(nodes, kernels, plane).on_grid(places, [(0, 0), (1, 1), (0, 2)])
    for (p, q), value in both.items():
        wanted = dense[0][p] @ plane @ dense[1][q].T
        assert np.abs(value.reshape(57, 41) - wanted).max() < 1e-7 * np.abs(wanted).max()


class _flat:
    """A kernel asked at lags of any shape."""

    def __init__(self, kernel):
        self.kernel = kernel

    def table(self, z, orders):
        return self.kernel.table(z.ravel(), orders).reshape(orders, *z.shape)


@pytest.mark.parametrize("name, bound", [
    ("sin_cos", 1e-2), ("x_sin", 1e-2), ("mix", 1e-2), ("parabola", 5e-3), ("phases_sin", 2e-2),
    ("phases_sin_cos", 1e-2), ("sum", 2e-2), ("phases_mix", 2e-2), ("advection", 2e-2),
])  # fmt: skip
def test_every_problem_of_the_paper_is_solved_as_it_is_opened(name, bound):
    assert error(f"problem:waves_{name}") < bound


def test_data_on_all_sides_or_on_those_of_the_problem():
    spec = "problem:waves_advection?beta=20"
    one, other = (error(spec, highest=10.0, nodes=60, sides=s)
                  for s in ("initial and inflow", "all sides"))  # fmt: skip
    assert one < 1e-2 and other < 1e-2 and one != other
    own = open_any("equation:u_t = u_xx; t in [0, 1]; x in [0, 1]; u(0, x) = 0; boundary u = t")
    with pytest.raises(DataError, match="known solution"):
        Setting.of(own, GPHMParams(sides="all sides"), own.values).lattice.faces  # noqa: B018


TYPED = {
    "varying coefficients and a mixed derivative":
        "u_xx + (1 + x*y)*u_yy + x*u_xy/2 - u = d(d(s, x), x) + (1 + x*y)*d(d(s, y), y)"
        " + x*d(d(s, x), y)/2 - s; x in [0, 1]; y in [0, 1]; s = sin(5*x)*cos(3*y)",
    "coefficients of their own axes":
        "(1 + x)*u_xx + exp(y)*u_yy + (x + y^2)*u = (1 + x)*d(d(s, x), x) + exp(y)*d(d(s, y), y)"
        " + (x + y^2)*s; x in [0, 1]; y in [0, 1]; s = sin(5*x)*cos(3*y)",
    "a line with slopes in it": "u_xx + x*u_x - u = d(d(s, x), x) + x*d(s, x) - s; x in [0, 2]; "
        "s = sin(5*x)",
}  # fmt: skip


@pytest.mark.parametrize("name", TYPED)
def test_typed_linear_equations_are_solved(name):
    spec = f"equation:{TYPED[name]}; exact u = s; boundary u = exact"
    assert error(spec, highest=2.0, nodes=40) < 2e-3


def test_slopes_and_initial_speeds_are_taken():
    wave = "equation:u_tt = 4*u_xx; t in [0, 1]; x in [0, 1]; exact u = sin(3*x)*cos(6*t)"
    wave += "; u(0, x) = exact; u_t(0, x) = exact; boundary u = exact"
    assert error(wave, highest=3.0, nodes=40, spread=3.0) < 3e-2
    end = "equation:u_xx + u = 0; x in [0, 1]; exact u = sin(x)/cos(1); u(0) = 0; u_x(1) = 1"
    assert error(end, highest=3.0, nodes=40, spread=3.0) < 1e-2
    start = "equation:u_tt + 25*u = 0; t in [0, 2]; exact u = cos(5*t); u(0) = 1; u_t(0) = 0"
    assert error(start, highest=3.0, nodes=40, spread=3.0) < 1e-2


def test_nonlinear_equations_by_newtons_method():
    problem = open_any("problem:poisson")
    found = finish(solve(Setting.of(problem, GPHMParams(), problem.values), 1e-6))
    assert 3 <= found.steps <= 12
    fit = solved("problem:poisson")
    assert fit.result().metrics["relative error"] < 1e-2
    hard = "equation:u_xx = -100*exp(u); x in [0, 1]; boundary u = 0"
    with pytest.raises(DataError, match="no solution"):
        solved(hard)


def test_too_few_nodes_are_warned_of_and_seen_in_the_eigenvalue():
    frame = solved("problem:waves_sin", nodes=150, highest=20.0).result()
    assert frame.metrics["slowest eigenvalue along x"] == pytest.approx(-0.3155, abs=2e-3)
    words = " ".join(n.text for n in frame.notes)
    assert "150 nodes tell apart 11.9" in words and "instead of -0.25" in words
    assert any(n.grave and "nodes tell apart" in n.text for n in frame.notes)
    good = solved("problem:waves_sin", nodes=400, highest=20.0).result()
    assert good.metrics["slowest eigenvalue along x"] == pytest.approx(-0.25, rel=2e-3)
    told = [n.text for n in good.notes]
    assert len(told) == 1 and "20 cycles per unit (125.7 rad)" in told[0]


def test_frequencies_and_nodes_come_from_the_problem():
    for name, cycles, count in (("sin", 20, 400), ("x_sin", 40, 799), ("parabola", 100, 319),
                                ("advection", 40, 128)):  # fmt: skip
        problem = open_any(f"problem:waves_{name}")
        setting = Setting.of(problem, GPHMParams(), problem.values)
        assert setting.cycles == pytest.approx(cycles), name
        assert abs(setting.lattice.shape[0] - count) <= 1, name
    fast = Setting.of(open_any("problem:waves_sin"), GPHMParams(), (190.0,))
    assert fast.cycles == 40


def test_jitter_is_raised_where_the_kernel_is_singular_and_said():
    column = np.ones(30)
    assert lags.factor(column, 1e-30).jitter > 1e-17
    with pytest.raises(lags.NotPositive):
        lags.factor(-column, 1e-6)
    smooth = {"family": "squared exponential", "nodes": 60, "jitter": 1e-12, "highest": 2.0}
    frame = solved("problem:helmholtz?a1=1", weights=(1e3,), **smooth).result()
    assert any("needed a jitter of" in n.text for n in frame.notes)


def test_the_spread_is_that_of_a_dense_process():
    """Against functionals differentiated by sympy, for k = exp(-s^2 z^2) cos(m z)."""
    problem = open_any("equation:u_xx + x*u = -2 + x*(x - x^2); x in [0, 1]; boundary u = 0")
    kernel = Spectrum("Gaussian mixture", np.ones(1), np.array([3.0]), np.array([1.5]))
    line = Line(Lattice(problem, (), (7,)), kernel, 1e-6)
    x, y = sp.symbols("x y")
    k = sp.exp(-(sp.Rational(9, 4)) * (x - y) ** 2) * sp.cos(3 * (x - y))
    nodes, places = line.lattice.axes[0], np.linspace(0, 1, 13)

    def asked(f, v, end):
        return f if end else sp.diff(f, v, 2) + v * f

    ends = [n in (0, 6) for n in range(7)]
    whole = np.array([[float(asked(asked(k, x, a), y, b).subs({x: p, y: q}))
                       for q, b in zip(nodes, ends, strict=True)]
                      for p, a in zip(nodes, ends, strict=True)])  # fmt: skip
    cross = np.array([[float(asked(k, y, b).subs({x: p, y: q}))
                       for p in places] for q, b in zip(nodes, ends, strict=True)])  # fmt: skip
    at = -line.solver(np.zeros(7))(line.missing(np.zeros(7)))
    told = np.where(ends, 0.0, -2 + nodes * (nodes - nodes**2))
    size = told @ np.linalg.solve(whole, told) / 7
    wanted = size * (1 - np.einsum("np,np->p", cross, np.linalg.solve(whole, cross)))
    found = posterior.spread(line, kernel, at, places)
    np.testing.assert_allclose(found, np.sqrt(np.maximum(wanted, 0)), rtol=0.05,
                               atol=2e-3 * found.max())  # fmt: skip


def test_the_spread_follows_the_error():
    frame = solved("problem:waves_sin", nodes=400, highest=20.0).result()
    spread, gap = (frame.layer(n).values for n in ("approximate spread", "error"))
    assert spread[[0, -1]].max() < 1e-3 * spread.max()
    finer = solved("problem:waves_sin", nodes=600, highest=20.0).result()
    assert finer.layer("approximate spread").values.max() < 0.8 * spread.max()
    assert np.sqrt(np.mean(gap**2)) < 10 * np.sqrt(np.mean(spread**2))


SMALL = {"nodes": 30, "components": 5, "highest": 3.0}
SLOW = "problem:waves_sin?w=3"


def test_components_are_counted_and_their_export_is_whole(tmp_path):
    with pytest.raises(DataError, match="2 frequencies, 3 weights"):
        solved(SLOW, frequencies=(1.0, 2.0), weights=(1.0, 1.0, 1.0), nodes=30)
    layer = solved(SLOW, **SMALL).result().layer("spectrum")
    save_table(tmp_path / "spectrum.csv", layer)
    lines = (tmp_path / "spectrum.csv").read_text().splitlines()
    assert lines[1].split(",") == ["frequency (rad)", "weight", "truth (scaled)", "widths"]
    first = [float(v) for v in lines[3].split(",")]
    assert first[0] == pytest.approx(2 * np.pi * 0.75) and first[1] == 0.2 and first[3] == 1.0
    assert np.isnan(first[2]) and len(lines) == 2 + len(layer.x)


def test_previews_come_first_and_end_in_the_frame():
    fit = solved("problem:waves_sin", nodes=200)
    wanted = replace(fit.params, coefficients=(20.0,), components=20)
    frames = [f for f in fit.method.refine(wanted) if f is not None]
    assert [f.coarse for f in frames] == ["without its spread", ""]
    owed.same(frames[-1], fit.method.evaluate(wanted))
    assert fit.method.evaluate(wanted).metrics["relative error"] < 1e-2


def test_what_cannot_be_computed_is_refused():
    for spec, words in (
        ("problem:cavity", "one unknown"),
        ("problem:klein_gordon", "one and two coordinates"),
        ("problem:allen_cahn", "periodic"),
    ):
        with pytest.raises(DataError, match=words):
            solved(spec)
    with pytest.raises(DataError, match="400 nodes"):
        solved("problem:helmholtz", nodes=500)
    with pytest.raises(DataError, match="slopes"):
        solved("equation:u_xx + u = 0; x in [0, 1]; u(0) = 0; u_x(1) = 1", training="as published")
