"""Training of the inverse network alone, once the forward one is good.

Of the ELBO (`engine.pde.elbo`) only log q_inverse(z | N, X) holds the inverse network. With the
forward network at rest its mean over draws is climbed alone: no derivative in x is needed, so that
a step is cheap and holds many draws. The number of places is drawn for every step, evenly in its
logarithm; fewer places make room for more draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from engine.device import torch_rng
from engine.pde import gicnet
from engine.pde.elbo import FEWEST, Draw, Elbo, tensors
from engine.pde.family import Family
from engine.pde.forward import Arrays

MOST = 225
"""Places that a draw has at most."""
AT_ONCE = 6000
"""Places of a step, all draws together."""
LEAST_DRAWS, MOST_DRAWS = 32, 300
LARGEST_NORM = 1.0
"""Longer gradients are shortened: few places now and then make a long one."""


class InverseTraining:
    """One under way, over arrays of both networks; `share` in [0, 1] of the run sets the rate."""

    def __init__(
        self, family: Family, arrays: Arrays, rng: np.random.Generator, *, steps: int, rate: float,
        fall: float,
    ) -> None:  # fmt: skip
        import torch

        self.family, self.steps, self.rate, self.fall = family, steps, rate, fall
        self.leaves = tensors(arrays, "cpu", trained=False, dtype=torch.float32)
        self.trained = [v for k, v in self.leaves.items() if k.startswith("inverse.")]
        for leaf in self.trained:
            leaf.requires_grad_(True)
        m, q = len(family.problem.unknowns), len(family.sought)
        self.elbo = Elbo(
            family, self.leaves, rank=len(arrays["forward.b.out"]) // m - 2,
            inverse_rank=len(arrays["inverse.out.b"]) // q - 2, generator=torch_rng(rng),
        )  # fmt: skip
        self.optimiser = torch.optim.Adam(self.trained)

    def run(self) -> Iterator[float]:
        """Mean log density of the coefficients at each step; a step of numbers that are not finite
        is left out."""
        for index in range(self.steps):
            self.optimiser.param_groups[0]["lr"] = self.rate * self.fall ** (index / self.steps)
            yield self._step()

    def _step(self) -> float:
        import torch

        draw = self._draw()
        self.optimiser.zero_grad()
        value = self.elbo.inverse_term(draw, self._sampled(draw)).mean()
        (-value).backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.trained, LARGEST_NORM)
        if bool(torch.isfinite(norm)):
            self.optimiser.step()
        return float(value.detach())

    def _draw(self) -> Draw:
        import torch

        share = float(torch.rand(1, generator=self.elbo.generator))
        count = round(FEWEST * (MOST / FEWEST) ** share)
        batch = min(MOST_DRAWS, max(LEAST_DRAWS, AT_ONCE // count))
        return replace(self.elbo.draw(batch, count), read=count)

    def _sampled(self, draw: Draw) -> Any:
        """N (S, n, m) by the forward network."""
        import torch

        s, n, d = draw.x.shape
        with torch.no_grad():
            at = self.elbo.forward.at(draw.x.reshape(-1, d), draw.z, [(0,) * d])
            field = at.sampled(draw.e1.reshape(s * n, -1), draw.e2.repeat_interleave(n, 0))
        return field[(0,) * d].reshape(s, n, -1)

    def published(self) -> Arrays:
        """Copies of all arrays."""
        return {name: leaf.detach().numpy().copy() for name, leaf in self.leaves.items()}


def begun_anew(family: Family, arrays: Arrays, **shape: Any) -> Arrays:
    """The arrays with the forward network as it is and another inverse one, at its start; `shape`
    as of `engine.pde.gicnet.start`."""
    kept = {k: v for k, v in arrays.items() if not k.startswith("inverse.")}
    return kept | gicnet.start(family, **shape)
