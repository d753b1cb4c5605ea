"""Gradient training on the equation's loss: Adam or L-BFGS, points redrawn, NaN survived.

    L = l_r mean |R|^2 + l_b mean |u - g|^2 + l_i mean |u - u_0|^2

Any model with `leaves` and `keyed(x, keys)` is trained; PIG and the plain network share this.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from engine.method import DataError
from engine.pde.points import Points
from engine.pde.problem import Condition, Key, Problem
from engine.pde.projection import Weighing
from engine.stages import beats

if TYPE_CHECKING:
    from torch import Tensor

FAILED_TWICE = 2
SHORT_S = 0.03
"""Steps that take less need no thread to let others have a turn."""


class Model(Protocol):
    """What is trained."""

    leaves: dict[str, Tensor]
    device: str

    def keyed(self, x: Tensor, keys: Sequence[Key]) -> dict[Key, Tensor]:
        """Jet entries (P,) at places (P, d)."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """What may change from step to step."""

    weigh: Weighing
    rate: float
    redraw: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One step's outcome: parts of the loss, evaluations so far, and what went wrong."""

    index: int
    parts: tuple[float, float, float]
    weigh: Weighing
    evaluations: int
    said: str = ""

    @property
    def loss(self) -> float:
        w = self.weigh
        return float(np.dot(self.parts, (w.residual, w.boundary, w.initial)))


class Loss:
    """The loss of a model on points; gradients are summed over chunks of points."""

    def __init__(self, problem: Problem, model: Model, c: Sequence[float], chunk: int) -> None:
        self.problem, self.model, self.c, self.chunk = problem, model, tuple(c), chunk
        self.keys = sorted({key for p in problem.partials for key in p})
        self.evaluations = 0

    def place(self, points: Points) -> None:
        """Use these points from now on."""
        import torch

        self.inside = torch.tensor(points.inside, device=self.model.device)
        self.targets: dict[int, Any] = {}
        places: dict[tuple[int, ...], list[Tensor]] = {}
        self._where: dict[tuple[int, bool], tuple[tuple[int, ...], int]] = {}
        for k, condition in enumerate(self.problem.conditions):
            if self.holds(condition):
                continue
            sets = [points.faces[k]]
            if condition.periodic:
                sets.append(points.opposite(self.problem, k))
            orders = condition.key[1]
            for number, place in enumerate(sets):
                found = places.setdefault(orders, [])
                self._where[k, bool(number)] = orders, len(found)
                found.append(torch.tensor(place, device=self.model.device))
            if not condition.periodic:
                x = places[orders][-1]
                self.targets[k] = self.problem.target(condition, x, self.at(x))
        # Conditions on the same derivative are asked of the model in one go.
        self._faces = {orders: torch.cat(found) for orders, found in places.items()}
        self._each = points.faces.shape[1]

    def at(self, x: Tensor) -> Sequence[Any]:
        """The coefficients at places."""
        return self.c

    def gaps(self) -> dict[int, Tensor]:
        """What each condition that the model does not hold by itself misses (B,), by its number."""
        import torch

        conditions = self.problem.conditions
        values: dict[tuple[int, ...], dict[Key, Any]] = {}
        for orders, x in self._faces.items():
            keys = sorted({c.key for c in conditions if c.key[1] == orders})
            sets = len(x) // self._each
            values[orders] = {key: torch.tensor_split(v, sets)
                              for key, v in self.model.keyed(x, keys).items()}  # fmt: skip
        found: dict[int, Tensor] = {}
        for (k, other), (orders, place) in self._where.items():
            value = values[orders][conditions[k].key][place]
            found[k] = found[k] - value if other else value
        return {k: v - self.targets[k] if k in self.targets else v for k, v in found.items()}

    def gradients(self, weigh: Weighing) -> tuple[float, float, float]:
        """Sets the leaves' gradients; returns the three parts of the loss."""
        for leaf in self.model.leaves.values():
            leaf.grad = None
        self.evaluations += 1
        total, n = 0.0, len(self.inside)
        for first in range(0, n, self.chunk):
            x = self.inside[first : first + self.chunk]
            squares = self.residual_squares(x) / n
            (weigh.residual * squares).backward()  # type: ignore[no-untyped-call]
            total += float(squares.detach())
        sides = {"boundary": 0.0, "initial": 0.0}
        whole: Any = 0.0
        for k, gap in self.gaps().items():
            condition = self.problem.conditions[k]
            squares = gap.square().mean() / self._members(condition)
            weight = weigh.initial if condition.group == "initial" else weigh.boundary
            whole = whole + weight * squares
            sides[condition.group] += float(squares.detach())
        if self._faces:
            whole.backward()
        return total, sides["boundary"], sides["initial"]

    def residual_squares(self, x: Tensor) -> Tensor:
        """Sum over places and equations of the squared residual."""
        found = self.problem.residual(self.model.keyed(x, self.keys), x, self.c)
        total: Any = 0.0
        for residual in found:
            total = total + residual.square().sum()
        return total  # type: ignore[no-any-return]

    def holds(self, condition: Condition) -> bool:
        """Whether the model is made so that the condition holds."""
        return False

    def _members(self, condition: Condition) -> int:
        return sum(c.group == condition.group for c in self.problem.conditions)


