"""Divergence and curl against closed forms on the sphere, the plane, the torus and the strip."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from engine.data.generated_vectors import fibonacci_sphere
from engine.numerics import connection, neighbours, orientation, tangents
from engine.numerics.derivatives import derivatives
from engine.stages import finish

NO_FACES = np.empty((0, 3), np.int64)


def prepared(positions, d=2, k=20, faces=NO_FACES):
    near = finish(neighbours.search(positions, k))
    frames = tangents.local_directions(positions, near.first(16).indices)[0][:, :, :d]
    weights = connection.without_density(connection.tangent_weights(near, k, 0.7))
    signs = orientation.of_frames(positions, faces, frames, weights)
    return frames, derivatives(positions, frames, weights, signs)


def local(frames, vectors):
    return np.einsum("nDd,nD->nd", frames, vectors)


def sphere_errors(n):
    """Largest errors of divergence and curl of a gradient and of a rotation."""
    x = fibonacci_sphere(n)
    frames, found = prepared(x)
    gradient = np.array([0.0, 0, 1]) - x[:, 2:] * x
    spin = np.cross([0.3, -0.5, 0.8], x)
    assert len(found.orientation) == n
    one, two = local(frames, gradient), local(frames, spin)
    exact = 2 * x @ [0.3, -0.5, 0.8]
    return (
        np.abs(found.divergence_of(one) + 2 * x[:, 2]).max(), np.abs(found.curl_of(one)).max(),
        np.abs(found.divergence_of(two)).max(), np.abs(found.curl_of(two) - exact).max(),
    )  # fmt: skip


def test_on_the_sphere():
    """div grad z = -2 z; a turning about a has curl 2 a.x as seen from outside."""
    few, many = np.array(sphere_errors(500)), np.array(sphere_errors(4000))
    assert (many < 0.02).all(), many
    # Points eight times as many lie nearer by the root of eight; the error falls faster.
    assert (few.max() / many.max()) > 8**0.5


def test_linear_fields_of_the_plane_are_exact():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (400, 2))
    frames, found = prepared(x)
    jacobian = np.array([[0.7, -2.0], [1.0, 0.4]])
    field = local(frames, x @ jacobian.T + [0.1, 0.2])
    assert np.abs(found.divergence_of(field) - 1.1).max() < 1e-5
    assert np.abs(found.curl_of(field) - 3.0).max() < 1e-5


def test_divergence_in_three_dimensions():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (300, 3))
    frames, found = prepared(x, d=3)
    assert found.curl_of(local(frames, x)) is None
    assert np.abs(found.divergence_of(local(frames, x * [1.0, 2.0, 3.0])) - 6).max() < 1e-5


def test_neither_depends_on_the_frames():
    x = fibonacci_sphere(600)
    frames, found = prepared(x)
    turns = np.linalg.qr(np.random.default_rng(1).normal(size=(600, 2, 2)))[0]
    near = finish(neighbours.search(x, 20))
    weights = connection.without_density(connection.tangent_weights(near, 20, 0.7))
    turned = frames @ turns
    other = derivatives(x, turned, weights, orientation.of_frames(x, NO_FACES, turned, weights))
    vectors = np.cross([0.3, -0.5, 0.8], x) + np.array([0.0, 0, 1]) - x[:, 2:] * x
    one, two = local(frames, vectors), local(turned, vectors)
    assert np.abs(found.divergence_of(one) - other.divergence_of(two)).max() < 1e-10
    assert np.abs(found.curl_of(one) - other.curl_of(two)).max() < 1e-10


def test_triangles_tell_the_outside():
    """A sphere whose triangles are turned inside out has the opposite curl."""
    x = fibonacci_sphere(400)
    hull = ConvexHull(x).simplices.astype(np.int64)
    normals = np.cross(x[hull[:, 1]] - x[hull[:, 0]], x[hull[:, 2]] - x[hull[:, 0]])
    inward = np.einsum("fd,fd->f", normals, x[hull[:, 0]]) < 0
    hull[inward] = hull[inward][:, ::-1]
    curls = []
    for faces in (hull, hull[:, ::-1]):
        frames, found = prepared(x, faces=faces)
        curls.append(found.curl_of(local(frames, np.cross([0.0, 0, 1], x))))
    assert np.abs(curls[0] + curls[1]).max() < 1e-10
    assert np.abs(curls[0] - 2 * x[:, 2]).max() < 0.1


def test_a_strip_with_one_side_gives_the_size_of_the_curl():
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 160, endpoint=False), np.linspace(-0.3, 0.3, 13))
    u, v = u.ravel(), v.ravel()
    radius = 1 + v * np.cos(u / 2)
    moebius = np.column_stack([radius * np.cos(u), radius * np.sin(u), v * np.sin(u / 2)])
    frames, found = prepared(moebius)
    assert len(found.orientation) == 0
    around = np.column_stack([-np.sin(u), np.cos(u), 0 * u])
    assert (found.curl_of(local(frames, around)) >= 0).all()


def test_a_point_without_neighbours_has_none():
    from scipy import sparse

    weights = sparse.csr_array((4, 4))
    frames = np.tile(np.eye(2), (4, 1, 1))
    found = derivatives(np.eye(4)[:, :2], frames, weights, np.ones(4, np.int64))
    assert not found.divergence_of(np.ones((4, 2))).any()
    assert not found.curl_of(np.ones((4, 2))).any()


def test_orientation_of_a_closed_surface_agrees_along_every_edge():
    from engine.data.generated_vectors import torus_field

    data = torus_field(name="", spec="", n=1500, observed=1.0, noise=0.0, seed=0)
    near = finish(neighbours.search(data.positions, 12))
    frames = tangents.local_directions(data.positions, near.indices)[0][:, :, :2]
    weights = connection.unit_weights(near, 8)
    free = orientation.of_frames(data.positions, NO_FACES, frames, weights)
    by_faces = orientation.of_frames(data.positions, data.faces, frames, weights)
    assert abs(np.mean(free * by_faces)) == pytest.approx(1.0)
