"""Files of positions and vectors become vector samples, or one sentence."""

from __future__ import annotations

import io

import numpy as np
import pytest

from engine.data import OpenError, Table, VectorSamples, open_any
from engine.data.mapping import FieldColumns, guess, parse
from tests.engine.conformance import assert_sentence

FORMATS = ("ply", "vtk", "vtu")
CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]])
TRIANGLES = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])
FLOW = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 2]])


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def packed(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def assert_told(error):
    """One sentence, which may begin with what it is about, in quotes."""
    assert_sentence(OpenError(f"File {error}" if str(error).startswith("'") else str(error)))


def refused(path, says, **options):
    with pytest.raises(OpenError, match=says) as caught:
        open_any(path, **options)
    assert_told(caught.value)


# mappings


def test_a_mapping_is_read_from_a_line():
    assert parse("positions=x,y,z; vectors = u, v,w;noise=sigma") == FieldColumns(
        positions=("x", "y", "z"), vectors=("u", "v", "w"), noise="sigma"
    )
    assert parse("positions=x,y;velocities=t;series=id") == FieldColumns(
        positions=("x", "y"), velocities=True, time="t", series="id"
    )
    assert parse("positions=x,y;velocities").time == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "at least two columns"),
        ("positions=x;vectors=u", "at least two columns"),
        ("positions=x,y", "Say either"),
        ("positions=x,y;vectors=u,v;velocities=t", "Say either"),
        ("positions=x,y;vectors=u,v,w", "3 and 2"),
        ("positions=x,y;vectors=x,v", "'x' is named twice"),
        ("positions=x,y;positions=p,q;vectors=u,v", "'positions' twice"),
        ("positions=x,y;vectors=u,v;noise=", "no column after 'noise'"),
        ("positions=x,y;vectors", "no column after 'vectors'"),
        ("positions=x,y;vectors=u,v;series=id", "only matters to velocities"),
        ("where=x,y;vectors=u,v", "'where' means nothing"),
    ],
)
def test_mappings_that_cannot_be(text, says):
    with pytest.raises(OpenError, match=says) as caught:
        parse(text)
    assert_told(caught.value)


@pytest.mark.parametrize(
    ("columns", "positions", "vectors"),
    [
        ("x y z u v w", "x y z", "u v w"),
        ("X Y U V name", "X Y", "U V"),
        ("id px py pz vx vy vz", "px py pz", "vx vy vz"),
        ("pos_x pos_y v_x v_y", "pos_x pos_y", "v_x v_y"),
        ("x y vel_x vel_y t", "x y", "vel_x vel_y"),
        ("x y z dx dy dz", "x y z", "dx dy dz"),
        ("x y z Bx By Bz", "x y z", "Bx By Bz"),
        ("x1 x2 x3 x4 v1 v2 v3 v4", "x1 x2 x3 x4", "v1 v2 v3 v4"),
    ],
)
def test_usual_names_are_recognised(columns, positions, vectors):
    found = guess(columns.split())
    assert found == FieldColumns(positions=tuple(positions.split()), vectors=tuple(vectors.split()))


@pytest.mark.parametrize(
    "columns", ["lon lat u v", "a b c d", "x y", "x y z u v", "x1 x2 x3 v1 v2", "x1 x3 v1 v3", ""]
)
def test_other_names_are_not(columns):
    assert guess(columns.split()) is None


# tables


GAPPY = (
    "x [mm],y [mm],z [mm],u [m/s],v [m/s],w [m/s],sigma,region,depth\n"
    "0,0,0,1,2,3,0.1,a,5\n1,0,0,,,,,a,6\n0,1,0,4,NA,6,0.3,b,7\n0,,1,1,1,1,0.2,b,8\n"
    "1,1,1,7,8,9,0.2,b,9\n"
)


@pytest.mark.parametrize(
    "fields", ["auto", "positions=x,y,z;vectors=u,v,w;noise=sigma"], ids=["guessed", "named"]
)
def test_rows_without_a_vector_are_unobserved_and_those_without_a_place_left_out(tmp_path, fields):
    field = open_any(write(tmp_path, "f.csv", GAPPY), fields=fields)
    assert isinstance(field, VectorSamples) and len(field) == 4
    assert list(field.observed) == [True, False, False, True]
    np.testing.assert_array_equal(field.vectors[[0, 3]], [[1, 2, 3], [7, 8, 9]])
    assert np.isnan(field.vectors[1:3]).all()
    assert (field.axes, field.unit, field.vector_unit) == (("x", "y", "z"), "mm", "m/s")
    np.testing.assert_array_equal(field.noise[field.observed], [0.1, 0.2])
    assert list(field.labels["region"]) == ["a", "a", "b", "b"]
    assert list(field.labels["depth"]) == [5, 6, 7, 9]
    assert set(field.labels) == {"region", "depth"}
    said = " ".join(field.remarks)
    assert "Left out 1 of 5 rows" in said and "Vectors at 2 of 4 points." in said


