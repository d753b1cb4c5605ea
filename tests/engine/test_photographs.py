"""Photographs from files and spoilt on purpose: depth, opacity, profile, refusals, known truth."""

from __future__ import annotations

import runpy

import numpy as np
import pytest
from PIL import Image

import engine
from engine.data import OpenError, Table, open_any
from engine.data.photograph import Photograph
from engine.io import project
from engine.io.pictures import save_picture
from engine.io.references import data_record, load
from engine.io.scripts import as_python
from engine.layers import Picture
from engine.method import DataError
from engine.restoration import held_photograph, picture_layers
from engine.runs import RunSpec
from tests.engine.conformance import photograph_of


def saved(path, values, mode=None, **options):
    Image.fromarray(values, mode).save(path, **options)
    return path


def test_a_file_is_a_photograph_when_asked_and_a_table_of_pixels_otherwise(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    path = saved(tmp_path / "a.png", values)
    found = open_any(path, picture="")
    assert isinstance(found, Photograph) and len(found) == 600 and found.depth == 8
    np.testing.assert_array_equal(np.round(found.values * 255), values)
    assert found.truth is None and found.alpha is None
    assert isinstance(open_any(path), Table)


def test_opacity_depth_and_grey_are_kept(tmp_path):
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (9, 8, 4)).astype(np.uint8)
    found = open_any(saved(tmp_path / "a.png", rgba), picture="")
    np.testing.assert_array_equal(np.round(found.alpha * 255), rgba[..., 3])
    deep = rng.integers(0, 65536, (9, 8)).astype(np.uint16)
    found = open_any(saved(tmp_path / "b.png", deep), picture="")
    assert found.depth == 16 and found.values.shape == (9, 8)
    np.testing.assert_array_equal(np.round(found.values.astype(float) * 65535), deep)


def test_a_spoilt_picture_knows_its_truth_and_its_noise(tmp_path):
    grey = np.full((200, 200), 128, np.uint8)
    path = saved(tmp_path / "a.png", grey)
    found = open_any(path, picture="noise=25&seed=4")
    assert found.sigma == 25 / 255
    error = found.values - found.truth
    assert abs(error.std() * 255 - 25) < 0.5
    assert found.sha256() == open_any(path, picture="noise=25&seed=4").sha256()
    assert found.sha256() != open_any(path, picture="noise=25&seed=5").sha256()
    blurred = open_any(path, picture="blur=2&jpeg=50")
    assert blurred.sigma is None and abs(blurred.kernel.sum() - 1) < 1e-12


@pytest.mark.parametrize("name", ["wiener", "tv_deconvolution"])
def test_of_a_picture_that_was_only_made_noisy_no_blur_is_assumed(name):
    found = engine.run(RunSpec(method=f"restoration.{name}", data="sample:camera?noise=15"))
    told = found.result().metrics
    assert told["PSNR"] > told["PSNR of the input"] + 4 and not found.result().notes


@pytest.mark.parametrize(
    ("how", "word"),
    [("noise=900", "between"), ("fog=1", "fog"), ("noise=much", "number")],
)
def test_what_cannot_be_done_to_a_picture_is_said(tmp_path, how, word):
    path = saved(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(OpenError, match=word):
        open_any(path, picture=how)


def test_files_that_are_no_picture_are_refused_in_a_sentence(tmp_path):
    text = tmp_path / "a.csv"
    text.write_text("1,2\n3,4\n")
    with pytest.raises(OpenError, match="no image"):
        open_any(text, picture="")
    whole = saved(tmp_path / "a.png", np.zeros((64, 64, 3), np.uint8)).read_bytes()
    cut = tmp_path / "b.png"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OpenError, match="damaged"):
        open_any(cut, picture="")


def test_white_noise_has_level_power_and_unlike_neighbours():
    noise = 0.1 * np.random.default_rng(0).standard_normal((256, 256))
    _, power = picture_layers.radial_power(noise)
    assert np.abs(power[20:] / 0.01 - 1).max() < 0.15
    assert abs(power[20:].mean() / 0.01 - 1) < 0.02
    assert abs(picture_layers.neighbour_correlation(noise)) < 0.02
    smooth = np.cumsum(noise, axis=1)
    assert picture_layers.neighbour_correlation(smooth) > 0.4


def test_a_photograph_comes_back_from_its_arrays():
    data = photograph_of(np.random.default_rng(0).uniform(size=(6, 7, 3)))
    again = held_photograph.from_arrays(held_photograph.to_arrays(data))
    assert (again.name, again.spec, again.sigma, again.depth) == ("waves", "waves", 0.1, 8)
    np.testing.assert_array_equal(again.values, data.values)
    np.testing.assert_array_equal(again.truth, data.truth)
    assert again.alpha is None and again.kernel is None


# Taken home: table, script, project, figure


