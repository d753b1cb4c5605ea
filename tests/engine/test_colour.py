"""One table of colours for screen and print."""

import numpy as np
import pytest

from engine import colour


@pytest.mark.parametrize(
    ("name", "bound"), [("viridis", 2), ("cividis", 6), ("magma", 1), ("twilight", 3), ("gray", 1)]
)
def test_maps_follow_the_originals(name, bound):
    from matplotlib import colormaps

    original = colormaps[name](np.linspace(0, 1, 256))[:, :3]
    if name == "gray":
        original = np.repeat(colour.colormap("gray")[:, :1], 3, axis=1)
    assert colour.colormap(name).shape == (256, 3)
    assert np.abs(colour.colormap(name) - original).max() * 255 < bound + 0.01


def test_sequential_maps_rise_and_the_diverging_one_is_symmetric():
    for name in ("viridis", "cividis", "magma", "gray"):
        lightness = colour.to_oklab(colour.colormap(name).astype(float))[:, 0]
        assert (np.diff(lightness) > -1e-3).all()
    lightness = colour.to_oklab(colour.colormap("coolwarm").astype(float))[:, 0]
    assert np.abs(lightness - lightness[::-1]).max() < 0.01
    assert lightness[128] > 0.93


def test_twilight_closes():
    table = colour.colormap("twilight")
    assert np.abs(table[0] - table[-1]).max() < 0.01


def test_first_classes_differ_for_colour_blind_eyes():
    deuteranope = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    )
    full = colour.categorical(20).astype(float)
    linear = np.where(full <= 0.04045, full / 12.92, ((full + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ deuteranope.T, 0, 1)
    seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    for colours, bound in ((full, 0.06), (seen, 0.05)):
        lab = colour.to_oklab(colours)
        apart = np.linalg.norm(lab[:, None] - lab, axis=-1) + np.eye(20)
        assert apart.min() > bound
        assert apart[:8, :8].min() > 0.07
    assert np.array_equal(colour.categorical(21)[20], colour.categorical(1)[0])


def test_numbers_and_classes():
    assert colour.classes(np.array([0.5, 1.0])) is None
    assert colour.classes(np.arange(21)) is None
    names, codes = colour.classes(np.array(["b", "a", "b"]))
    assert names == ("a", "b")
    assert codes.tolist() == [1, 0, 1]
    assert colour.classes(np.array([True, False]))[0] == ("no", "yes")
    assert colour.limits(np.array([np.nan, 1.0, -3.0]), diverging=True) == (-3.0, 3.0)
    assert colour.limits(np.array([2.0, 2.0])) == (1.0, 3.0)
    assert colour.limits(np.array([np.nan])) == (0.0, 1.0)
    shown = colour.rgb(np.array([0.0, 1.0, np.nan, 9.0]), "viridis", (0.0, 1.0))
    assert np.array_equal(shown[1], shown[3])
    assert np.allclose(shown[2], colour.MISSING)


def test_unknown_map_is_told_in_a_sentence():
    with pytest.raises(ValueError, match=r"no colour map 'jet'\. Choose one of: viridis"):
        colour.colormap("jet")
