"""Restored pictures out of the real window: one as a file, and those of a whole folder."""

from __future__ import annotations

import csv
import threading
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
import tifffile
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine import catalog
from engine.data import open_any
from engine.data.photograph import Photograph
from engine.layers import Picture
from engine.method import Snapshot, Step
from engine.params import LIVE, Bound, Doc
from engine.restoration.gaussian import GaussianParams, GaussianSmoothing

pytestmark = pytest.mark.gl


def drawn(*shape, kind=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)


@pytest.fixture
def folder(tmp_path):
    """Good, grey, 16 bits, two of one name, no picture, broken and empty."""
    place = tmp_path / "in"
    place.mkdir()
    Image.fromarray(drawn(20, 30, 3)).save(place / "a.png")
    Image.fromarray(drawn(20, 30, 4)).save(place / "b.png")
    Image.fromarray(drawn(20, 30)).save(place / "grey.jpg")
    Image.fromarray(drawn(20, 30)).save(place / "grey.png")
    tifffile.imwrite(place / "deep.tif", drawn(20, 30, 3, kind=np.uint16), photometric="rgb")
    (place / "broken.png").write_bytes((place / "a.png").read_bytes()[:300])
    (place / "empty.jpg").write_bytes(b"")
    (place / "notes.txt").write_text("nothing")
    return place


@pytest.fixture
def smoothed(window, qtbot):
    """The window with a smoothed photograph."""
    window.requests.open_sample("sample:camera")
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished", timeout=30_000)
    window.session.choose_method("restoration.gaussian")
    window.session.changed(GaussianParams(std=1.5))
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished", timeout=30_000)
    return window


def asked(window, source, target):
    window.actions_by_id["batch"].trigger()
    dialog = window.exporting.pictures.folder
    assert dialog.isVisible() and not dialog.start.isEnabled()
    dialog.source.setText(str(source))
    assert dialog.target.text() == f"{source}-restored"
    dialog.target.setText(str(target))
    return dialog


def restored(dialog, qtbot):
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert dialog.running
    qtbot.waitUntil(lambda: not dialog.running, timeout=30_000)


def test_a_mixed_folder_is_restored_and_what_went_wrong_is_listed(
    smoothed, qtbot, folder, tmp_path
):
    target = tmp_path / "out"
    dialog = asked(smoothed, folder, target)
    assert "Gaussian smoothing with std = 1.5" in dialog.method.text()
    restored(dialog, qtbot)
    assert dialog.told.text() == "5 restored, 0 skipped, 2 failed."
    errors = [dialog.errors.item(k).text() for k in range(dialog.errors.count())]
    assert len(errors) == 2 and "'broken.png' is an image that is cut off" in errors[0]
    assert "'empty.jpg' is empty" in errors[1] and dialog.errors.isVisible()
    names = sorted(p.name for p in target.iterdir())
    assert names == ["a.png", "b.png", "deep.tif", "grey.jpg", "grey.png", "summary.csv"]
    for name in ("a.png", "b.png", "deep.tif"):
        before, after = (open_any(p / name, picture="") for p in (folder, target))
        assert after.depth == before.depth
        smooth = GaussianSmoothing(GaussianParams(std=1.5))
        for _ in smooth.fit(before, rng=np.random.default_rng(0), device="cpu"):
            pass
        exact = smooth.evaluate(smooth.params).layers[0].values
        assert np.abs(after.values - np.clip(exact, 0, 1)).max() < 0.51 / (2**after.depth - 1)
    np.testing.assert_array_equal(
        open_any(folder / "b.png", picture="").alpha, open_any(target / "b.png", picture="").alpha
    )
    with (target / "summary.csv").open() as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert rows["a.png"]["state"] == "restored" and rows["a.png"]["width"] == "30"
    assert rows["deep.tif"]["bits"] == "16" and float(rows["grey.jpg"]["removed"]) > 0
    assert rows["broken.png"]["state"] == "failed" and "notes.txt" not in rows


