"""The network of a PINN with its switches, carried with derivatives (`engine.pde.jets`).

    plain      h <- tanh(h W + b)
    gated      U = tanh(z W_u + b_u), V likewise;  h <- tanh(h W + b), h <- h U + (1 - h) V
    factorised W = diag(exp s) V, s ~ N(1, 0.1)
    Fourier    z = [cos(xi B), sin(xi B)], B ~ N(0, s^2), frozen
    periodic   an axis as [cos(pi xi), sin(pi xi)]

Places enter as xi in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.pde import jets
from engine.pde.hard import Hard
from engine.pde.jets import Orders
from engine.pde.problem import Condition, Floats, Key, Problem

if TYPE_CHECKING:
    from torch import Tensor

    from engine.pde.pinn_params import PINNParams


KEPT = 4


class Network:
    """Trained tensors in `leaves`, frozen frequencies in `frequencies`; float64.

    With `over_range` places have the coefficients as further columns.
    """

    def __init__(
        self, problem: Problem, params: PINNParams, c: Sequence[float],
        arrays: Mapping[str, Floats], device: str,
    ) -> None:  # fmt: skip
        import torch

        self.problem, self.params, self.c = problem, params, tuple(c)
        self.device = "cpu" if device == "mps" else device
        self.leaves: dict[str, Tensor] = {
            name: torch.tensor(value, device=self.device, requires_grad=True)
            for name, value in arrays.items() if name != "frequencies"
        }  # fmt: skip
        self.frequencies = torch.tensor(arrays["frequencies"], device=self.device)
        orders = {k[1] for p in problem.partials for k in p} | {
            k.key[1] for k in problem.conditions
        }
        self.orders = jets.closure(orders | {problem.value_key()[1]})
        self.hard = Hard.of(problem, self.orders) if params.hard else None
        self._held: list[tuple[Tensor, Any]] = []
        self.inputs = problem.dimension + (len(problem.coefficients) if params.over_range else 0)

    def coefficients(self, x: Tensor) -> Sequence[Any]:
        """The coefficients at these places: numbers, or columns where they are inputs."""
        d = self.problem.dimension
        return [x[:, k] for k in range(d, self.inputs)] if self.params.over_range else self.c

    def keyed(self, x: Tensor, keys: Sequence[Key]) -> dict[Key, Tensor]:
        """Jet entries (P,) at places (P, d)."""
        found = self.jet(x, jets.closure(key[1] for key in keys))
        return {key: found[key[1]][:, key[0]] for key in keys}

    def jet(self, x: Tensor, orders: Sequence[Orders]) -> dict[Orders, Tensor]:
        """Derivatives (P, m) in the problem's coordinates; orders closed under the rules."""
        found = self._layers(self._entered(x, orders))
        scale = [(a.high - a.low) / 2 for a in self.problem.axes]
        found = {o: v / float(np.prod([s**n for s, n in zip(scale, o, strict=True)]))
                 for o, v in found.items()}  # fmt: skip
        if self.hard is None:
            return found

        base, factor = ({o: j[o] for o in orders} for j in self._boundary(x))
        return jets.added(base, jets.product(factor, found))

    def _boundary(self, x: Tensor) -> Any:
        """B and D at places; those of the last few sets are kept, training does not change them."""
        import torch

        for known, held in self._held:
            if known is x:
                return held

        def columns(values: Sequence[Any]) -> Tensor:
            return torch.stack(list(values), 1)

        assert self.hard is not None
        held = self.hard.jets(self.problem, x, self.coefficients(x), columns)
        self._held = [(x, held), *self._held[: KEPT - 1]]
        return held

    def holds(self, condition: Condition) -> bool:
        """Whether the condition holds by construction, corners that disagree left aside."""
        if self.hard is None or condition.periodic or not self.hard.kept[condition.key[0]]:
            return False
        value = not sum(condition.key[1])
        return value or (condition.group == "initial" and condition.side == 0)

    def _entered(self, x: Tensor, orders: Sequence[Orders]) -> dict[Orders, Tensor]:
        """The jet of what the first layer reads."""
        import torch

        d, columns = self.problem.dimension, []
        for j in range(self.inputs):
            low, high = _range(self.problem, j)
            xi = (2 * (x[:, j] - low) / (high - low) - 1)[:, None]
            own = {o: torch.zeros_like(xi) for o in orders}
            own[(0,) * d] = xi
            if j < d and jets.unit(d, j) in own:
                own[jets.unit(d, j)] = torch.ones_like(xi)
            if j < d and self.problem.axes[j].periodic and self.params.periodic:
                turned = {o: np.pi * v for o, v in own.items()}
                columns += [_wave(turned, torch.cos, torch.sin, -1.0),
                            _wave(turned, torch.sin, torch.cos, 1.0)]  # fmt: skip
            else:
                columns.append(own)
        entered = {o: torch.cat([c[o] for c in columns], 1) for o in orders}
        if not self.frequencies.numel():
            return entered
        phase = jets.linear(entered, self.frequencies, 0.0)
        waves = (_wave(phase, torch.cos, torch.sin, -1.0), _wave(phase, torch.sin, torch.cos, 1.0))
        return {o: torch.cat([w[o] for w in waves], 1) for o in orders}

    def _layers(self, entered: dict[Orders, Tensor]) -> dict[Orders, Tensor]:
        import torch

        gates = []
        if self.params.gated:
            gates = [jets.tanh(self._linear(entered, name), torch.tanh) for name in ("u", "v")]
        now = entered
        for k in range(self.params.layers):
            now = jets.tanh(self._linear(now, str(k)), torch.tanh)
            if gates:
                # h U + (1 - h) V = V + h (U - V).
                between = {o: gates[0][o] - gates[1][o] for o in now}
                now = jets.added(gates[1], jets.product(now, between))
        return self._linear(now, "out")

    def _linear(self, jet: dict[Orders, Tensor], name: str) -> dict[Orders, Tensor]:
        matrix = self.leaves[f"w.{name}"]
        if f"s.{name}" in self.leaves:
            matrix = matrix * self.leaves[f"s.{name}"].exp()
        return jets.linear(jet, matrix, self.leaves[f"b.{name}"])

    def published(self) -> dict[str, Floats]:
        """Copies of all arrays."""
        found = {k: v.detach().cpu().numpy().copy() for k, v in self.leaves.items()}
        return {**found, "frequencies": self.frequencies.cpu().numpy()}


