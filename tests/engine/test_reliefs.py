"""Printed height surfaces: higher values stand higher, on one scale with the colours."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine import colour
from engine.io import reliefs
from engine.io.figures import save_figure
from engine.io.reliefs import HEIGHT, NODES, Raised, proportions, raised, sheet
from engine.layers import Axis, Curves, Field


def plane(values, extent=((0.0, 2.0), (0.0, 1.0)), **options):
    return Field(name="f", role="prediction", values=np.asarray(values, float), extent=extent,
                 axes=(Axis("x", "m"), Axis("y", "m")), **options)  # fmt: skip


def test_only_fields_on_a_plane_are_raised():
    flat = plane(np.ones((3, 4)))
    found = raised(flat)
    assert isinstance(found, Raised) and isinstance(found, Field)
    assert found.values is flat.values or np.array_equal(found.values, flat.values)
    assert found.extent == flat.extent and found.axes == flat.axes
    curve = Curves(name="c", role="data", x=np.arange(3.0), lines={"a": np.ones(3)},
                   axes=(Axis("x"), Axis("y")))  # fmt: skip
    assert raised(curve) is curve
    deep = plane(np.ones((3, 3, 3)))
    assert raised(deep) is deep


def test_the_surface_is_the_value_over_its_place():
    x = (np.arange(8) + 0.5) / 4
    y = (np.arange(6) + 0.5) / 6
    corners, _ = sheet(plane(2 * x[:, None] - 3 * y[None]), "viridis", (-9.0, 9.0))
    assert np.allclose(corners[..., 2], 2 * corners[..., 0] - 3 * corners[..., 1], atol=1e-12)
    assert len(corners) == (NODES - 1) ** 2
    assert corners[..., 0].min() == pytest.approx(x[0])
    assert corners[..., 0].max() == pytest.approx(x[-1])


def test_height_and_colour_have_one_scale():
    corners, inks = sheet(plane([[0.0, 0.0], [1.0, 1.0]]), "viridis", (0.25, 0.5))
    assert corners[..., 2].min() == 0.25 and corners[..., 2].max() == 0.5
    top = corners[..., 2].min(axis=1) == 0.5
    wanted = colour.rgb(np.array([0.5]), "viridis", (0.25, 0.5))[0]
    shade = inks[top] / wanted
    assert np.allclose(shade, shade[:, :1], atol=1e-6), "its own colour, only darker"
    assert shade.min() >= 0.6 and shade.max() <= 1 + 1e-6


def test_what_is_no_number_is_a_hole():
    values = np.zeros((9, 9))
    values[4, 4] = np.nan
    corners, _ = sheet(plane(values, extent=((0.0, 9.0), (0.0, 9.0))), "viridis", (-1.0, 1.0))
    assert np.isfinite(corners).all()
    middle = corners[..., :2].mean(axis=1)
    assert np.abs(middle - 4.5).max(axis=1).min() > 0.9
    assert np.abs(middle - 4.5).max(axis=1).min() < 1.1


def test_a_plane_keeps_its_proportions_unless_its_axes_have_unlike_units():
    assert proportions(plane(np.ones((2, 2)))) == pytest.approx([1, 0.5, HEIGHT])
    assert proportions(plane(np.ones((2, 2)), extent=((0, 1), (0, 30)))) == pytest.approx(
        [1, 1, HEIGHT]
    )


def test_a_figure_in_relief_is_another_and_turns_with_the_camera(tmp_path, monkeypatch):
    monkeypatch.setattr(reliefs, "NODES", 20)
    layer = plane(np.add.outer(np.arange(9.0), np.arange(7.0)))
    made = {}
    for name, options in {
        "flat": {},
        "relief": {"relief": True},
        "turned": {"relief": True, "camera": {"azimuth": 120.0, "elevation": 20.0}},
        "dark": {"relief": True, "dark": True},
    }.items():
        path = tmp_path / f"{name}.png"
        save_figure(path, layer, dpi=60, height_mm=60, **options)
        made[name] = np.asarray(Image.open(path).convert("RGB")).astype(int)
    for one, two in (("flat", "relief"), ("relief", "turned"), ("relief", "dark")):
        assert np.abs(made[one] - made[two]).max() > 60
    page = made["relief"]
    edge = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
    assert (edge == 255).all(), "nothing is cut off"


def test_prediction_and_truth_in_relief_share_their_heights(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(reliefs, "NODES", 20)
    monkeypatch.setattr(reliefs, "_frame", lambda axes, layer, limits: seen.append(limits))
    one, two = plane([[0.0, 1.0], [2.0, 3.0]]), plane([[-1.0, 1.0], [2.0, 2.0]])
    save_figure(tmp_path / "two.pdf", [one, two], relief=True, width_mm=120)
    assert seen == [(-1.0, 3.0)] * 2
