"""A method over every picture of a folder, by the generator and by the command line."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import catalog, cli
from engine.data import open_any
from engine.method import DataError
from engine.restoration import batch as batches
from engine.restoration.batch import Batch, pictures_in, restore_folder
from engine.restoration.gaussian import GaussianSmoothing
from engine.runs import RunSpec

SPEC = RunSpec(method="restoration.gaussian", data="", params={"std": 1.0})


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    for k, name in enumerate(("a.png", "b.jpg", "b.png", "c.bmp")):
        Image.fromarray(drawn(12, 10, 3, seed=k)).save(place / name)
    (place / "d.png").write_bytes((place / "a.png").read_bytes()[:90])
    (place / ".hidden.png").write_bytes(b"")
    (place / "without_suffix").write_bytes((place / "a.png").read_bytes())
    (place / "sub.png").mkdir()
    return place


def done(batch):
    """All that the generator tells, and what it returns."""
    told, steps = [], restore_folder(batch)
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return told, end.value


def test_each_picture_is_told_once_in_order_and_progress_never_goes_back(folder, tmp_path):
    told, found = done(Batch(source=folder, target=tmp_path / "out", spec=SPEC))
    names = ["a.png", "b.jpg", "b.png", "c.bmp", "d.png", "without_suffix"]
    assert [p.name for p in pictures_in(folder)] == names == [o.source.name for o in found]
    assert [t.done for t in told if t.done is not None] == list(found)
    at = [t.index + (0 if t.done else t.share) for t in told]
    assert at == sorted(at) and at[-1] == 6
    states = {o.source.name: o.state for o in found}
    assert states.pop("d.png") == "failed" and set(states.values()) == {"restored"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "a.png", "b.jpg", "b.png", "c.png", "without_suffix.png", "summary.csv"
    }  # fmt: skip


def test_names_that_would_meet_are_numbered_the_same_every_time(folder, tmp_path):
    wanted = Batch(source=folder, target=tmp_path / "out", spec=SPEC, format="tiff")
    pairs = [(a.name, b.name) for a, b in batches.planned(wanted, pictures_in(folder))]
    assert dict(pairs)["b.jpg"] == "b.tif" and dict(pairs)["b.png"] == "b-2.tif"
    assert len({b.lower() for _, b in pairs}) == len(pairs)
    done(wanted)
    _, again = done(wanted)
    assert {o.state for o in again} == {"skipped", "failed"}


@pytest.mark.parametrize("policy", batches.POLICIES)
def test_what_is_there_is_met_as_was_asked(folder, tmp_path, policy):
    target = tmp_path / "out"
    target.mkdir()
    (target / "a.png").write_text("mine")
    (target / "summary.csv").write_text("mine")
    _, found = done(Batch(source=folder, target=target, spec=SPEC, exists=policy))
    first = found[0]
    assert first.state == ("skipped" if policy == "skip" else "restored")
    kept = policy != "overwrite"
    assert ((target / "a.png").read_bytes() == b"mine") == kept
    assert ((target / "summary.csv").read_text() == "mine") == kept
    assert (target / "a-2.png").exists() == (policy == "rename")
    assert (target / "summary-2.csv").exists() == kept


def test_closed_early_it_leaves_whole_files_and_a_summary_of_them(folder, tmp_path):
    target = tmp_path / "out"
    steps = restore_folder(Batch(source=folder, target=target, spec=SPEC))
    for at in steps:
        if at.done is not None:
            break
    steps.close()
    assert sorted(p.name for p in target.iterdir()) == ["a.png", "summary.csv"]
    with (target / "summary.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["file"] == row["result"] == "a.png" and row["height"] == "12"


def test_a_folder_is_never_restored_into_itself_and_nothing_is_made_of_none(folder, tmp_path):
    for source, target, word in ((folder, folder / ".." / "in", "another folder"),
                                 (folder / "sub.png", tmp_path / "o", "no pictures"),
                                 (folder / "a.png", tmp_path / "o", "no folder"),
                                 (folder, folder / "a.png", "cannot be made")):  # fmt: skip
        with pytest.raises(DataError, match=word):
            next(restore_folder(Batch(source=source, target=target, spec=SPEC)))
    assert not (tmp_path / "o").exists()
    for options, word in (({"format": "webp"}, "saved as"), ({"depth": 12}, "8 or 16"),
                          ({"format": "jpeg", "depth": 16}, "JPEG"),
                          ({"exists": "ask"}, "skip")):  # fmt: skip
        with pytest.raises(DataError, match=word):
            Batch(source=folder, target=tmp_path, spec=SPEC, **options)


class Learnt(GaussianSmoothing):
    """Smoothing that is carried over instead of being fitted again."""

    fits = 0

    def fit(self, data, *, rng, device):
        Learnt.fits += 1
        if data.name == "c.bmp":
            raise ZeroDivisionError("a defect")
        yield from super().fit(data, rng=rng, device=device)

    def transferred(self, data):
        made = Learnt(self.params)
        made._photograph = data
        return made

    def refine(self, params):
        yield None
        yield replace(self.evaluate(params), coarse="half", layers=())
        yield self.evaluate(params)


@pytest.fixture
def learnt():
    card = replace(
        catalog.card("restoration.gaussian"), id="restoration.learnt",
        target="tests.engine.test_restored_folders:Learnt",
    )  # fmt: skip
    catalog.register(card)
    Learnt.fits = 0
    yield card
    catalog.cards().pop(card.id)


def test_what_was_learnt_is_carried_to_each_picture_without_a_fit(folder, tmp_path, learnt):
    spec = replace(SPEC, method=learnt.id)
    fitted = Learnt(spec.typed_params())
    wanted = Batch(source=folder, target=tmp_path / "out", spec=spec, fitted=fitted)
    _, found = done(wanted)
    assert Learnt.fits == 0 and sum(o.state == "restored" for o in found) == 5
    plain = Batch(source=folder, target=tmp_path / "plain", spec=SPEC)
    done(plain)
    for name in ("a.png", "c.png"):
        one, other = (open_any(tmp_path / f / name, picture="") for f in ("out", "plain"))
        np.testing.assert_array_equal(one.values, other.values)


def test_a_method_that_breaks_on_one_picture_does_not_lose_the_others(folder, tmp_path, learnt):
    spec = replace(SPEC, method=learnt.id)
    _, found = done(Batch(source=folder, target=tmp_path / "out", spec=spec))
    failed = {o.source.name: o.message for o in found if o.state == "failed"}
    assert set(failed) == {"c.bmp", "d.png"} and "a defect" in failed["c.bmp"]
    assert Learnt.fits == 5


def test_the_command_line_restores_a_folder_and_lists_what_failed(folder, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["batch", "restoration.gaussian", str(folder), "--out", str(out), "--set", "std=2",
             "--format", "png", "--depth", "16"]  # fmt: skip
    assert cli.main(words) == 1
    said = capsys.readouterr()
    assert "5 restored, 0 skipped, 1 failed." in said.out and "d.png" in said.out
    assert "6/6 without_suffix: restored" in said.err
    result = open_any(out / "b.png", picture="")
    assert result.depth == 16
    with Image.open(out / "a.png") as picture:
        about = json.loads(picture.text["fieldwright"])
    assert about["params"]["std"] == 2 and about["data"] == "a.png"
    assert cli.main([*words, "--json", "--quiet"]) == 1
    files = json.loads(capsys.readouterr().out)["files"]
    assert [f["state"] for f in files].count("skipped") == 5


def test_the_command_line_takes_its_parameters_from_a_model(folder, tmp_path, capsys):
    (folder / "d.png").unlink()
    run = ["run", "restoration.gaussian", "--data", str(folder / "a.png"), "--set", "std=3",
           "--out", str(tmp_path / "run"), "--quiet"]  # fmt: skip
    assert cli.main(run) == 0
    model = str(tmp_path / "run" / "model.safetensors")
    words = ["batch", "restoration.gaussian", str(folder), "--out", str(tmp_path / "out"),
             "--model", model, "--set", "gain=2", "--quiet"]  # fmt: skip
    assert cli.main(words) == 0
    one, other = (Path(tmp_path / p) for p in ("out/a.png", "run/restored.png"))
    np.testing.assert_array_equal(
        open_any(one, picture="").values, open_any(other, picture="").values
    )
    capsys.readouterr()
    for wrong, word in ((["embedding.isomap"], "photographs"), (["restoration.none"], "no method")):
        assert cli.main(["batch", *wrong, str(folder), "--out", str(tmp_path / "x")]) == 2
        assert word in capsys.readouterr().err


def test_an_interrupted_command_ends_with_130_and_keeps_what_is_done(
    folder, tmp_path, monkeypatch, capsys
):
    asked = []

    def interrupted(self, params):
        asked.append(1)
        if len(asked) > 2:
            raise KeyboardInterrupt
        return evaluate(self, params)

    evaluate = GaussianSmoothing.evaluate
    monkeypatch.setattr(GaussianSmoothing, "evaluate", interrupted)
    words = ["batch", "restoration.gaussian", str(folder), "--out", str(tmp_path / "out")]
    assert cli.main(words) == 130
    assert capsys.readouterr().out.startswith("2 restored")
    assert (tmp_path / "out" / "summary.csv").exists()
