"""Formulas as short programs that run on numpy arrays and on torch tensors alike.

Formulas are sympy trees. They are not turned into source text: every node becomes one instruction
of a closed set, equal subtrees become one, and the program is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import expit

LARGEST_PROGRAM = 4000
"""Instructions; a longer formula is a mistake."""


class softplus(sp.Function):  # type: ignore[misc]
    """log(1 + exp v)."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sigmoid(self.args[0])


class sigmoid(sp.Function):  # type: ignore[misc]
    """1 / (1 + exp -v)."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return self * (1 - self)


class tanhc(sp.Function):  # type: ignore[misc]
    """tanh(v) / v, and 1 at v = 0."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        v = self.args[0]
        return (1 - sp.tanh(v) ** 2 - self) / v


FUNCTIONS: dict[str, Any] = {
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "sech": sp.sech, "abs": sp.Abs,
    "softplus": softplus, "sigmoid": sigmoid, "tanhc": tanhc,
}  # fmt: skip
"""What a person may write, by name."""


def _tanhc_numpy(v: Any) -> Any:
    small = np.abs(v) < 1e-4
    safe = np.where(small, 1.0, v)
    return np.where(small, 1 - v**2 / 3, np.tanh(safe) / safe)


_NUMPY: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "sech": lambda v: 1 / np.cosh(v),
    "Abs": np.abs, "sign": np.sign, "softplus": lambda v: np.logaddexp(0.0, v), "sigmoid": expit,
    "tanhc": _tanhc_numpy,
}  # fmt: skip


def _torch(name: str, v: Any) -> Any:
    import torch

    match name:
        case "sech":
            return 1 / torch.cosh(v)
        case "Abs":
            return torch.abs(v)
        case "softplus":
            return torch.logaddexp(v, torch.zeros_like(v))
        case "tanhc":
            small = v.abs() < 1e-4
            safe = torch.where(small, torch.ones_like(v), v)
            return torch.where(small, 1 - v**2 / 3, torch.tanh(safe) / safe)
    return getattr(torch, name)(v)


def _call(name: str, v: Any) -> Any:
    if isinstance(v, float | int | np.generic):
        # A plain number goes with tensors as well.
        return float(_NUMPY[name](v))
    if isinstance(v, np.ndarray):
        return _NUMPY[name](v)
    return _torch(name, v)


def _power(base: Any, exponent: Any) -> Any:
    # Products are many times faster than a general power, and exact for negative bases.
    if isinstance(exponent, int) and 2 <= exponent <= 6:
        result = base * base
        for _ in range(exponent - 2):
            result = result * base
        return result
    if exponent == -1:
        return 1 / base
    return base**exponent


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Instructions over numbered results; `outputs` are the numbers of the formulas' values."""

    code: tuple[tuple[str, Any], ...]
    outputs: tuple[int, ...]
    used: frozenset[int]
    """Positions of the inputs that matter."""

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """Values of the formulas: arrays or tensors of the inputs' shape, or a number where a
        formula is constant. Inputs may be None where `used` does not name them. What has no
        finite value is left so, for the caller to judge."""
        with np.errstate(all="ignore"):
            return self._run(inputs)

    def _run(self, inputs: Sequence[Any]) -> list[Any]:
        found: list[Any] = []
        for kind, what in self.code:
            match kind:
                case "number":
                    found.append(what)
                case "input":
                    found.append(inputs[what])
                case "sum":
                    total = found[what[0]]
                    for k in what[1:]:
                        total = total + found[k]
                    found.append(total)
                case "product":
                    total = found[what[0]]
                    for k in what[1:]:
                        total = total * found[k]
                    found.append(total)
                case "integer power":
                    found.append(_power(found[what[0]], what[1]))
                case "power":
                    found.append(found[what[0]] ** found[what[1]])
                case _:
                    found.append(_call(kind, found[what]))
        return [found[k] for k in self.outputs]


def program(formulas: Sequence[sp.Expr], inputs: Sequence[sp.Symbol]) -> Program:
    """Compile formulas over the given symbols.

    Raises
    ------
    ValueError
        For a symbol that is not an input, or a node outside the closed set.
    """
    maker = _Maker({symbol: k for k, symbol in enumerate(inputs)})
    outputs = tuple(maker.number(sp.sympify(formula)) for formula in formulas)
    used = frozenset(what for kind, what in maker.code if kind == "input")
    return Program(tuple(maker.code), outputs, used)


class _Maker:
    def __init__(self, places: dict[sp.Symbol, int]) -> None:
        self.places = places
        self.code: list[tuple[str, Any]] = []
        self.known: dict[sp.Expr, int] = {}

    def number(self, node: sp.Expr) -> int:
        """Where the node's value will be."""
        if node not in self.known:
            self.code.append(self._instruction(node))
            if len(self.code) > LARGEST_PROGRAM:
                raise ValueError("The formula is too long.")
            self.known[node] = len(self.code) - 1
        return self.known[node]

    def _instruction(self, node: sp.Expr) -> tuple[str, Any]:
        if node.is_Symbol:
            if node not in self.places:
                raise ValueError(f"'{node}' is not known.")
            return "input", self.places[node]
        if node.is_number and not node.has(softplus, sigmoid, tanhc):
            value = complex(node.evalf(20))
            if value.imag or not np.isfinite(value.real):
                raise ValueError(f"'{node}' is not a finite real number.")
            return "number", float(value.real)
        if node.is_Add or node.is_Mul:
            parts = tuple(self.number(part) for part in node.args)
            return ("sum" if node.is_Add else "product"), parts
        if node.is_Pow:
            base, exponent = node.args
            if exponent.is_Integer:
                return "integer power", (self.number(base), int(exponent))
            if exponent == sp.Rational(1, 2):
                return "sqrt", self.number(base)
            return "power", (self.number(base), self.number(exponent))
        name = type(node).__name__
        if name in _NUMPY and len(node.args) == 1:
            return name, self.number(node.args[0])
        raise ValueError(f"'{node}' cannot be computed.")
