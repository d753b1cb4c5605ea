"""The JPEG quality that is found by itself, as the window shows it."""

from __future__ import annotations

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.data.photographs import PICTURES
from tests.workbench.test_strength_map import settled


def test_a_jpeg_file_sets_its_slider_and_a_sentence_says_so(window, qtbot, tmp_path):
    picture = Image.open(PICTURES / "camera.png").crop((128, 128, 256, 256))
    picture.save(tmp_path / "a.jpg", quality=35)
    window.session.choose_method("restoration.tunable")
    window.session.open_data(str(tmp_path / "a.jpg"), {"picture": ""})
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    window.session.fit()
    run = settled(window, qtbot)
    widget = window.form.widget("jpeg")
    assert widget.auto.isChecked() and widget.inner.box.text() == "35"
    said = [note.text for note in run.snapshot.notes]
    assert said == [
        "Saved as JPEG of quality 35, as its file says: its coefficients show no noise from before."
    ]
    assert said[0] in window.notes.text()
    found = run.snapshot.layer("restored").values.copy()
    widget.inner.box.setFocus()
    widget.inner.box.selectAll()
    QTest.keyClicks(widget.inner.box, "100")
    QTest.keyClick(widget.inner.box, Qt.Key.Key_Return)
    settled(window, qtbot)
    assert not widget.auto.isChecked() and run.shown.jpeg == 100
    assert (run.snapshot.layer("restored").values != found).any()
    QTest.mouseClick(widget.auto, Qt.MouseButton.LeftButton)
    settled(window, qtbot)
    assert (run.snapshot.layer("restored").values == found).all()