def test_without_a_mapping_the_same_file_is_a_table(tmp_path):
    table = open_any(write(tmp_path, "f.csv", GAPPY))
    assert isinstance(table, Table) and "u" in table.columns and len(table) == 2


def test_semicolons_and_decimal_commas(tmp_path):
    text = "x;y;vx;vy\n0,5;1,5;2,5;-1,0\n1,5;2,5;;\n2,5;3,5;0,5;1,5\n"
    field = open_any(write(tmp_path, "f.csv", text), fields="auto")
    np.testing.assert_array_equal(field.positions, [[0.5, 1.5], [1.5, 2.5], [2.5, 3.5]])
    np.testing.assert_array_equal(field.vectors[[0, 2]], [[2.5, -1.0], [0.5, 1.5]])
    assert list(field.observed) == [True, False, True]


def test_units_that_differ_are_not_made_one(tmp_path):
    text = "x [mm],y [m],u [m/s],v [m/s]\n0,1,2,3\n4,5,6,7\n"
    field = open_any(write(tmp_path, "f.tsv", text.replace(",", "\t")), fields="auto")
    assert (field.unit, field.vector_unit) == ("", "m/s")


def test_an_array_of_numbers_by_its_column_names(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(12.0).reshape(3, 4))
    fields = "positions=column 1,column 2;vectors=column 3,column 4"
    field = open_any(tmp_path / "a.npy", fields=fields)
    np.testing.assert_array_equal(field.vectors, [[2, 3], [6, 7], [10, 11]])


@pytest.mark.parametrize(
    ("text", "fields", "says"),
    [
        (GAPPY, "positions=x,y,h;vectors=u,v,w", "no column 'h'; it has x, y, z, u"),
        (GAPPY, "positions=x,y,region;vectors=u,v,w", "'region' of 'f.csv' holds text"),
        (GAPPY, "positions=x,y;velocities=t", "no column 't'"),
        ("a,b,c\n1,2,3\n4,5,6\n", "auto", "it has a, b, c; say which"),
        ('x,y,u,v\n1,2,"3,4\n4,5,6,7\n', "auto", "quoted cell"),
        ("x,y,u,v\n1,2,3,4\n4,5,inf,6\n", "auto", "Row 2 .* infinite value in column 'u'"),
        ("x,y,u,v\n1,-inf,3,4\n4,5,6,7\n", "auto", "Row 1 .* column 'y'"),
        ("x,y,u,v\n1,2,,4\n4,5,6,\n", "auto", "no complete vector at any of its 2"),
        ("x,y,u,v\n1,2,3,4\n,5,6,7\n", "auto", "has 1 points"),
        ("x,y,u,v,noise\n1,2,3,4,0\n4,5,6,7,1\n", "auto", "above zero .* 1 of 2 points"),
        ("x,y,t\n0,0,0\n1,1,2\n2,2,1\n", "positions=x,y;velocities=t", "row 2 to row 3"),
        ("x,y,t\n0,0,0\n1,1,0\n2,2,1\n", "positions=x,y;velocities=t", "row 1 to row 2"),
    ],
)
def test_tables_that_are_no_field_get_one_sentence(tmp_path, text, fields, says):
    refused(write(tmp_path, "f.csv", text), says, fields=fields)


@pytest.mark.parametrize(
    "options", [{"label": "region"}, {"columns": ["x"]}, {"drop": ["x"]}, {"missing": "mean"}]
)
def test_a_mapping_is_not_combined_with_other_choices(tmp_path, options):
    path = write(tmp_path, "f.csv", GAPPY)
    refused(path, "leave out label", fields="auto", **options)


def test_a_sample_needs_no_mapping_and_a_missing_file_names_its_neighbour(tmp_path):
    refused("sample:iris", "needs no mapping", fields="auto")
    write(tmp_path, "flow.csv", GAPPY)
    refused(tmp_path / "flaw.csv", r"Nearby: flow\.csv", fields="auto")
    refused(tmp_path, "is a folder", fields="auto")


# velocities


