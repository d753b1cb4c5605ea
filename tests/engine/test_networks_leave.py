"""Networks as ONNX and torch.export: what comes out of the file is what the method says."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import cli
from engine.io import networks
from engine.io.models import save_model
from engine.method import DataError, Exportable

TYPED = "equation: a*u_xx + u_yy = 1; a = 1 in [0.5, 2]; x in [0, 1]; y in [0, 2]; boundary u = x"
SMALL_PIG = {"training": "Adam", "gaussians": 4, "features": 2, "hidden": 4, "steps": 2,
             "interior": 20, "boundary": 4}  # fmt: skip
SMALL_PINN = {"steps": 3, "finish": 0.0, "interior": 20, "boundary": 4, "layers": 1, "width": 4}
KINDS = {
    "pig": ("pde.pig", SMALL_PIG),
    "turned": ("pde.pig", SMALL_PIG | {"covariance": "full"}),
    "solved": ("pde.pig", {"gaussians": 30, "interior": 100}),
    "pinn": ("pde.pinn", SMALL_PINN | {"hard": True}),
    "ranged": ("pde.pinn", SMALL_PINN | {"layers": 2, "gated": True, "fourier": 2,
                                         "factorised": True, "over_range": True}),
}  # fmt: skip


def fitted(kind: str) -> engine.Fit:
    method, params = KINDS[kind]
    return engine.run(engine.RunSpec(method=method, data=TYPED, params=params))


@pytest.mark.parametrize(
    ("kind", "suffix"), [*((k, "pt2") for k in KINDS), ("turned", "onnx"), ("pinn", "onnx")]
)
def test_the_file_says_what_the_method_says(kind, suffix, tmp_path):
    if suffix == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    fit = fitted(kind)
    path = tmp_path / f"net.{suffix}"
    networks.save_network(path, fit.method)
    inputs, _ = fit.method.trial()
    run = networks._run_onnx if suffix == "onnx" else networks._run_torch
    # Places on the grid, of which the file knows nothing.
    x, y = np.meshgrid(*fit.data.grid(), indexing="ij")
    places = np.column_stack([x.ravel(), y.ravel()])
    extra = np.ones((len(places), inputs.shape[1] - 2))
    shown = fit.result().layer("prediction").values
    found = run(path, (np.hstack([places, extra]),))[:, 0].reshape(x.shape)
    np.testing.assert_allclose(found, shown, atol=1e-10 * np.abs(shown).max())


def test_what_disagrees_does_not_appear(tmp_path, monkeypatch):
    fit = fitted("pig")
    inputs, wanted = fit.method.trial()
    monkeypatch.setattr(type(fit.method), "trial", lambda self: (inputs, wanted + 1e-3))
    with pytest.raises(DataError, match="was not written"):
        networks.save_network(tmp_path / "net.pt2", fit.method)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_said_in_a_sentence(tmp_path, monkeypatch, capsys):
    fit = fitted("pig")
    save_model(tmp_path / "m.safetensors", fit)
    monkeypatch.setattr(networks, "find_spec", lambda name: None)
    words = ["export", str(tmp_path / "m.safetensors"), "--onnx", str(tmp_path / "m.onnx")]
    assert cli.main(words) == 2
    assert "pip install onnx onnxscript onnxruntime" in capsys.readouterr().err
    assert cli.main([*words[:2], "--torch-export", str(tmp_path / "m.pt2")]) == 0
    assert (tmp_path / "m.pt2").is_file() and not (tmp_path / "m.onnx").exists()
    with pytest.raises(DataError, match="none of them"):
        networks.save_network(tmp_path / "m.txt", fit.method)
    with pytest.raises(DataError, match="no network"):
        networks.save_network(tmp_path / "n.pt2", object())
    assert isinstance(fit.method, Exportable)


@pytest.mark.parametrize("suffix", ["onnx", "pt2"])
def test_a_network_that_leaves_may_be_in_use_meanwhile(tmp_path, suffix):
    """Tracing swaps a module's numbers: those that pictures are drawn with must stay."""
    if suffix == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    import torch

    held, kinds = [], set()

    class Watched(torch.nn.Linear):
        def forward(self, x):
            kinds.add(type(held[0].weight))
            return super().forward(x)

    module = Watched(2, 1)
    held.append(module)
    x = np.ones((4, 2), np.float32)
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()

    class Method:
        def module(self):
            return module

        def trial(self):
            return x, wanted

    networks.save_network(tmp_path / f"network.{suffix}", Method())
    assert kinds == {torch.nn.Parameter}
