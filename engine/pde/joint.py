"""The log joint of values on a grid, kernels and noise, with its gradient in closed form.

    log p = -1/2 log|K| - 1/2 U^T K^-1 U + N/2 log t2 - t2/2 |R|^2
            + weight (N_b/2 log t1 - t1/2 |U_b - g|^2)

K is a Kronecker product over the axes, R the equation's residual at all nodes with derivatives by
the process's mean, K'' K^-1 U. arXiv 2311.04465, section 4; the gradient is ours. Every matrix is
made of lags, so that a step costs one Cholesky factor of each axis and no inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.pde import lags
from engine.pde.lattice import Lattice
from engine.pde.problem import Floats, Key
from engine.pde.spectral import TAILED, Slopes, Spectrum

LIMIT = 20.0
"""Log precisions grow without end as residuals go to 0."""
Leaves = dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """Negative log joint, mean squares of residual and boundary, and the gradient by leaf."""

    loss: float
    equation: float
    boundary: float
    gradient: Leaves
    jitter: float


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """What an earlier process adds: values on the nodes and jet entries, all of the grid's size."""

    values: Floats
    jet: Mapping[Key, Floats] = field(default_factory=dict)


class Joint:
    """The function that the published training climbs. Leaves: "values" (the grid's shape), and for
    axis a "log weights a", "log widths a", "cycles a"; "boundary" and "equation" are log
    precisions. Log widths are the code's: of the squared width in Gaussian mixtures."""

    def __init__(
        self, lattice: Lattice, family: str, jitter: float, frozen: Frozen | None = None
    ) -> None:
        self.lattice, self.family, self.jitter = lattice, family, jitter
        self.frozen = frozen or Frozen(np.zeros(lattice.shape))
        self.problem = lattice.problem
        self.power = 1.0 if family in TAILED else 2.0
        self.faces = [f for f in lattice.faces if not sum(f.key[1])]
        self.orders = {key: key[1] for key in self.problem.partials[0]}

    def start(self, spectra: tuple[Spectrum, ...]) -> Leaves:
        found: Leaves = {"values": np.zeros(self.lattice.shape)}
        for k, s in enumerate(spectra):
            found[f"log weights {k}"] = np.log(s.weights)
            found[f"log widths {k}"] = self.power * np.log(s.widths)
            found[f"cycles {k}"] = s.frequencies / (2 * np.pi)
        return found | {"boundary": np.zeros(()), "equation": np.zeros(())}

    def spectra(self, leaves: Leaves) -> tuple[Spectrum, ...]:
        return tuple(
            Spectrum(
                self.family,  # type: ignore[arg-type]
                np.exp(leaves[f"log weights {k}"]),
                2 * np.pi * leaves[f"cycles {k}"],
                np.exp(leaves[f"log widths {k}"] / self.power),
            )
            for k in range(self.lattice.dimension)
        )

    def __call__(self, leaves: Leaves, weight: float) -> Value:
        """The value and its gradient. Raises `lags.NotPositive`."""
        sides = [_Side(self.lattice.lags(k), s, self.jitter) for k, s in
                 enumerate(self.spectra(leaves))]  # fmt: skip
        values = leaves["values"]
        alone = [side.solved(values, k) for k, side in enumerate(sides)]
        whole = alone[0] if len(sides) == 1 else sides[1].solved(alone[0], 1)
        gradient = {"values": whole.copy()}
        loss = 0.5 * float((values * whole).sum())
        for k, side in enumerate(sides):
            loss += 0.5 * values.size / values.shape[k] * side.factor.logdet
        loss += self._boundary(leaves, weight, gradient)
        pulls, equation = self._equation(leaves, sides, alone, gradient)
        loss += equation
        for k, side in enumerate(sides):
            self._kernel(k, side, alone[k], whole, pulls[k], gradient)
        squares = float(np.mean(self._residual**2))
        return Value(loss, squares, self._missed, gradient, max(s.factor.jitter for s in sides))

    def jet(self, leaves: Leaves) -> dict[Key, Floats]:
        """Jet entries of this process alone, of the grid's shape."""
        sides = [_Side(self.lattice.lags(k), s, self.jitter) for k, s in
                 enumerate(self.spectra(leaves))]  # fmt: skip
        alone = [side.solved(leaves["values"], k) for k, side in enumerate(sides)]
        return self._jet(leaves["values"], sides, alone)

    def _jet(self, values: Floats, sides: list[_Side], alone: list[Floats]) -> dict[Key, Floats]:
        found = {}
        for key, orders in self.orders.items():
            across = [k for k, n in enumerate(orders) if n]
            k = across[0] if across else 0
            found[key] = sides[k].derived(alone[k], k, orders[k]) if across else values
        return found

    def _boundary(self, leaves: Leaves, weight: float, gradient: Leaves) -> float:
        log, squares, count = float(leaves["boundary"]), 0.0, 0
        whole = leaves["values"] + self.frozen.values
        for face in self.faces:
            at = (slice(None),) * face.axis + (face.index,)
            gap = whole[at] - face.values
            gradient["values"][at] += weight * np.exp(log) * gap
            squares += float((gap**2).sum())
            count += gap.size
        self._missed = squares / max(count, 1)
        gradient["boundary"] = np.array(-weight * (count - np.exp(log) * squares) / 2)
        return float(weight * (np.exp(log) * squares - count * log) / 2)

    def _equation(
        self, leaves: Leaves, sides: list[_Side], alone: list[Floats], gradient: Leaves
    ) -> tuple[list[dict[int, Floats]], float]:
        """Pulls of the squared residual on derivatives along each axis, by order."""
        shape = leaves["values"].shape
        jet = self._jet(leaves["values"], sides, alone)
        flat = {k: (v + self.frozen.jet.get(k, 0.0)).ravel() for k, v in jet.items()}
        flat[self.problem.value_key()] = (leaves["values"] + self.frozen.values).ravel()
        x, c = self.lattice.places, self.lattice.c
        self._residual = np.asarray(self.problem.residual(flat, x, c)[0])
        log = float(leaves["equation"])
        scale = np.exp(log)
        pulls: list[dict[int, Floats]] = [{} for _ in sides]
        for key, orders in self.orders.items():
            slope = self.problem.partial(0, key, flat, x, c)
            pull = (scale * self._residual * slope).reshape(shape)
            across = [k for k, n in enumerate(orders) if n]
            if across:
                pulls[across[0]][orders[across[0]]] = pull
            else:
                gradient["values"] += pull
        squares = float((self._residual**2).sum())
        count = len(self._residual)
        gradient["equation"] = np.array((scale * squares - count) / 2)
        return pulls, (scale * squares - count * log) / 2

    def _kernel(
        self, k: int, side: _Side, alone: Floats, whole: Floats, pulls: dict[int, Floats],
        gradient: Leaves,
    ) -> None:  # fmt: skip
        """The gradient by the numbers of one axis's kernel."""
        back = np.zeros_like(whole)
        by = np.zeros((3, len(side.column)))
        flat = unfold(alone, k)
        for order, pull in pulls.items():
            # The transpose of an odd derivative's matrix is its negative.
            back += side.derived(pull, k, order) * (1 if order % 2 == 0 else -1)
            by[order] = lags.folded(unfold(pull, k), flat, order)
        if pulls:
            back = side.solved(back, k)
            gradient["values"] += back
        by[0] += lags.folded(unfold(-0.5 * whole - back, k), flat, 0)
        others = whole.size / whole.shape[k]
        by[0] += 0.5 * others * lags.inverse_sums(side.first)
        weights, widths, waves = side.slopes.gains(by)
        gradient[f"log weights {k}"] = weights
        gradient[f"log widths {k}"] = widths / self.power
        gradient[f"cycles {k}"] = 2 * np.pi * waves


