"""Pictures of a fit that is still going on."""

from __future__ import annotations

from dataclasses import replace

from engine.method import Snapshot

STOPPED = "Stopped after"
"""How the note begins by which a fit that was cut short says so."""


def underway(frame: Snapshot) -> Snapshot:
    """The frame as one in training, of which nobody can say yet that it was stopped."""
    notes = tuple(note for note in frame.notes if not note.text.startswith(STOPPED))
    return replace(frame, coarse="still in training", notes=notes)
