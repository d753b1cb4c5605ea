"""Moving pictures of a swept parameter."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from PIL import Image

from engine import cli
from engine.io import animation
from engine.io.animation import save_animation, sweep
from engine.method import DataError
from engine.params import to_json
from engine.pde.pig_params import PIGParams
from engine.runs import RunSpec, begin

SPEC = RunSpec(method="pde.pig", data="problem:helmholtz",
               params={"gaussians": 60, "interior": 200, "boundary": 20})  # fmt: skip


@pytest.fixture(scope="module")
def fit():
    fit = begin(SPEC)
    for _ in fit:
        pass
    return fit


def test_a_sweep_visits_its_ends_and_stays_legal():
    found = sweep(PIGParams(), "spread", 0.1, 2.0, 5)
    assert [round(p.spread, 3) for p in found] == [0.5, 0.575, 1.05, 1.525, 2.0]
    with pytest.raises(DataError, match="'gaussians' cannot be swept; these can: at"):
        sweep(PIGParams(), "gaussians", 4, 50, 5)
    with pytest.raises(DataError, match="between 2 and 500 frames"):
        sweep(PIGParams(), "spread", 0.5, 2, 1)


def test_frames_are_those_of_the_method(fit, tmp_path):
    wanted = sweep(fit.method.params, "spread", 0.8, 1.2, 4)
    counted = list(save_animation(tmp_path / "f.gif", fit.method, wanted))
    assert counted == [1, 2, 3, 4]
    with Image.open(tmp_path / "f.gif") as found:
        assert found.n_frames == 4
        width, height = found.size
        assert max(width, height) >= 360
        found.seek(0)
        first = np.asarray(found.convert("RGB"), int)
    field = fit.method.evaluate(wanted[0]).layer("prediction")
    bright = field.values.T[::-1]
    step = height // bright.shape[0]
    shades = first[step // 2 :: step, step // 2 :: step].sum(axis=2)
    assert np.corrcoef(shades.ravel(), bright.ravel())[0, 1] > 0.9


def test_what_cannot_be_animated_is_said(fit, tmp_path):
    with pytest.raises(DataError, match="saved as GIF or MP4"):
        list(save_animation(tmp_path / "f.mov", fit.method, [fit.method.params]))
    with pytest.raises(DataError, match="called 'height' to animate; there is prediction"):
        list(save_animation(tmp_path / "f.gif", fit.method, [fit.method.params], layer="height"))
    assert not list(tmp_path.iterdir())


def test_from_the_command_line(fit, tmp_path, capsys):
    from engine.io.models import save_model

    save_model(tmp_path / "m.safetensors", fit.method, SPEC)
    assert to_json(fit.method.params)["gaussians"] == 60
    words = ["export", str(tmp_path / "m.safetensors"), "--animation", str(tmp_path / "a.gif")]
    assert cli.main([*words, "--sweep", "spread=0.8:1.2:3"]) == 0
    with Image.open(tmp_path / "a.gif") as found:
        assert found.n_frames == 3
    assert cli.main([*words, "--sweep", "spread"]) == 2
    assert "Say what to sweep" in capsys.readouterr().err


def test_a_film_has_the_frames_of_the_sweep(fit, tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    wanted = sweep(fit.method.params, "spread", 0.8, 1.2, 5)
    list(save_animation(tmp_path / "f.mp4", fit.method, wanted, seconds=1.0))
    list(save_animation(tmp_path / "f.gif", fit.method, wanted, seconds=1.0))
    with Image.open(tmp_path / "f.gif") as still:
        whole = np.asarray(still.convert("RGB"), int)
    height, width = (n + n % 2 for n in whole.shape[:2])
    words = [ffmpeg.get_ffmpeg_exe(), "-i", str(tmp_path / "f.mp4"), "-f", "rawvideo",
             "-pix_fmt", "rgb24", "-"]  # fmt: skip
    raw = subprocess.run(words, capture_output=True, check=True).stdout
    shown = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
    assert len(shown) == 5
    near = shown[0][: whole.shape[0], : whole.shape[1]].astype(int)
    assert np.abs(near.sum(2) - whole.sum(2)).mean() < 30
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.gif", "f.mp4"]


def test_a_film_without_ffmpeg_is_refused_with_what_to_install(fit, tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install imageio-ffmpeg"):
        list(save_animation(tmp_path / "f.mp4", fit.method, [fit.method.params]))
    assert not list(tmp_path.iterdir())
