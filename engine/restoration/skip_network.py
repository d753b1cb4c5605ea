"""An untrained network that prefers pictures to noise: an hourglass with skips, one per fit.

Ulyanov, Vedaldi and Lempitsky, "Deep Image Prior" (CVPR 2018): weights fitted to a single spoilt
picture reach its structure long before its noise. Sizes are those that "Deep Residual Prior"
(arXiv 2210.05361) uses for both of its networks.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (8, 16, 32, 64, 128)
"""Channels at half, quarter, ... resolution."""
SKIPPED = 4
"""Channels that go past each scale."""
SLOPE = 0.2
MULTIPLE = 2 ** len(WIDTHS)
"""Heights and widths that the network takes are multiples of this, and at least twice it: a
normalisation of one pixel is none."""


class SkipNetwork(nn.Module):
    """Noise (1, 1, H, W) to a picture (1, outputs, H, W), without a last nonlinearity.

    Kernels start uniform within 1 / sqrt(fan in), or, if `silent`, the last of them at zero.
    Normalisations always use the picture's own mean and variance.
    """

    def __init__(self, outputs: int, rng: np.random.Generator, *, silent: bool = False) -> None:
        super().__init__()
        self.scales = nn.ModuleList()
        inputs = 1
        for k, width in enumerate(WIDTHS):
            deeper = WIDTHS[k + 1] if k + 1 < len(WIDTHS) else width
            self.scales.append(_Scale(inputs, width, deeper, rng))
            inputs = width
        self.last = nn.Conv2d(WIDTHS[0], outputs, 1)
        _draw(self.last, rng)
        if silent:
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]
        # The order of channels in memory that convolutions of few channels are quickest in.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, noise: Tensor) -> Tensor:
        noise = noise.contiguous(memory_format=torch.channels_last)
        found: Tensor = self.last(self._from(0, noise))
        return found

    def _from(self, k: int, x: Tensor) -> Tensor:
        """What scale `k` and those below it make of x."""
        scale = self.scales[k]
        assert isinstance(scale, _Scale)
        deep = scale.down(x)
        if k + 1 < len(WIDTHS):
            deep = self._from(k + 1, deep)
        return scale.up(x, deep)


class _Scale(nn.Module):
    """Down to half the size, and back up beside what was skipped."""

    def __init__(self, inputs: int, width: int, deeper: int, rng: np.random.Generator) -> None:
        super().__init__()
        self.skip = _Block(inputs, SKIPPED, 1, rng)
        self.halve = _Block(inputs, width, 3, rng, stride=2)
        self.onward = _Block(width, width, 3, rng)
        self.norm = _norm(SKIPPED + deeper)
        self.merge = _Block(SKIPPED + deeper, width, 3, rng)
        self.mix = _Block(width, width, 1, rng)

    def down(self, x: Tensor) -> Tensor:
        found: Tensor = self.onward(self.halve(x))
        return found

    def up(self, x: Tensor, deep: Tensor) -> Tensor:
        wide = functional.interpolate(deep, scale_factor=2, mode="bilinear", align_corners=True)
        found: Tensor = self.mix(self.merge(self.norm(torch.cat([self.skip(x), wide], 1))))
        return found


class _Block(nn.Module):
    """Convolution with mirrored borders, normalisation, leaky ReLU.

    The convolution has no bias: the normalisation would take it away again.
    """

    def __init__(
        self, inputs: int, outputs: int, side: int, rng: np.random.Generator, stride: int = 1
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, side, stride, bias=False)
        self.norm = _norm(outputs)
        self.margin = side // 2
        _draw(self.convolution, rng)

    def forward(self, x: Tensor) -> Tensor:
        if self.margin:
            x = functional.pad(x, (self.margin,) * 4, mode="reflect")
        return functional.leaky_relu_(self.norm(self.convolution(x)), SLOPE)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, track_running_stats=False)


@torch.no_grad()
def _draw(convolution: nn.Conv2d, rng: np.random.Generator) -> None:
    outputs, inputs, side, _ = convolution.weight.shape
    bound = 1 / math.sqrt(inputs * side * side)
    drawn = rng.uniform(-bound, bound, (outputs, inputs, side, side))
    convolution.weight.copy_(torch.from_numpy(drawn))
    if convolution.bias is not None:
        convolution.bias.copy_(torch.from_numpy(rng.uniform(-bound, bound, outputs)))
