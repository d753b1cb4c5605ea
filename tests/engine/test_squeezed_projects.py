"""Projects of photographs take little room, and come back to the bit."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine import runs
from engine.data import open_any
from engine.io import project, squeezing
from engine.io.project import Project, RunRecord
from engine.io.references import data_record
from engine.method import DataError

RNG = np.random.default_rng(3)
SMOOTH = np.add.outer(np.arange(96), np.arange(64)) % 256
BARE = [
    (SMOOTH / np.float32(255)).astype(np.float32),
    (SMOOTH[..., None] * np.array([1, 200, 255]) / np.float32(65535)).astype(np.float32),
    np.sin(SMOOTH / 40).astype(np.float32),
    np.where(SMOOTH == 7, -0.0, SMOOTH / np.float32(255)).astype(np.float32),
    np.full((64, 64), np.nan, np.float32),
    np.array([[np.inf, -np.inf, np.nan, 1e38, -0.0, 1e-45]] * 400, np.float32),
    RNG.normal(size=(700, 3)), RNG.integers(0, 256, (50, 100), np.uint8), np.zeros(100_000),
    RNG.random(5000) > 0.5, np.zeros((0, 3), np.float32), np.float64(3.5).reshape(()),
    np.arange(5000, dtype=np.int64),
]  # fmt: skip


@pytest.mark.parametrize("array", BARE, ids=lambda a: f"{a.dtype}{a.shape}")
def test_every_array_comes_back_to_the_bit(array):
    content = bytes(squeezing.written(array))
    assert squeezing.read(content, dict).tobytes() == array.tobytes()
    assert len(content) <= array.nbytes + 300


def test_eight_bits_take_eight_and_constants_little():
    assert len(squeezing.written(BARE[0])) < BARE[0].nbytes / 4
    assert len(squeezing.written(np.zeros(100_000))) < 800_000 / 90
    # The guard against archives that unpack to far more than they are stays on the safe side.
    assert len(squeezing.written(np.zeros(100_000))) > 800_000 / squeezing.MOST_INFLATION


def test_an_array_that_claims_too_much_is_refused():
    content = bytes(squeezing.written(np.zeros(100_000)))
    assert content.count(b"100000") == 1
    for length in (b"900000", b"    99"):
        with pytest.raises(ValueError, match=r"longer than|another length"):
            squeezing.read(content.replace(b"100000", length), dict)


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """Two runs on one spoilt photograph of a file, as a project holds them."""
    folder = tmp_path_factory.mktemp("photographs")
    Image.fromarray(RNG.integers(0, 256, (60, 80, 3), np.uint8)).save(folder / "a.png")
    path = str(folder / "a.png")
    data = open_any(path, picture="noise=10")
    record = data_record(data, {"picture": "noise=10"})
    found = []
    for number, std in enumerate((0.8, 1.6)):
        spec = runs.RunSpec(
            method="restoration.gaussian", data=path, params={"std": std},
            data_options={"picture": "noise=10"},
        )  # fmt: skip
        fit = runs.run(spec, data)
        found.append(RunRecord(id=number, name=f"{number}", spec=spec, data=record.id,
                               snapshot=fit.result(), method=fit.method))  # fmt: skip
    return folder, Project(datasets=(record,), runs=tuple(found))


def saved(folder, held):
    project.save(folder / "p.wbproj", held)
    return project.open(folder / "p.wbproj")


def test_runs_on_photographs_come_back_to_the_bit_and_share_what_is_the_same(restored):
    folder, held = restored
    after = saved(folder, held)
    for old, new in zip(held.runs, after.runs, strict=True):
        for a, b in zip(old.snapshot.layers, new.snapshot.layers, strict=True):
            for name, array in a.arrays().items():
                assert array.tobytes() == b.arrays()[name].tobytes()
                assert array.dtype == b.arrays()[name].dtype
        state, again = old.method.state(), new.fitted().state()
        assert state.keys() == again.keys()
        assert all(np.asarray(state[k]).tobytes() == np.asarray(again[k]).tobytes() for k in state)
    # One photograph, its truth in 8 bits, and two restored pictures; differences take nothing.
    assert (folder / "p.wbproj").stat().st_size < 3.5 * 60 * 80 * 3 * 4
    first = (folder / "p.wbproj").read_bytes()
    project.save(folder / "p.wbproj", replace(after, saved=after.saved))
    again = project.open(folder / "p.wbproj")
    assert len(first) == (folder / "p.wbproj").stat().st_size
    assert again.runs[1].fitted().state().keys() == held.runs[1].method.state().keys()


def test_a_picture_made_of_itself_is_damage_and_no_endless_loop(restored):
    folder, held = restored
    saved(folder, held)
    with zipfile.ZipFile(folder / "p.wbproj") as found:
        members = {name: found.read(name) for name in found.namelist()}
    manifest = json.loads(members["manifest.json"])
    fields = [layer["fields"] for layer in manifest["runs"][0]["snapshot"]["layers"]
              if layer["kind"] == "Picture"]  # fmt: skip
    made = next(f["values"] for f in fields if f["role"] == "diagnostic")
    name = f"arrays/{made['sha256']}.safetensors"
    assert len(members[name]) < 1000, "told by two others"
    members[name] = bytes(squeezing.written(np.zeros(1), {"one": made, "two": made, "gain": 4.0}))
    with zipfile.ZipFile(folder / "q.wbproj", "w") as found:
        for key, content in members.items():
            found.writestr(key, content)
    with pytest.raises(DataError, match="damaged"):
        project.open(folder / "q.wbproj")
