"""The trained model of PIG: features of Gaussians, then a small network.

    u(x) = W2^T tanh(W1^T f(xi) + b1) + b2,   xi in [-1, 1]^d

Everything is kept in box coordinates xi while it is trained; `published` gives plain arrays in the
problem's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.pde import jets
from engine.pde.bumps import features
from engine.pde.jets import Orders
from engine.pde.problem import Floats, Key, Problem

if TYPE_CHECKING:
    from torch import Tensor

    from engine.pde.pig_params import PIGParams

SMALLEST = 2e-3
"""Least width in box coordinates, a thousandth of the box."""
SHARPNESS = 50.0
"""Widths are a softplus of this sharpness of what is trained: as good as the number itself above
0.1. With sharpness 1 the gradient at width 0.1 is ten times too small beside those of centres, and
L-BFGS ended at an error of 0.15 where it now reaches 5e-3 (Helmholtz, N = 50)."""


class GaussianNetwork:
    """Leaf tensors by name in `leaves`; float64 throughout."""

    def __init__(
        self, problem: Problem, params: PIGParams, width: Floats, rng: np.random.Generator,
        device: str,
    ) -> None:  # fmt: skip
        import torch

        self.problem, self.params = problem, params
        low, high = problem.bounds.T
        # torch has no float64 on Apple's GPUs.
        self.device = "cpu" if device == "mps" else device
        self.half = torch.tensor((high - low) / 2, device=self.device)
        self.middle = torch.tensor((high + low) / 2, device=self.device)
        self.leaves: dict[str, Tensor] = {
            name: torch.tensor(value, device=self.device, requires_grad=True)
            for name, value in _start(problem, params, width, rng).items()
        }

    def precision(self) -> Tensor:
        """(K, N, d), or (K, N, d, d) of turned Gaussians."""
        import torch

        rho = self.leaves["rho"]
        raw = self.params.raw_widths
        width = rho if raw else SMALLEST + torch.nn.functional.softplus(rho, beta=SHARPNESS)
        if "turn" not in self.leaves:
            return width**-2
        rotation = _rotation(self.leaves["turn"])
        factor = rotation / width[..., None, :]
        return factor @ factor.transpose(-1, -2)

    def jet(self, x: Tensor, wanted: Sequence[Orders]) -> dict[Orders, Tensor]:
        """Derivatives (P, m) of the model in the problem's coordinates at places x (P, d)."""
        import torch

        xi = (x - self.middle) / self.half
        orders = jets.closure(wanted)
        at = self.leaves
        found = features(xi, at["centres"], self.precision(), at["weights"], orders)
        if "w1" in at:
            inner = jets.linear(found, at["w1"], at["b1"])
            found = jets.linear(jets.tanh(inner, torch.tanh), at["w2"], at["b2"])
        else:
            found = {o: v.sum(dim=1, keepdim=True) for o, v in found.items()}
        return {o: found[o] / self._scale(o) for o in wanted}

    def _scale(self, orders: Orders) -> Any:
        total: Any = 1.0
        for j, n in enumerate(orders):
            total = total * self.half[j] ** n
        return total

    def keyed(self, x: Tensor, keys: Sequence[Key]) -> dict[Key, Tensor]:
        """As `jet`, by the problem's keys."""
        found = self.jet(x, sorted({k[1] for k in keys}))
        return {key: found[key[1]][:, key[0]] for key in keys}

    def published(self) -> dict[str, Floats]:
        """Copies: centres (K, N, d), widths, weights, factor, network, in the problem's units."""
        import torch

        with torch.no_grad():
            half, middle = self.half.cpu().numpy(), self.middle.cpu().numpy()
            plain = {k: v.detach().cpu().numpy().copy() for k, v in self.leaves.items()}
            precision = self.precision().cpu().numpy()
        found = {"centres": middle + half * plain["centres"], "weights": plain["weights"]}
        if precision.ndim == 3:
            found["widths"] = half * precision**-0.5
        else:
            found["factor"] = np.linalg.cholesky(precision) / half[:, None]
            spread = np.linalg.inv(precision)
            found["widths"] = half * np.sqrt(np.diagonal(spread, axis1=-2, axis2=-1))
        found |= {k: plain[k] for k in ("w1", "b1", "w2", "b2") if k in plain}
        return found


def _start(
    problem: Problem, params: PIGParams, width: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    d, m = problem.dimension, len(problem.unknowns)
    sets = 1 if params.share else params.features
    n, k, h = params.many(d), params.features, params.hidden
    shape = (sets, n, d)
    start: dict[str, Floats] = {"centres": rng.uniform(-1, 1, shape)}
    first = np.broadcast_to(width, shape)
    start["rho"] = first.copy() if params.raw_widths else _inverse(first - SMALLEST)
    start["weights"] = 0.01 * rng.standard_normal((1, k, n) if params.share else (k, n))
    if params.covariance == "full" and d > 1:
        start["turn"] = np.zeros((sets, n, 2 if d == 2 else 4))
        start["turn"][..., 0] = 1.0
    if h:
        start["w1"] = rng.uniform(-1, 1, (k, h)) / np.sqrt(k)
        start["b1"] = rng.uniform(-1, 1, h) / np.sqrt(k)
        start["w2"] = rng.uniform(-1, 1, (h, m)) / np.sqrt(h)
        start["b2"] = rng.uniform(-1, 1, m) / np.sqrt(h)
    return start


def _inverse(width: Floats) -> Floats:
    """What the softplus of the widths' sharpness makes this of."""
    return np.asarray(width + np.log(-np.expm1(-SHARPNESS * width)) / SHARPNESS)


def _rotation(turn: Tensor) -> Tensor:
    """Rotations (.., d, d) from a pair or a quaternion that is made a unit one."""
    import torch

    unit = turn / turn.norm(dim=-1, keepdim=True)
    if turn.shape[-1] == 2:
        a, b = unit.unbind(-1)
        return torch.stack([torch.stack([a, -b], -1), torch.stack([b, a], -1)], -2)
    w, x, y, z = unit.unbind(-1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
