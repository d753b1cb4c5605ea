"""Tunable restoration: one network, and sliders that are parameters of it.

"Tunable Convolutions with Parametric Multi-Loss Optimization", CVPR 2023, arXiv 2304.00898. A
slider mixes the kernels of every convolution (`tunable_convolution`), a network of them restores
the picture (`networks`) tile by tile (`restorer`); how it was trained is in `training`, what it is
compared with in `controls`. Where the JPEG quality is left open, the one that the picture was saved
with is taken (`jpeg_quality`), and where the strength is, the one of least estimated error
(`strength_risk`). After a JPEG that estimate means nothing, since what is left of the noise is not
white: the strength is then the noise before it (`jpeg_noise`), as the network was taught. Of what
was tried by hand on four pictures it never learnt (noise of 5 to 30 levels, qualities of 30 to 95)
the best strength was that noise itself, not a multiple of it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array
from engine.method import DataError, ExportedNetwork, Note, Snapshot, Step
from engine.restoration import (
    held_photograph,
    model,
    precision,
    sliders,
    tunable_picture,
    tunable_training,
)  # fmt: skip
from engine.restoration.jpeg_quality import Saved
from engine.restoration.model import Model
from engine.restoration.noise import TOLD_BY, Noise
from engine.restoration.restorer import STEPS, WHOLE_PREVIEW, Position, Preview, Restorer
from engine.restoration.strength_risk import GRID, Course, least, risk
from engine.restoration.tiles import Box, Pyramid
from engine.restoration.tunable_params import MOST_NOISE, NO_JPEG, TunableParams, position
from engine.restoration.tunable_picture import (
    PROBED,
    ByStrength,
    Estimates,
    estimated_noise,
    middle_of,
)
from engine.restoration.tunable_training import Record
from engine.stages import Stages, beats

SCORES_FOLLOW = "numbers and curves follow"
NO_ESTIMATE = "a strength left open is set to it, as errors cannot be estimated after a JPEG"


class TunableRestoration:
    """See the module's docstring."""

    Params: ClassVar[type] = TunableParams
    Data: ClassVar[type] = Photograph

    def __init__(self, params: TunableParams) -> None:
        self.params = params
        self.stages = Stages()
        self._photograph: Photograph | None = None
        self._model: Model | None = None
        self._estimates = Estimates(Noise(0.0), 0.0)
        self._precision: precision.Precision = "float32"
        self._record = Record()
        self._restorers: dict[str, Restorer] = {}
        self._pyramids: tuple[Pyramid, Pyramid | None] | None = None
        self._sight: Box | None = None
        self._seed: int | None = None

    def fit(
        self, data: Photograph, *, rng: np.random.Generator, device: str
    ) -> Generator[Step, Any, None]:
        """Load a network or train one, and estimate the picture's noise."""
        self._show(data)
        self._seed = None
        if self.params.weights == "trained here":
            yield from tunable_training.run(self, data, rng)
            index = total = self.params.steps
        else:
            yield Step(index=0, total=1, stage="opening the network")
            self._publish(self._opened(data))
            index = total = 1
        for _ in self._estimate(rng):
            yield Step(index=index - 1, total=total, stage="estimating the noise")
        for frame in self.refine(self.params):
            if frame is not None and frame.coarse == "":
                yield Step(index=index, total=total, stage="done", snapshot=frame)
                return
            yield Step(index=index - 1, total=total, stage="restoring", snapshot=frame)

    def _show(self, photograph: Photograph) -> None:
        truth = photograph.truth
        self._photograph = photograph
        self._pyramids = (Pyramid(photograph.values), None if truth is None else Pyramid(truth))

    def _publish(self, made: Model, record: Record | None = None) -> None:
        """A network to restore with from here on."""
        self._record = record or self._record
        self._model, self._restorers = made, {}

    def _opened(self, photograph: Photograph) -> Model:
        asked = self.params
        if asked.weights == "shipped":
            path = model.shipped(asked.control, photograph.channels)
            if not path.is_file():
                raise DataError(f"This copy of the program has no network for '{asked.control}'; "
                                "choose another control, or train one here.")  # fmt: skip
            found = model.read(path)
        else:
            found = model.read(asked.file)
        _fitting(found, photograph)
        if asked.control == "opacity":
            found = replace(found, control="opacity")
        return found

    def noise_of(self, photograph: Photograph) -> Noise:
        """As it is heard, once."""
        return self.stages.get("noise", photograph, lambda: estimated_noise(photograph))

    def _estimate(self, rng: np.random.Generator) -> Generator[None, None, None]:
        """The noise, the strength for it, errors by strength, and the arithmetic."""
        photograph, made = self._ready()
        heard = yield from beats(lambda: self.noise_of(photograph))
        yield from beats(self._prepare)
        self._estimates = Estimates(heard, min(MOST_NOISE, 255 * heard.sigma))
        cut = middle_of(photograph.values, PROBED)
        y = np.ascontiguousarray(photograph.values[cut])
        if "strength" in made.sliders:
            self._seed = int(rng.integers(2**31)) if self._seed is None else self._seed
            probe, course = Restorer(y, made), None
            best = self._estimates.strength / MOST_NOISE
            if heard.is_white:
                course = yield from least(partial(self._risk, probe))
                best = course.best
            best = round(best * STEPS) / STEPS
            clean = None if photograph.truth is None else photograph.truth[cut]
            errors = yield from self._errors(probe, course, best, clean)
            self._estimates = Estimates(heard, best * MOST_NOISE, errors)
        at = self._place(self._estimates.strength / MOST_NOISE)
        self._precision = yield from beats(lambda: precision.chosen(made, y, at))

    def _risk(self, probe: Restorer, strength: float) -> float:
        """The estimated error at a strength in [0, 1]."""
        at, drawn = self._place(strength), np.random.default_rng(self._seed)
        return risk(probe.picture, lambda both: np.stack([probe.other(p, at) for p in both]),
                    self._estimates.noise.sigma, drawn)  # fmt: skip

    def _errors(
        self, probe: Restorer, course: Course | None, best: float, clean: Array | None
    ) -> Generator[None, None, ByStrength | None]:
        """Estimated errors, true ones where the truth is known, or nothing."""
        if course is None and clean is None:
            return None
        if course is None:
            places = np.union1d(np.linspace(0, 1, 2 * GRID - 1), best)
        else:
            places = course.positions
        true = None
        if clean is not None:
            true = np.empty(len(places))
            for k, place in enumerate(places.tolist()):
                found = probe.other(probe.picture, self._place(place))
                true[k] = np.mean((found - clean) ** 2)
                yield None
        return ByStrength(places, None if course is None else course.risks, true)

    def _prepare(self) -> None:
        """The coarser levels that previews need."""
        assert self._pyramids is not None
        for pyramid in self._pyramids:
            if pyramid is not None:
                height, width = pyramid[0].shape[:2]
                pyramid[pyramid.level_for((0, 0, height, width), WHOLE_PREVIEW)]

    def _place(self, strength: float) -> Position:
        """Where the sliders stand at a strength in [0, 1] when all others are left alone."""
        return self._position(TunableParams(strength=MOST_NOISE * strength))

    def evaluate(self, params: TunableParams) -> Snapshot:
        """Every pixel, by tiles that are computed or kept from before."""
        restorer, at = self._restorer(params), self._position(params)
        return self._frame(params, restorer.restored(at))

    def refine(self, params: TunableParams) -> Iterator[Snapshot | None]:
        """What is in sight first, then tile by tile from its middle outward."""
        restorer, at = self._restorer(params), self._position(params)
        if len(restorer.tiles) == 1:
            restored = restorer.restored(at)
            yield self._frame(params, restored, coarse=SCORES_FOLLOW)
            yield (yield from beats(lambda: self._frame(params, restored)))
            return
        for shown in restorer.refined(at, lambda: self._sight):
            if shown is None:
                yield None
            elif isinstance(shown, Preview):
                yield self._frame(params, shown, coarse=shown.said)
            else:
                yield (yield from beats(partial(self._frame, params, shown)))

    def attend(self, part: Box) -> None:
        """What is in sight, in pixels of the whole."""
        if self._photograph is not None:
            height, width = self._photograph.values.shape[:2]
            top, left = max(0, part[0]), max(0, part[1])
            bottom, right = min(height, part[2]), min(width, part[3])
            self._sight = (top, left, bottom, right) if top < bottom and left < right else None

    def transferred(self, data: Photograph) -> Self:
        """The network on another photograph; its noise, strength and arithmetic are its own."""
        _, made = self._ready()
        method = type(self)(self.params)
        method._show(data)
        method._seed, shipped = self._seed, self.params.weights == "shipped"
        if not shipped:
            _fitting(made, data)
        method._publish(method._opened(data) if shipped else made, self._record)
        for _ in method._estimate(np.random.default_rng(0)):
            pass
        return method

    def module(self, params: TunableParams | None = None) -> Any:
        """The network as a `torch.nn.Module`: at one position, or with positions as an input."""
        from engine.restoration.module import WithSliders, at_position

        _, made = self._ready()
        return WithSliders(made) if params is None else at_position(made, self._position(params))

    def exported(self, params: TunableParams, *, sliders: bool) -> ExportedNetwork:
        """The network in float32, tried on the middle of the photograph."""
        from engine.restoration.exported_network import exported

        if params.jpeg is None:
            params = replace(params, jpeg=self._estimates.jpeg)
        return exported(*self._ready(), params, self._estimates.strength, sliders)

    def _position(self, params: TunableParams) -> Position:
        found = self._estimates
        return position(params, self._ready()[1], found.strength, found.jpeg)

    def _restorer(self, params: TunableParams) -> Restorer:
        photograph, made = self._ready()
        assert self._pyramids is not None
        name = params.precision or self._precision
        if name not in self._restorers:
            dtype = precision.DTYPES[name]
            self._restorers[name] = Restorer(photograph.values, made, dtype, self._pyramids[0])
        return self._restorers[name]

    def _frame(
        self, params: TunableParams, restored: Pixels | Preview, *, coarse: str = ""
    ) -> Snapshot:
        photograph, made = self._ready()
        assert self._pyramids is not None
        at = self._estimates.strength if params.strength is None else params.strength
        layers = tunable_picture.pictures(photograph, self._pyramids, restored, params.gain)
        if made.control == "noise plane":
            layers = tunable_picture.painted(layers, params.strength_map)
        layers += tunable_picture.course(photograph, self._estimates, at)
        found: Mapping[str, float] = {}
        if not coarse and not isinstance(restored, Preview):
            layers += tunable_picture.curves(photograph, restored) + self._record.curves()
            found = tunable_picture.metrics(photograph, restored, self._estimates)
        return Snapshot(
            layers=layers,
            params=params,
            metrics=found,
            step=self._record.step,
            notes=_notes(params, made, self._record, self._estimates.noise),
            coarse=coarse,
            chosen=self._estimates.chosen(made),
            held={"precision": self._precision} if params.precision is None else {},
            idle=tuple(name for name in sliders.SLIDERS if name not in made.sliders),
        )

    def state(self) -> dict[str, Array]:
        """The photograph, the network, what was estimated, and the course of a training."""
        photograph, made = self._ready()
        estimates = self._estimates
        found = held_photograph.to_arrays(photograph)
        found |= {model.PREFIX + k: v for k, v in model.to_arrays(made).items()}
        halves = float(self._precision == "bfloat16")
        told_by = TOLD_BY.index(estimates.noise.told_by)
        numbers = [estimates.noise.sigma, estimates.strength, halves, told_by]
        found["estimates"] = np.array(numbers)
        if estimates.noise.saved is not None:
            found["saved"] = estimates.noise.saved.to_array()
        if estimates.errors is not None:
            found |= estimates.errors.to_arrays()
        if self._seed is not None:
            found["seed"] = np.array(self._seed)
        return found | self._record.to_arrays()

    @classmethod
    def from_state(cls, params: TunableParams, state: Mapping[str, Array]) -> Self:
        method = cls(params)
        method._show(held_photograph.from_arrays(state))
        own = {k.removeprefix(model.PREFIX): v for k, v in state.items()
               if k.startswith(model.PREFIX)}  # fmt: skip
        method._publish(model.from_arrays(own), Record.from_arrays(state))
        # What was stored before there was a JPEG's own noise has no fourth number.
        sigma, strength, halves, *by = np.asarray(state["estimates"]).tolist()
        told_by = TOLD_BY[int(by[0])] if by else "wavelets"
        saved = Saved.from_array(state["saved"]) if "saved" in state else None
        errors = ByStrength.from_arrays(state)
        method._estimates = Estimates(Noise(sigma, told_by, saved), strength, errors)
        method._precision = "bfloat16" if halves else "float32"
        method._seed = int(state["seed"]) if "seed" in state else None
        return method

    def _ready(self) -> tuple[Photograph, Model]:
        if self._photograph is None or self._model is None:
            raise DataError("The fit was stopped before there was a network; run it again.")
        return self._photograph, self._model


def _fitting(made: Model, photograph: Photograph) -> None:
    if made.shape.channels != photograph.channels:
        seen, taken = (("grey", "colour")[c == 3] for c in
                       (photograph.channels, made.shape.channels))  # fmt: skip
        raise DataError(f"The network is for {taken} pictures, and this one is {seen}.")


def _notes(params: TunableParams, made: Model, record: Record, heard: Noise) -> tuple[Note, ...]:
    """How the picture was saved, sliders that were moved and mean nothing to the network, and
    pictures that were not read."""
    moved = {"deblur": params.deblur > 0, "jpeg": (params.jpeg or NO_JPEG) < sliders.BEST,
             "detail": params.detail > 0, "strength": bool(params.strength)}  # fmt: skip
    without = [name for name, is_moved in moved.items() if is_moved and name not in made.sliders]
    found = [Note(f"This network has no slider '{name}'; it changes nothing.") for name in without]
    if not heard.is_white:
        found.append(Note(heard.sentence(NO_ESTIMATE)))
    return (*found, *(Note(text) for text in record.said))
