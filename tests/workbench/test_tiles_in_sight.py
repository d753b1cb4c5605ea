"""A view of many tiles fills with them from its middle while a slider's picture is computed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.data.photograph import Photograph
from engine.restoration import in_sight
from engine.restoration.training_pictures import read
from tests.workbench.test_photographs import settle

PICTURES = Path(__file__).parents[2] / "resources" / "pictures"


def test_a_large_view_fills_from_its_middle(window, qtbot):
    clean = np.tile(read(PICTURES / "camera.png"), (3, 4))[:1300, :1900]
    noise = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    photograph = Photograph(name="large", spec="large", values=clean + np.float32(0.08) * noise)
    window.resize(1800, 1000)
    window.session.choose_method("restoration.tunable")
    window.session.show_data(photograph)
    window.session.fit()
    run = settle(window, qtbot)
    view = window.panel.result_view
    view.zoom_to(1.0)
    top, left, bottom, right = view.seen().in_sight()
    assert (bottom - top) * (right - left) > 512 * 512
    qtbot.waitUntil(lambda: run.method._sight == (top, left, bottom, right), timeout=5000)
    painted = []

    def note():
        layer = view.table.sheets()[0].layer
        if layer is run.snapshot.layer("restored") and layer.inset is not None:
            painted.append((layer.inset_at, layer.inset))

    window.document.frame_changed.connect(note)
    params = replace(window.document.params(), strength=31.0)
    window.form.changed.emit(params)
    qtbot.waitUntil(lambda: run.shown == params and not run.snapshot.coarse, timeout=60_000)
    whole = run.snapshot.layer("restored").values
    sharp = [(at, inset) for at, inset in painted if inset.size]
    sizes = [inset.size for _, inset in sharp]
    assert sizes == sorted(sizes) and len(set(sizes)) >= 3, "only when all was ready"
    assert sharp[-1][0] == (top, left) and sharp[-1][1].shape == (bottom - top, right - left)
    for (row, column), inset in sharp:
        high, wide = inset.shape
        np.testing.assert_array_equal(inset, whole[row : row + high, column : column + wide])


def test_a_classical_method_shows_what_is_in_sight_first(window, qtbot, monkeypatch):
    monkeypatch.setattr(in_sight, "LARGE", 100_000)
    clean = np.tile(read(PICTURES / "camera.png"), (2, 3))[:900, :1500]
    noise = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    photograph = Photograph(name="large", spec="large", values=clean + np.float32(0.08) * noise)
    window.session.choose_method("restoration.non_local_means")
    window.session.show_data(photograph)
    window.form.changed.emit(replace(window.document.params(), strength=0.8))
    window.session.fit()
    run = settle(window, qtbot)
    view = window.panel.result_view
    view.zoom_to(4.0)
    sight = view.seen().in_sight()
    qtbot.waitUntil(lambda: run.method._sight.of(photograph) == sight, timeout=5000)
    shown = []
    window.document.frame_changed.connect(lambda r: shown.append(r.snapshot))
    params = replace(window.document.params(), strength=1.1)
    window.form.changed.emit(params)
    qtbot.waitUntil(lambda: run.shown == params and not run.snapshot.coarse, timeout=60_000)
    first, whole = shown[0].layer("restored"), run.snapshot.layer("restored").values
    assert shown[0].coarse == "coarse around what is in sight" and shown[0].params == params
    top, left, bottom, right = sight
    assert first.inset_at == (top, left) and first.whole == whole.shape
    assert np.abs(first.inset - whole[top:bottom, left:right]).max() < 1e-5
