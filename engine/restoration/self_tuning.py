"""Hyper-parameters tuned along with the weights, by what weights answer to them.

"Self-Tuning Networks: Bilevel Optimization of Hyperparameters using Structured Best-Response
Functions" (ICLR 2019, arXiv 1903.03088). Weights are learnt as a function w(l) of hyper-parameters
l, near the l of the moment; two steps of the first kind alternate with one of the second:

    w:         descend  mean over eps of  L_T(l + sigma eps, w(l + sigma eps))
    l, sigma:  descend  mean over eps of  L_V(w(l + sigma eps)) - tau sum log(sigma sqrt(2 pi e))

with eps standard normal. The entropy keeps sigma from vanishing, which would leave the slope of w
unknown; a large sigma asks more of w(l) than it can follow. What is descended is a mean over eps:
where L_V is steeper on one side of its least, l comes to lie on the other side of it, by about
sigma^2 L_V''' / (2 L_V'').
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Loss: TypeAlias = Callable[[Tensor], Tensor]
TURNS = 3
"""Of so many steps after the warm-up the last is one of the hyper-parameters."""


@dataclass(slots=True, kw_only=True)
class Pace:
    """What may change from step to step. `entropy` is tau."""

    rate: float = 1e-2
    tuning_rate: float = 1e-2
    entropy: float = 1e-3


class SelfTuning:
    """The alternation under way.

    Parameters
    ----------
    weights : what w(l) is made of
    start : l (k,), unconstrained
    spread : sigma at the start
    training, validation : mean losses of hyper-parameters (draws, k), differentiable in the weights
        and, for validation, in the hyper-parameters
    warm_up : steps of the weights alone
    widest : spread beyond which none is let grow: of a number that does not matter the entropy
        alone decides, and w would be asked to follow it without end
    """

    def __init__(
        self,
        weights: Iterable[Tensor],
        start: Tensor,
        *,
        spread: float,
        training: Loss,
        validation: Loss,
        warm_up: int,
        draws: int,
        generator: torch.Generator,
        clip: float = math.inf,
        widest: float = math.inf,
    ) -> None:
        self.weights = list(weights)
        self.l = start.clone().requires_grad_()
        self.rho = torch.full_like(start, math.log(math.expm1(spread))).requires_grad_()
        self.training, self.validation = training, validation
        self.warm_up, self.draws, self.generator, self.clip = warm_up, draws, generator, clip
        self._most = math.log(math.expm1(widest)) if math.isfinite(widest) else math.inf
        self.step = 0
        self._learning = torch.optim.Adam(self.weights)
        self._tuning = torch.optim.Adam([self.l, self.rho])

    @property
    def sigma(self) -> Tensor:
        """Spread of l (k,)."""
        return functional.softplus(self.rho)

    @property
    def tunes(self) -> bool:
        """Whether the next step is one of the hyper-parameters."""
        return self.step >= self.warm_up and (self.step - self.warm_up) % TURNS == TURNS - 1

    def advance(self, pace: Pace) -> float:
        """One step of either kind; its loss (without the entropy)."""
        shape = (self.draws, *self.l.shape)
        eps = torch.randn(shape, generator=self.generator, dtype=self.l.dtype)
        tunes = self.tunes
        self.step += 1
        if tunes:
            loss = self.validation(self.l + self.sigma * eps)
            entropy = (self.sigma.log() + 0.5 * math.log(2 * math.pi * math.e)).sum()
            # The gradient is asked for l and sigma alone: the weights only answer here.
            self._descend(self._tuning, loss - pace.entropy * entropy, [self.l, self.rho],
                          pace.tuning_rate)  # fmt: skip
            with torch.no_grad():
                self.rho.clamp_(max=self._most)
        else:
            with torch.no_grad():
                at = self.l + self.sigma * eps
            loss = self.training(at)
            self._descend(self._learning, loss, self.weights, pace.rate)
        return float(loss.detach())

    def _descend(
        self, optimiser: torch.optim.Adam, loss: Tensor, leaves: list[Tensor], rate: float
    ) -> None:
        gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
        for leaf, gradient in zip(leaves, gradients, strict=True):
            leaf.grad = gradient
        if math.isfinite(self.clip):
            torch.nn.utils.clip_grad_norm_(leaves, self.clip)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
