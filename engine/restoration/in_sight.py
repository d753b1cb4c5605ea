"""What is in sight of a large photograph, before all of it: by another instance of the method.

The other instance has a cut of the photograph, with as much around what is in sight as the method
reaches, and keeps its own stages: while the view stands still a move of a slider finds them there.
Settings left open are those of the last settled picture.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.data.photograph import Photograph
from engine.method import Note, Snapshot
from engine.params import with_values
from engine.restoration import preview
from engine.restoration.boxes import Box, area, overlap, whole_of
from engine.restoration.noise import LEVELS, heard
from engine.restoration.part import Part, around, at_level, coarsely, cut_of, inside, middle_of
from engine.restoration.preview import Preview, Pyramids
from engine.restoration.pyramid import Pyramid
from engine.stages import beats

if TYPE_CHECKING:
    from engine.restoration.untrained import Restored, Restoring, Untrained

LARGE = 1_000_000
"""Pixels of a photograph from which on what is in sight comes first: previews of all of that many
take a third of a second with the slower methods."""
PATIENCE_S = 1 / 3
"""Seconds until a moving hand should see a picture."""
SHARE = 4
"""What is in sight is restored by itself where it is at most one in so many of the pixels."""
MIDDLE = 512
"""Side of the part that settings are found on where no settled picture tells them."""
LISTENED = 1024
"""Side of the part that the noise is found on there."""
LEAST = 16
"""Pixels around a part of a coarser level, if the method reaches so far."""

Frames: TypeAlias = Generator[Snapshot | None, None, None]


def is_large(photograph: Photograph) -> bool:
    """Whether what is in sight comes first."""
    return len(photograph) > LARGE


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Parameters with nothing left open, the noise in units of the values, and by name what the
    method chose."""

    params: Any
    sigma: float | None
    chosen: dict[str, float]


