"""A small restoring network whose weights are predicted from its sliders, trained on the spot.

"Magnitude Invariant Parametrizations Improve Hypernetwork Learning", arXiv 2304.07645; see
`hypernetwork`. Patches are spoilt as the sliders say, several positions in every step; the open
picture follows the training. Afterwards a slider costs one product of a matrix with a vector and
the plain network. The other encoding is trained beside for comparison if asked for.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.restoration import held_photograph
from engine.restoration.mip_params import MIPParams
from engine.restoration.noise import known_sigma
from engine.restoration.step_under_way import StepUnderWay

if TYPE_CHECKING:
    from engine.restoration.hypernetwork import Encoding, PredictedNetwork

NAMES = ("strength", "deblur")
EVERY = 100
"""Steps between two pictures."""
SETTLED = 0.3
"""Share of the steps in which the rate falls."""
SIZES = np.linspace(0, 1, 11)
"""Slider positions at which sizes of weights and gradients are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A training's course: `losses` (steps, 2), NaN for an encoding that was not trained;
    `weight_sizes` and `gradient_sizes` (11, 4) of both encodings before and after, by strength."""

    losses: NDArray[np.float64]
    weight_sizes: NDArray[np.float64]
    gradient_sizes: NDArray[np.float64]
    sigma: float


class MIP:
    """See the module's docstring."""

    Params: ClassVar[type] = MIPParams
    Data: ClassVar[type] = Photograph

    def __init__(self, params: MIPParams) -> None:
        self.params = params
        self._photograph: Photograph | None = None
        self._fitted: Fitted | None = None
        self._arrays: dict[str, Array] = {}

    def fit(
        self, data: Photograph, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Train, showing the open picture; the rate counts from the next step."""
        run = _Run(data, self.params, rng)
        run.hear((yield run.told("pictures to learn from")))
        yield from run.beating(run.begin, "pictures to learn from")
        while run.done < self.params.steps:
            # What is heard while a step is under way counts from the next one, whenever it came.
            run.using = run.now
            yield from run.beating(run.advance)
            shown = None
            if run.done % EVERY == 0 or run.done == self.params.steps:
                shown = yield from run.beating(lambda: self._drawn(run))
            run.hear((yield run.told("training", run.metrics(), shown)))

    def _drawn(self, run: _Run) -> Snapshot:
        self._photograph, self._arrays, self._fitted = run.data, run.arrays(), run.fitted()
        return self.evaluate(run.now)

    def evaluate(self, params: MIPParams) -> Snapshot:
        """The picture at the sliders."""
        from engine.restoration import mip_picture

        photograph, fitted = self._ready()
        network = made(photograph.channels, self.params, self.params.encoding)
        return mip_picture.snapshot(photograph, fitted, network, self._arrays, params)

    def transferred(self, data: Photograph) -> Self:
        """The network on another photograph, whose noise is its own."""
        photograph, fitted = self._ready()
        if data.channels != photograph.channels:
            raise DataError(f"What was learnt on '{photograph.name}' has other colour channels "
                            "than this picture.")  # fmt: skip
        method = type(self)(self.params)
        method._photograph, method._arrays = data, self._arrays
        method._fitted = replace(fitted, sigma=known_sigma(data))
        return method

    def state(self) -> dict[str, Array]:
        """The hypernetwork, its course and the photograph."""
        photograph, fitted = self._ready()
        network = {f"network.{k}": v for k, v in self._arrays.items()}
        return to_arrays(fitted) | network | held_photograph.to_arrays(photograph)

    @classmethod
    def from_state(cls, params: MIPParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._fitted = from_arrays(Fitted, state)
        method._photograph = held_photograph.from_arrays(state)
        method._arrays = {k.removeprefix("network."): np.asarray(v) for k, v in state.items()
                          if k.startswith("network.")}  # fmt: skip
        return method

    def _ready(self) -> tuple[Photograph, Fitted]:
        if self._fitted is None or self._photograph is None:
            raise DataError("The fit was stopped before there was a picture; run it again.")
        return self._photograph, self._fitted


def made(
    channels: int, params: MIPParams, encoding: Encoding, rng: np.random.Generator | None = None
) -> PredictedNetwork:
    """A network with its weights as they start."""
    from engine.restoration.hypernetwork import PredictedNetwork
    from engine.restoration.patch_training import tiny

    return PredictedNetwork(
        tiny(channels), sliders=len(NAMES), encoding=encoding, hidden=params.widths,
        rng=rng or np.random.default_rng(0),
    )  # fmt: skip


class _Run(StepUnderWay[MIPParams]):
    """A training under way, of one encoding or of both on the same patches."""

    def __init__(self, data: Photograph, params: MIPParams, rng: np.random.Generator) -> None:
        super().__init__(params, params.steps)
        self.data, self.params, self.rng = data, params, rng
        self.losses: list[tuple[float, float]] = []

    def begin(self) -> None:
        """The pool of pictures and the networks."""
        import torch

        from engine.restoration.patch_training import RunningMean, pool_for

        seed, start = (int(s) for s in self.rng.integers(2**31, size=2))
        self.sigma = known_sigma(self.data)
        self.pool = pool_for(self.data.channels, seed)
        encodings: tuple[Encoding, Encoding] = ("magnitude invariant", "plain")
        # The one that is shown first, whatever is trained beside it.
        self.order = sorted(encodings, key=lambda e: e != self.params.encoding)
        self.networks = [
            made(self.data.channels, self.params, e, np.random.default_rng(start))
            for e in self.order
        ]
        count = 2 if self.params.compare else 1
        self._optimisers = [torch.optim.Adam(n.parameters(), fused=True)
                            for n in self.networks[:count]]  # fmt: skip
        self._mean = RunningMean(self.networks[0])
        self._probe = np.random.default_rng(seed).bit_generator.state
        self.before = self._sizes()

    def advance(self) -> None:
        """One step of each network that is trained."""
        import torch

        from engine.restoration import sliders
        from engine.restoration.patch_training import GROUPS, mean_relative, spoilt

        self.under_way = self.done + 1
        omegas = sliders.drawn(GROUPS, NAMES, self.rng).astype(np.float32)
        seen, target = spoilt(self.pool, omegas, NAMES, self.rng)
        found = [math.nan, math.nan]
        for k, optimiser in enumerate(self._optimisers):
            network = self.networks[k]
            optimiser.zero_grad(set_to_none=True)
            output = network(seen, torch.from_numpy(omegas))
            loss = mean_relative(output, seen, target, GROUPS)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for group in optimiser.param_groups:
                group["lr"] = self._rate()
            optimiser.step()
            found[k] = float(loss.detach())
        self._mean.follow(self.networks[0])
        self.losses.append((found[0], found[1]))
        self.done += 1
        if not math.isfinite(found[0]):
            raise DataError("The training diverged; take a smaller learning rate.")

    def _rate(self) -> float:
        left = (self.params.steps - self.done) / max(1.0, SETTLED * self.params.steps)
        return self.using.rate * min(1.0, left)

    def _sizes(self) -> tuple[Array, Array]:
        """Norms of predicted changes and of the loss's gradient by them, (11, 2) each."""
        import torch

        from engine.restoration.patch_training import mean_relative, spoilt

        changes, gradients = np.full((2, len(SIZES), 2), np.nan)
        for i, strength in enumerate(SIZES):
            rng = np.random.default_rng()
            rng.bit_generator.state = self._probe
            at = np.array([[strength, 0.0]], np.float32)
            # The same noise at every position, so that only the weights differ.
            seen, target = spoilt(self.pool, np.array([[0.5, 0.0]]), NAMES, rng)
            for k, network in enumerate(self.networks[:2]):
                omega = torch.from_numpy(at)
                loss = mean_relative(network(seen, omega), seen, target, 1)
                hidden = torch.autograd.grad(loss, network.hyper.last)[0]
                changes[i, k] = float(network.hyper.change(omega[0]).detach().norm())
                gradients[i, k] = float(hidden.norm())
        return changes, gradients

    def metrics(self) -> dict[str, float]:
        names = [f"loss, {encoding}" for encoding in self.order]
        return {n: v for n, v in zip(names, self.losses[-1], strict=True) if math.isfinite(v)}

    def arrays(self) -> dict[str, Array]:
        return self._mean.arrays()

    def fitted(self) -> Fitted:
        after = self._sizes()
        if not self.params.compare:  # the other one was not trained: it has no after
            for found in after:
                found[:, 1] = np.nan
        sizes = [np.concatenate(pair, axis=1) for pair in zip(self.before, after, strict=True)]
        return Fitted(np.array(self.losses), sizes[0], sizes[1], self.sigma)
