"""A restoring network as a plain `torch.nn.Module`, to be taken to other programs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.restoration.model import Model
from engine.restoration.networks import MergedNetwork
from engine.restoration.restorer import STEPS, Position


class WithSliders(nn.Module):
    """Pictures (B, C, H, W) in [0, 1], H and W multiples of 4, and positions of the sliders (p,) in
    [0, 1], in the order of `sliders`, to restored pictures."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.sliders = model.sliders
        self.network = model.network
        self.planes = model.shape.planes

    def forward(self, x: Tensor, omega: Tensor) -> Tensor:
        if not self.planes:
            restored: Tensor = self.network(x, omega)
            return restored
        plane = omega[0].reshape(1, 1, 1, 1).expand(x.shape[0], 1, x.shape[2] // 2, x.shape[3] // 2)
        seen: Tensor = self.network(x, omega, plane)
        return seen


class AtPosition(nn.Module):
    """The plain network at one position: pictures (B, C, H, W), H and W multiples of 4, to restored
    pictures. It has no kernels but the merged ones."""

    def __init__(self, model: Model, position: Position) -> None:
        super().__init__()
        merged = MergedNetwork(model.network)
        omega = torch.tensor([v / STEPS for v in position.levels], dtype=torch.float32)
        merged.at(omega[: merged.sliders])
        self.plane = float(omega[0]) if model.shape.planes else None
        self.opacity = position.opacity / STEPS
        self._network = [model.network]
        self.names = list(merged.kernels())
        for name, (kernel, bias) in merged.kernels().items():
            self.register_buffer(name.replace(".", "_"), kernel)
            self.register_buffer(name.replace(".", "_") + "_bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        kernels = {}
        for name in self.names:
            key = name.replace(".", "_")
            kernels[name] = (self.get_buffer(key), self.get_buffer(f"{key}_bias"))
        plane = None
        if self.plane is not None:
            shape = (x.shape[0], 1, x.shape[2] // 2, x.shape[3] // 2)
            plane = torch.full(shape, self.plane, dtype=x.dtype)
        restored = self._network[0].convolved(x, kernels, plane)
        return restored if self.opacity == 1 else x + self.opacity * (restored - x)
