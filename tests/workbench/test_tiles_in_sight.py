"""A view of many tiles fills with them from its middle while a slider's picture is computed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.data.photograph import Photograph
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
