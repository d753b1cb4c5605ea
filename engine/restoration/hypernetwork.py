"""Weights of a small network as a function of slider positions.

"Magnitude Invariant Parametrizations Improve Hypernetwork Learning", arXiv 2304.07645. A
hypernetwork without biases is homogeneous: fed with gamma, it predicts weights as large as gamma,
and slider positions near 0 learn slowest. Fed with

    E(gamma) = [cos(pi gamma / 2), sin(pi gamma / 2)],   |E| = 1 for each slider,

all positions count alike. What it predicts is added to weights of their own,
theta = theta_0 + h(E(gamma)), which start as the network's would without sliders.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.restoration import tunable_convolution
from engine.restoration.networks import Shape, correction

Encoding = Literal["magnitude invariant", "plain"]
SLOPE = 0.01
MOST_WEIGHTS = 20_000
"""A network of more weights would need a last layer of millions."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A tensor of the network: its shape, and a factor on its size at the start."""

    shape: tuple[int, ...]
    gain: float = 1.0

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def fan_in(self) -> int:
        return math.prod(self.shape[1:])


class HyperNetwork(nn.Module):
    """Slider positions (..., p) in [0, 1] to tensors by name, with the same leading axes.

    Hidden layers start as He et al. do for the fan out, and so do the rows that predict kernels:
    they and all others are one linear layer, whose fan out is every weight of the network. All
    biases and the rows that predict biases start at zero.
    """

    def __init__(
        self,
        tensors: Mapping[str, Predicted],
        *,
        sliders: int,
        encoding: Encoding,
        hidden: Sequence[int],
        rng: np.random.Generator,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.tensors, self.encoding = dict(tensors), encoding
        widths = [2 * sliders if encoding == "magnitude invariant" else sliders, *hidden]
        scale = math.sqrt(2 / (1 + SLOPE**2))

        def normal(rows: int, columns: int, std: float) -> Tensor:
            return torch.from_numpy(std * rng.standard_normal((rows, columns))).to(dtype)

        self.weights = nn.ParameterList(
            normal(after, before, scale / math.sqrt(after))
            for before, after in itertools.pairwise(widths)
        )
        self.biases = nn.ParameterList(torch.zeros(w, dtype=dtype) for w in hidden)
        rows, starts = [], []
        # As in the released library (JJGO/hyperlight, `FullyConnectedNet.reset_parameters`): no
        # activation follows, and what comes back from all the weights is summed. Larger changes,
        # as if each tensor were a layer of its own, spoil what the weights' own start is for.
        outward = 1 / math.sqrt(sum(t.count for t in self.tensors.values()))
        for tensor in self.tensors.values():
            kernel = len(tensor.shape) > 1
            std = tensor.gain * outward if kernel else 0.0
            rows.append(normal(tensor.count, widths[-1], std))
            bound = tensor.gain / math.sqrt(tensor.fan_in) if kernel else 0.0
            starts.append(torch.from_numpy(rng.uniform(-bound, bound, tensor.count)).to(dtype))
        self.last = nn.Parameter(torch.cat(rows))
        self.own = nn.Parameter(torch.cat(starts))

    def encoded(self, omega: Tensor) -> Tensor:
        """E(omega), or omega itself."""
        mip = self.encoding == "magnitude invariant"
        return tunable_convolution.encoding(omega, "mip") if mip else omega

    def change(self, omega: Tensor) -> Tensor:
        """theta - theta_0, (..., p) to (..., n), every tensor one after the other."""
        h = self.encoded(omega)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            h = functional.leaky_relu(h @ weight.T + bias, SLOPE)
        return h @ self.last.T

    def forward(self, omega: Tensor) -> dict[str, Tensor]:
        theta = self.own + self.change(omega)
        parts = torch.split(theta, [t.count for t in self.tensors.values()], dim=-1)
        return {
            name: part.reshape(*omega.shape[:-1], *tensor.shape)
            for (name, tensor), part in zip(self.tensors.items(), parts, strict=True)
        }


class PredictedNetwork(nn.Module):
    """The restoring network (`networks`), its weights predicted."""

    def __init__(
        self,
        shape: Shape,
        *,
        sliders: int,
        encoding: Encoding,
        hidden: Sequence[int],
        rng: np.random.Generator,
    ) -> None:
        super().__init__()
        self.shape, tensors = shape, {}
        self._strides: dict[str, tuple[int, int]] = {}
        for name, (inputs, outputs, side, stride, gain) in shape.convolutions().items():
            tensors[f"{name}.weight"] = Predicted((outputs, inputs, side, side), gain)
            tensors[f"{name}.bias"] = Predicted((outputs,))
            self._strides[name] = stride, side // 2 if stride == 1 else 0
        count = sum(t.count for t in tensors.values())
        if count > MOST_WEIGHTS:
            raise ValueError(f"{count} weights are too many to predict.")
        self.hyper = HyperNetwork(
            tensors, sliders=sliders, encoding=encoding, hidden=hidden, rng=rng
        )

    def forward(self, x: Tensor, omega: Tensor) -> Tensor:
        """Pictures (B, C, H, W) at a position (p,), or at G positions (G, p) of which each has the
        next B / G pictures."""
        if omega.ndim == 1:
            return self.restored(x, self.hyper(omega))
        parts = zip(x.chunk(len(omega)), omega, strict=True)
        return torch.cat([self.restored(part, self.hyper(at)) for part, at in parts])

    def restored(self, x: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
        """Pictures (B, C, H, W) by the plain network of these weights."""

        def convolve(name: str, h: Tensor) -> Tensor:
            kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
            return functional.conv2d(h, kernel, bias, *self._strides[name])

        return x + correction(x, convolve, self.shape.blocks)
