"""A network trained on a folder of pictures: stopped, gone on with, changed on the way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data import open_any
from engine.io import models
from engine.method import DataError
from engine.restoration import folder_pictures, model, pack, tunable_training
from engine.restoration.batch import Batch, restore_folder
from engine.restoration.networks import SHAPES
from engine.restoration.restorer import Restorer
from engine.restoration.training import Recipe, Training
from engine.restoration.training_pictures import Pool
from engine.restoration.tunable_params import TunableParams
from engine.runs import Fit, RunSpec
from engine.stages import finish
from tests.engine.conformance import differ, photograph_of, same

QUICK = {"weights": "trained here", "size": "nano", "steps": 12, "patches": 1}


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    """Pictures made by formula are most of the time of a short training."""
    monkeypatch.setattr(tunable_training, "MADE", 4)
    monkeypatch.setattr(tunable_training, "MADE_SIDE", 128)


@pytest.fixture(scope="module")
def data():
    y, x = np.mgrid[0:64, 0:80]
    return photograph_of(0.5 + 0.3 * np.sin(x / 4.0) * np.cos(y / 5.0), noise=0.1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for k in range(9):
        coarse = rng.integers(0, 256, (20, 24, 3)).astype(np.uint8)
        Image.fromarray(coarse).resize((240, 200), Image.Resampling.BICUBIC).save(
            where / f"{k}.png"
        )
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(where / "small.png")
    (where / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (where / "notes.txt").write_text("no picture")
    return where


def begun(data, reuse=None, changes=(), **values):
    spec = RunSpec(method="restoration.tunable", data="waves", params={**QUICK, **values},
                   step_changes=changes)  # fmt: skip
    return Fit(spec, data, reuse)


def ran(*args, **values):
    fit = begun(*args, **values)
    for _ in fit:
        pass
    return fit


def test_a_folder_is_read_as_far_as_it_can_be(folder):
    found = finish(folder_pictures.read(folder))
    assert len(found.pictures) == 8 and len(found.kept_out) == 1
    assert len(found.skipped) == 2
    assert any("torn.jpg" in text for text in found.skipped)
    assert any("small.png" in text for text in found.skipped)
    with pytest.raises(DataError, match="no folder"):
        folder_pictures.files(folder / "none")


def test_a_folder_without_pictures_is_said(tmp_path):
    with pytest.raises(DataError, match="no picture files"):
        folder_pictures.files(tmp_path)
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "small.png")
    with pytest.raises(DataError, match="can be learnt from"):
        finish(folder_pictures.read(tmp_path))


def test_a_stopped_training_goes_on_to_the_same_bits(data):
    whole = ran(data)
    wanted = whole.result()
    assert {"loss", "pictures kept out"} <= {layer.name for layer in wanted.layers}
    fit, trained = begun(data), 0
    for step in fit:
        trained += step.stage == "training"
        if trained == 7:
            fit.close()
            break
    kept = fit.method.evaluate(fit.params)
    assert kept.step == 7 and differ(kept, wanted)
    rest = begun(data, reuse=fit.method)
    stages = [step.stage for step in rest]
    assert stages.count("training") == 5
    same(rest.result(), wanted)


def test_a_change_on_the_way_counts_and_repeats(data):
    plain = ran(data)
    fit, seen = begun(data), 0
    for step in fit:
        seen += step.stage == "training"
        if seen == 4 and step.stage == "training":
            fit.change(TunableParams(**QUICK, rate=1e-2, weight_error=0.5))
    changes = models.told(fit).step_changes
    assert changes and dict(changes[0][1])["rate"] == 1e-2
    assert differ(fit.result(), plain.result())
    same(ran(data, changes=changes).result(), fit.result())


def test_what_was_learnt_from_a_folder_is_a_model_of_its_own(data, folder, tmp_path):
    fit = ran(data, folder=folder.as_posix(), learn="all sliders", mixing="mlp", steps=3)
    frame = fit.result()
    assert frame.idle == () and sum("Left out" in n.text for n in frame.notes) == 2
    path = tmp_path / "model.safetensors"
    models.save_model(path, fit)
    again, _ = models.load_model(path)
    same(again.evaluate(fit.params), frame)
    from_file = ran(data, weights="from a file", file=path.as_posix())
    np.testing.assert_array_equal(
        from_file.method.evaluate(from_file.params.__class__(strength=20.0))
        .layer("restored")
        .values,
        fit.method.evaluate(TunableParams(**{**QUICK, "strength": 20.0})).layer("restored").values,
    )


def test_a_folder_after_a_training_trains_no_more(data, tmp_path, monkeypatch):
    trainings = []
    advance = tunable_training.Learning.advance
    monkeypatch.setattr(tunable_training.Learning, "advance",
                        lambda self: trainings.append(1) or advance(self))  # fmt: skip
    fit = ran(data, steps=3)
    assert len(trainings) == 3
    source = tmp_path / "in"
    source.mkdir()
    rng = np.random.default_rng(0)
    for name, sigma in (("calm", 4), ("noisy", 30)):
        picture = 128 + sigma * rng.standard_normal((64, 72))
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(source / f"{name}.png")
    Image.new("RGB", (64, 64)).save(source / "red.png")
    path = tmp_path / "model.safetensors"
    models.save_model(path, fit)
    for method, spec in ((fit.method, fit.spec), models.load_model(path)):
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        batch = Batch(source=source, target=out, spec=spec, fitted=method)
        steps = restore_folder(batch)
        found = [at.done for at in steps if at.done is not None]
        assert [o.state for o in found] == ["restored", "restored", "failed"]
        assert "for grey pictures, and this one is colour" in found[2].message
        noise = [o.numbers["estimated noise"] for o in found[:2]]
        assert abs(noise[0] - 4) < 0.6 and abs(noise[1] - 30) < 4
        opened = open_any(source / "noisy.png", picture="")
        other = method.transferred(opened)
        restored = other.evaluate(fit.params).layer("restored").values
        # The learnt network alone, at the strength that the picture itself asks for.
        wanted = Restorer(opened.values, fit.method._model).restored(other._position(fit.params))
        assert np.abs(restored - wanted).max() < 2 / 255
        saved = open_any(out / "noisy.png", picture="").values
        np.testing.assert_allclose(saved, np.clip(restored, 0, 1), atol=0.51 / 255)
    assert len(trainings) == 3


def test_a_shipped_network_carried_over_is_that_of_a_fit(data):
    params = TunableParams()
    fit = Fit(RunSpec(method="restoration.tunable", data="", params={}), data)
    for _ in fit:
        pass
    rng = np.random.default_rng(1)
    colour = photograph_of(rng.random((40, 56, 3)), noise=0.05)
    for other in (photograph_of(rng.random((40, 56)), noise=0.05), colour):
        anew = Fit(fit.spec, other)
        for _ in anew:
            pass
        carried = fit.method.transferred(other)
        same(carried.evaluate(params), anew.method.evaluate(params))
        again = type(carried).from_state(params, fit.method.state()).transferred(other)
        same(again.evaluate(params), anew.method.evaluate(params))


def test_a_noise_plane_can_be_trained_and_painted(data):
    fit = ran(data, control="noise plane", steps=60, patches=2)
    even = fit.method.evaluate(TunableParams(control="noise plane", strength=25.0))
    ones = fit.method.evaluate(
        TunableParams(control="noise plane", strength=25.0, strength_map=(1.0,) * 9)
    )
    found = [f.layer("restored").values for f in (even, ones)]
    assert np.abs(found[0] - found[1]).max() < 1e-6
    left_only = TunableParams(control="noise plane", strength=25.0, strength_map=(1, 0, 1, 0))
    painted = fit.method.evaluate(left_only).layer("restored").values
    apart = np.abs(painted - found[0])
    assert apart[:, 60:].mean() > 20 * apart[:, :8].mean()


def test_training_here_makes_pictures_clearer():
    """Two hundred steps already take half a decibel of error off pictures that were kept out."""
    data = open_any("sample:camera?noise=25")
    fit = ran(data, steps=200, patches=2, rate=4e-3)
    closeness = fit.result().layer("pictures kept out").lines["PSNR"]
    assert closeness[-1] > closeness[0] + 2.0
    assert fit.result().metrics["PSNR"] > fit.result().metrics["PSNR of the input"] + 4.0


def test_what_cannot_be_trained_in_the_window_is_said(data):
    with pytest.raises(DataError, match="without the window"):
        ran(data, control="DNI")


def test_a_checkpoint_is_packed_with_a_card(tmp_path, monkeypatch):
    monkeypatch.setattr(pack.train, "folder", lambda: None)
    recipe = Recipe(shape="nano-grey", sliders=("strength", "detail"), patches=1, side=32)
    training = Training(recipe, Pool(1, seed=0, made=2, side=80))
    training.advance()
    training.save(tmp_path / "checkpoint.pt")
    out = tmp_path / "restoration-grey.safetensors"
    pack.pack(tmp_path / "checkpoint.pt", out, command="first this, then that")
    made = model.read(out)
    assert made.sliders == ("strength", "detail") and made.shape == SHAPES["nano-grey"]
    assert made.facts["steps"] == 1 and "coffee.png" in made.facts["pictures"]
    x = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        wanted = training.averaged()(x, torch.tensor([0.4, 0.1]))
        assert torch.equal(made.network(x, torch.tensor([0.4, 0.1])), wanted)
    card = out.with_suffix(".md").read_text()
    for words in ("coffee.png | CC0", "first this, then that", "strength, detail", "| 1 |"):
        assert words in card
