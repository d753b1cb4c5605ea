"""A fitted solution as plain arrays: sums of Gaussians, with or without a network behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.pde import jets
from engine.pde.cloud import Cloud
from engine.pde.gaussian_lattice import within
from engine.pde.jets import Orders
from engine.pde.problem import Floats

DEAD = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Clouds with weights (N, q) each, whose q sums side by side are features; the network (w1, b1,
    w2, b2) reads them, or they are added to one unknown (`added`), or are the unknowns. With
    `pieces`, their ends (K + 1,) along an axis, each cloud holds between two ends alone."""

    clouds: tuple[Cloud, ...]
    weights: tuple[Floats, ...]
    network: tuple[Floats, Floats, Floats, Floats] | None = None
    added: bool = False
    pieces: tuple[Floats, int] | None = None

    @property
    def size(self) -> float:
        """How many numbers describe it: centres, widths or factors, weights, and the network's."""
        clouds = sum(
            c.centres.size + (c.widths.size if c.factor is None else c.factor.size)
            for c in self.clouds
        )
        behind = sum(part.size for part in self.network or ())
        return float(clouds + sum(w.size for w in self.weights) + behind)

    def on_grid(self, axes: Sequence[Floats], wanted: Sequence[Orders]) -> dict[Orders, Floats]:
        """Derivatives (P, m) on all points of a grid, the last axis running fastest."""
        if self.pieces is not None:
            return self._grid_in_pieces(axes, wanted, *self.pieces)
        orders = jets.closure(wanted) if self.network else tuple(wanted)
        parts = [c.on_grid(axes, w, orders) for c, w in zip(self.clouds, self.weights, strict=True)]
        return self._after(parts, wanted)

    def at(self, x: Floats, wanted: Sequence[Orders]) -> dict[Orders, Floats]:
        """Derivatives (P, m) at points x (P, d)."""
        if self.pieces is not None:
            return self._places_in_pieces(x, wanted, *self.pieces)
        orders = jets.closure(wanted) if self.network else tuple(wanted)
        parts = [c.sums(x, w, orders) for c, w in zip(self.clouds, self.weights, strict=True)]
        return self._after(parts, wanted)

    def _places_in_pieces(
        self, x: Floats, wanted: Sequence[Orders], ends: Floats, axis: int
    ) -> dict[Orders, Floats]:
        found = {o: np.zeros((len(x), self.weights[0].shape[1])) for o in wanted}
        for k, rows in enumerate(within(x[:, axis], ends)):
            if len(rows):
                part = self.clouds[k].sums(x[rows], self.weights[k], tuple(wanted))
                for orders in wanted:
                    found[orders][rows] = part[orders]
        return found

    def _grid_in_pieces(
        self, axes: Sequence[Floats], wanted: Sequence[Orders], ends: Floats, axis: int
    ) -> dict[Orders, Floats]:
        shape = tuple(len(a) for a in axes)
        m = self.weights[0].shape[1]
        found = {o: np.zeros((*shape, m)) for o in wanted}
        for k, rows in enumerate(within(axes[axis], ends)):
            if not len(rows):
                continue
            some = [a[rows] if j == axis else a for j, a in enumerate(axes)]
            part = self.clouds[k].on_grid(some, self.weights[k], tuple(wanted))
            place = (slice(None),) * axis + (rows,)
            for orders in wanted:
                found[orders][place] = part[orders].reshape(*(len(a) for a in some), m)
        return {o: v.reshape(-1, m) for o, v in found.items()}

    def _after(
        self, parts: Sequence[dict[Orders, Floats]], wanted: Sequence[Orders]
    ) -> dict[Orders, Floats]:
        found = {o: np.hstack([p[o] for p in parts]) for o in parts[0]}
        if self.network is not None:
            w1, b1, w2, b2 = self.network
            found = jets.linear(jets.tanh(jets.linear(found, w1, b1), np.tanh), w2, b2)
        elif self.added:
            found = {o: v.sum(axis=1, keepdims=True) for o, v in found.items()}
        return {o: found[o] for o in wanted}

    def spread(self, by: float) -> Solution:
        """All widths times a number."""
        return replace(self, clouds=tuple(c.scaled(by) for c in self.clouds)) if by != 1 else self

    def without_faint(self, share: float) -> Solution:
        """Gaussians of less than this share of the largest weight switched off."""
        if share == 0:
            return self
        largest = max(float(np.abs(w).max(initial=0.0)) for w in self.weights)
        kept = [np.where(np.abs(w).max(axis=1, keepdims=True) < share * largest, 0.0, w)
                for w in self.weights]  # fmt: skip
        return replace(self, weights=tuple(kept))

    def dead(self, axes: Sequence[Floats]) -> float:
        """Share of Gaussians that nowhere in the box add more than 1e-8 of the largest addition."""
        low = np.array([a[0] for a in axes])
        high = np.array([a[-1] for a in axes])
        most = []
        for cloud, weights in zip(self.clouds, self.weights, strict=True):
            # A Gaussian is largest at the place of the box nearest to its centre.
            gap = (np.clip(cloud.centres, low, high) - cloud.centres) / cloud.widths
            most.append(np.abs(weights).max(axis=1) * np.exp(-0.5 * (gap**2).sum(axis=1)))
        reach = np.concatenate(most)
        return float(np.mean(reach < DEAD * reach.max())) if reach.max() > 0 else 1.0
