"""A fitted field as CSV, NPZ and VTU: everything that belongs to it, to the last bit."""

from __future__ import annotations

import csv
import json
import re

import meshio
import numpy as np
import pytest

from engine import ellipses
from engine.data import open_any
from engine.data.vectors import VectorSamples
from engine.io.figures import save_figure
from engine.io.tables import save_table
from engine.layers import Arrows, Axis, Surface
from engine.method import DataError
from engine.runs import RunSpec, begin

SPEC = RunSpec(method="vectorfield.rvgp", data="sample:sphere_field?n=300&noise=0.2")


@pytest.fixture(scope="module")
def fit():
    fit = begin(SPEC)
    for _ in fit:
        pass
    return fit


def in_four_dimensions():
    """A field on a plane in four coordinates."""
    rng = np.random.default_rng(0)
    flat = rng.uniform(-1, 1, (200, 2))
    plane = np.linalg.qr(rng.normal(size=(4, 2)))[0]
    vectors = np.column_stack([-flat[:, 1], flat[:, 0]]) @ plane.T
    return VectorSamples(
        name="plane", spec="", positions=flat @ plane.T, vectors=vectors,
        observed=np.arange(200) % 2 == 0, axes=("a", "b", "c", "d"),
    )  # fmt: skip


def test_vtu_holds_the_mesh_with_mean_frames_covariance_and_spread(fit, tmp_path):
    result, field = fit.result(), fit.result().layer("field")
    save_table(tmp_path / "field.vtu", result, fit.data, spec=SPEC)
    mesh = meshio.read(tmp_path / "field.vtu")
    assert np.array_equal(mesh.points, field.positions)
    assert np.array_equal(mesh.cells_dict["triangle"], field.faces)
    found = mesh.point_data
    assert np.array_equal(found["field"], field.vectors)
    assert np.array_equal(found["covariance"].reshape(-1, 2, 2), field.covariance)
    for k in range(2):
        assert np.array_equal(found[f"frame {k + 1}"], field.frames[:, :, k])
    assert np.array_equal(found["standard deviation"], field.columns["standard deviation"])
    assert found["row is (observed, predicted)"].sum() == np.count_nonzero(~fit.data.observed)
    told = re.search(r"<!-- fieldwright (.*?) -->", (tmp_path / "field.vtu").read_text()).group(1)
    assert json.loads(told)["method"] == SPEC.method


def test_what_was_saved_opens_as_vectors_again(fit, tmp_path):
    save_table(tmp_path / "field.vtu", fit.result(), fit.data, spec=SPEC)
    again = open_any(tmp_path / "field.vtu")
    assert np.array_equal(again.vectors, fit.result().layer("field").vectors)
    assert np.array_equal(again.faces, fit.data.faces)


def test_csv_and_npz_hold_the_same(fit, tmp_path):
    field = fit.result().layer("field")
    save_table(tmp_path / "field.csv", fit.result(), fit.data, spec=SPEC)
    with (tmp_path / "field.csv").open() as handle:
        next(handle)
        rows = list(csv.DictReader(handle))
    frame = np.array([[float(row[f"frame {a} {b}"]) for b in (1, 2)] for a in (1, 2, 3)
                      for row in rows]).reshape(3, len(rows), 2)  # fmt: skip
    assert np.array_equal(frame.transpose(1, 0, 2), field.frames)
    assert float(rows[7]["covariance 1 2"]) == field.covariance[7, 0, 1]
    save_table(tmp_path / "field.npz", fit.result(), fit.data, spec=SPEC)
    with np.load(tmp_path / "field.npz") as archive:
        assert np.array_equal(archive["field.covariance"], field.covariance)
        assert np.array_equal(archive["field.frames"], field.frames)


def test_covariance_is_that_of_the_spread(fit):
    field = fit.result().layer("field")
    trace = np.einsum("naa->n", field.covariance)
    assert np.allclose(np.sqrt(trace), field.columns["standard deviation"], rtol=1e-12)
    assert (np.linalg.eigvalsh(field.covariance) > 0).all()
    gram = np.einsum("nDa,nDb->nab", field.frames, field.frames)
    assert np.abs(gram - np.eye(2)).max() < 1e-12


def test_more_than_three_coordinates_are_kept_in_files(tmp_path):
    from engine.vectorfield.rvgp import RVGP

    data = in_four_dimensions()
    method = RVGP(RVGP.Params(knn=12, computed=20))
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    field = method.evaluate(method.params).layer("field")
    assert field.positions.shape == (200, 3)
    assert np.array_equal(field.attached["position"], data.positions)
    lifted = np.einsum("nca,nDa->ncD", field.frames, field.attached["frame in space"])
    # The drawn vectors are the same projection of the true ones.
    assert np.abs(np.einsum("ncD,nD->nc", lifted, field.attached["vector"])
                  - field.vectors).max() < 1e-10  # fmt: skip
    save_table(tmp_path / "field.npz", field)
    with np.load(tmp_path / "field.npz") as archive:
        assert np.array_equal(archive["field.attached.vector"], field.attached["vector"])


def test_what_has_no_place_in_space_is_refused(fit, tmp_path):
    with pytest.raises(DataError, match="no places in space"):
        save_table(tmp_path / "spectrum.vtu", fit.result().layer("spectrum"))
    assert not list(tmp_path.iterdir())
    ends = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    sheet = Surface(name="height", role="prediction", vertices=ends, faces=np.array([[0, 1, 2]]),
                    values=np.arange(3.0), axes=(Axis("x"), Axis("y"), Axis("z")))  # fmt: skip
    save_table(tmp_path / "sheet.vtu", sheet)
    assert meshio.read(tmp_path / "sheet.vtu").point_data["height"].tolist() == [0, 1, 2]


