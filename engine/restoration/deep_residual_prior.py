"""Deblurring when the kernel is only roughly known, without any training pictures.

"Deep Residual Prior", CVPR 2023, arXiv 2210.05361; the iteration is `alternation`. The kernel is
what `kind`, `size` and `angle` say, and may be changed while the fit goes on. What is kept are
pictures every so many steps, between which a slider scrubs.

Nothing that decides when to stop has seen the truth: a fit ends when the picture explains what was
seen up to the noise, mean |k * I + R - y|^2 < sigma^2, or after `steps`. The ringing h is left out
of that sum: it is computed last and takes up all but a fixed small rest, noise included, so that
with it the bound would hold from the first step on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.data.photograph import Photograph
from engine.layers import Array
from engine.method import DataError, Snapshot, Step
from engine.numerics.held import from_arrays, to_arrays
from engine.restoration import deep_residual_picture, held_photograph
from engine.restoration.borders import Frame, carried_on
from engine.restoration.deep_residual_params import DeepResidualParams, Weights
from engine.restoration.noise import known_sigma
from engine.restoration.quality import psnr
from engine.stages import beats

T = TypeVar("T")

EVERY = 25
"""Steps between two pictures."""
KEPT_BYTES = 96_000_000
"""What the kept pictures may take together."""
MOST_PIXELS = 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fit's course; planes are (C, H', W') with what was carried on beyond the borders.

    `moments` (S,) are steps, `images` and `averages` (S, C, H', W') their pictures; `course`
    (steps, 3) has step, data term and unexplained mean square; `quality` (S, 2) PSNR of both
    pictures, NaN without a truth; `where` is the frame's top and left; `ended` the step at which
    the noise was reached, 0 if it was not.
    """

    moments: NDArray[np.int64]
    images: NDArray[np.float32]
    averages: NDArray[np.float32]
    residual: NDArray[np.float32]
    ringing: NDArray[np.float32]
    seen: NDArray[np.float32]
    kernel: NDArray[np.float64]
    course: NDArray[np.float64]
    quality: NDArray[np.float64]
    where: NDArray[np.int64]
    sigma: float
    ended: int


