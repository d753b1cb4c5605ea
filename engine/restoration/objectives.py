"""What a restored picture is asked for, and the sum that the sliders weight.

Pictures are (B, C, H, W); every objective is a mean, so that patch and batch sizes do not matter.
arXiv 2304.00898, section 3: `L(theta; omega) = sum_i lambda_i omega_i L_i(f(x; omega), t_i)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Objective: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def squared(output: Tensor, target: Tensor) -> Tensor:
    """Mean squared error."""
    return (output - target).square().mean()


def charbonnier(output: Tensor, target: Tensor) -> Tensor:
    """A smooth mean absolute error."""
    return ((output - target).square() + 1e-6).sqrt().mean()


def relative(output: Tensor, target: Tensor, sigma: float) -> Tensor:
    """Root mean squared error in units of the noise (sigma + 0.02), so that little noise counts
    as much as a lot."""
    return (squared(output, target) + 1e-6).sqrt() / (sigma + 0.02)


def gradient_histogram(output: Tensor, target: Tensor, cell: int = 16) -> Tensor:
    """Distance between the sorted gradient magnitudes of both in every cell: as much texture as
    the target has, wherever in the cell it lies. H and W are multiples of `cell`."""
    one, other = _sorted_gradients(output, cell), _sorted_gradients(target, cell)
    return (one - other).abs().mean()


def band_energy(output: Tensor, target: Tensor, levels: int = 3, cell: int = 8) -> Tensor:
    """Distance between the logarithms of local energies in Laplacian bands of both."""
    found = [
        (one.log() - other.log()).abs().mean()
        for one, other in _band_energies(output, target, levels, cell)
    ]
    return torch.stack(found).mean()


def band_divergence(output: Tensor, target: Tensor, levels: int = 3, cell: int = 8) -> Tensor:
    """Itakura and Saito's divergence of the same energies, e' / e - log(e' / e) - 1.

    Where the energy e' cannot be told from what is seen, the distance of logarithms is least at
    its median, this at its mean: of a texture that noise hides, the median is too little.
    """
    found = []
    for one, other in _band_energies(output, target, levels, cell):
        ratio = other / one
        found.append((ratio - ratio.log() - 1).mean())
    return torch.stack(found).mean()


def _band_energies(
    output: Tensor, target: Tensor, levels: int, cell: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Means over cells of both, band by band, kept from zero."""
    for _ in range(levels):
        low_out, low_target = _smoothed(output), _smoothed(target)
        one, other = (
            functional.avg_pool2d((x - low).square(), cell) + 1e-4
            for x, low in ((output, low_out), (target, low_target))
        )
        yield one, other
        output = functional.avg_pool2d(low_out, 2)
        target = functional.avg_pool2d(low_target, 2)


def band_energies(x: Tensor, levels: int = 3) -> Tensor:
    """Mean squares (levels,) of Laplacian bands, the finest first."""
    found = []
    for _ in range(levels):
        low = _smoothed(x)
        found.append((x - low).square().mean())
        x = functional.avg_pool2d(low, 2)
    return torch.stack(found)


def weighted_sum(
    output: Tensor,
    targets: Sequence[Tensor],
    omega: Tensor,
    objectives: Sequence[Objective],
    scales: Sequence[float],
) -> Tensor:
    """The parametric multi-loss at one position omega (p,): p objectives, each with its target
    and its fixed scale."""
    terms = [
        scale * weight * objective(output, target)
        for objective, target, weight, scale in zip(objectives, targets, omega, scales, strict=True)
    ]
    return torch.stack(terms).sum()


def _sorted_gradients(x: Tensor, cell: int) -> Tensor:
    grey = x.mean(1, keepdim=True)
    down = functional.pad(grey[..., 1:, :] - grey[..., :-1, :], (0, 0, 0, 1))
    right = functional.pad(grey[..., :, 1:] - grey[..., :, :-1], (0, 1, 0, 0))
    size = (down.square() + right.square() + 1e-8).sqrt()
    cells = functional.unfold(size, cell, stride=cell)
    return cells.sort(dim=1).values


def _smoothed(x: Tensor) -> Tensor:
    weights = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=x.dtype, device=x.device) / 16
    kernel = (weights[:, None] * weights[None]).expand(x.shape[1], 1, 5, 5)
    padded = functional.pad(x, (2, 2, 2, 2), mode="reflect")
    return functional.conv2d(padded, kernel, groups=x.shape[1])
