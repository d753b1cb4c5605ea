"""Training on a folder of pictures while the open picture follows."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from engine.data.photograph import Photograph
from engine.layers import Array, Axis, Curves
from engine.method import DataError, Step
from engine.restoration import folder_pictures, procedural
from engine.restoration.controls import WithPlane
from engine.restoration.folder_pictures import Found
from engine.restoration.model import Control, Model
from engine.restoration.networks import SHAPES
from engine.restoration.quality import psnr
from engine.restoration.restorer import Position, Restorer
from engine.restoration.training import Recipe, Training, Weights
from engine.restoration.training_pictures import LUMA, Pool, licences
from engine.restoration.tunable_params import MOST_NOISE, TunableParams, position
from engine.restoration.tunable_picture import Estimates, known_blur
from engine.stages import beats

if TYPE_CHECKING:
    from engine.restoration.tunable import TunableRestoration

SHOWN_S = 1.0
"""Seconds between two pictures while a training runs."""
JUDGEMENTS = 50
"""How often the pictures that are kept out are judged."""
JUDGED_SIDE, JUDGED_NOISE, JUDGED = 128, 25.0, 4
MADE, MADE_SIDE = 20, 192
"""Pictures made by formula that are mixed in, and their side."""


@dataclass(slots=True)
class Record:
    """The course of a training: (k, 3) of step, loss (mean since the last) and PSNR of pictures
    that were kept out, in dB; and what must be said of the pictures."""

    course: list[tuple[float, float, float]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def step(self) -> int:
        return int(self.course[-1][0]) if self.course else 0

    def curves(self) -> tuple[Curves, ...]:
        """Loss, and closeness of pictures kept out, by step."""
        if not self.course:
            return ()
        step, loss, closeness = np.array(self.course).T
        return (
            Curves(name="loss", role="diagnostic", x=step, lines={"loss": loss},
                   axes=(Axis("step"), Axis("loss"))),
            Curves(name="pictures kept out", role="diagnostic", x=step, lines={"PSNR": closeness},
                   axes=(Axis("step"), Axis(f"PSNR at noise {JUDGED_NOISE:g}", "dB"))),
        )  # fmt: skip

    def to_arrays(self) -> dict[str, Array]:
        said = np.frombuffer(json.dumps(self.said).encode(), np.uint8)
        return {"record": np.array(self.course).reshape(-1, 3), "said": said}

    @classmethod
    def from_arrays(cls, state: Mapping[str, Array]) -> Self:
        course = [(row[0], row[1], row[2]) for row in np.asarray(state["record"]).tolist()]
        return cls(course, json.loads(np.asarray(state["said"]).tobytes()))


@dataclass(eq=False)
class Learning:
    """A training under way, kept so that one that was stopped goes on where it stood."""

    training: Training
    control: Control
    judged: list[tuple[Array, Array]]
    pictures: Mapping[str, str] = field(default_factory=dict)
    record: Record = field(default_factory=Record)
    losses: list[float] = field(default_factory=list)
    changed: bool = False

    def advance(self) -> dict[str, float]:
        """One step, and now and then a judgement; both as numbers."""
        loss = self.training.advance()
        self.losses.append(loss)
        step, steps = self.training.step, self.training.recipe.steps
        found = {"loss": loss} if np.isfinite(loss) else {}
        if step % max(1, steps // JUDGEMENTS) == 0 or step == steps:
            found["PSNR of pictures kept out"] = close = self._closeness()
            self.record.course.append((float(step), float(np.mean(self.losses)), close))
            self.losses.clear()
        return found

    def _closeness(self) -> float:
        made = self.model()
        at = position(TunableParams(strength=JUDGED_NOISE), made, 0.0)
        return float(np.mean([psnr(_restored(made, noisy, at), clean)
                              for noisy, clean in self.judged]))  # fmt: skip

    def model(self) -> Model:
        """The network as it stands: the running mean of its weights."""
        recipe = self.training.recipe
        facts = {"steps": self.training.step, "seed": recipe.seed, "network": recipe.shape,
                 "pictures": dict(self.pictures)}  # fmt: skip
        names = recipe.sliders
        if self.control == "noise plane":
            made = WithPlane(SHAPES[recipe.shape], np.random.default_rng(0))
            made.load_state_dict(self.training.average)
            return Model(made.plain.eval(), names, self.control, facts)
        return Model(self.training.averaged(), names, self.control, facts)


def run(
    method: TunableRestoration, photograph: Photograph, rng: np.random.Generator
) -> Generator[Step, Any, None]:
    """Train, showing the open picture every second; what was learnt is kept at every step."""
    params = method.params
    learning = yield from _begun(method, photograph, int(rng.integers(2**31)))
    training, steps = learning.training, params.steps
    heard = yield from _beating(lambda: method.noise_of(photograph), steps)
    strength, blur = min(MOST_NOISE, 255 * heard.sigma), known_blur(photograph)
    method._estimates = Estimates(heard, strength, blur=blur)
    training.weights = _weights(params, training.recipe.rate)
    last = time.monotonic() - SHOWN_S / 2
    try:
        while training.step < steps:
            metrics, shown = learning.advance(), None
            if not np.isfinite(learning.losses[-1] if learning.losses else 0.0):
                raise DataError("The training diverged; take a smaller learning rate.")
            if time.monotonic() - last >= SHOWN_S:
                method._publish(learning.model(), learning.record)
                frame = next(f for f in method.refine(params) if f is not None)
                shown = replace(frame, coarse="still in training", step=training.step)
                last = time.monotonic()
            sent = yield Step(index=training.step, total=steps + 1, stage="training",
                              metrics=metrics, snapshot=shown)  # fmt: skip
            if sent is not None:
                training.weights = _weights(sent, training.recipe.rate)
                learning.changed = True
    finally:
        if training.step:
            method._publish(learning.model(), learning.record)


def _weights(params: TunableParams, rate: float) -> Weights:
    return Weights(
        rate=params.rate / rate, fidelity=params.weight_error,
        texture=params.weight_texture, gradients=params.weight_gradients,
    )  # fmt: skip


def _beating(call: Any, steps: int) -> Generator[Step, Any, Any]:
    """A long call in the middle of a fit, with a step for every beat."""
    waiting = beats(call)
    while True:
        try:
            next(waiting)
        except StopIteration as stop:
            return stop.value
        yield Step(index=0, total=steps + 1, stage="making pictures to learn from")


def _begun(
    method: TunableRestoration, photograph: Photograph, seed: int
) -> Generator[Step, Any, Learning]:
    """The pictures and the network, or those of a training that was stopped before."""
    params = method.params
    if params.control not in ("kernels", "opacity", "noise plane"):
        raise DataError(f"{params.control} is trained without the window, by "
                        "'python -m engine.restoration.controls'; take what is shipped, or a "
                        "file.")  # fmt: skip
    channels = photograph.channels
    found = Found()
    if params.folder.parts:
        reading = folder_pictures.read(params.folder)
        while True:
            try:
                stage = next(reading)
            except StopIteration as stop:
                found = stop.value
                break
            yield Step(index=0, total=params.steps + 1, stage=stage)
    given = found.pictures or None
    key = (channels, seed, params.control, params.size, params.learn, params.steps, params.patches,
           params.mixing, params.arithmetic, _weights(params, 1.0),
           _fingerprint(found))  # fmt: skip
    pool: Pool = yield from _beating(
        lambda: Pool(channels, seed, made=MADE, side=MADE_SIDE, pictures=given), params.steps
    )
    kept: Learning = method.stages.get(
        "training", key, lambda: _new(params, channels, seed, pool, found)
    )
    if kept.changed:  # what repeats it would not know of that
        kept = _new(params, channels, seed, pool, found)
        method.stages._keep("training", key, kept)
    return kept


def _fingerprint(found: Found) -> tuple[Any, ...]:
    return tuple((p.shape, float(p.sum(dtype=np.float64))) for p in found.pictures)


def _new(params: TunableParams, channels: int, seed: int, pool: Pool, found: Found) -> Learning:
    shape = f"{params.size}-{'colour' if channels == 3 else 'grey'}"
    plane = params.control == "noise plane"
    names = ("strength",) if plane or params.control == "opacity" else params.learnt_sliders
    recipe = Recipe(
        shape=shape, sliders=names, seed=seed, steps=params.steps, patches=params.patches,
        mixing=params.mixing, halves=params.arithmetic == "bfloat16", rate=params.rate,
    )  # fmt: skip
    network = WithPlane(SHAPES[shape], np.random.default_rng([seed, 3])) if plane else None
    record = Record(said=[f"Left out: {text}" for text in found.skipped])
    judged = _judged(found, channels, seed)
    pictures = {k: v for k, v in licences().items() if k not in pool.missing}
    if found.pictures:
        pictures = {f"{len(found.pictures)} of '{params.folder.name}'": "not known here"}
    return Learning(Training(recipe, pool, network), params.control, judged, pictures, record)


def _judged(found: Found, channels: int, seed: int) -> list[tuple[Array, Array]]:
    """Noisy and clean parts of pictures that nothing is learnt from: some of the folder, or made
    ones that are in no pool."""
    rng = np.random.default_rng([seed, 7])
    pictures = found.kept_out[:JUDGED]
    if not pictures:
        palette = rng.random((500, 3)).astype(np.float32)
        pictures = [procedural.dead_leaves(JUDGED_SIDE, palette, rng) for _ in range(2)]
    pairs = []
    for picture in pictures:
        clean = _coloured(picture[:JUDGED_SIDE, :JUDGED_SIDE], channels)
        noise = JUDGED_NOISE / 255 * rng.standard_normal(clean.shape)
        pairs.append(((clean + noise).astype(np.float32), clean))
    return pairs


def _coloured(picture: Array, channels: int) -> Array:
    if channels == 1:
        grey = picture if picture.ndim == 2 else picture @ LUMA
        return np.ascontiguousarray(grey, np.float32)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    return np.ascontiguousarray(picture, np.float32)


def _restored(made: Model, noisy: Array, at: Position) -> Array:
    return Restorer(noisy, made, torch.float32).other(noisy, at)