class DeepResidualPrior:
    """See the module's docstring."""

    Params: ClassVar[type] = DeepResidualParams
    Data: ClassVar[type] = Photograph

    def __init__(self, params: DeepResidualParams) -> None:
        self.params = params
        self._photograph: Photograph | None = None
        self._fitted: Fitted | None = None

    def fit(
        self, data: Photograph, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Step by step, each in a thread of its own; weights, rates and the kernel count from the
        next one."""
        run = _Run(data, self.params)
        run.hear((yield run.told()))
        yield from run.beating(lambda: run.begin(rng, device))
        while not run.over:
            run.believe()
            weights = run.now.weights(run.seen.size)
            yield from run.beating(partial(run.advance, weights))
            shown = None
            if run.done == 1 or run.done % EVERY == 0 or run.over:
                shown = yield from run.beating(partial(self._drawn, run, run.now))
            run.hear((yield run.told(run.metrics(), shown)))

    def _drawn(self, run: _Run, params: DeepResidualParams) -> Snapshot:
        run.keep()
        self._photograph, self._fitted = run.data, run.fitted()
        return self.evaluate(params)

    def evaluate(self, params: DeepResidualParams) -> Snapshot:
        """The kept picture nearest to a step, and what it leaves over."""
        if self._fitted is None or self._photograph is None:
            raise DataError("The fit was stopped before there was a picture; run it again.")
        return deep_residual_picture.snapshot(self._photograph, self._fitted, params)

    def state(self) -> dict[str, Array]:
        """The kept pictures, the fit's course and the photograph."""
        if self._fitted is None or self._photograph is None:
            raise DataError("The fit was stopped before there was a picture; run it again.")
        return to_arrays(self._fitted) | held_photograph.to_arrays(self._photograph)

    @classmethod
    def from_state(cls, params: DeepResidualParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._fitted = from_arrays(Fitted, state)
        method._photograph = held_photograph.from_arrays(state)
        return method


class _Run:
    """A fit under way."""

    def __init__(self, data: Photograph, params: DeepResidualParams) -> None:
        if len(data) > MOST_PIXELS:
            raise DataError(
                f"'{data.name}' has {len(data) / 1e6:.1f} million pixels; two networks are fitted "
                "to all of them at once: crop or reduce it to at most one million."
            )
        self.data, self.params, self.now = data, params, params
        self.done, self.under_way, self.ended, self._every = 0, 0, 0, EVERY
        self.course: list[tuple[float, float, float]] = []
        self._kept: list[tuple[int, Array, Array]] = []

    def begin(self, rng: np.random.Generator, device: str) -> None:
        """The noise, torch, its networks, and the picture carried on."""
        from engine.restoration.alternation import Alternation
        from engine.restoration.skip_network import MULTIPLE

        told = self.params.noise
        self.sigma = known_sigma(self.data) if told is None else told / 255
        kernel = self.now.kernel()
        margin = 0 if self.params.periodic else max(kernel.shape)
        sides = self.data.values.shape[:2]
        if self.params.periodic and any(n % MULTIPLE or n < 2 * MULTIPLE for n in sides):
            raise DataError(
                f"A periodic picture needs sides that are multiples of {MULTIPLE} and at least "
                f"{2 * MULTIPLE}, got {sides[0]} × {sides[1]}; switch 'periodic' off."
            )
        self.seen, self.frame = carried_on(
            self.data.values, margin, multiple=MULTIPLE, least=2 * MULTIPLE
        )
        self.kernel = self._fitting(kernel)
        self.alternation = Alternation(self.seen, self.kernel, rng, device)

    def hear(self, sent: DeepResidualParams | None) -> None:
        """What was sent counts from the next step."""
        if sent is not None:
            self.now = sent

    def told(
        self, metrics: Mapping[str, float] | None = None, shown: Snapshot | None = None
    ) -> Step:
        """A step of the fit, or a beat of the one under way."""
        # A beat has the number of the step under way: a change that is heard in it counts from the
        # step after, in the run and when the run is repeated.
        return Step(index=self.under_way, total=self.params.steps, stage="deblurring",
                    metrics=metrics or {}, snapshot=shown)  # fmt: skip

    def beating(self, call: Callable[[], T]) -> Generator[Step, Any, T]:
        """The result of a long call, with beats of the fit while it lasts."""
        waiting = beats(call)
        while True:
            try:
                next(waiting)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            self.hear((yield self.told()))

    def believe(self) -> None:
        """Take up the kernel that is assumed now."""
        self.under_way = self.done + 1
        kernel = self.now.kernel()
        if not np.array_equal(kernel, self.kernel):
            self.kernel = self._fitting(kernel)
            self.alternation.assume(kernel)

    def _fitting(self, kernel: Array) -> Array:
        if any(k > n for k, n in zip(kernel.shape, self.seen.shape[1:], strict=True)):
            raise DataError(
                f"A blur of {kernel.shape[0]} × {kernel.shape[1]} pixels is larger than the "
                f"picture; assume a smaller one than {self.now.size:g} px."
            )
        return kernel

    def advance(self, weights: Weights) -> None:
        """One step."""
        terms = self.alternation.advance(weights)
        self.done += 1
        self.course.append((self.done, terms.data, terms.unexplained))
        if self.params.stop and terms.unexplained < self.sigma**2:
            self.ended = self.done

    @property
    def over(self) -> bool:
        return self.ended > 0 or self.done >= self.params.steps

    def keep(self) -> None:
        """Keep the pictures of this step; every second one goes when they become too many."""
        image, average = (_planes(x) for x in (self.alternation.image, self.alternation.average))
        self._kept.append((self.done, image, average))
        if len(self._kept) > max(8, KEPT_BYTES // (2 * image.nbytes)):
            self._every *= 2
            self._kept = [k for k in self._kept if k[0] % self._every == 0 or k[0] == self.done]

    def metrics(self) -> dict[str, float]:
        _, data, unexplained = self.course[-1]
        return {"data term": data, "unexplained": unexplained}

    def fitted(self) -> Fitted:
        moments, images, averages = zip(*self._kept, strict=True)
        residual, ringing = self.alternation.residual, self.alternation.ringing
        return Fitted(
            moments=np.array(moments), images=np.stack(images), averages=np.stack(averages),
            residual=_planes(residual), ringing=_planes(ringing), seen=self.seen,
            kernel=self.kernel, course=np.array(self.course),
            quality=np.array([[self._psnr(x) for x in pair] for pair in zip(images, averages,
                              strict=True)]),
            where=np.array([self.frame.top, self.frame.left]), sigma=self.sigma, ended=self.ended,
        )  # fmt: skip

    def _psnr(self, planes: Array) -> float:
        truth = self.data.truth
        return float("nan") if truth is None else psnr(self.frame.inside(planes), truth)


def frame_of(photograph: Photograph, fitted: Fitted) -> Frame:
    """Where the photograph lies in a fit's planes."""
    height, width = photograph.values.shape[:2]
    return Frame(int(fitted.where[0]), int(fitted.where[1]), height, width)


def _planes(batch: Any) -> Array:
    found: Array = batch[0].cpu().numpy().copy()
    return found
