"""The published training: Adam on values, kernels and noise; deterministic, in float64.

After a share of the steps a second process with one plain component may take over on what is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from engine.method import DataError
from engine.pde import lags
from engine.pde.gphm_direct import Setting
from engine.pde.gphm_params import GPHMParams
from engine.pde.joint import LIMIT, Frozen, Joint, Leaves, Value
from engine.pde.mean import Mean, Sum
from engine.pde.problem import Floats
from engine.pde.spectral import Spectrum
from engine.stages import beats

FADE, FADE_SQUARES, TINY = 0.9, 0.999, 1e-8
SHORT_S = 0.03
"""Steps that are shorter need no thread of their own."""


class Adam:
    """Kingma and Ba, arXiv 1412.6980."""

    def __init__(self, leaves: Leaves) -> None:
        self._means = {k: np.zeros_like(v) for k, v in leaves.items()}
        self._squares = {k: np.zeros_like(v) for k, v in leaves.items()}
        self._steps = 0

    def step(self, leaves: Leaves, gradient: Leaves, rate: float) -> Leaves:
        """The leaves after a step downhill."""
        self._steps += 1
        found = {}
        for k, value in leaves.items():
            mean, square = self._means[k], self._squares[k]
            mean *= FADE
            mean += (1 - FADE) * gradient[k]
            square *= FADE_SQUARES
            square += (1 - FADE_SQUARES) * gradient[k] ** 2
            size = np.sqrt(square / (1 - FADE_SQUARES**self._steps)) + TINY
            found[k] = np.asarray(value - rate * mean / (1 - FADE**self._steps) / size)
        for k in ("boundary", "equation"):
            found[k] = np.clip(found[k], -LIMIT, LIMIT)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A step that was taken: the value before it, and what it led to."""

    index: int
    value: Value
    said: str = ""


class Training:
    """A training under way. `hear` holds the parameters in use."""

    def __init__(
        self, setting: Setting, params: GPHMParams, now: Callable[[], GPHMParams],
        values: Floats | None,
    ) -> None:  # fmt: skip
        self.setting, self.params, self.now = setting, params, now
        lattice = setting.lattice
        for face in lattice.faces:
            if sum(face.key[1]):
                raise DataError("As published only values are given on the faces; the direct "
                                "solution takes slopes as well.")  # fmt: skip
        if any(sum(1 for n in key[1] if n) > 1 for key in lattice.problem.partials[0]):
            raise DataError("As published no mixed derivative is trained; the direct solution "
                            "takes one.")  # fmt: skip
        self.joint = Joint(lattice, setting.spectra[0].family, params.jitter)
        self.leaves = self.joint.start(setting.spectra)
        if values is not None:
            self.leaves["values"] = values.copy()
        self.first: tuple[Joint, Leaves] | None = None
        self.jitter = params.jitter

    def run(self) -> Generator[Turn | None, None, None]:
        """Turns, and None while one takes long. Numbers that are lost are put back, the rate halved
        and Adam started afresh. Raises `DataError`."""
        adam, slower, took = Adam(self.leaves), 1.0, SHORT_S
        good = self.leaves
        change = round(self.params.extra_from * self.params.planned) if self.params.extra else -1
        for index in range(1, self.params.planned + 1):
            if index - 1 == change:
                self._freeze()
                adam, good = Adam(self.leaves), self.leaves
            began = time.monotonic()
            weight = self.now().weight_boundary
            value = self._value(weight) if took < SHORT_S else (
                yield from beats(lambda: self._value(weight)))  # noqa: B023  # fmt: skip
            took = time.monotonic() - began
            finite = np.isfinite(value.loss) and all(
                np.isfinite(g).all() for g in value.gradient.values()
            )
            if not finite and index == 1:
                raise DataError(
                    "The equation has no finite value at the start; check its formulas."
                )
            if finite:
                good = self.leaves
                self.leaves = adam.step(self.leaves, value.gradient, self.now().rate * slower)
                yield Turn(index, value)
                continue
            self.leaves, slower = good, slower / 2
            adam = Adam(self.leaves)
            yield Turn(index, value, f"At step {index} the numbers were lost; the last good values "
                                     "are back, the rate halved.")  # fmt: skip

    def _value(self, weight: float) -> Value:
        try:
            value = self.joint(self.leaves, weight)
        except lags.NotPositive:
            raise DataError("The kernel matrix is no longer positive; take a smaller learning rate "
                            "or more jitter.") from None  # fmt: skip
        self.jitter = max(self.jitter, value.jitter)
        return value

    def _freeze(self) -> None:
        """The first process stays; a plain one begins on what is left."""
        lattice = self.setting.lattice
        self.first = self.joint, self.leaves
        frozen = Frozen(self.leaves["values"], self.joint.jet(self.leaves))
        self.joint = Joint(lattice, "Matern", self.params.jitter, frozen)
        one = Spectrum("Matern", np.ones(1), np.zeros(1), np.ones(1))
        started = self.joint.start((one,) * lattice.dimension)
        self.leaves = started | {"boundary": self.leaves["boundary"]}

    def published(self) -> dict[str, Floats]:
        """Arrays of the one or two processes; components have rows axis, w, m, s."""
        found = {}
        both = [*([self.first] if self.first else []), (self.joint, self.leaves)]
        for ending, (joint, leaves) in zip(("", "_2"), both, strict=False):
            spectra = joint.spectra(leaves)
            found["values" + ending] = leaves["values"].copy()
            found["components" + ending] = np.concatenate([
                np.column_stack([np.full(len(s.weights), k), s.weights, s.frequencies, s.widths])
                for k, s in enumerate(spectra)
            ])  # fmt: skip
        return found


def spectra(components: Floats, family: str, dimension: int) -> tuple[Spectrum, ...]:
    """Inverse of what `Training.published` writes."""
    found = []
    for k in range(dimension):
        _, weights, frequencies, widths = components[components[:, 0] == k].T
        found.append(Spectrum(family, weights, frequencies, widths))  # type: ignore[arg-type]
    return tuple(found)


def mean_of(
    setting: Setting, both: list[tuple[tuple[Spectrum, ...], Floats]], jitter: float
) -> tuple[Mean | Sum, float]:
    """The mean of one or two trained processes, and the jitter that it took."""
    lattice, used, means = setting.lattice, jitter, []
    for mixtures, values in both:
        weights = values
        for k, mixture in enumerate(mixtures):
            factor = lags.factor(mixture.table(lattice.lags(k), 1)[0], jitter)
            used = max(used, factor.jitter)
            weights = np.moveaxis(factor.solve(np.moveaxis(weights, k, 0)), 0, k)
        means.append(Mean(lattice.axes, mixtures, np.ascontiguousarray(weights)))
    return (means[0] if len(means) == 1 else Sum(tuple(means))), used
