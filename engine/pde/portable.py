"""Solutions as torch modules that stand alone: places (P, d) in, unknowns (P, m) out, float64."""

from __future__ import annotations

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
        self.turned = solution.clouds[0].factor is not None
        for k, (cloud, weights) in enumerate(zip(solution.clouds, solution.weights, strict=True)):
            self.register_buffer(f"centres{k}", torch.tensor(cloud.centres))
            self.register_buffer(f"widths{k}", torch.tensor(cloud.widths))
            self.register_buffer(f"weights{k}", torch.tensor(weights))
            if cloud.factor is not None:
                self.register_buffer(f"factor{k}", torch.tensor(cloud.factor))
        for name, value in zip(("w1", "b1", "w2", "b2"), solution.network or (), strict=False):
            self.register_buffer(name, torch.tensor(value))
        self.behind = solution.network is not None

    def forward(self, places: Tensor) -> Tensor:
        found = torch.cat([self._sum(k, places) for k in range(self.count)], dim=1)
        if self.behind:
            inner = torch.tanh(found @ self.get_buffer("w1") + self.get_buffer("b1"))
            found = inner @ self.get_buffer("w2") + self.get_buffer("b2")
            return found
        return found.sum(dim=1, keepdim=True) if self.added else found

    def _sum(self, k: int, places: Tensor) -> Tensor:
        gap = places[:, None, :] - self.get_buffer(f"centres{k}")
        if self.turned:
            z = (gap[:, :, :, None] * self.get_buffer(f"factor{k}")).sum(dim=2)
        else:
            z = gap / self.get_buffer(f"widths{k}")
        value: Tensor = torch.exp(-0.5 * (z * z).sum(dim=2)) @ self.get_buffer(f"weights{k}")
        return value


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
        found: Tensor = network.jet(places, [zero])[zero]
        return found
