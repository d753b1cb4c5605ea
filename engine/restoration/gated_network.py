"""The restoring network with gates: how its kernels answer to hyper-parameters.

"Self-Tuning Networks", arXiv 1903.03088, section 3.2, for convolutions: with hyper-parameters l
(k,), unconstrained, every output channel o has

    K_o(l) = s W_o + (V l)_o W'_o,    b_o(l) = s b_o + (C l)_o b'_o

which is one kernel at any l, so that the network costs what a plain one costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.restoration.networks import Shape, correction

Kernels: TypeAlias = Mapping[str, tuple[Tensor, Tensor]]
GATE = 0.01
"""Standard deviation of the gates' weights at the start."""


class GatedConvolution(nn.Module):
    """W, W' (outputs, inputs, side, side), b, b' (outputs,), V, C (outputs, k) and s."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        side: int,
        *,
        tuned: int,
        rng: np.random.Generator,
        gain: float = 1.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        bound = gain / math.sqrt(inputs * side * side)

        def uniform(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.from_numpy(rng.uniform(-bound, bound, shape)).to(dtype))

        def normal(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.from_numpy(GATE * rng.standard_normal(shape)).to(dtype))

        self.weight = uniform(outputs, inputs, side, side)
        self.answer = uniform(outputs, inputs, side, side)
        self.bias, self.bias_answer = uniform(outputs), uniform(outputs)
        self.gate, self.bias_gate = normal(outputs, tuned), normal(outputs, tuned)
        self.scale = nn.Parameter(torch.ones((), dtype=dtype))

    def merged(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """Kernel and bias at hyper-parameters (k,)."""
        kernel = self.scale * self.weight + (self.gate @ at)[:, None, None, None] * self.answer
        return kernel, self.scale * self.bias + (self.bias_gate @ at) * self.bias_answer


class GatedNetwork(nn.Module):
    """The network of `networks`, gated everywhere."""

    def __init__(self, shape: Shape, *, tuned: int, rng: np.random.Generator) -> None:
        super().__init__()
        self.shape, self.layers = shape, nn.ModuleDict()
        self._strides: dict[str, tuple[int, int]] = {}
        for name, (inputs, outputs, side, stride, gain) in shape.convolutions().items():
            self.layers[name.replace(".", "_")] = GatedConvolution(
                inputs, outputs, side, tuned=tuned, rng=rng, gain=gain
            )
            self._strides[name] = stride, side // 2 if stride == 1 else 0

    def merged(self, at: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """The plain network's kernels at hyper-parameters (k,)."""
        found = {}
        for name in self._strides:
            layer = self.layers[name.replace(".", "_")]
            assert isinstance(layer, GatedConvolution)
            found[name] = layer.merged(at)
        return found

    def restored(self, x: Tensor, kernels: Kernels) -> Tensor:
        """Pictures (B, C, H, W) by the plain network."""

        def convolve(name: str, h: Tensor) -> Tensor:
            return functional.conv2d(h, *kernels[name], *self._strides[name])

        return x + correction(x, convolve, self.shape.blocks)
