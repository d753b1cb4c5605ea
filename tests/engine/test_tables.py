"""Tables hold the numbers to the last bit and say where they came from."""

import csv
import json
import sys

import numpy as np
import pytest

from engine import runs
from engine.io.columns import columns_of
from engine.io.tables import save_table
from engine.layers import Arrows, Axis, Field, Markers, Matrix, Network, Picture, Points, Surface
from engine.method import DataError, Snapshot
from tests.engine import toy
from tests.engine.toy import listed

__all__ = ["listed"]

pytestmark = pytest.mark.usefixtures("listed")

XY = (Axis("x", "m"), Axis("y", "m"))


@pytest.fixture
def fit():
    data = toy.table()
    spec = runs.RunSpec(method="embedding.toy", data=data.spec, params={"zoom": 2.0}, seed=3)
    return runs.run(spec, data)


def read(path, separator=","):
    with path.open(encoding="utf-8", newline="") as handle:
        first = handle.readline()
        rows = list(csv.reader(handle, delimiter=separator))
    assert first.startswith("# fieldwright {")
    return json.loads(first.removeprefix("# fieldwright ")), rows[0], rows[1:]


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t")])
def test_csv_has_units_ids_labels_and_origin(fit, tmp_path, suffix, separator):
    path = tmp_path / f"out{suffix}"
    snapshot = fit.result()
    save_table(path, snapshot, fit.data, spec=fit.spec)
    about, header, rows = read(path, separator)
    assert header == ["row", "axis 1", "axis 2 (mm)", "radius", "group", "age"]
    assert about["method"] == "embedding.toy"
    assert about["params"] == {"zoom": 2.0, "rate": 0.1, "steps": 5}
    assert about["seed"] == 3
    assert about["versions"]["numpy"] == np.__version__
    assert runs.RunSpec.from_json(about["spec"]) == fit.spec
    assert len(rows) == 40
    assert rows[1][4] == "middle, far"
    positions = snapshot.layers[0].positions
    assert np.array_equal(np.array([r[1:3] for r in rows], float), positions)


def test_csv_follows_the_ids(fit, tmp_path):
    layer = fit.result().layers[0]
    few = Points(
        name="few", role="data", positions=layer.positions[:2], axes=XY, ids=np.array([7, 2])
    )
    save_table(tmp_path / "few.csv", few, fit.data)
    _, header, rows = read(tmp_path / "few.csv")
    assert header == ["row", "x (m)", "y (m)", "group", "age"]
    assert [r[0] for r in rows] == ["7", "2"]
    assert [r[3] for r in rows] == [fit.data.labels["group"][7], fit.data.labels["group"][2]]
    beyond = Points(
        name="few", role="data", positions=layer.positions[:1], axes=XY, ids=np.array([99])
    )
    with pytest.raises(DataError, match="they belong to other data"):
        save_table(tmp_path / "few.csv", beyond, fit.data)


def test_pairs_of_rows_get_no_labels(fit, tmp_path):
    pairs = Points(
        name="pairs", role="diagnostic", positions=fit.result().layers[0].positions, axes=XY
    )
    save_table(tmp_path / "pairs.csv", pairs, fit.data)
    assert "group" not in read(tmp_path / "pairs.csv")[1]
    both = Snapshot(layers=(pairs, fit.result().layers[0]), params=None)
    save_table(tmp_path / "both.csv", both, fit.data)
    assert read(tmp_path / "both.csv")[1][1] == "axis 1"


def test_npz_holds_every_layer_without_pickle(fit, tmp_path):
    snapshot = fit.result()
    save_table(tmp_path / "out.npz", snapshot, fit.data, spec=fit.spec)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        about = json.loads(str(found["metadata"]))
        for layer in snapshot.layers:
            for name, array in layer.arrays().items():
                assert np.array_equal(found[f"{layer.name}.{name}"], array)
        assert np.array_equal(found["labels.group"], fit.data.labels["group"])
    assert about["layers"] == {"embedding": "Points", "spectrum": "Curves"}
    assert about["metrics"] == {"stress": 0.25}


