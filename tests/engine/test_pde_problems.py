"""Problems: their equations against formulas written here by hand, and typed ones with mistakes."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from engine import cli
from engine.data import OpenError, open_any
from engine.method import DataError
from engine.pde import compatibility, points
from engine.pde.gallery import KNOWN
from engine.pde.grammar import TextError
from engine.pde.hard import Hard
from engine.pde.stating import state

SOLVED = [k.name for k in KNOWN if "exact" in k.text]


def somewhere(problem, n=40, seed=0):
    low, high = problem.bounds.T
    return low + (high - low) * np.random.default_rng(seed).random((n, problem.dimension))


def jet_of(problem, seed=1, n=40):
    """Arbitrary numbers for every jet entry, by name."""
    rng = np.random.default_rng(seed)
    jet = {key: rng.standard_normal(n) for key in problem.keys}
    return jet, {problem.name_of(key): value for key, value in jet.items()}


def softplus(v):
    return np.log1p(np.exp(v))


def helmholtz(x, j, a1, a2, k2):
    factor = k2 - (a1 * np.pi) ** 2 - (a2 * np.pi) ** 2
    source = factor * np.sin(a1 * np.pi * x[:, 0]) * np.sin(a2 * np.pi * x[:, 1])
    return [j["u_xx"] + j["u_yy"] + k2 * j["u"] - source]


def allen_cahn(x, j, d, r):
    return [j["u_t"] - d * j["u_xx"] + r * j["u"] ** 3 - r * j["u"]]


def klein_gordon(x, j, k):
    t, a, b = x.T
    u = (a + b) * np.cos(k * t) + a * b * np.sin(k * t)
    return [j["u_tt"] - j["u_xx"] - j["u_yy"] + j["u"] ** 2 - (u**2 - k**2 * u)]


def burgers(x, j, nu, c, w):
    return [j["u_t"] + c * j["u"] * j["u_x"] - nu * j["u_xx"]]


def poisson(x, j, *coefficients):
    z, w = np.array(coefficients[:5]), coefficients[5]
    s = np.polynomial.chebyshev.chebval(x[:, 0], z)
    s_x = np.polynomial.chebyshev.chebval(x[:, 0], np.polynomial.chebyshev.chebder(z))
    kappa = softplus(j["u"] * s) + 0.1
    kappa_x = (j["u_x"] * s + j["u"] * s_x) / (1 + np.exp(-j["u"] * s))
    return [kappa * j["u_xx"] + kappa_x * j["u_x"] + w]


def diffusion(x, j, alpha):
    gradient = j["u_x"] ** 2 + j["u_y"] ** 2
    return [j["u_t"] - alpha * (gradient + j["u"] * (j["u_xx"] + j["u_yy"]))]


def mixing(x, j, v):
    _, a, b = x.T
    r = np.hypot(a, b)
    tangential = np.tanh(r) / np.cosh(r) ** 2
    return [j["u_t"] - tangential / v * b / r * j["u_x"] + tangential / v * a / r * j["u_y"]]


def cavity(x, j, re):
    return [
        j["u"] * j["u_x"] + j["v"] * j["u_y"] + j["p_x"] - (j["u_xx"] + j["u_yy"]) / re,
        j["u"] * j["v_x"] + j["v"] * j["v_y"] + j["p_y"] - (j["v_xx"] + j["v_yy"]) / re,
        j["u_x"] + j["v_y"],
    ]


HAND = [helmholtz, allen_cahn, klein_gordon, burgers, poisson, diffusion, mixing, cavity]


@pytest.mark.parametrize("hand", HAND, ids=lambda f: f.__name__)
def test_equations_are_those_of_the_papers(hand):
    problem = open_any(f"problem:{hand.__name__}")
    x = somewhere(problem)
    jet, named = jet_of(problem)
    found = problem.residual(jet, x, problem.values)
    for mine, theirs in zip(found, hand(x, named, *problem.values), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("name", SOLVED)
def test_exact_solutions_solve_their_equations(name):
    """PINN check C1, for every problem with a solution, by autograd of that solution."""
    problem = open_any(f"problem:{name}")
    x = torch.tensor(somewhere(problem, 30), requires_grad=True)
    (u,) = problem.solution(x, problem.values)
    jet = {}
    for key in problem.keys:
        value = u
        for axis, count in enumerate(key[1]):
            for _ in range(count):
                (slope,) = torch.autograd.grad(value.sum(), x, create_graph=True)
                value = slope[:, axis]
        jet[key] = value
    for residual in problem.residual(jet, x, problem.values):
        assert float(residual.detach().abs().max()) < 1e-10


@pytest.mark.parametrize("name", SOLVED)
def test_exact_solutions_meet_their_conditions(name):
    problem = open_any(f"problem:{name}")
    for condition in problem.conditions:
        x = somewhere(problem)
        x[:, condition.axis] = problem.bounds[condition.axis, condition.side]
        found = problem.solution_jet(x, problem.values)[condition.key]
        np.testing.assert_allclose(problem.target(condition, x, problem.values), found, atol=1e-9)


@pytest.mark.parametrize("name", [k.name for k in KNOWN])
def test_partials_are_derivatives_of_the_residual(name):
    problem = open_any(f"problem:{name}")
    x, h = somewhere(problem), 1e-6
    jet, _ = jet_of(problem)
    for key in problem.keys:
        up, down = ({**jet, key: jet[key] + s * h} for s in (1, -1))
        change = zip(problem.residual(up, x, problem.values),
                     problem.residual(down, x, problem.values), strict=True)  # fmt: skip
        for k, (a, b) in enumerate(change):
            partial = problem.partial(k, key, jet, x, problem.values)
            partial = np.zeros(len(x)) if partial is None else partial
            scale = 1 + np.abs(partial).max() + np.abs(a).max()
            np.testing.assert_allclose((a - b) / (2 * h), partial, atol=2e-8 * scale)


def test_flow_mixing_turns_as_a_solid_body_at_its_centre():
    problem = open_any("problem:mixing")
    x = np.array([[1.0, 0.0, 0.0], [1.0, 1e-7, 0.0]])
    jet = {key: np.ones(2) for key in problem.keys}
    found = problem.residual(jet, x, problem.values)[0]
    assert np.isfinite(found).all() and found[0] == pytest.approx(found[1], abs=1e-6)


def test_numpy_and_torch_agree_on_every_problem():
    for item in KNOWN:
        problem = open_any(f"problem:{item.name}")
        x, (jet, _) = somewhere(problem), jet_of(problem)
        other = problem.residual({k: torch.tensor(v) for k, v in jet.items()}, torch.tensor(x),
                                 problem.values)  # fmt: skip
        for a, b in zip(problem.residual(jet, x, problem.values), other, strict=True):
            np.testing.assert_allclose(a, b.numpy(), rtol=1e-12, atol=1e-12 * np.abs(a).max())


def test_coefficients_come_from_the_address_and_are_held_to_their_bounds():
    problem = open_any("problem:helmholtz?a1=2&k2=30")
    assert problem.values == (2.0, 1.0, 30.0)
    assert open_any(problem.spec).sha256() == problem.sha256()
    assert open_any("problem:helmholtz?a1=4").spec == "problem:helmholtz"
    assert problem.chosen(()) == problem.values
    for wrong in ("problem:helmholtz?a1=400", "problem:helmholtz?a9=1", "problem:helmholtz?a1=x",
                  "problem:nothing"):  # fmt: skip
        with pytest.raises(OpenError, match=r"^[A-Z'].*\.$"):
            open_any(wrong)
    for wanted in ((1.0,), (1.0, 2.0, 1e9)):
        with pytest.raises(DataError):
            problem.chosen(wanted)


def test_a_typed_problem_is_the_listed_one():
    text = open_any("problem:klein_gordon").text
    typed = open_any(f"equation:{text}")
    listed = open_any("problem:klein_gordon")
    x, (jet, _) = somewhere(listed), jet_of(listed)
    np.testing.assert_array_equal(typed.residual(jet, x, (2.0,)), listed.residual(jet, x, (2.0,)))


HEAT = """u_t = a*u_xx; a = 0.1 in [0.01, 1]
t in [0, 1]; x in [0, 1]
u(0, x) = sin(pi*x); boundary u = 0  # cold ends"""