def circle(folder, count, *, radius=2.0, centre=0.0):
    """A circle run through at uneven times, as lines of x, y, t and as exact velocities."""
    phase = np.linspace(0, 1, count)
    time = phase + 0.1 * phase**2
    points = centre + radius * np.column_stack([np.cos(time), np.sin(time)])
    exact = radius * np.column_stack([-np.sin(time), np.cos(time)])
    return np.column_stack([points, time]), exact


def test_velocities_of_a_circle_are_exact_to_second_order(tmp_path):
    errors = []
    for count in (50, 100, 200):
        rows, exact = circle(tmp_path, count)
        path = tmp_path / f"c{count}.csv"
        np.savetxt(
            path, rows, delimiter=",", header="x [mm],y [mm],t [s]", comments="", fmt="%.17g"
        )
        field = open_any(path, fields="positions=x,y;velocities=t")
        assert field.observed.all() and field.vector_unit == "mm/s"
        np.testing.assert_array_equal(field.labels["t"], rows[:, 2])
        errors.append(np.abs(field.vectors - exact).max())
    order = np.log2(np.divide(errors[:-1], errors[1:]))
    assert errors[-1] < 1e-4 and (np.abs(order - 2) < 0.1).all()


@pytest.mark.parametrize("turned", [False, True], ids=["one after another", "alternating"])
def test_velocities_do_not_cross_series(tmp_path, turned):
    one, slope = circle(tmp_path, 40)
    two, other = circle(tmp_path, 40, radius=3.0, centre=50.0)
    order = np.arange(80).reshape(2, 40).T.ravel() if turned else np.arange(80)
    rows = np.concatenate([one, two])[order]
    exact = np.concatenate([slope, other])[order]
    names = np.repeat(["left", "right"], 40)[order]
    lines = [
        f"{x!r},{y!r},{t!r},{name}" for (x, y, t), name in zip(rows.tolist(), names, strict=True)
    ]
    path = write(tmp_path, "two.csv", "\n".join(["x,y,t,id", *lines]))
    field = open_any(path, fields="positions=x,y;velocities=t;series=id")
    assert np.abs(field.vectors - exact).max() < 5e-3
    assert list(field.labels["id"]) == list(names)


def test_steps_of_one_pass_over_gaps_and_lone_rows(tmp_path):
    text = "x,y,run\n0,0,1\n2,3,1\n,,1\n6,9,1\n5,5,2\n0,1,3\n4,1,3\n"
    field = open_any(write(tmp_path, "s.csv", text), fields="positions=x,y;velocities;series=run")
    np.testing.assert_allclose(field.vectors[:3], [[2, 3]] * 3)
    assert list(field.observed) == [True, True, True, False, True, True]
    np.testing.assert_allclose(field.vectors[4:], [[4, 0]] * 2)


# archives


def test_an_archive_of_named_arrays(tmp_path):
    observed = np.array([True, False, True, True, True])
    arrays = dict(
        positions=CORNERS, vectors=FLOW, faces=TRIANGLES, truth=FLOW + 1, observed=observed,
        noise=np.full(5, 0.2), region=np.array(list("aabbb")),
    )  # fmt: skip
    field = open_any(write(tmp_path, "f.npz", packed(**arrays)), fields="auto")
    np.testing.assert_array_equal(field.positions, CORNERS)
    np.testing.assert_array_equal(field.observed, observed)
    np.testing.assert_array_equal(field.vectors, FLOW)
    np.testing.assert_array_equal(field.faces, TRIANGLES)
    np.testing.assert_array_equal(field.truth, FLOW + 1)
    assert list(field.noise[observed]) == [0.2] * 4
    assert list(field.labels) == ["region"]
    assert isinstance(open_any(tmp_path / "f.npz"), Table)


