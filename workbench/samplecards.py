"""The cards of the first start, from the engine's samples and their pictures."""

from __future__ import annotations

from pathlib import Path

from engine.data.samples import samples
from workbench.welcome import Card

_PICTURES = Path(__file__).parent.parent / "resources" / "thumbnails"


def sample_cards() -> list[Card]:
    """One card per sample; a sample without a picture has a plain card."""
    found = []
    for sample in samples():
        picture = _PICTURES / f"{sample.name}.png"
        there = picture if picture.exists() else None
        found.append(Card(sample.spec, sample.title, sample.sentence, there, sample.family))
    return found
