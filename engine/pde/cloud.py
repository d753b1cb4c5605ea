"""Gaussians in a box with all their derivatives in closed form, on points and on grids.

    g(x) = exp(-1/2 sum_j z_j^2),  z_j = (x_j - mu_j) / sigma_j
    d^n g / dx_j^n = (-1)^n He_n(z_j) / sigma_j^n g

Without rotation a Gaussian is a product over axes, and so is every derivative; on a grid the sum
over Gaussians then is a product of small matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from engine.pde.problem import Floats

AT_ONCE = 4_000_000
"""Entries of a matrix of points by Gaussians formed at once where only its sums are wanted."""


def hermite(z: Floats, order: int) -> Floats:
    """(-1)^n He_n(z), by which a Gaussian is multiplied when it is differentiated n times."""
    match order:
        case 0:
            return np.ones_like(z)
        case 1:
            return -z
        case 2:
            return z * z - 1
        case 3:
            return (3 - z * z) * z
        case 4:
            square = z * z
            return (square - 6) * square + 3
    raise ValueError(f"No derivative of order {order}.")


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Centres and widths (N, d) in the problem's coordinates; `factor` (N, d, d) is None for axes
    along the box, otherwise the precision is L L^T and widths are not used."""

    centres: Floats
    widths: Floats
    factor: Floats | None = None

    def __len__(self) -> int:
        return len(self.centres)

    def scaled(self, by: float) -> Cloud:
        """All widths times a number."""
        factor = None if self.factor is None else self.factor / by
        return Cloud(self.centres, self.widths * by, factor)

    def matrices(
        self, x: Floats, wanted: Sequence[tuple[int, ...]]
    ) -> dict[tuple[int, ...], Floats]:
        """Each wanted derivative of each Gaussian at points x (P, d), as matrices (P, N)."""
        if self.factor is not None:
            return self._turned(x, wanted)
        d = x.shape[1]
        z = [(x[:, j, None] - self.centres[:, j]) / self.widths[:, j] for j in range(d)]
        value = np.exp(-0.5 * reduce(np.add, [zj * zj for zj in z]))
        found = {}
        for orders in wanted:
            matrix = value
            for j, n in enumerate(orders):
                if n:
                    matrix = matrix * (hermite(z[j], n) / self.widths[:, j] ** n)
            found[orders] = matrix
        return found

    def _turned(
        self, x: Floats, wanted: Sequence[tuple[int, ...]]
    ) -> dict[tuple[int, ...], Floats]:
        assert self.factor is not None
        precision = np.einsum("nij,nkj->nik", self.factor, self.factor)
        gap = x[:, None, :] - self.centres
        q = np.einsum("nij,pnj->pni", precision, gap)
        value = np.exp(-0.5 * np.einsum("pni,pni->pn", q, gap))
        found = {}
        for orders in wanted:
            axes = [j for j, n in enumerate(orders) for _ in range(n)]
            if not axes:
                found[orders] = value
            elif len(axes) == 1:
                found[orders] = -q[..., axes[0]] * value
            else:
                a, b = axes
                found[orders] = (q[..., a] * q[..., b] - precision[:, a, b]) * value
        return found

    def sums(
        self, x: Floats, weights: Floats, wanted: Sequence[tuple[int, ...]]
    ) -> dict[tuple[int, ...], Floats]:
        """Derivatives of sum_i w_i g_i at points x (P, d), for weights (N, m): arrays (P, m)."""
        step = max(1, AT_ONCE // max(1, len(self)))
        parts: dict[tuple[int, ...], list[Floats]] = {o: [] for o in wanted}
        for first in range(0, len(x), step):
            for orders, matrix in self.matrices(x[first : first + step], wanted).items():
                parts[orders].append(matrix @ weights)
        return {o: np.concatenate(p) for o, p in parts.items()}

    def on_grid(
        self, axes: Sequence[Floats], weights: Floats, wanted: Sequence[tuple[int, ...]]
    ) -> dict[tuple[int, ...], Floats]:
        """As `sums` on all points of a grid, the last axis running fastest."""
        if self.factor is not None:
            mesh = np.meshgrid(*axes, indexing="ij")
            return self.sums(np.column_stack([m.ravel() for m in mesh]), weights, wanted)
        lines = [self._lines(axis, j, {o[j] for o in wanted}) for j, axis in enumerate(axes)]
        found = {}
        for orders in wanted:
            first, *rest = (lines[j][n] for j, n in enumerate(orders))
            others = reduce(lambda a, b: (a[:, None, :] * b[None]).reshape(-1, len(self)), rest) \
                if rest else None  # fmt: skip
            columns = []
            for w in weights.T:
                columns.append((first * w).sum(axis=1) if others is None
                               else ((first * w) @ others.T).ravel())  # fmt: skip
            found[orders] = np.column_stack(columns)
        return found

    def _lines(self, axis: Floats, j: int, orders: set[int]) -> Mapping[int, Floats]:
        z = (axis[:, None] - self.centres[:, j]) / self.widths[:, j]
        value = np.exp(-0.5 * z * z)
        return {n: value * hermite(z, n) / self.widths[:, j] ** n for n in orders}