def test_an_archive_of_columns(tmp_path):
    content = packed(x=[0.0, 1], y=[2.0, 3], u=[4.0, np.nan], v=[6.0, 7])
    field = open_any(write(tmp_path, "f.npz", content), fields="auto")
    assert list(field.observed) == [True, False] and list(field.vectors[0]) == [4, 6]


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"X": CORNERS, "V": FLOW[:3]}, "is 3 × 3, but 5 × 3"),
        ({"X": CORNERS[:, 0], "V": FLOW}, "at least two columns"),
        ({"X": CORNERS, "V": FLOW * 1j}, "complex128; real numbers"),
        ({"X": CORNERS, "V": np.where(FLOW == 2, np.inf, FLOW)}, "Row 5 .* infinite"),
        ({"X": CORNERS, "V": FLOW, "faces": TRIANGLES + 1}, "from 1 to 5"),
        ({"X": CORNERS, "V": FLOW, "faces": TRIANGLES * 1.5}, "three whole numbers"),
        ({"X": CORNERS, "V": FLOW, "observed": [1, 2, 3, 4, 5]}, "yes or no"),
        ({"X": CORNERS, "V": FLOW, "noise": [0.1, 0.2]}, "2, but 5 is needed"),
        ({"X": CORNERS, "V": FLOW, "truth": FLOW[:, :2]}, "5 × 2, but 5 × 3"),
        ({"X": CORNERS * np.nan, "V": FLOW, "faces": TRIANGLES}, "no position"),
        ({"X": CORNERS, "V": np.array([{}] * 5)}, "Python objects"),
        ({"rows": CORNERS}, "say which are which"),
    ],
)
def test_archives_that_do_not_fit_get_one_sentence(tmp_path, arrays, says):
    refused(write(tmp_path, "f.npz", packed(**arrays)), says, fields="auto")


# meshes


def save_mesh(path, cells, point_data=None):
    meshio = pytest.importorskip("meshio")
    if path.suffix == ".ply" and point_data:
        # PLY keeps single numbers only: a vector is three of them.
        point_data = {
            key + part: np.ascontiguousarray(column)
            for key, array in point_data.items()
            for part, column in (
                zip(("x", "y", "z"), array.T, strict=True) if array.ndim == 2 else [("", array)]
            )
        }
    meshio.Mesh(CORNERS, cells, point_data=point_data or {}).write(path)
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_a_mesh_with_vectors(tmp_path, capfd, kind):
    flow = np.where(np.arange(5)[:, None] == 2, np.nan, FLOW)
    heat = np.arange(5.0)
    given = {"Normals": CORNERS + 1, "v": flow, "heat": heat}
    if kind == "ply":
        given["n"] = given.pop("Normals")
    path = save_mesh(tmp_path / f"m.{kind}", [("triangle", TRIANGLES)], given)
    capfd.readouterr()
    for options in ({}, {"fields": "auto"}):
        field = open_any(path, **options)
        assert isinstance(field, VectorSamples)
        np.testing.assert_allclose(field.positions, CORNERS)
        np.testing.assert_array_equal(field.faces, TRIANGLES)
        assert list(field.observed) == [True, True, False, True, True]
        np.testing.assert_allclose(field.vectors[field.observed], FLOW[field.observed])
        assert list(field.labels["heat"]) == list(heat)
        assert "Vectors at 4 of 5 points." in field.remarks
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", FORMATS)
def test_quads_are_split_and_solids_told(tmp_path, kind):
    quad = [("quad", np.array([[0, 1, 2, 3]])), ("triangle", TRIANGLES[:1])]
    if kind != "ply":
        quad.append(("tetra", np.array([[0, 1, 2, 4]])))
    field = open_any(save_mesh(tmp_path / f"q.{kind}", quad, {"v": FLOW}))
    assert {tuple(face) for face in field.faces} == {(0, 1, 2), (0, 2, 3), (0, 1, 4)}
    assert ("1 of kind tetra" in " ".join(field.remarks)) == (kind != "ply")


@pytest.mark.parametrize("kind", [*FORMATS, "obj", "off"])
def test_a_mesh_without_vectors_says_what_it_has(tmp_path, kind):
    path = save_mesh(tmp_path / f"m.{kind}", [("triangle", TRIANGLES)])
    refused(path, "mesh without vectors: it has no point data")
    if kind in FORMATS:
        save_mesh(path, [("triangle", TRIANGLES)], {"heat": np.arange(5.0)})
        refused(path, "its point data are heat;")


def test_normals_of_an_obj_file_are_no_vectors(tmp_path):
    pytest.importorskip("meshio")
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nvn 0 0 1\nvn 0 0 1\nf 1//1 2//2 3//3\n"
    refused(write(tmp_path, "m.obj", text), "its point data are obj:vn;")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_mesh_cut_off_gives_one_sentence(tmp_path, capfd, kind, share):
    whole = save_mesh(tmp_path / f"m.{kind}", [("triangle", TRIANGLES)], {"v": FLOW}).read_bytes()
    path = write(tmp_path, f"cut.{kind}", whole[: int(share * len(whole))])
    capfd.readouterr()
    try:
        open_any(path)
    except OpenError as error:
        assert_told(error)
        assert path.name in str(error)
    else:
        raise AssertionError("a file cut off was opened")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("binary", [True, False])
