"""Triangles through points, and the zeros of fields on them: indices, kinds and stability."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.spatial import ConvexHull, cKDTree

from engine.data.generated_vectors import blob_field, fibonacci_sphere, sphere_vectors, torus_field
from engine.io.tables import save_table
from engine.numerics import singularities, tangents
from engine.numerics.singularities import Charts
from engine.runs import RunSpec, begin
from engine.vectorfield.calculus import Calculus, near

NO_FACES = np.empty((0, 3), np.int64)


def frames_of(positions, d=2):
    nearest = cKDTree(positions).query(positions, k=17)[1][:, 1:]
    return np.ascontiguousarray(tangents.local_directions(positions, nearest)[0][:, :, :d])


def calculus_of(x, faces=NO_FACES):
    return Calculus.of(x, faces, frames_of(x), near(x, 20))


def euler(faces):
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges, uses = np.unique(edges, axis=0, return_counts=True)
    return len(np.unique(faces)) - len(edges) + len(faces), int((uses == 1).sum())


def on(name):
    ask = {"name": "", "spec": "", "observed": 1.0, "noise": 0.0, "seed": 0}
    return (torus_field if name == "torus" else blob_field)(n=2000, **ask)


def test_points_of_a_sphere_get_the_triangles_of_its_hull():
    x = fibonacci_sphere(1000)
    faces = calculus_of(x).charts.faces
    hull = {tuple(sorted(f)) for f in ConvexHull(x).simplices.tolist()}
    own = {tuple(sorted(f)) for f in faces.tolist()}
    # Four points of one circle may be cut either way.
    assert len(own) == len(hull) == 1996 and len(own & hull) > 0.98 * len(hull)
    assert euler(faces) == (2, 0)
    outward = np.cross(x[faces[:, 1]] - x[faces[:, 0]], x[faces[:, 2]] - x[faces[:, 0]])
    assert (np.einsum("fd,fd->f", outward, x[faces[:, 0]]) > 0).all()


@pytest.mark.parametrize("name, characteristic", [("torus", 0), ("blob", 2)])
def test_points_of_a_closed_surface_close(name, characteristic):
    data = on(name)
    faces = calculus_of(data.positions).charts.faces
    assert euler(faces) == (characteristic, 0)


def test_a_random_sphere_closes_but_for_little():
    x = np.random.default_rng(0).normal(size=(2000, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    faces = calculus_of(x).charts.faces
    _, open_edges = euler(faces)
    assert abs(len(faces) - 3996) <= 8 and open_edges <= 20
    assert 0.99 * 4 * np.pi < area(x, faces) < 4 * np.pi


def test_the_plane_is_covered_once():
    x = np.random.default_rng(0).uniform(size=(500, 2))
    faces = calculus_of(x).charts.faces
    solid = np.column_stack([x, np.zeros(500)])
    assert 0.9 < area(solid, faces) < 1.0001
    assert euler(faces)[0] == 1


def area(x, faces):
    sides = np.cross(x[faces[:, 1]] - x[faces[:, 0]], x[faces[:, 2]] - x[faces[:, 0]])
    return float(np.linalg.norm(sides, axis=1).sum()) / 2


@pytest.mark.parametrize("n", [1000, 4000])
def test_zeros_from_points_are_those_from_the_hull(n):
    x = fibonacci_sphere(n)
    found = calculus_of(x).zeros(sphere_vectors(x))
    assert len(found.index) == 14 and found.index.sum() == 2
    hull = ConvexHull(x).simplices.astype(np.int64)
    inward = (
        np.einsum(
            "fd,fd->f",
            np.cross(x[hull[:, 1]] - x[hull[:, 0]], x[hull[:, 2]] - x[hull[:, 0]]),
            x[hull[:, 0]],
        )
        < 0
    )
    hull[inward] = hull[inward][:, ::-1]
    true = singularities.find(x, hull, sphere_vectors(x))
    assert np.abs(cKDTree(true.places).query(found.places)[0]).max() < 1e-3


def test_torus_indices_cancel_and_blob_indices_sum_to_two():
    for name, total in (("torus", 0), ("blob", 2)):
        data = on(name)
        found = calculus_of(data.positions).zeros(data.truth)
        assert len(found.index) > 0 and found.index.sum() == total


def test_in_more_dimensions_zeros_are_the_same():
    """The sphere turned into five dimensions, and the plane without a third."""
    x = fibonacci_sphere(1500)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 3)))[0]
    there = x @ turn.T
    calculus = calculus_of(there)
    found = calculus.zeros(sphere_vectors(x) @ turn.T)
    here = calculus_of(x).zeros(sphere_vectors(x))
    assert sorted(found.index) == sorted(here.index)
    assert cKDTree(here.places @ turn.T).query(found.places)[0].max() < 0.02


KIND = {
    "source": [[1.0, 0.0], [0.0, 2.0]],
    "sink": [[-1.0, 0.0], [0.0, -2.0]],
    "saddle": [[1.0, 0.0], [0.0, -1.0]],
    "vortex": [[0.0, -1.0], [1.0, 0.0]],
    "spiral source": [[1.0, -1.0], [1.0, 1.0]],
    "spiral sink": [[-1.0, -1.0], [1.0, -1.0]],
}


@pytest.mark.parametrize("kind", KIND)
def test_kinds_of_linear_fields(kind):
    x = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    jacobian = np.array(KIND[kind])
    calculus = calculus_of(x)
    found = calculus.zeros((x - [0.1, -0.2]) @ jacobian.T)
    assert found.kinds.tolist() == [kind]
    assert np.abs(found.places - [0.1, -0.2]).max() < 1e-9
    assert found.index[0] == np.sign(np.linalg.det(jacobian))
    # The plane of a face is turned, which changes neither trace nor determinant.
    assert np.trace(found.jacobians[0]) == pytest.approx(np.trace(jacobian))
    assert np.linalg.det(found.jacobians[0]) == pytest.approx(np.linalg.det(jacobian))


def test_stability_is_the_share_of_draws_that_keep_a_zero():
    """A zero that wanders by a known amount: how often it stays within an edge's length."""
    x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    calculus = calculus_of(x)
    zeros = calculus.zeros(x)
    rng = np.random.default_rng(1)
    for spread in (0.2, 1.0, 3.0):
        moved = spread * calculus.edge * rng.normal(size=(400, 1, 2))
        kept = calculus.stability(zeros, lambda rows, moved=moved: x[rows] - moved)
        share = np.mean(np.linalg.norm(moved[:, 0] - zeros.places[0], axis=1) <= calculus.edge)
        assert kept[0] == pytest.approx(share, abs=0.02)
    kept = calculus.stability(zeros, lambda rows: np.stack([x[rows] * [1, -1]] * 3))
    assert kept[0] == 0.0, "a saddle is another zero"


