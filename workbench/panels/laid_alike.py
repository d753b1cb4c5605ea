"""Compared maps turned and mirrored to lie as the first of them: how a map is turned means nothing,
and the eye should not have to undo it."""

from __future__ import annotations

from dataclasses import replace

from engine.layers import Points
from engine.numerics.procrustes import turn
from workbench.document import Document, Run
from workbench.views.mainview import first_of


def laid_alike(document: Document, run: Run, points: Points, kinds: tuple[type, ...]) -> Points:
    """The points of `run` as those of the first compared run lie; as they are where there is no
    other, or it has another number of points. `kinds` of layers are those that are drawn."""
    first = document.run(document.compared[0]) if document.compared else None
    if first is None or first is run or first.snapshot is None:
        return points
    leader = first_of(first.snapshot.layers, kinds)
    if not isinstance(leader, Points) or leader.positions.shape != points.positions.shape:
        return points
    return replace(points, positions=turn(points.positions, leader.positions))
