"""A script repeats its run, bit for bit, in a process of its own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import load_model, open_any, params, runs
from engine.io.scripts import as_python
from tests.engine import toy
from tests.engine.toy import listed

__all__ = ["listed"]

ROOT = Path(__file__).resolve().parents[2]
WITH_TOY = (
    "import sys; from engine import catalog; from tests.engine import toy; "
    "catalog.register(toy.CARD); exec(compile(open(sys.argv[1]).read(), 'script', 'exec'))"
)


def run_script(text, folder, *, with_toy=False):
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    # Nothing of this process's settings but where the engine is, and by which kernels the machine
    # multiplies matrices: others round otherwise.
    kept = ("PATH", "HOME", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {k: os.environ[k] for k in kept if k in os.environ}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *(["-c", WITH_TOY] if with_toy else []), str(path)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100
    )


def same_arrays(path, snapshot):
    with np.load(path, allow_pickle=False) as found:
        for layer in snapshot.layers:
            for name, array in layer.arrays().items():
                other = found[f"{layer.name}.{name}".replace("/", "_")]
                assert other.dtype == array.dtype
                assert other.tobytes() == array.tobytes(), (layer.name, name)


def test_script_of_a_real_run_gives_the_same_bits(tmp_path):
    sample, options = "sample:swiss_roll?n=200&noise=0.1", {"drop": ["x"]}
    data = open_any(sample, **options)
    spec = runs.RunSpec(
        method="embedding.heat_geodesic",
        data=sample,
        data_options=options,
        data_sha256=data.sha256(),
        params={"time": 5.0},
        seed=3,
    )
    # All values are in the window's spec; only those that differ belong into the script.
    full = spec.with_params(spec.typed_params())
    assert as_python(full) == as_python(spec)
    done = run_script(as_python(full), tmp_path)
    assert done.returncode == 0, done.stderr
    fit = runs.run(spec, data)
    stem = "swiss_roll-heat_geodesic"
    same_arrays(tmp_path / f"{stem}.npz", fit.result())
    method, loaded = load_model(tmp_path / f"{stem}.safetensors")
    assert loaded.typed_params() == spec.typed_params()
    again = method.evaluate(loaded.typed_params())
    for old, new in zip(fit.result().layers, again.layers, strict=True):
        for name, array in old.arrays().items():
            assert array.tobytes() == new.arrays()[name].tobytes(), (old.name, name)
    assert (tmp_path / f"{stem}.csv").read_text().startswith("# fieldwright {")
    assert (tmp_path / f"{stem}.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def stored(tmp_path, listed):
    data = toy.table()
    np.save(tmp_path / "to'y.npy", data.values)
    return tmp_path / "to'y.npy"


def test_changes_on_the_way_are_replayed(tmp_path, stored):
    data = open_any(str(stored))
    spec = runs.RunSpec(method="embedding.toy", data=str(stored), data_sha256=data.sha256())
    fit = runs.begin(spec, data)
    for step in fit:
        if step.index in (1, 3):
            fit.change(toy.Toy.Params(rate=0.5 * step.index / 3))
    from engine.io.models import told

    changed = told(fit)
    assert [index for index, _ in changed.step_changes] == [1, 3]
    done = run_script(as_python(changed), tmp_path, with_toy=True)
    assert done.returncode == 0, done.stderr
    same_arrays(tmp_path / "to_y-toy.npz", fit.result())
    assert not np.array_equal(
        fit.result().layers[0].positions, runs.run(spec, data).result().layers[0].positions
    )


def test_changed_data_stop_the_script(tmp_path, stored):
    spec = runs.RunSpec(method="embedding.toy", data=str(stored), data_sha256="0" * 64)
    done = run_script(as_python(spec), tmp_path, with_toy=True)
    assert done.returncode != 0
    assert "has changed since the run was described" in done.stderr
    assert not list(tmp_path.glob("*.csv"))


def test_script_says_no_more_than_it_must(listed):
    plain = runs.RunSpec(method="embedding.toy", data="sample:iris")
    text = as_python(plain)
    for word in ("params=", "step_changes", "data_options", "data_sha256", "device="):
        assert word not in text
    assert "seed=0" in text
    some = runs.RunSpec(
        method="embedding.toy",
        data="a\n'b' \"c\" \\ \U0001f600.csv",
        params={"zoom": 2.0, "rate": 0.1},
        device="cuda",
    )
    text = as_python(some)
    assert '"zoom": 2.0' in text
    assert '"rate"' not in text
    assert 'device="cuda"' in text
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
    call = next(c for c in calls if ast.unparse(c.func) == "engine.RunSpec")
    given = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    assert runs.RunSpec(**given).typed_params() == some.typed_params()
    assert given["data"] == some.data


def test_script_imports_the_engine_alone(listed):
    tree = ast.parse(as_python(runs.RunSpec(method="embedding.toy", data="sample:iris")))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(n) for n in imports] == ["import engine"]


def test_illegal_parameters_are_told(listed):
    spec = runs.RunSpec(method="embedding.toy", data="x", params={"zoom": 99})
    with pytest.raises(params.ParameterError, match="'zoom' must be"):
        as_python(spec)


def test_many_painted_rows_go_over_several_lines():
    rows = list(range(3, 5003))
    spec = runs.RunSpec(
        method="vectorfield.rvgp", data="sample:winds?n=20000", params={"without": rows}
    )
    script = as_python(spec)
    assert max(len(line) for line in script.splitlines()) <= 120
    space = {}
    exec(compile(script.split("fit = engine")[0], "script", "exec"), space)
    assert space["spec"].params["without"] == rows
