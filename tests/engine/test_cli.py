"""The command line: what it says, what it writes, and how it refuses."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from engine import catalog, cli
from engine.io.models import load_model
from engine.params import parameters


def said(capsys):
    return json.loads(capsys.readouterr().out)


def test_list_names_every_method_and_sample(capsys):
    assert cli.main(["list", "--json"]) == 0
    found = said(capsys)
    assert [m["id"] for m in found["methods"]] == list(catalog.cards())
    assert {"sample:digits", "sample:iris", "sample:wine", "sample:swiss_roll", "sample:tree",
            "sample:cycle"} <= {s["spec"] for s in found["samples"]}  # fmt: skip
    assert cli.main(["list"]) == 0
    text = capsys.readouterr().out
    assert "embedding.heat_geodesic" in text and "sample:swiss_roll" in text


def test_info_tells_parameters_bounds_effects_layers_and_paper(capsys):
    assert cli.main(["info", "embedding.heat_geodesic", "--json"]) == 0
    found = said(capsys)
    kind = catalog.card("embedding.heat_geodesic").load().Params
    assert [p["name"] for p in found["parameters"]] == [p.name for p in parameters(kind)]
    time = next(p for p in found["parameters"] if p["name"] == "time")
    assert time["effect"] == "live" and time["low"] < time["high"] and time["text"]
    assert found["layers"]["map"] == "Points" and "2305.19043" in found["paper"]
    assert cli.main(["info", "embedding.diffusion_map"]) == 0
    text = capsys.readouterr().out
    assert "at once" in text and "next fit" in text and "Coifman" in text


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run with everything it leaves behind."""
    folder = tmp_path_factory.mktemp("run")
    words = ["run", "embedding.diffusion_map", "--data", "sample:iris", "--set", "time=3",
             "--seed", "7", "--out", str(folder), "--quiet"]  # fmt: skip
    assert cli.main(words) == 0
    return folder


def test_run_writes_table_layers_model_figure_record_and_script(done):
    with (done / "points.csv").open() as file:
        rows = [row for row in csv.reader(file) if row and not row[0].startswith("#")]
    assert len(rows) == 151
    record = json.loads((done / "run.json").read_text())
    assert record["params"]["time"] == 3 and record["seed"] == 7 and record["data_sha256"]
    method, spec = load_model(done / "model.safetensors")
    positions = method.evaluate(spec.typed_params()).layer("map").positions
    with np.load(done / "layers.npz") as arrays:
        stored = [arrays[name] for name in arrays.files if arrays[name].shape == (150, 2)]
    assert any(np.array_equal(array, positions) for array in stored)
    assert (done / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert 'method="embedding.diffusion_map"' in (done / "script.py").read_text()


def test_export_makes_figures_and_tables_of_a_model(done, tmp_path, capsys):
    words = ["export", str(done / "model.safetensors"), "--figure", str(tmp_path / "f.pdf"),
             "--csv", str(tmp_path / "t.csv"), "--script", str(tmp_path / "s.py")]  # fmt: skip
    assert cli.main(words) == 0
    for name in ("f.pdf", "t.csv", "s.py"):
        assert (tmp_path / name).stat().st_size > 0 and name in capsys_text(capsys, name)
    assert cli.main(["export", str(done / "model.safetensors")]) == 2


def capsys_text(capsys, name, kept={}):  # noqa: B006
    kept["text"] = kept.get("text", "") + capsys.readouterr().out
    return kept["text"]


def test_run_reads_a_file_and_prints_numbers(tmp_path, capsys):
    rng = np.random.default_rng(0)
    lines = ["x [m];y [m];kind"]
    lines += [f"{a:.3f};{b:.3f};k{i % 2}".replace(".", ",") for i, (a, b) in
              enumerate(rng.normal(size=(50, 2)))]  # fmt: skip
    path = tmp_path / "points.csv"
    path.write_text("\n".join(lines) + "\n")
    words = ["run", "embedding.isomap", "--data", str(path), "--json", "--quiet"]
    assert cli.main(words) == 0
    found = said(capsys)
    assert found["run"]["data"] == str(path)
    assert 0 <= found["scores"]["trustworthiness"] <= 1
    assert found["metrics"]["residual variance"] >= 0


REFUSED = {
    "an unknown method": (["info", "embedding.heat"], "Nearest: embedding.heat_geodesic"),
    "an unknown parameter": (["--set", "tme=3"], "tme"),
    "a value that is no number": (["--set", "time=soon"], "time"),
    "a value out of bounds": (["--set", "knn=0"], "(neighbours) must be between 1 and 200"),
    "half an assignment": (["--set", "time"], "NAME=VALUE"),
    "an unknown sample": (["--data", "sample:irys"], "There is no sample"),
    "a missing file": (["--data", "nowhere.csv"], "nowhere.csv"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_one_sentence_and_exit_code_2(name, capsys):
    words, part = REFUSED[name]
    if words[0] != "info":
        first = [] if "--data" in words else ["--data", "sample:iris"]
        words = ["run", "embedding.diffusion_map", *first, *words, "--quiet"]
    assert cli.main(words) == 2
    text = capsys.readouterr().err.strip()
    assert text.startswith("fieldwright: ") and part in text
    assert "\n" not in text and "Traceback" not in text


def test_an_optional_library_that_is_missing_is_said(capsys):
    if not catalog.card("embedding.umap").missing():
        pytest.skip("umap-learn is installed here")
    assert cli.main(["run", "embedding.umap", "--data", "sample:iris"]) == 2
    assert "pip install 'fieldwright[umap]'" in capsys.readouterr().err


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "engine", "list"], capture_output=True, text=True, check=True
    )
    assert "embedding.phate" in done.stdout


def test_export_at_points_of_a_file(tmp_path, capsys):
    sphere = "sample:sphere_field?n=300"
    words = ["run", "vectorfield.rvgp", "--data", sphere, "--out", str(tmp_path / "r"), "--quiet"]
    assert cli.main(words) == 0
    assert "singularities" in (tmp_path / "r" / "singularities.csv").name
    points = tmp_path / "points.csv"
    points.write_text("name,z,y,x\na,1,0,0\nb,0,1,0\nc,0,0,9\n")
    model = str(tmp_path / "r" / "model.safetensors")
    words = ["export", model, "--at", str(points), "--csv", str(tmp_path / "there.csv")]
    assert cli.main(words) == 0
    with (tmp_path / "there.csv").open() as handle:
        next(handle)
        rows = list(csv.DictReader(handle))
    assert [float(row["x"]) for row in rows] == [0.0, 0.0, 9.0]
    assert [row["on the manifold"] for row in rows] == ["yes", "yes", "no"]
    assert abs(float(rows[0]["along x"])) < 10 and rows[2]["along x"] == "nan"
    points.write_text("a,b\n1,2\n3,4\n")
    assert cli.main(words) == 2
    assert "lives in 3 coordinates" in capsys.readouterr().err
