"""The restoring network: a small U whose every convolution is tunable, and its merged form.

At half resolution the picture passes a residual block, goes down once more through `blocks`
residual blocks, comes back, and passes another; what comes out is added to the picture. No layer
looks at the whole picture, so tiles with a margin of `HALO` pixels agree with the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.restoration.tunable_convolution import Mixing, TunableConvolution, encoding

MULTIPLE = 4
"""Heights and widths that the network takes are multiples of this."""
HALO = 32
"""Pixels around a tile that its inside depends on, for two blocks."""

Convolve: TypeAlias = Callable[[str, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network: colour channels, width at half and at quarter resolution, and residual
    blocks at the quarter; `planes` further ones beside the picture's at half resolution, and the
    width inside residual blocks in units of that outside."""

    channels: int
    width: int
    deep_width: int
    blocks: int = 2
    planes: int = 0
    inner: int = 1

    @property
    def halo(self) -> int:
        """Pixels around a tile that its inside depends on, a multiple of `MULTIPLE`."""
        return HALO + 8 * max(0, self.blocks - 2)

    def convolutions(self) -> dict[str, tuple[int, int, int, int, float]]:
        """Name to (inputs, outputs, side, stride, gain at the start), in order."""
        c, d, folded = self.width, self.deep_width, 4 * self.channels
        ci, di, seen = self.inner * c, self.inner * d, folded + self.planes
        found: dict[str, tuple[int, int, int, int, float]] = {"first": (seen, c, 3, 1, 1.0)}
        found |= {"enter.a": (c, ci, 3, 1, 1.0), "enter.b": (ci, c, 3, 1, 0.5)}
        found["down"] = (c, d, 2, 2, 1.0)
        for k in range(self.blocks):
            found |= {f"deep{k}.a": (d, di, 3, 1, 1.0), f"deep{k}.b": (di, d, 3, 1, 0.5)}
        found["up"] = (d, 4 * c, 1, 1, 1.0)
        found |= {"leave.a": (c, ci, 3, 1, 1.0), "leave.b": (ci, c, 3, 1, 0.5)}
        found["last"] = (c, folded, 3, 1, 0.1)
        return found


SHAPES: Mapping[str, Shape] = {
    "nano-colour": Shape(3, 16, 32),
    "live-colour": Shape(3, 16, 48),
    "fine-colour": Shape(3, 32, 64),
    "nano-grey": Shape(1, 16, 32),
    "live-grey": Shape(1, 16, 48),
    "fine-grey": Shape(1, 32, 64),
}


def correction(x: Tensor, convolve: Convolve, blocks: int, plane: Tensor | None = None) -> Tensor:
    """What is to be added to pictures (B, C, H, W), H and W multiples of 4; `plane` (B, k, H / 2,
    W / 2) is seen beside them."""

    def residual(name: str, h: Tensor) -> Tensor:
        inner = functional.relu(convolve(f"{name}.a", h))
        return h + convolve(f"{name}.b", inner)

    folded = functional.pixel_unshuffle(x, 2)
    if plane is not None:
        folded = torch.cat([folded, plane], dim=1)
    wide = residual("enter", convolve("first", folded))
    deep = convolve("down", wide)
    for k in range(blocks):
        deep = residual(f"deep{k}", deep)
    wide = wide + functional.pixel_shuffle(convolve("up", deep), 2)
    return functional.pixel_shuffle(convolve("last", residual("leave", wide)), 2)