def test_files_of_one_name_do_not_overwrite_each_other_nor_what_is_there(
    smoothed, qtbot, folder, tmp_path
):
    target = tmp_path / "out"
    target.mkdir()
    (target / "a.png").write_text("mine")
    dialog = asked(smoothed, folder, target)
    dialog.form.format.setCurrentText("PNG")
    restored(dialog, qtbot)
    assert dialog.told.text() == "4 restored, 1 skipped, 2 failed."
    assert (target / "a.png").read_text() == "mine"
    names = {p.name for p in target.iterdir()}
    assert {"grey.png", "grey-2.png", "deep.png"} <= names
    dialog.exists.setCurrentText("keep both, with a number")
    restored(dialog, qtbot)
    assert (target / "a.png").read_text() == "mine" and (target / "a-2.png").exists()
    assert {"grey-3.png", "grey-2-2.png", "summary-2.csv"} & {p.name for p in target.iterdir()}
    dialog.exists.setCurrentText("replace them")
    restored(dialog, qtbot)
    assert (target / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["missing", "without pictures", "the same"])
def test_a_folder_that_cannot_be_is_refused_in_one_sentence(window, qtbot, tmp_path, kind):
    window.session.choose_method("restoration.gaussian")
    source = tmp_path / "in"
    if kind != "missing":
        source.mkdir()
    if kind == "the same":
        Image.fromarray(drawn(4, 4)).save(source / "a.png")
    dialog = asked(window, source, source if kind == "the same" else tmp_path / "out")
    restored(dialog, qtbot)
    word = {"missing": "no folder", "without pictures": "no pictures", "the same": "another"}[kind]
    assert word in dialog.told.text() and not dialog.bar.isVisible()


def test_without_a_method_for_photographs_it_says_what_to_do(window):
    window.actions_by_id["batch"].trigger()
    assert window.exporting.pictures.folder is None
    assert any("Restoration" in said for said in window.notices.sentences())


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowParams:
    level: Annotated[float, Bound(0.0, 1.0), LIVE, Doc("Added.")] = 0.0


class Slow:
    """Gives control back many times, and waits to be let on."""

    Params: ClassVar[type] = SlowParams
    Data: ClassVar[type] = Photograph
    gate = threading.Event()
    steps = 0

    def __init__(self, params: Any) -> None:
        self.params = params

    def fit(self, data, *, rng, device):
        self.data = data
        for k in range(100):
            Slow.gate.wait(0.05)
            Slow.steps += 1
            yield Step(index=k + 1, total=100, stage="waiting")

    def evaluate(self, params):
        picture = Picture(name="restored", role="prediction", values=self.data.values)
        return Snapshot(layers=(picture,), params=params)

    def state(self):
        return {"values": self.data.values}


@pytest.fixture
def slow(monkeypatch):
    card = replace(
        catalog.card("restoration.gaussian"), id="restoration.slow", title="Slow",
        target="tests.workbench.test_batch:Slow",
    )  # fmt: skip
    catalog.register(card)
    Slow.gate.clear()
    Slow.steps = 0
    yield card
    catalog.cards().pop(card.id)


def test_it_stops_within_a_file_and_live_work_goes_on_meanwhile(
    smoothed, slow, qtbot, folder, tmp_path
):
    window, run = smoothed, smoothed.document.active
    window.session.choose_method("restoration.slow")
    pictures = window.exporting.pictures
    dialog = asked(window, folder, tmp_path / "out")
    window.session.choose_method("restoration.gaussian")
    assert "Slow" in dialog.method.text()
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: Slow.steps > 2 and "waiting" in dialog.told.text(), timeout=10_000)
    window.session.changed(GaussianParams(std=3.0))
    qtbot.waitUntil(lambda: run.shown == GaussianParams(std=3.0), timeout=10_000)
    assert dialog.running and 0 < dialog.bar.value() < 1000 and pictures.busy()
    assert not window.exporting.may_close()
    window.exporting._dialog.reject()
    QTest.mouseClick(dialog.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.running, timeout=10_000)
    assert dialog.told.text().startswith("Stopped. 0 restored") and Slow.steps < 100
    assert not list((tmp_path / "out").glob("*.png"))


def test_a_window_that_closes_stops_the_folder(smoothed, slow, qtbot, folder, tmp_path):
    smoothed.session.choose_method("restoration.slow")
    dialog = asked(smoothed, folder, tmp_path / "out")
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: Slow.steps > 1, timeout=10_000)
    smoothed.exporting._closing = True
    smoothed.close()
    assert "fieldwright-batch" not in [t.name for t in threading.enumerate()]