def test_h5ad_reads_back(fit, tmp_path):
    anndata = pytest.importorskip("anndata")
    snapshot = fit.result()
    save_table(tmp_path / "out.h5ad", snapshot, fit.data, spec=fit.spec)
    found = anndata.read_h5ad(tmp_path / "out.h5ad")
    assert np.array_equal(found.obsm["X_toy"], snapshot.layers[0].positions)
    assert np.array_equal(found.X, fit.data.values)
    assert list(found.var_names) == ["a", "b", "c", "d", "e"]
    assert list(found.var["unit"]) == ["m", "", "", "", ""]
    assert list(found.obs["group"]) == list(fit.data.labels["group"])
    assert np.array_equal(found.obs["radius"], snapshot.layers[0].columns["radius"])
    assert json.loads(found.uns["fieldwright"])["seed"] == 3


def test_h5ad_without_the_library_names_the_extra(fit, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(DataError, match=r"pip install 'fieldwright\[h5ad\]'"):
        save_table(tmp_path / "out.h5ad", fit.result(), fit.data)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("layer", "titles", "rows"),
    [
        (
            Field(
                name="u",
                role="truth",
                values=np.arange(6.0).reshape(2, 3),
                extent=((0, 2), (0, 3)),
                axes=XY,
                unit="K",
            ),
            ["x (m)", "y (m)", "u (K)"],
            6,
        ),
        (
            Matrix(name="d", role="data", values=np.eye(2), axes=(Axis("i"), Axis("j"))),
            ["i", "j", "d"],
            4,
        ),
        (
            Picture(name="p", role="data", values=np.zeros((2, 2, 3))),
            ["row", "column", "red", "green", "blue"],
            4,
        ),
        (
            Arrows(
                name="v",
                role="data",
                positions=np.zeros((2, 2)),
                vectors=np.ones((2, 2)),
                axes=XY,
                unit="m/s",
            ),
            ["x (m)", "y (m)", "along x (m/s)", "along y (m/s)"],
            2,
        ),
        (
            Network(
                name="k", role="data", over="p", edges=np.array([[0, 1]]), weights=np.array([0.5])
            ),
            ["from", "to", "weight"],
            1,
        ),
        (
            Surface(
                name="s",
                role="data",
                vertices=np.eye(3),
                faces=np.array([[0, 1, 2]]),
                values=np.arange(3.0),
                axes=(*XY, Axis("z")),
            ),
            ["x (m)", "y (m)", "z", "s"],
            3,
        ),
        (
            Markers(name="m", role="data", positions=np.zeros((1, 2)), labels=("a",), axes=XY),
            ["x (m)", "y (m)", "label"],
            1,
        ),
    ],
)
def test_every_kind_of_layer_has_columns(layer, titles, rows, tmp_path):
    columns = columns_of(layer)
    assert list(columns) == titles
    assert {len(c) for c in columns.values()} == {rows}
    save_table(tmp_path / "x.csv", layer)
    assert len(read(tmp_path / "x.csv")[2]) == rows
    save_table(tmp_path / "x.npz", layer)


def test_field_nodes_sit_in_their_cells():
    layer = Field(
        name="u",
        role="truth",
        values=np.arange(6.0).reshape(2, 3),
        extent=((0, 2), (0, 3)),
        axes=XY,
    )
    columns = columns_of(layer)
    assert columns["x (m)"].tolist() == [0.5] * 3 + [1.5] * 3
    assert columns["y (m)"].tolist() == [0.5, 1.5, 2.5] * 2
    assert columns["u"].tolist() == [0, 1, 2, 3, 4, 5]


def test_wrong_places_are_told(fit, tmp_path):
    with pytest.raises(DataError, match=r"Tables are saved as \.csv.*ends in '\.xls'"):
        save_table(tmp_path / "x.xls", fit.result())
    with pytest.raises(DataError, match="does not exist"):
        save_table(tmp_path / "no" / "x.csv", fit.result())
    with pytest.raises(DataError, match="no layers"):
        save_table(tmp_path / "x.csv", Snapshot(layers=(), params=None))
    with pytest.raises(DataError, match="no points"):
        save_table(tmp_path / "x.h5ad", fit.result().layers[1])
