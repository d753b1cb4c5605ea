"""The README's example: one module and one line of catalogue give everything else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import catalog, cli
from engine.io.models import load_model
from tests.engine import conformance as owed
from tests.engine import example_method

CARD = catalog.Card(
    id="embedding.example",
    title="Whitened components",
    target="tests.engine.example_method:WhitenedComponents",
    summary="Principal components with their scales removed.",
    paper="Pearson 1901",
)


@pytest.fixture
def listed(monkeypatch):
    monkeypatch.setitem(catalog.cards(), CARD.id, CARD)


def test_it_is_short():
    lines = Path(example_method.__file__).read_text().split('"""', 2)[2].strip().splitlines()
    assert len([line for line in lines if line.strip()]) <= 60


def test_it_keeps_the_contract(listed):
    owed.check_parameters(CARD)
    owed.check_steps(CARD)
    owed.check_repeatable(CARD)
    owed.check_evaluation(CARD)
    owed.check_state(CARD)


def test_whitened_scores_have_equal_scales(listed):
    fit = owed.fitted(CARD, owed.table())
    white = fit.method.evaluate(replace(fit.params, whitening=1.0)).layer("map").positions
    np.testing.assert_allclose(np.linalg.norm(white, axis=0), 1.0)


def test_it_has_the_command_line_its_exports_and_its_script(listed, tmp_path, capsys):
    assert cli.main(["info", CARD.id, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [p["name"] for p in told["parameters"]] == ["whitening", "centre"]
    assert told["layers"] == {"map": "Points", "spectrum": "Curves"}
    words = ["run", CARD.id, "--data", "sample:iris", "--set", "whitening=0.5", "--quiet"]
    assert cli.main([*words, "--out", str(tmp_path)]) == 0
    for name in ("points.csv", "layers.npz", "figure.png", "run.json", "script.py"):
        assert (tmp_path / name).stat().st_size > 100
    method, spec = load_model(tmp_path / "model.safetensors")
    positions = method.evaluate(spec.typed_params()).layer("map").positions
    script = (tmp_path / "script.py").read_text()
    listing = "from engine import catalog\nfrom tests.engine.test_example_method import CARD\n"
    ask = "\nimport numpy as np\nnp.save('again.npy', {}.layer('map').positions)\n"
    result = next(n for n in ("snapshot", "picture", "result") if f"{n} = " in script)
    code = f"{listing}catalog.register(CARD)\n{script}{ask.format(result)}"
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=_with_path(root), check=True,
        capture_output=True,
    )  # fmt: skip
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), positions)


def _with_path(root):
    import os

    return {**os.environ, "PYTHONPATH": str(root)}
