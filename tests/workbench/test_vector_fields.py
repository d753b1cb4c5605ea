"""The vector-field family through the real window: open, fit, drag, compare, take home."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import darts
from engine.io.figures import save_figure
from engine.layers import Arrows
from workbench.views.cloud import CloudView

pytestmark = pytest.mark.gl
SPHERE = "sample:sphere_field?n=400"


@pytest.fixture
def fitted(window, qtbot):
    """The window with RVGP fitted to a small sphere."""
    window.session.open_data(SPHERE, then=window.session.fit)
    qtbot.waitUntil(lambda: bool(window.document.runs), timeout=20_000)
    run = window.document.runs[0]
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    return window


def test_vector_data_bring_their_family(fitted):
    assert fitted.document.method_id == "vectorfield.rvgp"
    assert fitted.centre.currentWidget() is fitted.panel
    titles = [fitted.top.methods.itemText(k) for k in range(fitted.top.methods.count())]
    assert titles == ["RVGP", "Ambient regression"]
    assert fitted.panel.result_view.scene.view.camera is not None


def test_another_family_offers_its_own_samples_and_back_again(fitted, qtbot):
    fitted.requests.choose_family("embedding")
    assert fitted.centre.currentWidget() is fitted.welcome
    assert not fitted.actions_by_id["fit"].isEnabled()
    shown = [view for view in fitted.welcome._views if not view.isHidden()]
    assert shown and all(view.family == "embedding" for view in shown)
    fitted.session.undo.undo()
    assert fitted.document.method_id == "vectorfield.rvgp"
    assert fitted.centre.currentWidget() is fitted.panel


def test_every_live_slider_moves_the_arrows_and_the_last_value_is_shown(fitted, qtbot):
    run = fitted.document.active
    base = fitted.document.params()
    for name, value in (("length", 0.3), ("noise", 1.0), ("modes", 5), ("smoothing", 3.0),
                        ("sample", 4), ("amplitude", 0.1)):  # fmt: skip
        before = run.snapshot.layer("field").vectors
        wanted = replace(base, **{name: value})
        fitted.session.changing(wanted)
        fitted.session.changed(wanted)
        qtbot.waitUntil(lambda wanted=wanted: run.shown == wanted, timeout=20_000)
        assert np.abs(run.snapshot.layer("field").vectors - before).max() > 1e-6, name


def test_truth_and_error_stand_beside_the_field(fitted, qtbot):
    panel = fitted.panel
    chooser = panel.beside_result
    assert chooser.isVisibleTo(panel)
    for name in ("truth", "error", "data"):
        chooser.setCurrentText(name)
        chooser.switched.emit()
        shown = panel.data_view._points
        assert isinstance(shown, Arrows) and shown.name == name


def test_the_peer_stands_beside_it_with_the_same_scores(fitted, qtbot):
    fitted.session.choose_method("vectorfield.ambient_gpr")
    run = fitted.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    fitted.requests.compare_all()
    assert len(fitted.panel.beside) == 2
    names = [[score.name for score in r.judgement.scores] for r in fitted.document.visible_runs()]
    assert names[0] == names[1]
    assert {"relative error", "mean cosine", "95 % coverage"} == set(names[0])


def test_a_project_brings_the_arrows_back(fitted, qtbot, tmp_path):
    path = str(tmp_path / "field.wbproj")
    saved = []
    fitted.exporting.save_to(path, lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=20_000)
    before = fitted.document.active.snapshot.layer("field").vectors.copy()
    fitted.exporting.open_project(path)
    qtbot.waitUntil(lambda: fitted.document.path == path and bool(fitted.document.runs),
                    timeout=20_000)  # fmt: skip
    run = fitted.document.runs[0]
    assert np.array_equal(run.snapshot.layer("field").vectors, before)
    assert np.array_equal(run.method.evaluate(run.shown).layer("field").vectors, before)


def test_arrows_are_as_long_as_their_vectors():
    rng = np.random.default_rng(0)
    positions, vectors = rng.normal(size=(2, 50, 3)).astype(np.float32)
    corners, bright = darts.solid(positions, vectors, 0.05)
    corners = corners.reshape(50, -1, 3)
    along = np.einsum("ncd,nd->nc", corners - positions[:, None], vectors)
    length = (vectors**2).sum(axis=1)
    assert np.allclose(along.max(axis=1), length, rtol=1e-4)
    assert np.abs(along.min(axis=1)).max() < 1e-4
    assert ((bright > 0) & (bright <= 1)).all()
    flat = darts.flat(positions[:, :2], vectors[:, :2], 0.05).reshape(50, 9, 3)
    tips = flat[:, -1, :2]
    assert np.allclose(tips, positions[:, :2] + vectors[:, :2], atol=1e-5)


def test_arrows_are_thinned_and_unknown_vectors_are_none(qtbot):
    from workbench import theme
    from workbench.views import quiver

    view = CloudView()
    qtbot.addWidget(view)
    view.set_theme(theme.load("dark"))
    view.show()
    from engine.layers import Axis

    many = quiver.MOST[True] + 500
    positions = np.random.default_rng(0).normal(size=(many, 3))
    vectors = np.ones((many, 3))
    vectors[:100] = np.nan
    layer = Arrows(name="a", role="data", positions=positions, vectors=vectors,
                   axes=tuple(Axis(n) for n in "xyz"))  # fmt: skip
    view.show_layer(layer)
    drawn = view.scene._quiver.drawn
    assert drawn == min(many - 100, quiver.MOST[view._software])
    few = Arrows(name="a", role="data", positions=positions[:200], vectors=vectors[:200],
                 axes=layer.axes)  # fmt: skip
    view.show_layer(few)
    assert view.scene._quiver.drawn == 100
    view.release()


def test_a_table_of_positions_and_vectors_is_mapped_and_opened(window, qtbot, tmp_path):
    from engine.data import open_any

    data = open_any(SPHERE)
    rows = np.column_stack([data.positions, data.vectors])
    path = tmp_path / "wind.csv"
    text = ["east,north,up,u,v,w"]
    text += [",".join("" if np.isnan(v) else repr(float(v)) for v in row) for row in rows]
    path.write_text("\n".join(text))
    window.document.set_method("vectorfield.rvgp")
    window.exporting.open_path(str(path))
    qtbot.waitUntil(lambda: window.exporting._dialog is not None, timeout=20_000)
    dialog = window.exporting._dialog
    assert dialog.kind.currentIndex() == 1, "the family says what it is wanted for"
    dialog.field.positions.setText("east, north, height")
    dialog.field.vectors.setText("u, v, w")
    dialog.accept()
    assert dialog.isVisible() and "height" in dialog.complaint.text()
    dialog.field.positions.setText("east, north, up")
    dialog.accept()
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    opened = window.document.data
    assert opened.observed.sum() == data.observed.sum()
    assert np.allclose(opened.positions, data.positions)
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished" and run.judgement is not None, timeout=60_000)
    assert "misfit" in run.judgement.values()


def test_an_archive_of_arrays_opens_without_questions(window, qtbot, tmp_path):
    from engine.data import open_any

    data = open_any(SPHERE)
    path = tmp_path / "field.npz"
    np.savez(path, positions=data.positions, vectors=data.vectors, faces=data.faces)
    window.exporting.open_path(str(path))
    qtbot.waitUntil(lambda: window.document.data is not None, timeout=20_000)
    assert window.document.method_id == "vectorfield.rvgp"
    assert window.exporting._dialog is None
    assert len(window.document.data.faces) == len(data.faces)


def test_ellipses_surface_and_edges_are_shown_hidden_and_undone(fitted, qtbot):
    scene = fitted.panel.result_view.scene
    quiver = scene._quiver
    assert quiver.coloured_sheet and not quiver._discs.visible
    fitted.actions_by_id["view.ellipses"].trigger()
    assert quiver._discs.visible
    corners = quiver._discs.mesh_data.get_vertices(indexed="faces")
    assert len(corners) == quiver.drawn * 24
    before = quiver._sheet.mesh_data.get_vertex_colors().copy()
    fitted.actions_by_id["view.surface"].trigger()
    grey = quiver._sheet.mesh_data.get_vertex_colors()
    assert np.abs(grey[:, 0] - grey[:, 2]).max() < 0.1 < np.abs(grey - before).max()
    fitted.actions_by_id["view.edges"].trigger()
    assert scene._edges.visible
    assert not scene._grave.visible, "a sphere of 400 points is nowhere under-sampled"
    for _ in range(3):
        fitted.session.undo.undo()
    assert not quiver._discs.visible and quiver.coloured_sheet and not scene._edges.visible
    assert np.array_equal(quiver._sheet.mesh_data.get_vertex_colors(), before)
    assert fitted.actions_by_id["view.surface"].isChecked()


def test_what_stands_side_by_side_has_one_scale(fitted, qtbot):
    panel = fitted.panel
    one, two = panel.data_view.colouring(), panel.result_view.colouring()
    assert one.title == two.title == "magnitude"
    assert one.limits == two.limits
    own = (panel.data_view.own_limits(), panel.result_view.own_limits())
    assert one.limits == (min(own[0][0], own[1][0]), max(own[0][1], own[1][1]))
    panel.beside_result.setCurrentText("error")
    panel.beside_result.switched.emit()
    assert panel.data_view.colouring().limits[1] < 0.5 * panel.result_view.colouring().limits[1]


def test_the_printed_field_has_its_zeros_and_edges(fitted, qtbot, tmp_path):
    run = fitted.document.active
    sizes = {}
    for name in ("plain", "edges"):
        path = tmp_path / f"{name}.svg"
        fitted.exporting.save_figure(run, str(path), run.snapshot.layers[0])
        qtbot.waitUntil(path.exists, timeout=30_000)
        sizes[name] = path.read_text()
        fitted.actions_by_id["view.edges"].trigger()
    alone = tmp_path / "alone.svg"
    camera = fitted.panel.result_view.camera()
    save_figure(alone, run.snapshot.layers[0], metadata=run.current_spec(), camera=camera)
    assert len(sizes["plain"]) > len(alone.read_text()) + 1000, "the zeros are drawn"
    assert sizes["plain"] != sizes["edges"]


def test_divergence_is_coloured_about_zero(fitted, qtbot):
    fitted.requests.choose_colour("divergence")
    found = fitted.panel.result_view.colouring()
    assert found.colormap == "coolwarm"
    assert found.limits[0] == -found.limits[1]


def test_zeros_are_listed_with_kind_and_stability(fitted, qtbot):
    tabs = fitted.panel.diagnostics.tabs
    titles = [tabs.tabText(k) for k in range(tabs.count())]
    tabs.setCurrentIndex(titles.index("Singularities"))
    table = tabs.currentWidget()
    markers = fitted.document.active.snapshot.layer("singularities")
    assert table.rowCount() == len(markers.positions)
    headers = [table.horizontalHeaderItem(k).text() for k in range(table.columnCount())]
    assert headers == ["index", "kind", "stability", "x", "y", "z"]
    table.sortItems(0)
    first = [int(table.item(row, 0).text()) for row in range(table.rowCount())]
    assert first == sorted(first) and sum(first) == 2
    kinds = [table.item(row, 1).text() for row in range(table.rowCount())]
    assert all((kind == "saddle") == (index < 0) for kind, index in zip(kinds, first, strict=True))


def test_the_field_is_exported_at_points_of_a_file(fitted, qtbot, tmp_path):
    points, there = tmp_path / "points.csv", tmp_path / "there.npz"
    points.write_text("x,y,z\n0,0,1\n1,0,0\n")
    fitted.exporting.save_at(str(points), str(there))
    qtbot.waitUntil(there.exists, timeout=20_000)
    run = fitted.document.active
    with np.load(there) as found:
        asked = run.method.at(np.array([[0.0, 0, 1], [1, 0, 0]]), run.shown)
        assert np.array_equal(found["field.vectors"], asked.vectors)
