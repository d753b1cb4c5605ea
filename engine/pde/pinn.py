"""A physics-informed neural network, well made: what one would use otherwise.

Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019), with the additions of Wang,
Sankaran, Wang and Perdikaris, arXiv 2308.08468, each a switch (`pinn_params`, `mlp`, `pinn_loss`):

    minimise  l_r mean |R(u)|^2 + l_b mean |u - g|^2 + l_i mean |u - u_0|^2

by Adam, then L-BFGS for the last share of the steps; float64. Trained over the range of the
coefficients, these are inputs of the network and live.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.pde import mlp, pinn_picture
from engine.pde.fitted import as_bytes, open_problem
from engine.pde.mlp import Network
from engine.pde.pig_runs import natural_weight
from engine.pde.pinn_loss import PinnLoss
from engine.pde.pinn_params import PINNParams
from engine.pde.problem import Floats, Problem
from engine.pde.projection import Weighing
from engine.pde.reference import is_quick, known, reference
from engine.pde.training import Pace, Turn, train
from engine.pde.underway import underway
from engine.stages import beats

SHOWN = 20
BALANCED_EVERY = 100
TURN = 20
"""Iterations of L-BFGS in one turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The course of a training: see `fitted.Fitted`. `causal` are the last weights of time slices,
    `points` (P, d) the last points."""

    spec: NDArray[np.uint8]
    c: Floats
    points: Floats
    weigh: Floats
    causal: Floats
    losses: Floats
    errors: Floats
    said: NDArray[np.uint8]
    planned: int
    step: int


class PINN:
    """See the module's docstring."""

    Params: ClassVar[type] = PINNParams
    Data: ClassVar[type] = Problem

    def __init__(self, params: PINNParams) -> None:
        self.params = params
        self._fitted: Fitted | None = None
        self._problem: Problem | None = None
        self._arrays: dict[str, Floats] = {}

    def fit(
        self, data: Problem, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """The reference first, then training; STEP parameters count from the next step."""
        training = _Training(data, self.params, rng, device)
        training.hear((yield Step(index=0, stage="the truth")))
        for _ in beats(lambda: reference(data, training.c)):
            training.hear((yield Step(index=0, stage="the truth")))
        for turn in training.run():
            step, total = training.done, training.planned
            if turn is None:
                training.hear((yield Step(index=step, total=total, stage=training.stage)))
                continue
            metrics = training.write(turn)
            shown = None
            if step % training.every == 0 or step == total:
                self._publish(data, training)
                shown = yield from _drawn(self, training)
                error = shown.metrics.get("relative error")
                if error is not None:
                    training.errors.append((float(step), error))
                    metrics["relative error"] = error
            training.hear((yield Step(index=step, total=total, stage=training.stage,
                                      metrics=metrics, snapshot=shown)))  # fmt: skip
        self._publish(data, training)
        done = replace((yield from _drawn(self, training)), coarse="")
        yield Step(index=training.planned, total=training.planned, stage="done", snapshot=done)

    def _publish(self, problem: Problem, training: _Training) -> None:
        self._problem, self._arrays = problem, training.network.published()
        self._fitted = training.fitted()

    def evaluate(self, params: PINNParams) -> Snapshot:
        """The fields; coefficients are followed where the network was trained over their range."""
        fitted, problem = self._ready()
        c = self._coefficients(params)
        network = Network(problem, self.params, c, self._arrays, "cpu")
        return pinn_picture.snapshot(problem, fitted, network, params, c, reference(problem, c))

    def refine(self, params: PINNParams) -> Iterator[Snapshot | None]:
        """Without the truth first, where that takes long."""
        fitted, problem = self._ready()
        c = self._coefficients(params)
        if known(problem, c) is None:
            if not is_quick(problem):
                network = Network(problem, self.params, c, self._arrays, "cpu")
                yield pinn_picture.snapshot(problem, fitted, network, params, c, None,
                                            coarse="the truth is being computed")  # fmt: skip
            yield from beats(lambda: reference(problem, c))
        yield self.evaluate(params)

    def _coefficients(self, params: PINNParams) -> tuple[float, ...]:
        fitted, problem = self._ready()
        c = problem.chosen(params.coefficients)
        if not self.params.over_range and c != tuple(fitted.c):
            at = ", ".join(f"{k.name} = {v:g}" for k, v in
                           zip(problem.coefficients, fitted.c, strict=True))  # fmt: skip
            raise DataError(f"The network was trained at {at}; fit again at others, or train over "
                            "their ranges, which it then follows.")  # fmt: skip
        return c

    def module(self) -> Any:
        """The network with its boundary values at the fit's coefficients; where it was trained over
        their ranges, they are further inputs."""
        from engine.pde.portable import NetworkModule

        fitted, problem = self._ready()
        return NetworkModule(Network(problem, self.params, tuple(fitted.c), self._arrays, "cpu"))

    def trial(self) -> tuple[Array, Array]:
        """Places in the box (coefficients beside them), and the solution there with derivatives."""
        import torch

        fitted, problem = self._ready()
        network = Network(problem, self.params, tuple(fitted.c), self._arrays, "cpu")
        x = fitted.points[:200]
        if self.params.over_range:
            x = np.hstack([x, np.tile(fitted.c, (len(x), 1))])
        zero = (0,) * problem.dimension
        with torch.no_grad():
            found = network.jet(torch.from_numpy(x), network.orders)[zero]
        return x, found.numpy()

    def state(self) -> dict[str, Array]:
        """The network and the address of the problem."""
        fitted, _ = self._ready()
        return to_arrays(fitted) | {f"network.{k}": v for k, v in self._arrays.items()}

    @classmethod
    def from_state(cls, params: PINNParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._fitted = from_arrays(Fitted, state)
        method._arrays = {k.removeprefix("network."): np.asarray(v) for k, v in state.items()
                          if k.startswith("network.")}  # fmt: skip
        method._problem = open_problem(method._fitted.spec)
        return method

    def _ready(self) -> tuple[Fitted, Problem]:
        if self._fitted is None or self._problem is None:
            raise DataError("The fit was stopped before there was a solution; run it again.")
        return self._fitted, self._problem


def _drawn(method: PINN, training: _Training) -> Generator[Step, Any, Snapshot]:
    """A picture in training, with steps while it is drawn."""
    now = training.now
    drawing = beats(lambda: method.evaluate(now))
    while True:
        try:
            next(drawing)
        except StopIteration as stop:
            frame: Snapshot = stop.value
            return underway(frame)
        training.hear((yield Step(index=training.done, total=training.planned,
                                  stage=training.stage)))  # fmt: skip


def _check_start(network: Network, x: Floats) -> None:
    import torch

    key = network.problem.value_key()
    with torch.no_grad():
        found = network.keyed(torch.tensor(x, device=network.device), [key])[key]
    if not bool(found.isfinite().all()):
        raise DataError("Boundary or initial values are not finite; check their formulas.")


class _Training:
    """A training under way: the network, its loss, and what is written down."""

    def __init__(
        self, problem: Problem, params: PINNParams, rng: np.random.Generator, device: str
    ) -> None:
        if params.over_range and not problem.coefficients:
            raise DataError(f"'{problem.name}' has no coefficients to train over.")
        self.problem, self.params, self.now = problem, params, params
        self.c = problem.chosen(params.coefficients)
        arrays = mlp.start(problem, params, rng)
        self.network = Network(problem, params, self.c, arrays, device)
        self.loss = PinnLoss(problem, self.network, lambda: self.now, rng)
        self.points = self.loss.points()
        _check_start(self.network, self.points.inside)
        self.natural = natural_weight(problem, self.points, self.c)
        # Steps of L-BFGS come twenty to a turn.
        self.turns = round(params.finish * params.steps / TURN)
        self.first = params.steps - TURN * self.turns
        self.planned = self.first + self.turns
        self.every = max(1, self.planned // SHOWN)
        self.done, self.stage = 0, "training by Adam"
        self.losses: list[tuple[float, ...]] = []
        self.errors: list[tuple[float, float]] = []
        self.said: list[str] = []
        self.weigh = Weighing(self.natural, 1.0, 1.0)

    def hear(self, sent: PINNParams | None) -> None:
        if sent is not None:
            self.now = sent

    def run(self) -> Iterator[Turn | None]:
        """Adam, then L-BFGS."""
        for kind, turns in (("Adam", self.first), ("L-BFGS", self.turns)):
            if not turns:
                continue
            self.stage = f"training by {kind}"
            for turn in train(self.loss, kind, turns, self._pace(kind), self._draw):
                self.done += turn is not None
                yield turn

    def _draw(self) -> Any:
        # L-BFGS begins where Adam ended: on the same points, if none are ever drawn anew.
        if not self.done or self.now.redraw:
            self.points = self.loss.points()
        return self.points

    def _pace(self, kind: str) -> Any:
        def pace(index: int) -> Pace:
            now = self.now
            if self.params.balance != "none" and self.done % BALANCED_EVERY == 0:
                self.loss.balance()
            residual = self.natural if now.weight_residual is None else now.weight_residual
            r, b, i = self.loss.pull
            self.weigh = Weighing(residual * r, now.weight_boundary * b, now.weight_initial * i)
            if kind == "L-BFGS":
                return Pace(self.weigh, 1.0, max(1, now.redraw // TURN) if now.redraw else 0)
            rise = min(1.0, index / self.params.warm_up) if self.params.warm_up else 1.0
            return Pace(self.weigh, now.rate * rise * now.decay ** (index / 5000), now.redraw)

        return pace

    def write(self, turn: Turn) -> dict[str, float]:
        """Write a turn down; its numbers as far as they are finite."""
        if turn.said:
            self.said.append(turn.said)
        names = ("loss", "equation", "boundary", "start")
        values = (turn.loss, *turn.parts)
        self.losses.append((self.done, *values))
        found = {k: v for k, v in zip(names, values, strict=True) if np.isfinite(v) and v}
        if len(self.loss.causal):
            found["least causal weight"] = float(self.loss.causal.min())
        return found

    def fitted(self) -> Fitted:
        w = self.weigh
        return Fitted(
            as_bytes(self.problem.spec), np.array(self.c),
            self.points.inside[:, : self.problem.dimension],
            np.array([w.residual, w.boundary, w.initial]), self.loss.causal,
            np.array(self.losses).reshape(-1, 5), np.array(self.errors).reshape(-1, 2),
            as_bytes("\n".join(self.said)), self.planned, self.done,
        )  # fmt: skip