class InSight:
    """Pictures of what is in sight, for the instance `method` that has the whole photograph."""

    def __init__(self, method: Untrained) -> None:
        self._method = method
        self._part: Box | None = None
        self._others: dict[bool, tuple[Hashable, Untrained]] = {}

    def attend(self, part: Box) -> None:
        """What is in sight, from any thread."""
        self._part = part

    def of(self, photograph: Photograph) -> Box | None:
        """What is in sight of it; None when nothing is."""
        if self._part is None:
            return None
        seen = overlap(self._part, whole_of(photograph.values.shape))
        return seen if area(seen) else None

    def before(
        self, whole: Restoring, photograph: Photograph, params: Any
    ) -> Generator[Snapshot | None, None, Restored]:
        """Pictures of what is in sight, again when that changes, while the whole is computed; the
        whole in the end."""
        shown = None
        try:
            while True:
                sight = self.of(photograph)
                if sight is not None and sight != shown:
                    shown = sight
                    yield from self._frames(photograph, params, sight)
                try:
                    next(whole)
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                yield None
        finally:
            whole.close()

    def pyramids(self, photograph: Photograph) -> Generator[None, None, Pyramids]:
        """The photograph and its truth at every level that previews need."""
        return self._method.stages.get_with_beats(
            "pyramids", self._method.key(), partial(_pyramids, photograph)
        )

    def _frames(self, photograph: Photograph, params: Any, sight: Box) -> Frames:
        """A picture within `PATIENCE_S`; where it was not sharp, a sharp one after it."""
        pyramids = yield from self.pyramids(photograph)
        given = yield from self._given(photograph, params)
        told = partial(_told, photograph, pyramids, params, given.chosen)
        pyramid, whole = pyramids[0], whole_of(photograph.values.shape)
        fine = pyramid.level_for(sight, _at_once(self._method.pace(photograph, given.params)))
        if fine > 0:
            early = yield from self._early(photograph, pyramid, given, sight)
            if early is not None:
                yield (yield from told(early.notes, partial(around, pyramid, early, sight)))
            else:
                level = max(fine, pyramid.level_for(whole, preview.LARGEST))
                box = at_level(sight, level, pyramid[level].shape)
                part = yield from self._part_of(photograph, pyramid, given, box, level)
                shown = partial(coarsely, pyramid[level], part, box, level)
                yield (yield from told(part.notes, shown))
            if SHARE * area(sight) > area(whole):
                return
        computing = self._part_of(photograph, pyramid, given, sight, 0)
        while self.of(photograph) == sight:
            try:
                next(computing)
            except StopIteration as stop:
                shown = partial(around, pyramid, stop.value, sight)
                yield (yield from told(stop.value.notes, shown))
                return
            yield None
        computing.close()

    def _part_of(
        self, photograph: Photograph, pyramid: Pyramid, given: Given, box: Box, level: int
    ) -> Generator[None, None, Part]:
        """A part of a level, the parameters meaning there what they mean in the whole."""
        params = self._method.coarser(given.params, level) if level else given.params
        sigma = None if given.sigma is None else given.sigma / 2**level
        other, cut, outer = self._other(photograph, pyramid, given, box, level)
        if outer != whole_of(pyramid[level].shape):
            params = _as_part(params)
        found = yield from other.aside(other.given(cut, params, sigma))
        return inside(found, box, outer)

    def _early(
        self, photograph: Photograph, pyramid: Pyramid, given: Given, sight: Box
    ) -> Generator[None, None, Part | None]:
        """What the method has for a moving hand; None where that takes too long, or it has nothing
        to go on from."""
        pace = self._method.early_pace(photograph, given.params)
        if pace is None or area(sight) > _at_once(pace):
            return None
        other, cut, outer = self._other(photograph, pyramid, given, sight, 0)
        found = yield from other.aside(_in_one(other, cut, _as_part(given.params)))
        return None if found is None else inside(found, sight, outer)

    def _other(
        self, photograph: Photograph, pyramid: Pyramid, given: Given, box: Box, level: int
    ) -> tuple[Untrained, Photograph, Box]:
        """The instance for a part with its surroundings, their photograph, and where they lie; of
        coarse and of sharp parts the last instance is kept."""
        method = self._method
        reach = method.reach(photograph, given.params)
        reach, grid = max(-(-reach >> level), min(reach, LEAST)), method.grid(photograph)
        top, left = ((v - reach) // grid * grid for v in box[:2])
        outer = overlap((top, left, box[2] + reach, box[3] + reach), whole_of(pyramid[level].shape))
        name = (*method.key(), level, outer)
        kept = self._others.get(level > 0)
        if kept is None or kept[0] != name:
            cut = cut_of(photograph, pyramid[level], outer, level)
            kept = self._others[level > 0] = (name, method.beside(cut, name))
        return kept[1], kept[1].photograph, outer

    def _given(self, photograph: Photograph, params: Any) -> Generator[None, None, Given]:
        """What is left open, as the last settled picture has it; else as the middle does."""
        method, name = self._method, self._method.left_open
        sigma = yield from self._sigma(photograph, params)
        chosen: dict[str, float] = {}
        stated = params
        if sigma is not None:
            stated = with_values(params, {"sigma": LEVELS * sigma})
            if params.sigma is None:
                chosen["sigma"] = LEVELS * sigma
        if name and getattr(params, name) is None:
            value = method.carried(sigma)
            if value is None:
                found = yield from method.stages.get_by_steps(
                    "middle", method.key(replace(stated, gain=1.0)),
                    lambda: self._middle(photograph, stated),
                )  # fmt: skip
                value = found.chosen[name]
            stated = with_values(stated, {name: value})
            chosen[name] = getattr(stated, name)
        return Given(stated, sigma, chosen)

    def _sigma(self, photograph: Photograph, params: Any) -> Generator[None, None, float | None]:
        """The noise where it is known by now; else that of the middle."""
        method = self._method
        if not hasattr(params, "sigma"):
            return None
        known = params.sigma is not None or photograph.sigma is not None
        if known or method.stages.holds("noise", method.key()):
            return method.sigma(photograph, params)
        return (
            yield from method.stages.get_with_beats(
                "noise of the middle", method.key(),
                lambda: heard(photograph, middle_of(photograph, LISTENED).values).sigma,
            )
        )  # fmt: skip

    def _middle(self, photograph: Photograph, params: Any) -> Restoring:
        """The settled picture of the middle alone."""
        cut, params = middle_of(photograph, MIDDLE), _as_part(params)
        other = self._method.beside(cut, (*self._method.key(), "middle"))
        return other.aside(other.restore(cut, params))


def _as_part(params: Any) -> Any:
    """A part of a picture is not periodic, whatever the whole is."""
    return replace(params, borders="mirrored") if hasattr(params, "borders") else params


def _at_once(pace: float) -> int:
    """Pixels that are restored while a hand waits, at so many seconds for a million."""
    return max(1, int(1e6 * PATIENCE_S / pace))


def _in_one(
    other: Untrained, cut: Photograph, params: Any
) -> Generator[None, None, Restored | None]:
    yield
    return other.preview(cut, params)


def _pyramids(photograph: Photograph) -> Pyramids:
    truth = photograph.truth
    found = Pyramid(photograph.values), None if truth is None else Pyramid(truth)
    for one in filter(None, found):
        one[one.level_for(whole_of(one[0].shape), preview.WHOLE)]
    return found


def _told(
    photograph: Photograph,
    pyramids: Pyramids,
    params: Any,
    chosen: dict[str, float],
    notes: tuple[Note, ...],
    shown: Callable[[], tuple[Preview, Preview | None]],
) -> Generator[None, None, Snapshot]:
    """A frame of a part; `shown` makes previews of what was restored and of `seen`."""

    def made() -> Snapshot:
        restored, seen = shown()
        return Snapshot(
            layers=preview.pictures(photograph, pyramids, restored, params.gain, seen),
            params=params, step=1, notes=notes, coarse=restored.said, chosen=chosen,
        )  # fmt: skip

    return (yield from beats(made))
