"""What is in sight of a large photograph, before all of it: by another instance of the method.

The other instance has a cut of the photograph, with as much around what is in sight as the method
reaches, and keeps its own stages: while the view stands still a move of a slider finds them there.
Settings left open are those of the last settled picture.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.photograph import Photograph, Pixels
from engine.layers import Array
from engine.method import Snapshot
from engine.restoration import preview
from engine.restoration.boxes import Box, area, overlap, whole_of
from engine.restoration.degradations import coarser_kernel
from engine.restoration.preview import Preview, Pyramids
from engine.restoration.pyramid import Pyramid
from engine.stages import aside, beats

if TYPE_CHECKING:
    from engine.restoration.untrained import Restored, Restoring, Untrained

LARGE = 1_000_000
"""Pixels of a photograph from which on what is in sight comes first: up to here previews of all of
it take a third of a second, with the slowest methods."""
PATIENCE_S = 1 / 3
"""Seconds that a hand is willing to wait for a picture."""
SHARE = 4
"""What is in sight is restored by itself where it is at most one in so many of the pixels."""
MIDDLE = 512
"""Side of the part that settings are found on where no settled picture tells them."""


def is_large(photograph: Photograph) -> bool:
    """Whether what is in sight comes first."""
    return len(photograph) > LARGE


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Parameters with no setting left open, the noise, and the setting by name where it was."""

    params: Any
    sigma: float | None
    chosen: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`values` and `seen` of a restored part, as in `Restored`, and what it is."""

    values: Pixels
    seen: Pixels | None
    coarse: str


class InSight:
    """Pictures of what is in sight, for the instance `method` that has the whole photograph."""

    def __init__(self, method: Untrained) -> None:
        self._method = method
        self._part: Box | None = None
        self._others: dict[bool, tuple[Hashable, Untrained]] = {}

    def attend(self, part: Box) -> None:
        """What is in sight, from any thread."""
        self._part = part

    def within(self, photograph: Photograph) -> Box | None:
        """What is in sight of a photograph; None when nothing is."""
        if self._part is None:
            return None
        seen = overlap(self._part, whole_of(photograph.values.shape))
        return seen if area(seen) else None

    def before(
        self, whole: Restoring, photograph: Photograph, params: Any
    ) -> Generator[Snapshot | None, None, Restored]:
        """Pictures of what is in sight, again when that changes, while the whole is computed;
        returns the whole."""
        shown = None
        try:
            while True:
                sight = self.within(photograph)
                if sight is not None and sight != shown:
                    shown = sight
                    yield from self._pictures(photograph, params, sight)
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

    def _pictures(
        self, photograph: Photograph, params: Any, sight: Box
    ) -> Iterator[Snapshot | None]:
        """A picture within `PATIENCE_S`; then, where that was not sharp, a sharp one."""
        method = self._method
        pyramids = yield from self.pyramids(photograph)
        given = yield from self._given(photograph, params)
        told = partial(self._told, photograph, pyramids, params, given)
        whole = whole_of(photograph.values.shape)
        fine = pyramids[0].level_for(sight, _at_once(method.pace(photograph, given.params)))
        if fine > 0:
            early = yield from self._early(photograph, pyramids[0], given, sight)
            if early is not None:
                yield (yield from told(_around(pyramids[0], early, sight)))
            else:
                level = max(fine, pyramids[0].level_for(whole, preview.LARGEST))
                box = _at_level(sight, level, pyramids[0][level])
                part = yield from self._part_of(photograph, pyramids[0], given, box, level)
                yield (yield from told(_coarse(pyramids[0], part, box, level)))
            if SHARE * area(sight) > area(whole):
                return
        sharp = self._part_of(photograph, pyramids[0], given, sight, 0)
        part = yield from _while(lambda: self.within(photograph) == sight, sharp)
        if part is not None:
            yield (yield from told(_around(pyramids[0], part, sight)))

    def _part_of(
        self, photograph: Photograph, pyramid: Pyramid, given: Given, box: Box, level: int
    ) -> Generator[None, None, Part]:
        """A part of a level, the parameters meaning there what they mean in the whole."""
        params = self._method.coarser(given.params, level) if level else given.params
        sigma = None if given.sigma is None else given.sigma / 2**level
        other, outer = self._other(photograph, pyramid, params, box, level)
        found = yield from aside(other.alone(lambda cut: other.given(cut, params, sigma)))
        return _inside(found, box, outer)

    def _early(
        self, photograph: Photograph, pyramid: Pyramid, given: Given, sight: Box
    ) -> Generator[None, None, Part | None]:
        """What the method has for a moving hand; None where that takes too long, or it has nothing
        to go on from."""
        pace = self._method.early_pace(photograph, given.params)
        if pace is None or area(sight) > _at_once(pace):
            return None
        other, outer = self._other(photograph, pyramid, given.params, sight, 0)

        def early(cut: Photograph) -> Generator[None, None, Restored | None]:
            yield
            sigma = given.sigma
            return other.preview(cut, given.params, sigma)

        found = yield from aside(other.alone(early))
        return None if found is None else _inside(found, sight, outer)

    def _other(
        self, photograph: Photograph, pyramid: Pyramid, params: Any, box: Box, level: int
    ) -> tuple[Untrained, Box]:
        """The instance for a part with its surroundings, and where these lie; of coarse and of
        sharp parts the last one is kept."""
        picture, reach = pyramid[level], self._method.reach(photograph, params, level)
        step = self._method.step(photograph)
        outer = overlap(
            (*((v - reach) // step * step for v in box[:2]), box[2] + reach, box[3] + reach),
            whole_of(picture.shape),
        )
        name = (*self._method.key(), level, outer)
        kept = self._others.get(level > 0)
        if kept is None or kept[0] != name:
            kept = name, self._method.beside(cut_of(photograph, picture, outer, level), name)
            self._others[level > 0] = kept
        return kept[1], outer

    def _given(self, photograph: Photograph, params: Any) -> Generator[None, None, Given]:
        """What is left open, as the last settled picture has it; else as the middle does."""
        method, name = self._method, self._method.left_open
        sigma = yield from self._sigma(photograph, params)
        if not name or getattr(params, name) is not None:
            return Given(params, sigma, {})
        if method.last is not None:
            value = method.carried(method.last, sigma)
        else:
            stated = params if sigma is None else replace(params, sigma=255 * sigma)
            found = yield from method.stages.get_by_steps(
                "middle", method.key(replace(stated, gain=1.0)),
                partial(self._middle, photograph, stated),
            )  # fmt: skip
            value = found.chosen[name]
        whole = method.with_setting(params, value)
        return Given(whole, sigma, {name: getattr(whole, name)})