class _Side:
    """One axis: its kernel at the lags, the factor, and the first column of the inverse."""

    def __init__(self, distances: Floats, spectrum: Spectrum, jitter: float) -> None:
        self.slopes = Slopes(spectrum, distances)
        self.column = self.slopes.table[0]
        self.factor = lags.factor(self.column, jitter)
        unit = np.zeros(len(distances))
        unit[0] = 1.0
        self.first = self.factor.solve(unit)
        self._matrices: dict[int, Floats] = {}

    def solved(self, values: Floats, axis: int) -> Floats:
        """K^-1 along an axis."""
        return fold(self.factor.solve(unfold(values, axis)), axis, values.shape)

    def derived(self, values: Floats, axis: int, order: int) -> Floats:
        """k^(order) times values along an axis."""
        if order not in self._matrices:
            self._matrices[order] = lags.gathered(self.slopes.table[order], order)
        return fold(self._matrices[order] @ unfold(values, axis), axis, values.shape)


def unfold(values: Floats, axis: int) -> Floats:
    """An axis first, the others in one."""
    return np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)


def fold(flat: Floats, axis: int, shape: tuple[int, ...]) -> Floats:
    """Inverse of `unfold`."""
    rest = [n for k, n in enumerate(shape) if k != axis]
    return np.moveaxis(flat.reshape(shape[axis], *rest), 0, axis)