class TunableNetwork(nn.Module):
    """The network with all its kernels, as it is trained."""

    def __init__(
        self,
        shape: Shape,
        *,
        sliders: int,
        mixing: Mixing,
        rng: np.random.Generator,
        kernels: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.shape, self.sliders, self.mixing = shape, sliders, mixing
        self.layers = nn.ModuleDict()
        self._strides: dict[str, tuple[int, int]] = {}
        for name, (inputs, outputs, side, stride, gain) in shape.convolutions().items():
            made = TunableConvolution(
                inputs, outputs, side, stride=stride, gain=gain, sliders=sliders, mixing=mixing,
                rng=rng, kernels=kernels, dtype=dtype,
            )  # fmt: skip
            self.layers[_key(name)] = made
            self._strides[name] = (made.stride, made.padding)

    def forward(self, x: Tensor, omega: Tensor, plane: Tensor | None = None) -> Tensor:
        """Pictures (B, C, H, W) at one position (p,), or at G positions (G, p) of which each has
        the next B / G pictures."""
        merged = {name: self.convolution(name).merged(omega) for name in self._strides}
        if omega.ndim == 1:
            return self.convolved(x, merged, plane)
        parts = [
            self.convolved(part, {name: (k[g], b[g]) for name, (k, b) in merged.items()})
            for g, part in enumerate(x.chunk(len(omega)))
        ]
        return torch.cat(parts)

    def convolved(
        self, x: Tensor, kernels: Mapping[str, tuple[Tensor, Tensor]], plane: Tensor | None = None
    ) -> Tensor:
        """Pictures through a plain network with these kernels and biases."""

        def convolve(name: str, h: Tensor) -> Tensor:
            stride, padding = self._strides[name]
            return functional.conv2d(h, *kernels[name], stride, padding)

        return x + correction(x, convolve, self.shape.blocks, plane).to(x.dtype)

    def convolution(self, name: str) -> TunableConvolution:
        """The layer of a name of `Shape.convolutions`."""
        found = self.layers[_key(name)]
        assert isinstance(found, TunableConvolution)
        return found


class MergedNetwork:
    """The plain network that a tunable one is at one position; `at` moves it in place.

    Only the mixing of kernels is done again when a slider moves; the convolutions then cost what
    those of a network without sliders cost. `dtype` is that of the convolutions; what they find
    is added to the picture in float32. The network's numbers are copied: one product per layer
    writes its kernel and bias where the convolution reads them.
    """

    def __init__(self, network: TunableNetwork, dtype: torch.dtype = torch.float32) -> None:
        self.shape, self.sliders, self.dtype = network.shape, network.sliders, dtype
        self._mixing = network.mixing
        layers = {name: network.convolution(name) for name in network.shape.convolutions()}
        self._slopes = torch.stack([layer.slope.detach() for layer in layers.values()])
        self._offsets = torch.stack([layer.offset.detach() for layer in layers.values()])
        self._banks = [_bank(layer) for layer in layers.values()]
        sizes = [bank.shape[1] for bank in self._banks]
        self._mixed = torch.empty(sum(sizes), dtype=self._slopes.dtype)
        self._parts = torch.split(self._mixed, sizes)
        self._rounded = self._mixed if dtype == self._mixed.dtype else self._mixed.to(dtype)
        self._strides = {name: (layer.stride, layer.padding) for name, layer in layers.items()}
        self._kernels = {
            name: _views(part, layer)
            for (name, layer), part in zip(
                layers.items(), torch.split(self._rounded, sizes), strict=True
            )
        }

    @torch.no_grad()
    def at(self, omega: Tensor) -> None:
        """Merge the kernels at a position (p,)."""
        encoded = encoding(omega, self._mixing)
        coefficients = self._slopes @ encoded + self._offsets
        for c, bank, part in zip(coefficients, self._banks, self._parts, strict=True):
            torch.mv(bank.T, c, out=part)
        if self._rounded is not self._mixed:
            self._rounded.copy_(self._mixed)

    @torch.inference_mode()
    def __call__(self, x: Tensor, plane: Tensor | None = None) -> Tensor:
        """Pictures (B, C, H, W), H and W multiples of 4, at the merged position."""

        def convolve(name: str, h: Tensor) -> Tensor:
            stride, padding = self._strides[name]
            return functional.conv2d(h, *self._kernels[name], stride, padding)

        x = x.contiguous(memory_format=torch.channels_last)
        seen = x.to(self.dtype)
        beside = None if plane is None else plane.to(self.dtype)
        return x + correction(seen, convolve, self.shape.blocks, beside).to(x.dtype)

    def kernels(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Copies of the merged kernels and biases by name, float32."""
        return {n: (k.float().clone(), b.float().clone()) for n, (k, b) in self._kernels.items()}


def _bank(layer: TunableConvolution) -> Tensor:
    """Kernels and biases of a layer in one (P, n), a kernel's channels last."""
    kernels = layer.weight.detach().permute(0, 1, 3, 4, 2).flatten(1)
    return torch.cat([kernels, layer.bias.detach()], dim=1)


def _views(part: Tensor, layer: TunableConvolution) -> tuple[Tensor, Tensor]:
    """Kernel and bias in a row (n,) of such a bank."""
    _, outputs, inputs, height, width = layer.weight.shape
    kernel = part[:-outputs].view(outputs, height, width, inputs).permute(0, 3, 1, 2)
    return kernel, part[-outputs:]


def _key(name: str) -> str:
    return name.replace(".", "_")
