"""The reference of the family of lid-driven cavities: polynomials and the flow at a lid's ends."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data import open_any
from engine.pde import lid_corner, starting_cavity
from engine.pde.reference import distance, reference

FAMILY = "problem:cavity_family"


def relative(one, other):
    return distance({"u": one}, {"u": other})


def test_the_starting_cavity_solves_its_equations():
    """All three by differences of another grid, pressure and all; a wrong sign leaves as much as
    the term itself."""
    problem, n, times, c = open_any(FAMILY), 81, 201, (0.8, 0.1)
    fields = dict(zip("uvp", starting_cavity.solve(c, 24, (times, n, n), 1), strict=True))
    steps, jet = (1 / (times - 1), 1 / (n - 1), 1 / (n - 1)), {}
    for key in problem.keys:
        value = fields[problem.unknowns[key[0]]][118:123]
        for axis, count in enumerate(key[1]):
            for _ in range(count):
                value = np.gradient(value, steps[axis], axis=axis)
        jet[key] = value[2, 10:-10, 10:-10].ravel()
    found = problem.residual(jet, np.zeros((61**2, 3)), c)
    terms = (c[1] * jet[0, (0, 0, 2)], c[1] * jet[2, (0, 2, 0)], 10 * jet[0, (0, 1, 0)])
    for residual, term in zip(found, terms, strict=True):
        assert np.linalg.norm(residual) < 0.03 * np.linalg.norm(term)


def test_the_starting_cavity_converges():
    """Of second order in time, beyond it in space, to what differences of second order on 80 and
    160 cells gave, extrapolated."""
    c, shape = (0.8, 0.1), (3, 5, 5)
    u, v, p = starting_cavity.solve(c, 24, shape, 50)
    assert u[-1, 2, 1:4] == pytest.approx([-0.1025544, -0.1839545, -0.0576914], abs=3e-6)
    assert v[-1, 1:4, 2] == pytest.approx([0.1506924, 0.0041228, -0.1539217], abs=3e-6)
    by_time = [starting_cavity.solve(c, 14, shape, k) for k in (12, 24, 200)]
    for one, two, fine in zip(*by_time, strict=True):
        assert 3.3 < relative(one[1:], fine[1:]) / relative(two[1:], fine[1:]) < 6
    coarse = starting_cavity.solve(c, 12, shape, 50)
    assert relative(coarse[0], u) < 1e-3 and relative(coarse[2], p) < 2e-2
    fine = starting_cavity.solve(c, 32, shape, 50)
    assert relative(u, fine[0]) < 1e-5 and relative(p, fine[2]) < 1e-3
    still, lid = starting_cavity.solve((1.0, 1.0, 2.0), 12, (2, 5, 5), 10)[0]
    wanted = 2 * starting_cavity.lid(np.arange(5) / 4)
    assert not still.any() and lid[:, -1] == pytest.approx(wanted)
    found = reference(open_any(FAMILY), c)
    assert found.error < 1e-3 and set(found.values) == {"u", "v", "p"}
    assert not found.values["p"][:, 0, 0].any()


def test_the_flow_at_a_lid_s_end_is_that_of_stokes():
    """lap u = grad p / mu and div u = 0 by differences, still at the wall, the lid's slope; the
    mean pressure beside it by a sum."""
    rng, e = np.random.default_rng(0), 1e-3
    x, y = 0.2 + 0.6 * rng.random(9), 0.2 + 0.6 * rng.random(9)
    at = {(i, j): lid_corner.flow(12.0, x + i * e, y + j * e)
          for i, j in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))}  # fmt: skip

    def change(name, i, j):
        return (getattr(at[i, j], name) - getattr(at[-i, -j], name)) / (2 * e)

    for name, i, j in (("u", 1, 0), ("u", 0, 1), ("v", 1, 0), ("v", 0, 1)):
        slope = getattr(at[0, 0], f"{name}_{'x' if i else 'y'}")
        assert slope == pytest.approx(change(name, i, j), abs=1e-3)
        if (name, i) in (("u", 1), ("v", 0)):
            own = [getattr(at[k], name) for k in at]
            bend = (sum(own[1:]) - 4 * own[0]) / e**2
            assert bend == pytest.approx(change("p", i, j), abs=2e-2)
    assert at[0, 0].u_x == pytest.approx(-at[0, 0].v_y)
    left = lid_corner.flow(12.0, np.array([0.0, 0.0, 1e-6]), np.array([0.3, 0.9, 1.0]))
    right = lid_corner.flow(12.0, np.array([1.0, 1.0, 1 - 1e-6]), np.array([0.3, 0.9, 1.0]))
    # At one end stands the lid's speed there and what the other end adds.
    assert left.u == pytest.approx(right.u) and left.v == pytest.approx(-right.v)
    places = (np.arange(400) + 0.5) / 400
    a, b = np.meshgrid(0.02 * places, 0.01 * places)
    mean = 12 * np.log(a**2 + b**2).mean()
    assert lid_corner.mean_pressure(12.0, 0.02, 0.01) == pytest.approx(mean, rel=1e-5)
