"""Sums of moving Gaussians with derivatives, in torch: the features of PIG, arXiv 2412.05994.

    f_k = sum_i w_ki g_ki,   g = exp(-1/2 (x - mu)^T L (x - mu)),   q = L (x - mu)
    d_j f = -sum G q_j,      d_jl f = sum G (q_j q_l - L_jl),       G = w g

q is affine in x, so that every sum over Gaussians is one matrix product of g with moments; one
exponential per point and Gaussian serves all derivatives, and autograd by place is not needed.
Expanding the squares costs digits that float64 has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from engine.pde.jets import Orders

if TYPE_CHECKING:
    from torch import Tensor


def features(
    x: Tensor, centres: Tensor, precision: Tensor, weights: Tensor, wanted: Sequence[Orders]
) -> dict[Orders, Tensor]:
    """The wanted derivatives of the K features at places x (P, d), as tensors (P, K).

    Parameters
    ----------
    centres : (K, N, d)
    precision : (K, N, d) for Gaussians along the axes, (K, N, d, d) for turned ones
    weights : (K, N); (K, K2, N) mixes shared Gaussians, of which K is 1, to K2 features
    """
    import torch

    terms = _terms(centres, precision)
    one = torch.ones_like(x[:, 0])
    basis = [*x.T, one]
    left, right = [], []
    for j, axis in enumerate(terms):
        for place, a in axis:
            left += [basis[j] * basis[place], basis[place]]
            right += [a, -centres[..., j] * a]
    bumps = torch.exp(-0.5 * (torch.stack(left, 1) @ torch.stack(right, 1)))
    shared = weights.ndim == 3
    mixed = weights if shared else weights[:, None, :]
    recipes, moments = _recipes(wanted, terms, precision, basis)
    # One product for all moments: the matrix of bumps is read once.
    columns = torch.cat([mixed if m is None else mixed * m[:, None, :] for m in moments], dim=1)
    sums = bumps @ columns.transpose(1, 2)
    width = mixed.shape[1]

    # Split once: every slice of its own would cost a zero-filled gradient.
    split: Sequence[Tensor] = torch.tensor_split(sums, sums.shape[2] // width, dim=2)

    def total(k: int) -> Tensor:
        return split[k][0] if shared else split[k][..., 0].T

    found: dict[Orders, Tensor] = {}
    for orders, recipe in recipes.items():
        parts = [total(k) if factor is None else factor[:, None] * total(k) for factor, k in recipe]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole + part
        found[orders] = -whole if sum(orders) == 1 else whole
    return found


_Recipe: TypeAlias = "list[tuple[Tensor | None, int]]"


def _recipes(
    wanted: Sequence[Orders],
    terms: list[list[tuple[int, Tensor]]],
    precision: Tensor,
    basis: list[Tensor],
) -> tuple[dict[Orders, _Recipe], list[Tensor | None]]:
    """Each derivative as a sum of place factors times moments, and the moments (K, N)."""
    moments: list[Tensor | None] = []
    recipes: dict[Orders, _Recipe] = {}

    def column(moment: Tensor | None) -> int:
        moments.append(moment)
        return len(moments) - 1

    for orders in wanted:
        axes = [j for j, n in enumerate(orders) for _ in range(n)]
        if not axes:
            recipes[orders] = [(None, column(None))]
        elif len(axes) == 1:
            recipes[orders] = [(basis[p], column(a)) for p, a in terms[axes[0]]]
        else:
            j, k = axes
            recipes[orders] = [(basis[p] * basis[q], column(a * b))
                               for p, a in terms[j] for q, b in terms[k]]  # fmt: skip
            entry = _entry(precision, j, k)
            if entry is not None:
                recipes[orders].append((None, column(-entry)))
    return recipes, moments


def _terms(centres: Tensor, precision: Tensor) -> list[list[tuple[int, Tensor]]]:
    """q_j as a sum over (number of the coordinate, or d for 1; its factor (K, N))."""
    d = centres.shape[-1]
    if precision.ndim == centres.ndim:
        return [[(j, precision[..., j]), (d, -precision[..., j] * centres[..., j])]
                for j in range(d)]  # fmt: skip
    shift = (precision @ centres[..., None])[..., 0]
    return [[*((k, precision[..., j, k]) for k in range(d)), (d, -shift[..., j])]
            for j in range(d)]  # fmt: skip


def _entry(precision: Tensor, j: int, k: int) -> Tensor | None:
    if precision.ndim == 3:
        return precision[..., j] if j == k else None
    return precision[..., j, k]
