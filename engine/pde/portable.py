"""Solutions as torch modules that stand alone: places (P, d) in, unknowns (P, m) out, float64."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.pde.mlp import Network
from engine.pde.solution import Solution


class GaussianModule(torch.nn.Module):
    """Sums of Gaussians in the problem's coordinates, and the network behind them."""

    def __init__(self, solution: Solution) -> None:
        super().__init__()
        self.count = len(solution.clouds)
        self.added = solution.added
        for k, (cloud, weights) in enumerate(zip(solution.clouds, solution.weights, strict=True)):
            self.register_buffer(f"centres{k}", torch.tensor(cloud.centres))
            self.register_buffer(f"widths{k}", torch.tensor(cloud.widths))
            self.register_buffer(f"weights{k}", torch.tensor(weights))
            factor = None if cloud.factor is None else torch.tensor(cloud.factor)
            self.register_buffer(f"factor{k}", factor)
        for name, value in zip(("w1", "b1", "w2", "b2"), solution.network or (), strict=False):
            self.register_buffer(name, torch.tensor(value))
        self.behind = solution.network is not None

    def forward(self, places: Tensor) -> Tensor:
        found = torch.cat([self._sum(k, places) for k in range(self.count)], dim=1)
        if self.behind:
            inner = torch.tanh(found @ self.get_buffer("w1") + self.get_buffer("b1"))
            return inner @ self.get_buffer("w2") + self.get_buffer("b2")
        return found.sum(dim=1, keepdim=True) if self.added else found

    def _sum(self, k: int, places: Tensor) -> Tensor:
        gap = places[:, None, :] - self.get_buffer(f"centres{k}")
        factor: Tensor | None = getattr(self, f"factor{k}")
        if factor is None:
            z = gap / self.get_buffer(f"widths{k}")
        else:
            z = (gap[:, :, :, None] * factor).sum(dim=2)
        return torch.exp(-0.5 * (z * z).sum(dim=2)) @ self.get_buffer(f"weights{k}")


class NetworkModule(torch.nn.Module):
    """A physics-informed network at its coefficients, its exact boundary values included."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        network.leaves = {name: leaf.detach() for name, leaf in network.leaves.items()}
        self.zero = (0,) * network.problem.dimension

    def forward(self, places: Tensor) -> Tensor:
        network, zero = self.network, self.zero
        # Values kept from an earlier call would be taken for constants.
        network._held = []
        found: Any = network.jet(places, [zero])[zero]
        return found
