"""What the window proposes, asks and says around files: names, drops, the question at the end."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QMessageBox

from engine.io.pictures import saying_gain
from engine.layers import Picture
from workbench import theme
from workbench.dialogs.export_figure import ExportFigureDialog
from workbench.dialogs.export_picture import ExportPictureDialog
from workbench.dialogs.shortcuts import ShortcutsDialog

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
STANDARD = QMessageBox.StandardButton


@pytest.fixture
def restored(window, qtbot, tmp_path):
    """A window with a smoothed photograph, clean, and one that was spoilt on purpose."""
    exif = Image.Exif()
    exif[271], exif.get_ifd(34853)[1] = "Maker", "N"
    Image.fromarray(PIXELS).save(tmp_path / "sea view.png", exif=exif)
    window.session.choose_method("restoration.gaussian")
    for picture in ("", "noise=20&blur=1.6&seed=3"):
        ended = []
        window.session.open_data(str(tmp_path / "sea view.png"), {"picture": picture},
                                 then=lambda ended=ended: ended.append(1))  # fmt: skip
        qtbot.waitUntil(lambda ended=ended: bool(ended), timeout=10_000)
        run = window.session.fit()
        qtbot.waitUntil(lambda run=run: run.state == "finished", timeout=20_000)
    qtbot.waitUntil(lambda: not window.session.jobs(), timeout=10_000)
    return window


def drop(window, *paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, mime, left, none))


def proposed(window):
    dialog = window.exporting._dialog
    assert isinstance(dialog, QFileDialog)
    (path,) = dialog.selectedFiles()
    return path.rpartition("/")[2]


def test_names_are_proposed_for_projects_and_models_and_follow_the_kind(restored, tmp_path):
    window = restored
    window.requests.save_as()
    assert proposed(window) == "sea view.wbproj"
    window.exporting._dialog.reject()
    window.requests.export_model()
    assert proposed(window) == "sea view-gaussian.safetensors"
    dialog = window.exporting._dialog
    dialog.filterSelected.emit("ONNX (*.onnx)")
    assert proposed(window) == "sea view-gaussian.onnx"
    dialog.reject()
    window.document.path = str(tmp_path / "mine.wbproj")
    window.requests.save_as()
    assert proposed(window) == "mine.wbproj"
    window.exporting._dialog.reject()


def test_the_list_of_runs_tells_a_spoilt_picture_from_the_clean_one(restored):
    tree = restored.runs.tree if hasattr(restored, "runs") else restored.run_list.tree
    assert [tree.topLevelItem(k).text(1) for k in range(2)] == [
        "sea view.png, blur 1.6, noise 20", "sea view.png",
    ]  # fmt: skip


def test_the_export_dialogs_say_what_is_kept_and_offer_no_choice_of_one(restored, qtbot):
    window = restored
    dialog = ExportPictureDialog(window.document.data, "", window)
    assert "GPS" in dialog.told.text() and "camera" in dialog.told.text()
    run = window.document.active
    figure = ExportFigureDialog(run.snapshot.layers, (), window)
    assert not figure.layout().itemAt(0).layout().isRowVisible(figure.colour)
    other = ExportFigureDialog(run.snapshot.layers, ("label",), window)
    assert other.layout().itemAt(0).layout().isRowVisible(other.colour)
    named = saying_gain(run.snapshot.layers, run.snapshot.params)
    assert [layer.name for layer in named if layer.name.startswith("removed")] == ["removed × 2"]
    plain = Picture(name="restored", role="prediction", values=np.zeros((2, 2), np.float32))
    assert saying_gain(plain, run.snapshot.params) is plain


def asked(window, busy):
    """The question at the end, its buttons by role; a fit under way is told by its list of jobs."""
    if busy:
        run = window.document.active
        window.session.jobs = lambda: [(SimpleNamespace(cancel=lambda: None), run)]
    assert not window.exporting.may_close()
    box = window.exporting._dialog
    QApplication.processEvents()
    found = {box.standardButton(b): b.text() for b in box.buttons()}
    cut = [b.text() for b in box.buttons() if b.width() < b.sizeHint().width()]
    box.close()
    assert not cut
    if busy:
        del window.session.jobs
    return found


def test_the_answers_fit_the_question(restored, request):
    window, application = restored, QApplication.instance()
    before = application.styleSheet()
    request.addfinalizer(lambda: application.setStyleSheet(before))
    theme.apply(application, theme.load("light"))
    window.document.modified = True
    assert STANDARD.Save in asked(window, busy=False)
    words = asked(window, busy=True)
    assert all(words[b].startswith("Stop, ") for b in (STANDARD.Save, STANDARD.Discard))
    assert words[STANDARD.Cancel] == "Go on"
    window.document.modified = False
    assert asked(window, busy=True) == {STANDARD.Discard: "Stop, close", STANDARD.Cancel: "Go on"}


def test_several_files_and_folders_that_are_dropped_are_spoken_of(window, qtbot, tmp_path):
    for name in ("a.png", "b.png"):
        Image.fromarray(PIXELS).save(tmp_path / name)
    drop(window, tmp_path)
    qtbot.waitUntil(lambda: any("is a folder" in t for t in window.notices.sentences()))
    window.notices.notices()[-1]._accept()
    pictures = window.exporting.pictures
    assert pictures.folder.isVisible() and pictures.folder.source.text() == str(tmp_path)
    pictures.folder.close()
    opened = []
    window.requests.open_path = opened.append
    drop(window, tmp_path / "a.png", tmp_path / "b.png")
    assert opened == [str(tmp_path / "a.png")]
    qtbot.waitUntil(lambda: any("'a.png' of the 2" in t for t in window.notices.sentences()))


@pytest.mark.parametrize(("content", "words"), [(b"", "holds no picture"), (b"a,b\n1,2\n3,4\n",
                         "is no image")])  # fmt: skip
def test_what_is_only_called_a_picture_is_refused_in_a_sentence(
    window, qtbot, tmp_path, content, words
):
    (tmp_path / "a.png").write_bytes(content)
    window.requests.open_path(str(tmp_path / "a.png"))
    qtbot.waitUntil(lambda: any(words in t for t in window.notices.sentences()), timeout=10_000)
    assert window.exporting._dialog is None


def test_f1_shows_every_key(window, qtbot):
    window.actions_by_id["shortcuts"].trigger()
    dialog = window.findChild(ShortcutsDialog)
    menus = [dialog.list.topLevelItem(k) for k in range(dialog.list.topLevelItemCount())]
    shown = {menu.child(k).text(1) for menu in menus for k in range(menu.childCount())}
    keys = {a.shortcut().toString(a.shortcut().SequenceFormat.NativeText)
            for a in window.actions_by_id.values()} - {""}  # fmt: skip
    assert shown == keys and "F1" in shown
    assert "Source" in dialog.about.text()
    dialog.close()


@pytest.mark.parametrize("name", theme.NAMES)
def test_a_check_box_has_an_edge_to_be_seen(qapp, qtbot, name):
    """At least 3 to 1 against what it lies on (WCAG 2.2, 1.4.11), and a tick when it is checked."""
    look = theme.load(name)
    theme.apply(qapp, look)
    box = QCheckBox("dark background")
    qtbot.addWidget(box)
    box.resize(160, 24)
    plain = drawn(box)
    box.setChecked(True)
    assert contrast(plain) >= 3 and contrast(drawn(box)) >= 3
    assert (plain != drawn(box)).any()


def drawn(box):
    image = box.grab().toImage().convertToFormat(box.grab().toImage().Format.Format_RGB32)
    found = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return found[:, :18, :3].astype(float)


def contrast(pixels):
    """Of the strongest of the edge to the corner, which is the ground."""
    linear = np.where(pixels > 10, ((pixels / 255 + 0.055) / 1.055) ** 2.4, pixels / 255 / 12.92)
    light = linear @ [0.0722, 0.7152, 0.2126] + 0.05
    return max(light.max() / light[0, 0], light[0, 0] / light.min())
