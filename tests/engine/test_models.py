"""Models survive the file, and strange files are told in a sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine import runs
from engine.io.models import KEY, load_model, save_model
from engine.method import DataError
from tests.engine import toy
from tests.engine.toy import listed

__all__ = ["listed"]

pytestmark = pytest.mark.usefixtures("listed")


@pytest.fixture
def fit():
    data = toy.table()
    spec = runs.RunSpec(method="embedding.toy", data=data.spec, params={"zoom": 2.0}, seed=3)
    return runs.run(spec, data)


def rewritten(path, **changes):
    """The model file again with other entries in its description."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    about = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][KEY])
    about.update(changes)
    save_file({"projection": np.zeros((2, 2))}, path, metadata={KEY: json.dumps(about)})


def test_reloaded_model_is_bit_equal(fit, tmp_path):
    path = tmp_path / "toy.safetensors"
    save_model(path, fit)
    method, spec = load_model(path)
    assert spec.seed == 3
    assert spec.data_sha256 == fit.data.sha256()
    before, after = fit.result(), method.evaluate(spec.typed_params())
    for old, new in zip(before.layers, after.layers, strict=True):
        for name, array in old.arrays().items():
            assert array.tobytes() == new.arrays()[name].tobytes()
    assert [p.name for p in tmp_path.iterdir()] == ["toy.safetensors"]


def test_fitted_and_shown_parameters_are_both_kept(fit, tmp_path):
    path = tmp_path / "toy.safetensors"
    shown = fit.spec.with_params(type(fit.params)(zoom=5.0))
    save_model(path, fit.method, shown)
    method, spec = load_model(path)
    assert spec.typed_params().zoom == 5.0
    assert method.params.zoom == 2.0


def test_changes_on_the_way_are_kept(tmp_path):
    data = toy.table()
    fit = runs.begin(runs.RunSpec(method="embedding.toy", data="toy.csv"), data)
    for step in fit:
        if step.index == 1:
            fit.change(type(fit.params)(rate=0.5))
    save_model(tmp_path / "m.safetensors", fit)
    _, spec = load_model(tmp_path / "m.safetensors")
    assert spec.step_changes == ((1, {"rate": 0.5}),)
    again = runs.run(spec, data)
    assert np.array_equal(again.method.projection, fit.method.projection)


def test_shapes_and_types_of_state_survive(tmp_path, fit):
    odd, path = toy.Odd(fit.params), tmp_path / "odd.safetensors"
    save_model(path, odd, replace(fit.spec, method="embedding.odd"))
    found = load_model(path)[0].found
    for name, array in odd.state().items():
        assert np.array_equal(found[name], array)
        assert found[name].shape == array.shape


def test_foreign_and_damaged_files(fit, tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(DataError, match="There is no file"):
        load_model(path)
    save_file({"weights": np.zeros(3)}, path)
    with pytest.raises(DataError, match="not a Fieldwright model"):
        load_model(path)
    path.write_bytes(b"hello")
    with pytest.raises(DataError, match="not a whole safetensors file"):
        load_model(path)
    save_model(path, fit)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match="not a whole safetensors file"):
        load_model(path)


def test_newer_unknown_and_misfitting_models(fit, tmp_path):
    path = tmp_path / "x.safetensors"
    save_model(path, fit)
    rewritten(path, schema=99)
    with pytest.raises(DataError, match=r"newer Fieldwright \(model format 99"):
        load_model(path)
    save_model(path, fit)
    rewritten(path, spec={"method": "embedding.toyy", "data": ""})
    with pytest.raises(DataError, match=r"no method 'embedding\.toyy'.*embedding\.toy"):
        load_model(path)
    save_model(path, fit)
    rewritten(path, fitted={"zoom": -1})
    with pytest.raises(DataError, match="'zoom' must be"):
        load_model(path)


def test_nothing_learnt_and_nowhere_to_write(fit, tmp_path):
    with pytest.raises(DataError, match="learnt nothing yet"):
        save_model(tmp_path / "x.safetensors", toy.Toy(fit.params), fit.spec)
    with pytest.raises(DataError, match="does not exist"):
        save_model(tmp_path / "no" / "x.safetensors", fit)
    with pytest.raises(DataError, match="pass its RunSpec"):
        save_model(tmp_path / "x.safetensors", fit.method)


def test_our_own_bytes_are_read_by_the_library():
    from safetensors.numpy import load

    from engine.io.tensors import encoded

    rng = np.random.default_rng(0)
    arrays = {
        "flags": rng.uniform(size=7) < 0.5,
        "words": rng.integers(0, 255, 5).astype(np.uint8),
        "halves": rng.normal(size=3).astype(np.float16),
        "empty": np.empty((0, 3)),
        "one": np.array(2.5),
        "large": rng.normal(size=(40, 50)).astype(np.float32),
        "rows": rng.integers(-9, 9, (4, 2)),
    }
    content = encoded(arrays, {"about": "ä"})
    found = load(bytes(content))
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
    with pytest.raises(KeyError):
        encoded({"text": np.array(["a"])})