@pytest.fixture(params=["grey", "colour", "deep"])
def restored(request, tmp_path):
    """A photograph from a file beside its truth, smoothed."""
    shape = (40, 50) if request.param == "grey" else (40, 50, 3)
    kind = np.uint16 if request.param == "deep" else np.uint8
    top = np.iinfo(kind).max
    rng = np.random.default_rng(0)
    clear = rng.integers(top // 4, top // 2, shape, kind)
    noisy = (clear + rng.integers(0, top // 8, shape)).astype(kind)
    for name, values in (("noisy", noisy), ("clear", clear)):
        save_picture(tmp_path / f"{name}.png", values / np.float32(top), depth=8 * kind().itemsize)
    options = {"picture": "", "truth": str(tmp_path / "clear.png")}
    data = open_any(tmp_path / "noisy.png", **options)
    assert data.depth == 8 * kind().itemsize
    spec = RunSpec(
        method="restoration.gaussian", data=data.spec, data_options=options,
        data_sha256=data.sha256(), params={"std": 0.8},
    )  # fmt: skip
    return tmp_path, engine.run(spec, data)


def test_the_script_repeats_the_picture_to_the_bit(restored, tmp_path, monkeypatch):
    folder, fit = restored
    script = tmp_path / "again.py"
    script.write_text(as_python(fit.spec))
    monkeypatch.chdir(folder)
    runpy.run_path(str(script))
    save_picture(folder / "first.png", fit.result(), fit.data, spec=fit.spec)
    first, again = (open_any(folder / f"{n}.png", picture="") for n in ("first", "noisy-gaussian"))
    np.testing.assert_array_equal(first.values, again.values)
    assert first.depth == again.depth == fit.data.depth
    _, spec = engine.load_model(folder / "noisy-gaussian.safetensors")
    assert spec.data_options == fit.spec.data_options
    assert (folder / "noisy-gaussian.pdf").read_bytes().startswith(b"%PDF")


def test_tables_hold_the_exact_numbers(restored):
    folder, fit = restored
    result = fit.result()
    exact = result.layers[0].values
    engine.save_table(folder / "a.npz", result, fit.data, spec=fit.spec)
    with np.load(folder / "a.npz") as arrays:
        np.testing.assert_array_equal(arrays["restored.values"], exact)
        np.testing.assert_array_equal(arrays["truth.values"], fit.data.truth)
    engine.save_table(folder / "a.csv", result, fit.data, spec=fit.spec)
    found = np.loadtxt(folder / "a.csv", delimiter=",", skiprows=2, dtype=np.float32)
    np.testing.assert_array_equal(found[:, 2:].reshape(exact.shape), exact)
    np.testing.assert_array_equal(found[:, 0] * exact.shape[1] + found[:, 1], np.arange(2000))


def test_a_table_of_too_many_pixels_is_refused_with_what_would_work(tmp_path):
    values = np.broadcast_to(np.float32(0), (4000, 4000))
    with pytest.raises(DataError, match=r"16000000 rows.*NPZ"):
        engine.save_table(tmp_path / "a.csv", Picture(name="a", role="data", values=values))
    assert not list(tmp_path.iterdir())


def test_a_project_finds_picture_and_truth_where_they_were_moved(restored):
    folder, fit = restored
    record = data_record(fit.data, fit.spec.data_options)
    run = project.RunRecord(
        id=1, name="run", spec=fit.spec, data=record.id, snapshot=fit.result(), method=fit.method
    )
    project.save(folder / "a.wbproj", project.Project(datasets=(record,), runs=(run,)))
    moved = folder.with_name(folder.name + "-moved")
    folder.rename(moved)
    try:
        found = project.open(moved / "a.wbproj")
        data = load(found.datasets[0], moved)
        np.testing.assert_array_equal(data.values, fit.data.values)
        np.testing.assert_array_equal(data.truth, fit.data.truth)
        assert data.spec == str(moved / "noisy.png")
        assert data.truth_spec == str(moved / "clear.png")
        fitted = found.runs[0].fitted()
        shown = fitted.evaluate(fitted.params).layers[0].values
        np.testing.assert_array_equal(shown, fit.result().layers[0].values)
        # Saved again from where the files are now, and with them gone.
        again = data_record(data, found.datasets[0].options)
        assert again.options["truth"] == str(moved / "clear.png")
        (moved / "clear.png").unlink()
        with pytest.raises(DataError, match=r"truth of noisy\.png"):
            load(found.datasets[0], moved)
    finally:
        moved.rename(folder)


def test_a_figure_of_a_large_picture_prints_means_and_not_every_second_pixel(tmp_path):
    stripes = np.zeros((2400, 2400), np.float32)
    stripes[:, ::2] = 1
    path = tmp_path / "a.png"
    engine.save_figure(path, Picture(name="a", role="data", values=stripes), width_mm=40, dpi=100)
    with Image.open(path) as figure:
        inside = np.asarray(figure.convert("L"))[40:-40, 40:-40]
    assert np.abs(inside.astype(int) - 128).max() < 4


def test_a_grey_picture_is_printed_in_its_own_greys(tmp_path):
    path = tmp_path / "a.png"
    grey = np.full((20, 20), 0.25, np.float32)
    engine.save_figure(path, Picture(name="a", role="data", values=grey), width_mm=40, dpi=100)
    with Image.open(path) as figure:
        assert abs(figure.convert("L").getpixel((78, 78)) - 64) <= 1