def _wave(phase: dict[Orders, Tensor], value: Any, other: Any, sign: float) -> dict[Orders, Tensor]:
    """cos or sin of a jet: its slope is sign times the other one."""
    zero = next(o for o in phase if not sum(o))
    here = value(phase[zero])
    return jets.through(phase, here, sign * other(phase[zero]), -here)


def _range(problem: Problem, j: int) -> tuple[float, float]:
    if j < problem.dimension:
        return problem.axes[j].low, problem.axes[j].high
    coefficient = problem.coefficients[j - problem.dimension]
    return coefficient.low, coefficient.high


def start(problem: Problem, params: PINNParams, rng: np.random.Generator) -> dict[str, Floats]:
    """Arrays to begin with: Glorot's normal, zero biases."""
    inputs = problem.dimension + sum(a.periodic and params.periodic for a in problem.axes)
    inputs += len(problem.coefficients) if params.over_range else 0
    arrays: dict[str, Floats] = {
        "frequencies": params.fourier_scale * rng.standard_normal((inputs, params.fourier))
    }
    first = 2 * params.fourier or inputs
    sizes = [first, *[params.width] * params.layers]
    named = [(str(k), sizes[k], sizes[k + 1]) for k in range(params.layers)]
    named.append(("out", params.width, len(problem.unknowns)))
    if params.gated:
        named += [("u", first, params.width), ("v", first, params.width)]
    for name, rows, columns in named:
        matrix = rng.standard_normal((rows, columns)) * np.sqrt(2 / (rows + columns))
        if params.factorised:
            scale = 1.0 + 0.1 * rng.standard_normal(columns)
            arrays[f"s.{name}"] = scale
            matrix = matrix / np.exp(scale)
        arrays[f"w.{name}"] = matrix
        arrays[f"b.{name}"] = np.zeros(columns)
    return arrays