def train(
    loss: Loss,
    kind: str,
    steps: int,
    pace: Callable[[int], Pace],
    draw: Callable[[], Points],
) -> Generator[Turn | None, None, None]:
    """Turns, and None while one takes long. `pace` is asked before each turn with its number.

    A turn that ends in numbers that are not finite, or two in a row that gain nothing, put the last
    good values back, halve the rate and start the optimiser afresh.
    """
    leaves = list(loss.model.leaves.values())
    loss.place(draw())
    optimiser, slower, idle = None, 1.0, 0
    good = [leaf.detach().clone() for leaf in leaves]
    before = took = math.inf
    for index in range(1, steps + 1):
        now = pace(index)
        if now.redraw and index > 1 and (index - 1) % now.redraw == 0:
            loss.place(draw())
        rate = now.rate * slower
        if optimiser is None:
            optimiser = _optimiser(kind, leaves, rate)
        optimiser.param_groups[0]["lr"] = rate
        work, began = _turn(loss, optimiser, kind, now.weigh), time.monotonic()
        # A thread for every short step would cost a third of it.
        parts = work() if took < SHORT_S else (yield from beats(work))
        took = time.monotonic() - began
        turn = Turn(index, parts, now.weigh, loss.evaluations)
        if index == 1 and not math.isfinite(turn.loss):
            raise DataError("The equation has no finite value at the start; check its formulas.")
        finite = math.isfinite(turn.loss) and all(bool(leaf.isfinite().all()) for leaf in leaves)
        idle = idle + 1 if finite and turn.loss == before else 0
        if not finite or idle >= FAILED_TWICE:
            said = "nothing was gained" if finite else "the numbers were lost"
            turn = Turn(
                index,
                parts,
                now.weigh,
                loss.evaluations,
                f"At step {index} {said}; the last good values are back, the rate halved.",
            )
            slower, optimiser, idle = slower / 2, None, 0
            if not finite:
                _restore(leaves, good)
        else:
            good = [leaf.detach().clone() for leaf in leaves]
            before = turn.loss
        yield turn


def _turn(
    loss: Loss, optimiser: Any, kind: str, weigh: Weighing
) -> Callable[[], tuple[float, float, float]]:
    """One step of Adam, or one outer step of L-BFGS; the parts at its start."""

    def work() -> tuple[float, float, float]:
        import torch

        found: list[tuple[float, float, float]] = []

        def closure() -> Tensor:
            parts = loss.gradients(weigh)
            found.append(parts)
            weights = (weigh.residual, weigh.boundary, weigh.initial)
            return torch.tensor(float(np.dot(parts, weights)), dtype=torch.float64)

        if kind == "Adam":
            closure()
            optimiser.step()
        else:
            optimiser.step(closure)
        return found[-1] if kind == "L-BFGS" else found[0]

    return work


def _optimiser(kind: str, leaves: list[Tensor], rate: float) -> Any:
    import torch

    if kind == "Adam":
        return torch.optim.Adam(leaves, lr=rate)
    return torch.optim.LBFGS(
        leaves, lr=rate, max_iter=20, max_eval=25, history_size=100, line_search_fn="strong_wolfe"
    )


def _restore(leaves: list[Tensor], values: list[Tensor]) -> None:
    import torch

    with torch.no_grad():
        for leaf, value in zip(leaves, values, strict=True):
            leaf.copy_(value)