def test_a_typed_equation_with_slider_box_and_conditions():
    problem = state(HEAT)
    assert [c.name for c in problem.coefficients] == ["a"]
    assert [(c.axis, c.side, c.group) for c in problem.conditions] == [
        (0, 0, "initial"), (1, 0, "boundary"), (1, 1, "boundary")]  # fmt: skip
    x = np.array([[0.3, 0.5]])
    jet = {key: np.array([1.0 + k]) for k, key in enumerate(problem.keys)}
    names = {problem.name_of(key): value for key, value in jet.items()}
    assert problem.residual(jet, x, (0.1,))[0] == pytest.approx(names["u_t"] - 0.1 * names["u_xx"])
    assert problem.target(problem.conditions[0], x, (0.1,)) == pytest.approx(1.0)


WRONG = {
    "u_t = a*u_xx; t in [0, 1]; x in [0, 1]; u(0, x) = 0; boundary u = 0": ("'a' is not known", 7),
    "u_t = 2 u_xx; t in [0, 1]; x in [0, 1]": ("operator", 9),
    "u_xxx = 0; x in [0, 1]": ("order 3", 1),
    "u_xx = q(x); x in [0, 1]; boundary u = 0": ("no function 'q'", 8),
    "u_xx = __import__(1); x in [0, 1]": ("no meaning", 8),
    "u_xx = (1 + ; x in [0, 1]": ("Expected a number", 12),
    "u_xx = 1; x in [1, 0]; boundary u = 0": ("smaller to a larger", 17),
    "u_xx = 1; x in [0, 1]": ("no condition", 1),
    "u_t = u_xx; t in [0, 1]; x in [0, 1]; boundary u = 0": ("no initial condition", 1),
    "u_t = u_xx; t in [0, 1]; x in [0, 1]; u(0.5, x) = 0": ("not an end", 41),
    "u_xx = 1; v_x = 2; x in [0, 1]; boundary u = v": ("cannot stand here", 46),
    "u_xx + v_x = 1; x in [0, 1]; boundary u = 0": ("1 equations are given for 2", 1),
    "u_xx = 9^9^9; x in [0, 1]; boundary u = 0": ("exponent", 9),
    "u_xx = 1/0; x in [0, 1]; boundary u = 0": ("zero", 9),
    "u_xx = sqrt(0-1); x in [0, 1]; boundary u = 0": ("real number", 1),
    "a = 5 in [0, 1]; u_xx = a; x in [0, 1]; boundary u = 0": ("between its bounds", 1),
    "u_xx = 1; x in [0, 1]; boundary u = exact": ("No exact solution", 37),
    "x in [0, 1]": ("No derivative", 1),
    "hello": ("No axis", 1),
    "u_xx = 1 = 2; x in [0, 1]": ("one sign '='", 6),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_solved_is_refused_with_place_and_reason(text):
    reason, place = WRONG[text]
    with pytest.raises(TextError) as caught:
        state(text)
    said = str(caught.value)
    assert reason in said and said.startswith(f"Place {place}:"), said
    assert said.endswith(".") and "\n" not in said


def test_numbers_names_and_derivatives_of_formulas():
    """d(f, x) is a total derivative; a name with an underscore may be a coefficient."""
    problem = state("x in [0, 2*pi]; k_max = 3 in [1, 5]; boundary u = 0; "
                    "d(u*u_x, x) + k_max*sin(x)^2/.5e1 = -2**2")  # fmt: skip
    jet = {(0, (0,)): np.array([2.0]), (0, (1,)): np.array([3.0]), (0, (2,)): np.array([5.0])}
    found = problem.residual(jet, np.array([[0.7]]), (3.0,))[0]
    assert found == pytest.approx(9 + 10 + 3 * np.sin(0.7) ** 2 / 5 + 4)
    assert problem.axes[0].high == pytest.approx(2 * np.pi) and not problem.linear
    assert state("x in [0, 1]; u_xx + x*u_x = 1; boundary u = 0").linear


def test_lines_are_counted_for_places():
    with pytest.raises(TextError, match=r"^Line 3, place 8: 'q' is not known"):
        state("x in [0, 1]  # a rod\n\nu_xx = q\nboundary u = 0")


BOX = "; x in [0, 1]; boundary u = 0"
HEATED = "u_t = u_xx; t in [0, 1]; x in [0, 1]; "
PLATE = "u_xx + u_yy = 1; x in [0, 2]; y in [0, 1]; "
DOUBLED = "; ".join(f"a{k} = sin(a{k - 1})*a{k - 1} + a{k - 1}" for k in range(1, 25))
NASTY = {
    "": ("No axis", 1),
    " \n;;": ("No axis", 1),
    "u_xx = 1; boundary u = 0": ("No axis", 1),
    "~%!q" * 2500: ("8000 characters", 8001),
    "u_xx = " + "sin(" * 80 + BOX: ("nested more than 60", 252),
    "u_xx = x.__class__" + BOX: ("'.' has no meaning", 9),
    "u_xx = eval(1)" + BOX: ("no function 'eval'", 8),
    "u_xx = open('f')" + BOX: ("no meaning", 13),
    "u_xx = \u0663" + BOX: ("no meaning", 8),
    "u_xx = x\u00b2" + BOX: ("no meaning", 9),
    "u_xx = 1/x; x in [-1, 1]; boundary u = 0": ("no finite value near x = 0", 1),
    "u_xx = 1/(x - 1/3)" + BOX: ("no finite value near x = 0.33", 1),
    "u_xx = u/(x - 1/3)^2 + u^2/(x - 1/3)" + BOX: ("no finite value near x = 0.33", 1),
    "x in [0, 1]; boundary u = 0; u_xx = log(x - 2)": ("no finite value", 30),
    "u_xx = exp(exp(exp(exp(x))))" + BOX: ("no finite value", 1),
    "u_xx = exp(exp(exp(9)))" + BOX: ("so large a number", 8),
    "u_xx = sin(exp(exp(20))) + x" + BOX: ("so large a number", 8),
    "u_xx = tan(pi/2)" + BOX: ("no finite value here", 8),
    "u_xx = 1e400" + BOX: ("too large", 8),
    "u_xx = x^1000" + BOX: ("exponent may be at most 20", 9),
    "u_xx = ((((u + 1)^20)^20)^20)^20" + BOX: ("multiply to at most 20", 22),
    f"a0 = u + x; {DOUBLED}; u_xx = a24" + BOX: ("too long once", None),
    "u_xx = 0; u_xx = " + "d(" * 12 + "exp(sin(x*exp(sin(x))))^20" + ",x)" * 12 + BOX: (
        "too long to be differentiated",
        None,
    ),
    "u_xx = 1; x in [0, 1e308]; boundary u = 0": ("1e+12 long", 17),
    "u_xx = 1; x in [0, 1e-300]; boundary u = 0": ("1e-12 and", 17),
    "a = 1 in [0, 1e400]; u_xx = a" + BOX: ("finite numbers", 1),
    "u_xx = 1; x in [0, 1]; u(0) = 0; u(0) = 1; u(1) = 0": ("given twice at x = 0", 34),
    "u_xx = 1; boundary u = 1" + BOX: ("boundary of 'u' is given twice", 40),
    "u_xx = 1; exact u = x; exact u = 1" + BOX: ("solution of 'u' is given twice", 24),
    "u_xx = 1; x in [0, 1]; u(0) = log(0); u(1) = 0": ("no finite value here", 31),
    HEATED + "u(0, x) = 1/(x - 0.3); boundary u = 0": ("near t = 0, x = 0.29", 39),
    HEATED + "u(0.5, x) = 1; boundary u = 0": ("not an end", 41),
    PLATE + "u(0, 0) = 1; boundary u = 0": ("given already on the whole face x = 0", 44),
    PLATE + "u_x(0, 0) = 1": ("a value can be given, no derivative", 44),
    PLATE + "u(0, 0) = 1; u(0, 0) = 2": ("given twice where these faces meet", 57),
    PLATE + "u(0, 0.5) = 1": ("not an end", 48),
    HEATED + "u(0, x) = 0; u(0, 1) = 0": ("given for all t", 52),
    "u_xx = 1 > 0" + BOX: ("no meaning", 10),
    "u_xx = u_xx" + BOX: ("names no unknown", 1),
}


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nasty_texts_are_refused_with_place_and_reason(text, capsys):
    """By an address and by the command line, without anything written."""
    reason, place = NASTY[text]
    with pytest.raises(OpenError) as caught:
        open_any(f"equation:{text}")
    said = str(caught.value)
    assert reason in said and said.endswith(".") and "\n" not in said and len(said) < 300, said
    assert place is None or re.match(rf"(Place|Line \d+, place) {place}: ", said), said
    assert cli.main(["run", "pde.pig", "--data", f"equation:{text}"]) == 2
    printed = capsys.readouterr()
    assert said in printed.err and not printed.out and "Traceback" not in printed.err


def test_bad_coefficients_are_refused_by_name(capsys):
    for asked, reason in (("a1=400", "must be between 0.5 and 12, got 400"),
                          ("a1=nan", "'a1'"), ("a1=inf", "'a1'"), ("a1=1e400", "'a1'"),
                          ("a1=", "'a1'"), ("zz=1", "no coefficient 'zz'")):  # fmt: skip
        with pytest.raises(OpenError) as caught:
            open_any(f"problem:helmholtz?{asked}")
        assert reason in str(caught.value) and "\n" not in str(caught.value), str(caught.value)
    for asked in ("1,2", "nan,1,1", "inf,1,1", "1e9,1,1"):
        words = ["run", "pde.pig", "--data", "problem:helmholtz", "--set", f"coefficients={asked}"]
        assert cli.main(words) == 2
        printed = capsys.readouterr().err
        assert "oefficient" in printed and "Traceback" not in printed, printed


def test_a_value_may_be_pinned_at_a_corner():
    """Where faces meet that give no value themselves; all faces are met, for solvers that ask at
    points and for those that build it in."""
    problem = state("x in [0, 2]; y in [0, 1]; a = 1 in [0, 2]; u_xx + u_yy = a; u(2, y) = y; "
                    "u_y(x, 1) = 0; u(0, 0) = 3*a")  # fmt: skip
    pin = problem.conditions[-1]
    assert pin.faces == ((0, 0), (1, 0)) and pin.group == "boundary"
    drawn = points.draw(problem, 5, 7, np.random.default_rng(0))
    assert not drawn.faces[-1].any() and drawn.faces[0][:, 1].any()
    assert problem.target(pin, drawn.faces[-1], (2.0,)) == pytest.approx(6)

    def stack(columns):
        return np.column_stack(list(columns))

    rng = np.random.default_rng(1)
    hard = Hard.of(problem, [(0, 0)])
    base, factor = (j[0, 0][:, 0] for j in hard.jets(problem, np.zeros((1, 2)), (2.0,), stack))
    assert base == pytest.approx(6) and factor == 0
    face = np.column_stack([np.full(9, 2.0), rng.random(9)])
    base, factor = (j[0, 0][:, 0] for j in hard.jets(problem, face, (2.0,), stack))
    assert np.abs(base - face[:, 1]).max() < 1e-15 and not factor.any()
    inside = np.column_stack([2 * rng.random(9), rng.random(9)])
    assert (hard.jets(problem, inside, (2.0,), stack)[1][0, 0] > 0).all()


def test_a_pinned_value_that_the_start_denies_is_said():
    text = ("t in [0, 1]; x in [0, 1]; y in [0, 1]; u_t = u_x + u_y; u(0, x, y) = 1; "
            "u(t, 1, 1) = 1 + t")  # fmt: skip
    assert state(text).remarks == ()
    (remark,) = state(text + "; u(t, 0, 1) = 3").remarks
    assert all(part in remark for part in ("t = 0, x = 0, y = 1", "u = 1", "pinned", "u = 3"))


def test_what_is_said_of_a_face_counts_wherever_it_stands():
    one, other = (state(f"u_xx = 1; x in [0, 1]; {text}") for text in
                  ("u(0) = 1; boundary u = 0", "boundary u = 0; u(0) = 1"))  # fmt: skip
    for problem in (one, other):
        values = {c.side: float(problem.target(c, np.zeros((1, 1)), ())[0])
                  for c in problem.conditions}  # fmt: skip
        assert values == {0: 1.0, 1: 0.0}


def test_singular_ends_and_removable_ones_are_no_poles():
    """Polar coordinates have 1/r at an end; tanhc is 1 at its centre."""
    assert state("u_rr + u_r/r = -1; r in [0, 1]; u_r(0) = 0; u(1) = 0").remarks == ()
    assert open_any("problem:mixing").remarks == ()
    assert state("u_xx = 1/u; x in [0, 1]; boundary u = 1").remarks == ()


@pytest.mark.parametrize(
    ("text", "said", "mild"),
    [
        (HEATED + "u(0, x) = 1; u(t, 0) = 0; u(t, 1) = 0",
         ("At t = 0, x = 0", "1 more corner", "u = 1", "u = 0"), False),
        (HEATED + "u(0, x) = x; u(t, 0) = t; u(t, 1) = 2",
         ("At t = 0, x = 1", "u = 1", "u = 2"), False),
        (HEATED + "u(0, x) = 1 - x; u(t, 0) = 0.99; u(t, 1) = 0",
         ("At t = 0, x = 0", "u = 1", "u = 0.99", "1.0%"), True),
        (HEATED + "u(0, x) = x^2; u_x(t, 0) = 3; u(t, 1) = 1",
         ("At t = 0, x = 0", "u_x = 0", "u_x = 3"), False),
        (HEATED + "u(0, x) = 1/x; u(t, 0) = 5; u(t, 1) = 1",
         ("At t = 0, x = 0", "u = inf", "u = 5"), False),
        ("u_tt = u_xx; t in [0, 1]; x in [0, 1]; u(0, x) = 0; u_t(0, x) = 1; boundary u = 0",
         ("At t = 0, x = 0", "1 more corner", "u_t = 1", "u_t = 0"), False),
        ("u_t = u_xx; t in [0, 1]; x in [0, 1] periodic; u(0, x) = x",
         ("At t = 0, x = 0", "u = 0", "its other end says u = 1"), False),
        ("u_xx + u_yy = 0; x in [0, 1]; y in [0, 2]; u(x, 0) = 0; u(x, 2) = 0; u(0, y) = y; "
         "u(1, y) = 0", ("At x = 0, y = 2", "u = 2", "u = 0"), False),
        ("u_xx + u_yy + u_zz = 0; x in [0, 1]; y in [0, 1]; z in [0, 1]; u(x, y, 0) = x*(1 - x); "
         "boundary u = 0", ("At x = 0.5, y = 0, z = 0", "1 more edge", "u = 0.25"), False),
    ],
)  # fmt: skip
def test_data_that_disagree_where_faces_meet_are_said(text, said, mild):
    problem = state(text)
    (remark,) = problem.remarks
    assert all(part in remark for part in said), remark
    assert remark.endswith(".") and remark.count(". ") == 0
    assert [note.grave for note in problem.notes] == [not mild] and bool(problem.mild) == mild


def test_known_problems_disagree_where_their_papers_do():
    """Nonlinear diffusion by 2.3 percent of its height, the cavity at its lid; no other."""
    found = {k.name: open_any(f"problem:{k.name}") for k in KNOWN}
    assert {name for name, o in found.items() if o.remarks} == {"diffusion", "cavity"}
    diffusion = found["diffusion"]
    assert diffusion.remarks == diffusion.mild
    (worst, *_) = compatibility.gaps(diffusion, diffusion.values)
    y = np.linspace(-1, 1, 20001)
    start = diffusion.target(diffusion.conditions[0],
                             np.column_stack([0 * y, 0 * y - 1, y]), diffusion.values)  # fmt: skip
    assert worst.x[1] == -1 and worst.values[0] == pytest.approx(start.max(), rel=1e-2)


@pytest.mark.parametrize(
    ("equation", "wrong"),
    [("u_t = u_xx", False), ("u_t = -u_xx", True), ("0 = u_xx - u_t", False),
     ("-2*u_t = (1 + x)*u_xx", True), ("u_t = (x - 0.5)*u_xx", True), ("u_tt = -u_xx", True),
     ("u_tt = u_xx", False), ("u_tt + u_t = u_xx", False), ("u_t = u*u_xx", False)],
)  # fmt: skip
def test_equations_that_run_backwards_are_said(equation, wrong):
    slope = "; u_t(0, x) = 0" if "tt" in equation else ""
    problem = state(f"{equation}; t in [0, 1]; x in [0, 1]; u(0, x) = sin(pi*x); boundary u = 0"
                    + slope)  # fmt: skip
    assert ["backwards" in text for text in problem.remarks] == [True] * wrong


def test_hostile_texts_end_soon_in_a_sentence():
    for text in ("(" * 5000, "u_xx=" + "-" * 5000 + "1; x in [0,1]; boundary u=0", "x" * 9000,
                 "u_xx = " + "+".join(["sin(x*u)"] * 500) + "; x in [0, 1]; boundary u = 0",
                 "u_xx = ().__class__; x in [0, 1]", "\0", ""):  # fmt: skip
        try:
            state(text)
        except OpenError as error:
            assert "\n" not in str(error)
