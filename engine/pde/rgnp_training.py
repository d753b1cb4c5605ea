"""Training of a random-grid process: draws, Adam on the negative ELBO, and what is written down."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.device import torch_rng
from engine.method import DataError
from engine.pde import forward, gicnet
from engine.pde.elbo import Elbo, Observed, tensors
from engine.pde.family import Family
from engine.pde.forward import Arrays
from engine.pde.problem import Floats, Problem, places
from engine.pde.reference import reference
from engine.stages import beats

if TYPE_CHECKING:
    from engine.pde.rgnp_params import RGNPParams

SHORT_S = 0.03
"""Steps that take less need no thread to let others have a turn."""
DATA_NOISE = 0.05
LARGEST_GRADIENT = 1e6
NAMES = ("loss", "equation", "inverse", "entropy", "data", "residual")
"""Columns of the course after the step; the residual as root mean square."""


def start(family: Family, params: RGNPParams, rng: np.random.Generator) -> Arrays:
    """Arrays of both networks to begin with."""
    found = forward.start(
        family, layers=params.layers, width=params.width, rank=params.rank,
        fourier=params.fourier, fastest=params.fastest, gain=params.gain, rng=rng,
    )  # fmt: skip
    found |= gicnet.start(
        family, lifts=params.lifts, convolutions=params.convolutions, head=params.head,
        rank=params.inverse_rank, informed=params.informed, rng=rng,
    )  # fmt: skip
    found["log eps"] = np.array(math.log(params.eps))
    return found


class Training:
    """One under way. `now` gives the parameters in use."""

    def __init__(
        self, family: Family, params: RGNPParams, rng: np.random.Generator, device: str,
        now: Callable[[], RGNPParams], *, precise: bool = False,
    ) -> None:  # fmt: skip
        import torch

        self.family, self.params, self.now = family, params, now
        # Numbers of half the length are twice as quick, and no derivative is a difference here.
        dtype = torch.float64 if precise else torch.float32
        self.leaves = tensors(start(family, params, rng), device, trained=True, dtype=dtype)
        self.leaves["log eps"].requires_grad_(params.train_eps)
        self.elbo = Elbo(family, self.leaves, rank=params.rank,
                         inverse_rank=params.inverse_rank, generator=torch_rng(rng))  # fmt: skip
        self.rng, self.done, self.under_way = rng, 0, 0
        self.data: Observed | None = None
        self.losses: list[tuple[float, ...]] = []
        self.said: list[str] = []

    def observe(self) -> Generator[None, None, None]:
        """Find the references that training may use as data."""
        import torch

        problem, rng = self.family.problem, self.rng
        draws = self.family.draws(self.params.data, rng)
        xs, ys = [], []
        for c in draws:
            found = yield from beats(partial(reference, problem, c))
            if set(found.values) != set(problem.unknowns):
                raise DataError("Not all unknowns have a reference that could serve as data.")
            rows = rng.choice(len(problem), self.params.interior)
            xs.append(places(problem.grid())[rows])
            seen = np.column_stack([found.values[u].ravel()[rows] for u in problem.unknowns])
            ys.append(seen + DATA_NOISE * rng.standard_normal(seen.shape))
        if len(draws):
            z, at, y = (
                torch.tensor(np.asarray(a), dtype=self.elbo.dtype, device=self.elbo.device)
                for a in (self.family.scaled(draws), xs, ys)
            )
            self.data = Observed(z, at, y, DATA_NOISE)

    def run(self) -> Generator[dict[str, float] | None, None, None]:
        """Parts of the objective after each step, and None while one takes long.

        Steps that end in numbers that are not finite put the last good values back and halve the
        rate. Raises `DataError` when there are none at the start.
        """
        import torch

        trained = [leaf for leaf in self.leaves.values() if leaf.requires_grad]
        good = [leaf.detach().clone() for leaf in trained]
        optimiser, slower, took = torch.optim.Adam(trained), 1.0, math.inf
        for index in range(self.params.steps):
            # A beat has the number of the step under way: what is heard in it counts from the step
            # after, in the run and when the run is repeated.
            self.under_way = self.done + 1
            now = self.now()
            rate = slower * now.rate * now.fall ** (index / self.params.steps)
            optimiser.param_groups[0]["lr"] = rate
            began, work = time.monotonic(), partial(self._step, optimiser)
            told = work() if took < SHORT_S else (yield from beats(work))
            took = time.monotonic() - began
            finite = all(math.isfinite(v) for v in told.values())
            finite = finite and all(bool(leaf.isfinite().all()) for leaf in trained)
            self.done += 1
            if not finite:
                if not index:
                    raise DataError("The equation has no finite value at the start; "
                                    "check its formulas.")  # fmt: skip
                with torch.no_grad():
                    for leaf, value in zip(trained, good, strict=True):
                        leaf.copy_(value)
                slower, optimiser = slower / 2, torch.optim.Adam(trained)
                self.said.append(f"At step {index + 1} the numbers were lost; the last good values "
                                 "are back, the rate halved.")  # fmt: skip
            else:
                if index % 20 == 0:
                    good = [leaf.detach().clone() for leaf in trained]
                self.losses.append((float(self.done), *(told.get(n, 0.0) for n in NAMES)))
            yield told if finite else {}

    def _step(self, optimiser: Any) -> dict[str, float]:
        optimiser.zero_grad()
        loss, told = self._loss()
        loss.backward()
        optimiser.step()
        return told

    def _loss(self) -> tuple[Any, dict[str, float]]:
        log_eps = self.leaves["log eps"]
        draw = self.elbo.draw(self.params.batch, self.params.interior)
        terms = self.elbo.terms(draw, log_eps)
        residual = terms.pop("residual")
        if self.data is not None:
            terms["data"] = self.elbo.data_term(self.data, self.params.batch)
        loss = -sum(terms.values())
        told = {name: float(value.detach()) for name, value in terms.items()}
        told["residual"] = math.sqrt(float(residual.detach()))
        told["loss"] = float(loss.detach())  # type: ignore[union-attr]
        return loss, told

    def published(self) -> Arrays:
        """Copies of all arrays."""
        return {name: leaf.detach().cpu().numpy().copy() for name, leaf in self.leaves.items()}

    def course(self) -> Floats:
        """Steps and the parts of the objective (steps, 1 + parts), thinned to some hundreds."""
        found = np.array(self.losses).reshape(-1, 1 + len(NAMES))
        return found[:: max(1, len(found) // 400)]


def evaluator(problem: Problem, arrays: Mapping[str, Any], given: int) -> Elbo:
    """Both networks of saved arrays, on the processor."""
    import torch

    dtype = torch.float64 if arrays["forward.b.out"].dtype == np.float64 else torch.float32
    leaves = tensors(arrays, "cpu", trained=False, dtype=dtype)
    family = Family(problem, given)
    m, q = len(problem.unknowns), len(family.sought)
    return Elbo(family, leaves, rank=len(leaves["forward.b.out"]) // m - 2,
                inverse_rank=len(leaves["inverse.out.b"]) // q - 2, generator=None)  # fmt: skip