def test_a_ply_file_is_read_to_its_last_triangle_or_not_at_all(tmp_path, binary):
    meshio = pytest.importorskip("meshio")
    path = tmp_path / "m.ply"
    cells = [("triangle", TRIANGLES.astype(np.int32))]
    columns = dict(zip("uvw", np.ascontiguousarray(FLOW.T), strict=True))
    meshio.Mesh(CORNERS, cells, point_data=columns).write(path, binary=binary)
    whole = path.read_bytes()
    for size in range(1, len(whole) - 1):
        refused(write(tmp_path, "cut.ply", whole[:size]), "cut.ply")
    other = write(tmp_path, "o.ply", whole.replace(b"vertex_indices", b"vertex_index"))
    np.testing.assert_array_equal(open_any(other).faces, TRIANGLES)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.off", b"OFF\n", "cut off"),
        ("b.off", b"OFF\n3 1 0\n0 0 0\n1 0 0\n", "cut off"),
        ("c.off", b"OFF\n90000000 1 0\n0 0 0\n", "90000000 points; the limit"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 3\n", "cut off"),
        ("b.ply", b"ply\nformat ascii 1.0\nelement vertex 6000000\nend_header\n", "6000000 points"),
        ("a.vtk", b"# vtk DataFile Version 3.0\nx\nASCII\nDATASET UNSTRUCTURED_GRID\nPO", "as VTK"),
        ("b.vtk", b"# vtk DataFile Version 3.0\nx\nASCII\nDATASET FIELD\n", "as VTK"),
        ("a.vtu", b'<VTKFile type="UnstructuredGrid"><Piece', "as VTU"),
        ("b.vtu", b'<VTKFile type="PolyData"></VTKFile>', "VTK file of PolyData"),
        ("c.vtu", b'<!DOCTYPE a [<!ENTITY b "c">]><VTKFile type="UnstructuredGrid">', "XML words"),
        ("a.obj", b"v 0 0 0\nv 1 0\nf 1 2 x\n", "cut off"),
        ("b.obj", b"\x7fELF\x00\xff\xfe", "OBJ"),
        ("c.obj", b"# nothing\n", "has 0 points"),
    ],
)
def test_damaged_meshes_give_one_sentence(tmp_path, capfd, name, content, says):
    pytest.importorskip("meshio")
    refused(write(tmp_path, name, content), says)
    assert capfd.readouterr() == ("", "")


def test_limits_and_choices_of_meshes(tmp_path, monkeypatch):
    from engine.data import meshes

    path = save_mesh(tmp_path / "m.vtu", [("triangle", TRIANGLES)], {"v": FLOW})
    refused(path, "found without a mapping", fields="positions=x,y;vectors=u,v")
    refused(path, "no columns to choose", label="v")
    monkeypatch.setattr(meshes, "MOST_BYTES", 10)
    refused(path, "limit for meshes is 2 GiB")


@pytest.mark.parametrize("name", ["vertex_velocity", "B", "normal_velocity"])
def test_names_that_only_resemble_normals_are_vectors(tmp_path, name):
    given = {"texture": CORNERS, "point_normals": CORNERS, "RGB": CORNERS, name: FLOW}
    path = save_mesh(tmp_path / "m.vtu", [("triangle", TRIANGLES)], given | {"truth": FLOW + 1})
    field = open_any(path)
    np.testing.assert_array_equal(field.vectors, FLOW)
    np.testing.assert_array_equal(field.truth, FLOW + 1)


def test_infinite_vectors_and_wrong_triangles_of_a_mesh(tmp_path):
    infinite = np.where(FLOW == 2, np.inf, FLOW)
    path = save_mesh(tmp_path / "i.vtu", [("triangle", TRIANGLES)], {"v": infinite})
    refused(path, "Point 5 .* infinite vector")
    path = save_mesh(tmp_path / "t.vtu", [("triangle", TRIANGLES + 1)], {"v": FLOW})
    refused(path, "from 1 to 5")


def test_the_command_line_hands_the_mapping_on():
    from engine.cli import _parser, spec_of

    words = ["run", "embedding.isomap", "--data", "f.csv", "--map", "positions=x,y;vectors=u,v"]
    assert spec_of(_parser().parse_args(words)).data_options == {
        "fields": "positions=x,y;vectors=u,v"
    }
    assert spec_of(_parser().parse_args(words[:4])).data_options == {}