def test_ellipses_hold_their_share():
    """Of draws from the Gaussian 95 % fall inside; a rank of one gives a line."""
    rng = np.random.default_rng(0)
    frames = np.linalg.qr(rng.normal(size=(1, 3, 2)))[0]
    covariance = np.array([[[2.0, 0.7], [0.7, 0.5]]])
    half = ellipses.half_axes(frames, covariance)[0]
    drawn = rng.multivariate_normal(np.zeros(2), covariance[0], 100_000) @ frames[0].T
    length = np.linalg.norm(half, axis=0)
    assert abs(half[:, 0] @ half[:, 1]) < 1e-12 and length[0] > length[1]
    inside = ((drawn @ (half / length**2)) ** 2).sum(axis=1) <= 1
    assert abs(inside.mean() - 0.95) < 0.003
    line = ellipses.half_axes(frames[:, :, :1], covariance[:, :1, :1])
    assert np.abs(line[..., 1]).max() == 0
    rim = ellipses.outlines(np.zeros((1, 3)), half[None])[0]
    assert np.allclose(((rim @ (half / length**2)) ** 2).sum(axis=1), 1)


@pytest.mark.parametrize("flat", [False, True])
def test_ellipses_and_surface_are_printed(fit, tmp_path, flat):
    from PIL import Image

    field = fit.result().layer("field")
    if flat:
        field = Arrows(
            name="field", role="prediction", positions=field.positions[:, :2],
            vectors=field.vectors[:, :2], axes=field.axes[:2], columns=field.columns,
            frames=field.frames[:, :2], covariance=field.covariance,
        )  # fmt: skip
    pictures = {}
    for name, options in {
        "plain": {"coloured_surface": False}, "coloured": {}, "ellipses": {"ellipses": True},
    }.items():  # fmt: skip
        save_figure(tmp_path / f"{name}.png", field, dpi=80, **options)
        pictures[name] = np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB"), int)
    assert np.abs(pictures["ellipses"] - pictures["coloured"]).max() > 40
    if not flat:
        assert np.abs(pictures["plain"] - pictures["coloured"]).max() > 40


def test_places_behind_the_surface_are_hidden():
    """On a sphere exactly those on the eye's half are seen; a shield in front hides more."""
    from scipy.spatial import ConvexHull

    from engine.io.occlusion import eye, visible

    rng = np.random.default_rng(0)
    places = rng.normal(size=(600, 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    sheet = places[ConvexHull(places).simplices]
    towards = eye(-60.0, 30.0)
    assert np.allclose(towards, [np.sqrt(3) / 4, -0.75, 0.5])
    height = places @ towards
    seen = visible(places, sheet, towards)
    # Nearer to the rim a place may look past the flat triangles.
    clear = np.abs(height) > 0.3
    assert np.array_equal(seen[clear], height[clear] > 0)
    across = np.linalg.svd(towards[None])[2][1:]
    angle = 2 * np.pi * np.arange(3) / 3
    shield = 3 * towards + 10 * np.column_stack([np.cos(angle), np.sin(angle)]) @ across
    assert not visible(places, np.concatenate([sheet, shield[None]]), towards).any()


def test_one_scale_for_a_field_and_its_truth(fit):
    from engine.io import shared_scales

    layers = [fit.result().layer(name) for name in ("field", "truth", "error")]
    found = shared_scales.of_columns(layers, "")
    both = np.concatenate([layer.columns["magnitude"] for layer in layers[:2]])
    assert found == {("magnitude", "viridis"): (both.min(), both.max())}


def test_vti_holds_fields_on_their_grid(tmp_path):
    """Read back by hand: places of cells, and numbers to the last bit."""
    import base64
    from xml.etree import ElementTree

    from engine.layers import Field

    values = np.random.default_rng(0).normal(size=(5, 3))
    grid = {"extent": ((-1.0, 1.0), (0.0, 6.0)), "axes": (Axis("x"), Axis("y"))}
    one = Field(name="prediction", role="prediction", values=values, **grid)
    two = Field(name="error", role="error", values=2 * values, **grid)
    save_table(tmp_path / "f.vti", one)
    from engine.io.vtk import write_vti

    write_vti(tmp_path / "g.vti", (one, two), {"note": "a -- b"})
    root = ElementTree.parse(tmp_path / "g.vti").getroot()
    image = root.find("ImageData")
    assert image.attrib["WholeExtent"] == "0 5 0 3 0 1"
    assert [float(v) for v in image.attrib["Spacing"].split()] == [0.4, 2.0, 1.0]
    arrays = image.findall("Piece/CellData/DataArray")
    assert [a.attrib["Name"] for a in arrays] == ["prediction", "error"]
    for array, layer in zip(arrays, (one, two), strict=True):
        block = base64.b64decode(array.text)
        assert int.from_bytes(block[:8], "little") == len(block) - 8 == 120
        found = np.frombuffer(block[8:], "<f8").reshape(5, 3, order="F")
        assert np.array_equal(found, layer.values)
    with pytest.raises(DataError, match="no"):
        save_table(tmp_path / "no.vti", Surface(
            name="h", role="data", vertices=np.eye(3), faces=np.array([[0, 1, 2]]),
            values=np.zeros(3), axes=(Axis("x"),) * 3))  # fmt: skip
