"""Deblurring with a kernel that is not quite right, by two untrained networks taking turns with a
sparse correction.

"Uncertainty-Aware Unsupervised Image Deblurring with Deep Residual Prior", CVPR 2023, arXiv
2210.05361. With y the blurred picture, k the assumed kernel, I and R networks of fixed noise
(`skip_network`) and D the orthonormal cosine transform:

    minimise  mean |k * I + R + h - y|^2 + l1 |D h|_1 + l2 |R|_1 + l3 TV(I)

R (few pixels) is what the wrong kernel leaves over, h (few frequencies) the ringing of edges. A
step solves for h exactly and moves I and R by one step of Adam. As in the paper, and unlike its
released code, h is shrunk in the cosine transform and has no gradient. R's last layer starts at
zero; otherwise it takes up half of the picture before I has learnt any.

At the published l1 and l2, R shrinks to nearly nothing and h carries the residual. Without l3 the
picture is best after some 600 steps and then bends to fit the wrong kernel and the noise; a small
l3, which is a weight of ours on the paper's own term, holds it there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.layers import Array
from engine.restoration.deep_residual_params import Weights
from engine.restoration.degradations import transfer
from engine.restoration.skip_network import SkipNetwork

NOISE = 0.1
"""Both networks see uniform noise from 0 to this."""
KEPT = 0.99
"""Share of the running mean of pictures that a step keeps; before step 890 less, (1 + k)/(10 + k),
since a fit that stops early would still show what it started from."""
HALVED = (2000, 3000)
"""Steps at which both rates are halved."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Mean squares after a step's h: `data` of k * I + R + h - y, `unexplained` of k * I - y."""

    data: float
    unexplained: float


class Alternation:
    """The minimisation under way.

    `seen` is (C, H, W) float32, H and W multiples of `skip_network.MULTIPLE`, with periodic
    borders. `image`, `average`, `residual` and `ringing` are (C, H, W) of the last step, before
    its networks were moved.
    """

    def __init__(
        self, seen: Array, kernel: Array, rng: np.random.Generator, device: str = "cpu"
    ) -> None:
        channels, height, width = seen.shape
        self.device, self.step = device, 0
        self.seen = torch.tensor(seen[None], dtype=torch.float32, device=device)
        noises = rng.uniform(0, NOISE, (2, 1, 1, height, width))
        self._noises = torch.tensor(noises, dtype=torch.float32, device=device)
        self.theta = SkipNetwork(channels, rng).to(device)
        self.phi = SkipNetwork(channels, rng, silent=True).to(device)
        networks, fused = (self.theta, self.phi), device != "mps"
        self._optimisers = [torch.optim.Adam(n.parameters(), fused=fused) for n in networks]
        self._rows, self._columns = (cosines(n).to(device) for n in (height, width))
        self.image = self.average = torch.zeros_like(self.seen)
        self.residual = self.ringing = torch.zeros_like(self.seen)
        self.assume(kernel)

    def assume(self, kernel: Array) -> None:
        """Believe in this kernel from the next step on; the networks stay as they are."""
        spectrum = transfer(kernel, (self.seen.shape[2], self.seen.shape[3]))
        self._transfer = torch.tensor(spectrum, dtype=torch.complex64, device=self.device)

    def blurred(self, picture: Tensor) -> Tensor:
        """k * picture, with periodic borders."""
        spectrum = torch.fft.rfft2(picture) * self._transfer
        found: Tensor = torch.fft.irfft2(spectrum, s=picture.shape[-2:])
        return found

    def advance(self, weights: Weights) -> Terms:
        """One outer step."""
        with_residual = math.isfinite(weights.l2)
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)
        image = torch.sigmoid(self.theta(self._noises[0]))
        residual = self.phi(self._noises[1]) if with_residual else torch.zeros_like(self.seen)
        gap = self.blurred(image) - self.seen
        with torch.no_grad():
            ringing = self._shrunk(-gap - residual, weights.l1 * gap.numel() / 2)
        left = (gap + residual + ringing).square().mean()
        loss = left + weights.l3 * variation(image, weights.isotropic) if weights.l3 else left
        if with_residual:
            loss = loss + weights.l2 * residual.abs().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        slower = 0.5 ** sum(self.step >= at for at in HALVED)
        self._move(0, weights.rate * slower)
        if with_residual:
            self._move(1, weights.residual_rate * slower)
        self._keep(image.detach(), residual.detach(), ringing)
        return Terms(float(left.detach()), float(gap.detach().square().mean()))

    def _move(self, which: int, rate: float) -> None:
        optimiser = self._optimisers[which]
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()

    def _keep(self, image: Tensor, residual: Tensor, ringing: Tensor) -> None:
        self.image, self.residual, self.ringing = image, residual, ringing
        kept = min(KEPT, (1 + self.step) / (10 + self.step)) if self.step else 0.0
        self.average = torch.lerp(image, self.average, kept)
        self.step += 1

    def _shrunk(self, left: Tensor, threshold: float) -> Tensor:
        """The h that minimises mean |h - left|^2 + l1 |D h|_1: D^T soft(D left, l1 N / 2)."""
        c = self._rows @ left @ self._columns.T
        c = c.sign() * (c.abs() - threshold).clamp(min=0)
        return self._rows.T @ c @ self._columns


def cosines(n: int) -> Tensor:
    """The orthonormal cosine transform (DCT-II) of n numbers as a matrix (n, n), float32."""
    k, x = np.mgrid[0:n, 0:n]
    matrix = np.sqrt(2 / n) * np.cos(np.pi * k * (x + 0.5) / n)
    matrix[0] /= np.sqrt(2)
    return torch.tensor(matrix, dtype=torch.float32)


def variation(picture: Tensor, isotropic: bool) -> Tensor:
    """Mean length of the gradient (total variation), or twice its mean square."""
    down, right = picture[..., 1:, :] - picture[..., :-1, :], picture.diff(dim=-1)
    if not isotropic:
        return 2 * (down.square().mean() + right.square().mean())
    inner = down[..., :, :-1].square() + right[..., :-1, :].square()
    return (inner + 1e-8).sqrt().mean()
