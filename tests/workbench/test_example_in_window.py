"""The README's example of a method, through the real window: nothing there was written for it."""

from __future__ import annotations

import numpy as np
import pytest

from engine import catalog
from engine.params import from_json, to_json
from tests.engine.test_example_method import CARD

pytestmark = pytest.mark.gl


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch):
    monkeypatch.setitem(catalog.cards(), CARD.id, CARD)
    from workbench.settings import Settings
    from workbench.window import Window

    window = Window(Settings(tmp_path / "settings.ini"))
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.document.modified = False
    window.close()
    window.deleteLater()


def test_form_picture_slider_exports_and_script(qtbot, window, tmp_path):
    chooser = window.top.methods
    row = chooser.findData(CARD.id)
    assert chooser.itemText(row) == "Whitened components"
    chooser.activated.emit(row)
    assert window.form.widget("whitening") and window.form.widget("centre")
    opened = []
    window.session.open_data("sample:wine", then=lambda: opened.append(True))
    qtbot.waitUntil(lambda: bool(opened), timeout=20_000)
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=30_000)
    assert window.panel.result_view.shown()["count"] == 178
    tabs = window.panel.diagnostics.tabs
    assert "Spectrum" in [tabs.tabText(k) for k in range(tabs.count())]
    assert window.panel.scores.table.rowCount() > 3
    before = np.array(window.panel.result_view.shown()["positions"])
    params = window.document.params()
    white = from_json(type(params), {**to_json(params), "whitening": 1.0})
    window.form.changed.emit(white)
    qtbot.waitUntil(lambda: run.shown == white, timeout=10_000)
    after = np.array(window.panel.result_view.shown()["positions"])
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_allclose(np.linalg.norm(after, axis=0), 1.0, rtol=1e-5)
    layer = run.snapshot.layer("map")
    window.exporting.save_figure(run, str(tmp_path / "map.svg"), layer)
    window.exporting.save_model(str(tmp_path / "map.safetensors"))
    for name in ("map.svg", "map.safetensors"):
        qtbot.waitUntil(lambda name=name: (tmp_path / name).exists(), timeout=30_000)
    from workbench.exporting import QGuiApplication

    window.requests.copy_python()
    assert '"whitening": 1.0' in QGuiApplication.clipboard().text()
