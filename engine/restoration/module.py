"""A restoring network as a plain `torch.nn.Module`, to be taken to other programs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from engine.restoration.model import Model
from engine.restoration.networks import MergedNetwork, Shape, correction
from engine.restoration.restorer import STEPS, Position


class WithSliders(nn.Module):
    """Pictures (B, C, H, W) in [0, 1], H and W multiples of 4, and positions of the sliders (p,) in
    [0, 1], in the order of `sliders`, to restored pictures."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.sliders = model.sliders
        self.network = model.network
        self.planes = model.shape.planes
        self.opacity = model.sliders.index("strength") if model.control == "opacity" else None

    def forward(self, x: Tensor, omega: Tensor) -> Tensor:
        if self.opacity is not None:
            k = self.opacity
            full = torch.cat([omega[:k], torch.ones_like(omega[k : k + 1]), omega[k + 1 :]])
            blended: Tensor = x + omega[k] * (self.network(x, full) - x)
            return blended
        if not self.planes:
            restored: Tensor = self.network(x, omega)
            return restored
        plane = omega[0].reshape(1, 1, 1, 1).expand(x.shape[0], 1, x.shape[2] // 2, x.shape[3] // 2)
        seen: Tensor = self.network(x, omega, plane)
        return seen


class PlainNetwork(nn.Module):
    """The network at one position: pictures (B, C, H, W), H and W multiples of 4, to restored
    pictures. Its convolutions are those of `Shape.convolutions`, "enter.a.weight" and so on.

    `plane` is what it sees in every place beside the picture, where it sees such; `opacity` that of
    the result over the picture. Its numbers are not set.
    """

    def __init__(self, shape: Shape, *, plane: float | None = None, opacity: float = 1.0) -> None:
        super().__init__()
        self.blocks, self.plane, self.opacity = shape.blocks, plane, opacity
        for name, (inputs, outputs, side, stride, _) in shape.convolutions().items():
            padding = side // 2 if stride == 1 else 0
            # Numbers that are not drawn leave the global generator alone.
            made: nn.Conv2d = skip_init(  # type: ignore[no-untyped-call]
                nn.Conv2d, inputs, outputs, side, stride, padding
            )
            block, _, inner = name.partition(".")
            if inner and block not in self._modules:
                self.add_module(block, nn.Module())
            (self.get_submodule(block) if inner else self).add_module(inner or block, made)

    def forward(self, x: Tensor) -> Tensor:
        def convolve(name: str, h: Tensor) -> Tensor:
            found: Tensor = self.get_submodule(name)(h)
            return found

        plane = None
        if self.plane is not None:
            plane = x.new_full((x.shape[0], 1, x.shape[2] // 2, x.shape[3] // 2), self.plane)
        added = correction(x, convolve, self.blocks, plane)
        return x + (added if self.opacity == 1 else self.opacity * added)


def at_position(model: Model, position: Position) -> PlainNetwork:
    """The network with its kernels merged at a position, in float32."""
    merged = MergedNetwork(model.network)
    omega = torch.tensor([v / STEPS for v in position.levels], dtype=torch.float32)
    merged.at(omega[: merged.sliders])
    plane = float(omega[model.sliders.index("strength")]) if model.shape.planes else None
    made = PlainNetwork(model.shape, plane=plane, opacity=position.opacity / STEPS)
    numbers: dict[str, Tensor] = {}
    for name, (kernel, bias) in merged.kernels().items():
        numbers |= {f"{name}.weight": kernel.contiguous(), f"{name}.bias": bias}
    made.load_state_dict(numbers)
    return made.eval().requires_grad_(False)
