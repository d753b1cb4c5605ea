"""Gaussian densities with covariance diag(lambda) + C C^T, by a k x k Cholesky factor alone.

    r = s - mu,  S = I + C^T lambda^-1 C,  t = C^T lambda^-1 r
    log N = -(n log 2 pi + log |S| + sum log lambda + r^T lambda^-1 r - t^T S^-1 t) / 2

(the lemma of Woodbury and that of the determinant).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def log_density(sample: Tensor, mean: Tensor, variance: Tensor, factor: Tensor) -> Tensor:
    """Log density (S,) of samples (S, n), with diagonal (S, n) and factor (S, n, k), k >= 0."""
    import torch

    gap = sample - mean
    found = (gap.square() / variance + variance.log()).sum(1) + gap.shape[1] * math.log(2 * math.pi)
    k = factor.shape[2]
    if k:
        scaled = factor / variance[:, :, None]
        inner = factor.transpose(1, 2) @ scaled
        root = torch.linalg.cholesky(inner + torch.eye(k, dtype=inner.dtype, device=inner.device))
        along = (scaled * gap[:, :, None]).sum(1)
        turned = torch.linalg.solve_triangular(root, along[:, :, None], upper=False)[:, :, 0]
        found = found - turned.square().sum(1)
        found = found + 2 * root.diagonal(dim1=1, dim2=2).log().sum(1)
    return -0.5 * found


def sample(
    mean: Tensor, spread: Tensor, factor: Tensor, own: Tensor, shared: Tensor
) -> Tensor:  # fmt: skip
    """mean + spread e1 + C e2 (S, n), from e1 (S, n) and e2 (S, k); spread is the square root of
    the diagonal."""
    found: Tensor = mean + spread * own
    if factor.shape[2]:
        found = found + (factor * shared[:, None, :]).sum(2)
    return found
