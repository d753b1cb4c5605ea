"""Networks predicted from sliders, and hyper-parameters tuned along with the weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.restoration.hypernetwork import HyperNetwork, Predicted
from engine.restoration.self_tuning import Pace, SelfTuning

TOY = {
    "in.weight": Predicted((16, 1)),
    "in.bias": Predicted((16,)),
    "out.weight": Predicted((1, 16)),
    "out.bias": Predicted((1,)),
}
ENCODINGS = ("magnitude invariant", "plain")


def hyper(encoding, seed=0, sliders=1, tensors=None, dtype=torch.float64, hidden=(64, 128)):
    return HyperNetwork(
        tensors or {"kernel": Predicted((16, 16, 3, 3))}, sliders=sliders, encoding=encoding,
        hidden=hidden, rng=np.random.default_rng(seed), dtype=dtype,
    )  # fmt: skip


def spread(network, gamma):
    with torch.no_grad():
        return float(network.change(torch.tensor([gamma], dtype=torch.float64)).std())


def test_plain_positions_predict_weights_as_large_as_they_are_and_encoded_ones_do_not():
    """Check M1 of the family. The ratio is 1.35 here; with layers of 16 and 128, 1.67: the first
    layer must be wide enough not to favour a direction."""
    for seed in range(20):
        plain = hyper("plain", seed)
        assert abs(spread(plain, 0.1) / spread(plain, 1.0) - 0.1) < 1e-3
    ratios = []
    for seed in range(20):
        found = [spread(hyper("magnitude invariant", seed), g) for g in np.linspace(0, 1, 11)]
        ratios.append(max(found) / min(found))
    assert np.mean(ratios) < 1.5


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_weights_move_with_the_slider_as_their_derivative_says(encoding):
    """Check M2 of the family."""
    network = hyper(encoding, sliders=2)
    with torch.no_grad():
        for bias in network.biases:
            bias.normal_(generator=torch.Generator().manual_seed(1))
    at = torch.tensor([0.3, 0.6], dtype=torch.float64)
    slope = torch.autograd.functional.jacobian(lambda g: network(g)["kernel"].flatten(), at)
    for k in range(2):
        step = 1e-6 * torch.eye(2, dtype=torch.float64)[k]
        with torch.no_grad():
            differences = (network(at + step)["kernel"] - network(at - step)["kernel"]) / 2e-6
        assert float((slope[:, k] - differences.flatten()).abs().max()) < 1e-6


def learnt(encoding, seed, steps):
    """Mean loss over sliders and places of the toy, y = sin 2 pi (x + gamma)."""
    network = hyper(encoding, seed, tensors=TOY, dtype=torch.float32, hidden=(16, 128))
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    rng = np.random.default_rng(seed)

    def loss(gammas, x):
        w = network(gammas[:, None])
        hidden = torch.tanh(x[None, :, None] @ w["in.weight"].mT + w["in.bias"][:, None])
        y = (hidden @ w["out.weight"].mT)[..., 0] + w["out.bias"]
        return (y - torch.sin(2 * np.pi * (x + gammas[:, None]))).square().mean()

    for _ in range(steps):
        optimiser.zero_grad()
        drawn = torch.from_numpy(rng.random(16 + 64).astype(np.float32))
        loss(drawn[:16], drawn[16:]).backward()
        optimiser.step()
    with torch.no_grad():
        return float(loss(torch.linspace(0, 1, 21), torch.linspace(0, 1, 101)))


def test_encoded_positions_are_learnt_no_worse():
    """Check M3 of the family: mean of five seeds, with the published layers of 16 and 128."""
    found = {e: np.mean([learnt(e, seed, 3000) for seed in range(5)]) for e in ENCODINGS}
    assert found["magnitude invariant"] <= found["plain"]


def ridge():
    rng = np.random.default_rng(0)
    w, x = rng.standard_normal(20), rng.standard_normal((40, 20))
    y = x @ w + 3 * rng.standard_normal(40)
    xv = rng.standard_normal((400, 20))
    yv = xv @ w + 3 * rng.standard_normal(400)
    return x, y, xv, yv


def solved(x, y, log):
    return np.linalg.solve(x.T @ x / len(y) + np.exp(log) * np.eye(20), x.T @ y / len(y))


@pytest.mark.parametrize("start", [-5.0, 3.0])
def test_the_ridge_of_a_regression_is_found_from_both_sides(start):
    """Check 5.4 of the family: the best l is -2.01 with a validation error of 12.061."""
    x, y, xv, yv = ridge()
    grid = np.linspace(-6, 4, 1001)
    errors = [np.mean((xv @ solved(x, y, at) - yv) ** 2) for at in grid]
    assert abs(grid[np.argmin(errors)] + 2.01) < 0.01 and abs(min(errors) - 12.061) < 1e-3
    a, b = (torch.zeros(20, dtype=torch.float64, requires_grad=True) for _ in "ab")
    tx, ty, txv, tyv = (torch.from_numpy(v) for v in (x, y, xv, yv))

    def training(at):
        w = a + at * b
        error = (w @ tx.T - ty).square().mean(1)
        return (error + at[:, 0].exp() * w.square().sum(1)).mean()

    def validation(at):
        return ((a + at * b) @ txv.T - tyv).square().mean()

    tuning = SelfTuning(
        (a, b), torch.tensor([start], dtype=torch.float64), spread=0.5, training=training,
        validation=validation, warm_up=500, draws=32, generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    for _ in range(6000):
        tuning.advance(Pace(rate=1e-2, tuning_rate=1e-2, entropy=1e-3))
    found = float(tuning.l.detach())
    w = (a + found * b).detach().numpy()
    assert abs(found + 2.01) < 0.25
    assert np.mean((xv @ w - yv) ** 2) < 12.15
    wanted = solved(x, y, found)
    assert np.linalg.norm(w - wanted) < 0.02 * np.linalg.norm(wanted)