def test_the_restored_picture_is_exported_with_depth_and_note(smoothed, qtbot, tmp_path):
    smoothed.actions_by_id["export.picture"].trigger()
    dialog = smoothed.exporting.pictures._dialog
    assert dialog.form.depth.currentText() == "8 bits" and not dialog.form.quality.isEnabled()
    dialog.form.depth.setCurrentText("16 bits")
    path = tmp_path / "deep.png"
    dialog.save_as(str(path))
    qtbot.waitUntil(path.exists, timeout=10_000)
    found = open_any(path, picture="")
    exact = smoothed.document.active.snapshot.layers[0].values
    assert found.depth == 16 and np.abs(found.values - np.clip(exact, 0, 1)).max() < 1e-5
    with Image.open(path) as picture:
        assert "std = 1.5" in picture.text["Description"]
    smoothed.actions_by_id["export.picture"].trigger()
    dialog = smoothed.exporting.pictures._dialog
    dialog.form.format.setCurrentText("JPEG")
    assert not dialog.form.depth.isEnabled() and dialog.form.quality.isEnabled()
    dialog.form.quality.setValue(60)
    dialog.save_as(str(tmp_path / "a.jpg"))
    qtbot.waitUntil((tmp_path / "a.jpg").exists, timeout=10_000)


def test_a_figure_has_before_after_and_difference_side_by_side(smoothed, qtbot, tmp_path):
    smoothed.requests.export_figure()
    dialog = smoothed.exporting._dialog
    assert dialog.what.currentText() == "input | restored | difference"
    assert dialog.width_mm.value() == 174
    path = tmp_path / "figure.png"
    dialog.save_as(str(path))
    qtbot.waitUntil(path.exists, timeout=30_000)
    with Image.open(path) as figure:
        assert figure.width == round(174 / 25.4 * 300) and figure.width > 2.5 * figure.height
        assert figure.text["Description"].startswith("Gaussian smoothing with std = 1.5")


@pytest.mark.parametrize("kind", ["broken.png", "empty.jpg", "notes.txt"])
def test_a_file_that_is_no_picture_is_said_in_one_sentence_and_changes_nothing(
    smoothed, qtbot, folder, kind
):
    data, said = smoothed.document.data, []
    smoothed.session.said.connect(lambda text, grave, _: said.append((text, grave)))
    smoothed.session.open_data(str(folder / kind), {"picture": ""})
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    text, grave = said[0]
    assert grave and kind in text and text.count("\n") == 0 and text.endswith(".")
    assert smoothed.document.data is data


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1, 3)])
def test_a_picture_of_a_line_or_a_dot_is_shown_and_restored(window, qtbot, tmp_path, shape):
    path = tmp_path / "thin.png"
    Image.fromarray(drawn(*shape)).save(path)
    window.session.open_data(str(path), {"picture": ""}, then=window.session.fit)
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state in ("finished", "failed"), timeout=30_000)
    assert run.state == "finished" and run.snapshot.layers[0].values.shape == shape


def test_a_project_finds_a_photograph_and_its_truth_that_moved_with_it(window, qtbot, tmp_path):
    place = tmp_path / "here"
    place.mkdir()
    for name, seed in (("noisy", 0), ("clear", 1)):
        Image.fromarray(drawn(24, 30, 3, seed=seed)).save(place / f"{name}.png")
    options = {"picture": "", "truth": str(place / "clear.png")}
    window.session.open_data(str(place / "noisy.png"), options, then=window.session.fit)
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished", timeout=30_000)
    before = run.snapshot.layer("restored").values.copy()
    saved = []
    window.exporting.save_to(str(place / "a.wbproj"), lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=20_000)
    place.rename(tmp_path / "there")
    path = str(tmp_path / "there" / "a.wbproj")
    window.exporting.open_project(path)
    qtbot.waitUntil(lambda: window.document.path == path, timeout=20_000)
    run, document = window.document.runs[0], window.document
    assert run.data.spec == str(tmp_path / "there" / "noisy.png")
    assert document.data_options["truth"] == str(tmp_path / "there" / "clear.png")
    np.testing.assert_array_equal(run.data.truth * 255, drawn(24, 30, 3, seed=1))
    np.testing.assert_array_equal(run.snapshot.layer("restored").values, before)
    again = window.session.fit()
    qtbot.waitUntil(lambda: again.state == "finished", timeout=30_000)
    np.testing.assert_array_equal(again.snapshot.layer("restored").values, before)