def test_a_folded_face_is_no_zero_and_a_part_is_of_the_whole():
    x = fibonacci_sphere(400)
    charts = calculus_of(x).charts
    assert isinstance(charts, Charts)
    whole = charts.zeros(sphere_vectors(x))
    part = charts.part(whole.faces).zeros(sphere_vectors(x))
    assert np.array_equal(part.index, whole.index)
    assert np.abs(part.places - whole.places).max() < 1e-12
    assert len(charts.zeros(np.zeros_like(x)).faces) == 0


@pytest.mark.parametrize("method", ["vectorfield.rvgp", "vectorfield.ambient_gpr"])
def test_a_fit_tells_kinds_and_stability_and_writes_them(method, tmp_path):
    spec = RunSpec(method=method, data="sample:sphere_field?n=1000&observed=0.3&noise=0.1")
    fit = begin(spec)
    for _ in fit:
        pass
    result = fit.result()
    markers, field = result.layer("singularities"), result.layer("field")
    assert markers.columns["index"].sum() == 2
    kept = markers.columns["stability"]
    assert ((kept >= 0) & (kept <= 1)).all() and kept.max() > 0.6
    assert {"divergence", "curl"} <= set(field.columns)
    save_table(tmp_path / "zeros.csv", markers, spec=spec)
    with (tmp_path / "zeros.csv").open() as handle:
        next(handle)
        rows = list(csv.DictReader(handle))
    assert [row["kind"] for row in rows] == markers.columns["kind"].tolist()
    assert [float(row["z"]) for row in rows] == markers.positions[:, 2].tolist()
    again = fit.method.from_state(fit.method.params, fit.method.state())
    frame = again.evaluate(again.params)
    assert np.array_equal(frame.layer("singularities").columns["stability"], kept)
    assert np.array_equal(frame.layer("field").columns["curl"], field.columns["curl"])


def test_curl_of_the_fitted_field_is_that_of_the_truth():
    fit = begin(RunSpec(method="vectorfield.rvgp", data="sample:sphere_field?n=2000&observed=0.5"))
    for _ in fit:
        pass
    field, x = fit.result().layer("field"), fit.data.positions
    # Of the sample's field the gradient part has no curl, the turning about a has 2 a.x.
    exact = -2 * x @ [0.3, -0.5, 0.8]
    wrong = np.linalg.norm(field.columns["curl"] - exact) / np.linalg.norm(exact)
    assert wrong < 0.1, wrong
