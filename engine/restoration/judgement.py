"""Scores of a restored photograph."""

from __future__ import annotations

from typing import Any

from engine.judgement import Judgement, Score
from engine.method import Snapshot

_SCORES = (
    ("PSNR", 1, "Distance from the truth in dB, over all pixels and channels: 3 dB more is half "
     "the squared error."),
    ("PSNR of the input", 0, "The same of the picture before."),
    ("SSIM", 1, "Likeness of structure to the truth (Wang et al. 2004), 1 at most."),
    ("removed over noise", 0, "Size of what was removed over that of the noise: below 1 noise is "
     "left, above 1 structure is gone. After a JPEG, which took some noise itself, below 1 too."),
    ("likeness of neighbours", 0, "Correlation of neighbouring pixels in what was removed: near 0 "
     "for white noise, larger where structure went with it."),
    ("removed", 0, "Standard deviation of what was removed, in levels of 255, over all pixels and "
     "channels: as noise is quoted."),
)  # fmt: skip


def judge(snapshot: Snapshot, data: Any) -> Judgement:
    """What the method measured while it made the picture; nothing is made up without a truth."""
    found = snapshot.metrics
    return Judgement(
        scores=tuple(
            Score(name=name, value=found[name], better=better, text=text)
            for name, better, text in _SCORES
            if name in found
        )
    )
