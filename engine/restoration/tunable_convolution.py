"""Convolutions whose kernel is a mixture of learnt kernels, mixed by what the sliders say.

A layer holds P kernels and P biases. A slider position omega in [0, 1]^p mixes them into one,
`K(omega) = sum_i c_i(omega) W_i`, before the convolution, so that a tunable network costs what a
plain one costs.

"Tunable Convolutions with Parametric Multi-Loss Optimization", CVPR 2023, arXiv 2304.00898; the
mode "mip" encodes positions as "Magnitude Invariant Parametrizations Improve Hypernetwork
Learning", arXiv 2304.07645, does.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

Mixing = Literal["linear", "mlp", "mip"]


def encoding(omega: Tensor, mixing: Mixing) -> Tensor:
    """What the coefficients are an affine function of, (..., p) to (..., q).

    "mip" has q = 2 p numbers, cos and sin of pi omega / 2: a vector of one length at every
    position, so that no end of a slider learns faster than the other. Otherwise q = p.
    """
    if mixing != "mip":
        return omega
    angle = omega * (math.pi / 2)
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


class TunableConvolution(nn.Module):
    """A two-dimensional convolution with P kernels of shape (outputs, inputs, side, side).

    Parameters
    ----------
    sliders : p, the length of omega
    kernels : P for "mlp", where it may be other than p
    mixing : "linear" takes the coefficients c = omega themselves (P = p); "mlp" an affine function
        of omega learnt by the layer; "mip" an affine function of its encoding, with one more
        kernel that is there at every position (P = 2 p + 1)
    gain : factor on the kernels at the start

    Kernels start as independent uniform draws of the usual variance, biases at zero and the
    affine map at the identity.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        side: int,
        *,
        sliders: int,
        mixing: Mixing,
        rng: np.random.Generator,
        stride: int = 1,
        gain: float = 1.0,
        kernels: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.mixing, self.stride = mixing, stride
        self.padding = side // 2 if stride == 1 else 0
        encoded = 2 * sliders if mixing == "mip" else sliders
        self.kernels = encoded + 1 if mixing == "mip" else encoded
        if mixing == "mlp" and kernels is not None:
            self.kernels = kernels
        bound = gain / math.sqrt(inputs * side * side)
        # Of the encoding's kernels and the constant one, both count at every position.
        bound /= math.sqrt(2.0) if mixing == "mip" else 1.0
        shape = (self.kernels, outputs, inputs, side, side)
        drawn = torch.from_numpy(rng.uniform(-bound, bound, shape)).to(dtype)
        self.weight = nn.Parameter(drawn)
        self.bias = nn.Parameter(torch.zeros(self.kernels, outputs, dtype=dtype))
        slope = torch.eye(self.kernels, encoded, dtype=dtype)
        offset = torch.zeros(self.kernels, dtype=dtype)
        offset[encoded:] = 1.0
        learnt = mixing != "linear"
        self.slope = nn.Parameter(slope, requires_grad=learnt)
        self.offset = nn.Parameter(offset, requires_grad=learnt)

    def coefficients(self, omega: Tensor) -> Tensor:
        """c(omega), (..., p) to (..., P)."""
        encoded = encoding(omega, self.mixing)
        if self.mixing == "linear":
            return encoded
        return encoded @ self.slope.T + self.offset

    def merged(self, omega: Tensor) -> tuple[Tensor, Tensor]:
        """Kernels (..., outputs, inputs, side, side) and biases (..., outputs) at positions
        (..., p)."""
        # Under autocast the mixing would be rounded to bfloat16, and the kernels with it.
        with torch.autocast(omega.device.type, enabled=False):
            c = self.coefficients(omega)
            kernel = (c @ self.weight.flatten(1)).reshape(*c.shape[:-1], *self.weight.shape[1:])
            return kernel, c @ self.bias

    def forward(self, x: Tensor, omega: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H', W'); omega (p,), or (B, p) for one per sample."""
        kernel, bias = self.merged(omega)
        if omega.ndim == 1:
            return functional.conv2d(x, kernel, bias, self.stride, self.padding)
        batch, inputs = x.shape[:2]
        grouped = x.reshape(1, batch * inputs, *x.shape[2:])
        y = functional.conv2d(
            grouped, kernel.flatten(0, 1), bias.flatten(), self.stride, self.padding, groups=batch
        )
        return y.reshape(batch, -1, *y.shape[2:])
