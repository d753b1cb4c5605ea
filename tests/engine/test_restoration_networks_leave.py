"""Restoring networks in other programs' formats: what the file says is the picture."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn
from torch.nn import functional

from engine import cli, device
from engine.data import open_any
from engine.io import networks
from engine.io.models import save_model
from engine.method import DataError, ExportableAt
from engine.restoration.restorer import STEPS
from engine.restoration.training_pictures import licences
from engine.restoration.tunable import TunableRestoration
from engine.restoration.tunable_params import TunableParams
from engine.runs import RunSpec


def fitted(sample="camera", **values):
    data = open_any(f"sample:{sample}?noise=15")
    # Not of a multiple of 4: the file gets it mirrored up to one.
    data = replace(data, values=data.values[:61, :82], truth=None)
    method = TunableRestoration(TunableParams(**values))
    for _ in method.fit(data, rng=device.rng(0), device="cpu"):
        pass
    return data, method


def given(data):
    """(1, C, H, W) of the photograph, mirrored as far as its restoration does."""
    more = [(0, -n % 4) for n in data.values.shape[:2]] + [(0, 0)] * (data.values.ndim - 2)
    whole = np.pad(data.values, more, mode="reflect")
    whole = whole[..., None] if whole.ndim == 2 else whole
    return np.ascontiguousarray(np.moveaxis(whole, 2, 0)[None])


def shown(method, params):
    restored = method.evaluate(replace(params, precision="float32")).layer("restored").values
    return restored if restored.ndim == 3 else restored[..., None]


def session(path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def cut(answer, data):
    height, width = data.values.shape[:2]
    return np.moveaxis(answer[0], 0, 2)[:height, :width]


def test_onnx_at_one_setting_is_the_restored_picture(tmp_path):
    # The run itself is in halves: what leaves it is not.
    data, method = fitted("astronaut", strength=20.0, jpeg=60, precision="bfloat16")
    params = replace(method.params, strength=30.0)
    path = tmp_path / "net.onnx"
    pytest.importorskip("onnxscript")
    networks.save_network(path, method, params)
    run = session(path)
    (picture,) = run.get_inputs()
    assert (picture.name, picture.type) == ("picture", "tensor(float)")
    assert picture.shape[1] == 3 and all(isinstance(picture.shape[k], str) for k in (0, 2, 3))
    found = cut(run.run(None, {"picture": given(data)})[0], data)
    assert np.abs(found - shown(method, params)).max() < 1e-4
    assert np.abs(found - shown(method, method.params)).max() > 1e-3
    about = json.loads(run.get_modelmeta().custom_metadata_map["network"])
    assert about["position"]["strength"]["value"] == pytest.approx(30, abs=50 / STEPS)
    assert about["position"]["jpeg"]["value"] == pytest.approx(60, abs=85 / STEPS)


@pytest.mark.parametrize("control", ["kernels", "opacity", "noise plane"])
def test_with_sliders_as_inputs_one_file_is_every_setting(control, tmp_path):
    data, method = fitted(control=control)
    names = ["strength"] if control == "noise plane" else ["strength", "deblur", "jpeg", "detail"]
    run = with_sliders(control, method, names, tmp_path)
    seen = []
    # Strengths and the like that lie on the 256ths to which the picture's sliders are rounded.
    for strength, deblur, detail in ((0.0, 0.0, 0.0), (25.0, 0.0, 0.5), (12.5, 2.0, 1.0)):
        params = replace(method.params, strength=strength, deblur=deblur, detail=detail)
        omega = np.array([strength / 50, deblur / 4, 0.0, detail**3], np.float32)[: len(names)]
        found = cut(run(given(data), omega), data)
        assert np.abs(found - shown(method, params)).max() < 1e-4
        seen.append(found)
    assert min(np.abs(seen[0] - seen[1]).max(), np.abs(seen[1] - seen[2]).max()) > 1e-3


def with_sliders(control, method, names, folder):
    """Pictures and positions to pictures: kernels by ONNX as the command line writes it, a plane by
    torch.export, opacity by the module before it is written."""
    if control == "kernels":
        pytest.importorskip("onnxscript")
        model, path = folder / "m.safetensors", folder / "net.onnx"
        save_model(model, method, RunSpec(method="restoration.tunable", data="", params={}))
        words = ["export", str(model), "--onnx", str(path), "--sliders-as-inputs"]
        assert cli.main(words) == 0
        own = session(path)
        assert [(i.name, i.shape[-1]) for i in own.get_inputs()][1] == ("sliders", len(names))
        about = json.loads(own.get_modelmeta().custom_metadata_map["network"])
        assert list(about["sliders"]) == names and "position" not in about
        return lambda x, omega: own.run(None, {"picture": x, "sliders": omega})[0]
    module = method.exported(method.params, sliders=True).module
    if control == "noise plane":
        networks.save_network(folder / "net.pt2", method, sliders=True)
        module = torch.export.load(folder / "net.pt2").module()

    def run(x, omega):
        with torch.no_grad():
            return module(torch.tensor(x), torch.tensor(omega)).numpy()

    return run


def plain(arrays, about, x):
    """The picture by nothing but the file: its convolutions, and the few lines between them."""
    made = {}
    for name, size in about["architecture"]["convolutions"].items():
        padding = size["side"] // 2 if size["stride"] == 1 else 0
        made[name] = nn.Conv2d(
            size["inputs"], size["outputs"], size["side"], size["stride"], padding
        )
        made[name].load_state_dict({k: arrays.pop(f"{name}.{k}") for k in ("weight", "bias")})
    assert not arrays

    def residual(name, h):
        return h + made[f"{name}.b"](functional.relu(made[f"{name}.a"](h)))

    folded = functional.pixel_unshuffle(x, 2)
    if about["plane"] is not None:
        folded = torch.cat([folded, torch.full_like(folded[:, :1], about["plane"])], 1)
    wide = residual("enter", made["first"](folded))
    deep = made["down"](wide)
    for k in range(about["architecture"]["blocks"]):
        deep = residual(f"deep{k}", deep)
    wide = residual("leave", wide + functional.pixel_shuffle(made["up"](deep), 2))
    return x + about["opacity"] * functional.pixel_shuffle(made["last"](wide), 2)


@pytest.mark.parametrize("control", ["kernels", "opacity", "noise plane"])
def test_the_numbers_alone_make_the_plain_network(control, tmp_path):
    data, method = fitted(control=control)
    params = replace(method.params, strength=25.0)
    path = tmp_path / "plain.safetensors"
    networks.save_network(path, method, params)
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["network"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    with torch.no_grad():
        answer = plain(arrays, about, torch.tensor(given(data))).numpy()
    assert np.abs(cut(answer, data) - shown(method, params)).max() < 1e-5
    assert about["pictures"] == licences() and about["licence"] == "BSD-3-Clause"
    assert about["position"]["strength"]["value"] == 25.0
    if control != "noise plane":
        assert about["position"]["jpeg"]["value"] == 100
    assert about["versions"]["torch"] and about["control"] == control


@pytest.mark.parametrize("suffix", ["safetensors", "pt2"])
def test_a_file_that_disagrees_does_not_appear(suffix, tmp_path, monkeypatch):
    _, method = fitted()
    right = method.exported(method.params, sliders=False)
    ((inputs, wanted),) = right.trials
    wrong = replace(right, trials=((inputs, wanted), (inputs, wanted + np.float32(3e-4))))
    monkeypatch.setattr(type(method), "exported", lambda *_, **__: wrong)
    path = tmp_path / f"net.{suffix}"
    path.write_text("the old one")
    with pytest.raises(DataError, match="was not written"):
        networks.save_network(path, method)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "the old one"


def test_the_command_line_takes_a_setting_and_says_what_it_cannot(tmp_path, monkeypatch, capsys):
    _, method = fitted()
    model, out = tmp_path / "m.safetensors", tmp_path / "plain.safetensors"
    save_model(model, method, RunSpec(method="restoration.tunable", data="", params={}))
    words = ["export", str(model)]
    assert cli.main([*words, "--network", str(out), "--set", "strength=25"]) == 0
    with safe_open(out, "np") as file:
        about = json.loads(file.metadata()["network"])
    assert about["position"]["strength"] == {"place": 0.5, "value": 25.0}
    capsys.readouterr()
    for more, said in (
        (["--network", str(out), "--sliders-as-inputs"], "--torch-export"),
        (["--network", str(out), "--set", "size=nano"], "another run"),
        (["--network", str(out), "--set", "strength"], "NAME=VALUE"),
    ):
        assert cli.main([*words, *more]) == 2
        assert said in capsys.readouterr().err
    monkeypatch.setattr(networks, "find_spec", lambda name: None)
    assert cli.main([*words, "--onnx", str(tmp_path / "n.onnx")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.endswith("ONNX needs packages: 'pip install onnx onnxscript onnxruntime'.")
    assert not (tmp_path / "n.onnx").exists()


def test_what_has_no_place_in_a_file_is_said(tmp_path):
    _, method = fitted(control="noise plane")
    assert isinstance(method, ExportableAt)
    with pytest.raises(DataError, match="at one setting"):
        networks.save_network(tmp_path / "n.safetensors", method, sliders=True)
    by_place = replace(method.params, strength_map=(0.5, 1.0, 1.0, 1.0))
    with pytest.raises(DataError, match="one picture"):
        networks.save_network(tmp_path / "n.safetensors", method, by_place)
    with pytest.raises(DataError, match="stopped before"):
        networks.save_network(tmp_path / "n.pt2", TunableRestoration(TunableParams()))
    assert not list(tmp_path.iterdir())
