"""Scores of a solution against the reference."""

from __future__ import annotations

from engine.judgement import Judgement, Score
from engine.layers import Axis, Curves, Field, Layer
from engine.method import Snapshot
from engine.numerics.power import spectrum
from engine.pde.problem import Problem

_SCORES = (
    ("relative error", -1, "Distance from the reference over its size, in L2 over the whole grid; "
     "of several unknowns the root mean square of each one's."),
    ("best relative error", -1, "The smallest relative error that training passed through."),
    ("largest error", -1, "Largest distance from the reference on the grid."),
    ("boundary error", -1, "Root mean square of what is missed of boundary and initial values."),
    ("held-out error", -1, "Mean relative error in L2 over held-out draws of the coefficients."),
    ("coverage", 0, "Share of the reference inside two standard deviations on held-out draws; "
     "an error bar has 85 to 99 percent."),
    ("numbers fitted", 0, "How many numbers describe the solution."),
    ("mean residual", -1, "Mean size of what is left over of the equation on the grid."),
)  # fmt: skip


def judge(snapshot: Snapshot, data: Problem) -> Judgement:
    """What the method measured while it drew; without a reference the residual alone."""
    found = snapshot.metrics
    return Judgement(
        scores=tuple(
            Score(name=name, value=found[name], better=better, text=text)
            for name, better, text in _SCORES
            if name in found
        )
        + tuple(
            Score(name=name, value=value, better=-1, text="Distance over size of one unknown.")
            for name, value in found.items()
            if name.startswith("relative error of ")
        ),
        layers=(*_in_hand(snapshot), *_spectra(snapshot)),
    )


def _in_hand(snapshot: Snapshot) -> tuple[Layer, ...]:
    """What a hand works on comes first, and what it finds."""
    held = [x for x in snapshot.layers if isinstance(x, Curves | Field) and x.spots is not None]
    found = [x for x in snapshot.layers if x.name == "coefficients"] if held else []
    return (*held, *found)


def _spectra(snapshot: Snapshot) -> tuple[Layer, ...]:
    """The error and the reference by spatial frequency: which waves the solution has not got."""
    found: dict[str, Field] = {
        layer.name: layer
        for layer in snapshot.layers
        if isinstance(layer, Field) and layer.name in ("error", "truth") and layer.values.size > 8
    }
    if len(found) < 2 or "t" in (axis.name for axis in found["error"].axes):
        return ()
    lines = {}
    for name, layer in found.items():
        spacing = tuple(
            (high - low) / n
            for n, (low, high) in zip(layer.values.shape, layer.extent, strict=True)
        )
        x, lines["reference" if name == "truth" else name] = spectrum(layer.values, spacing)
    return (
        Curves(
            name="error by frequency", role="error", x=x, lines=lines,
            axes=(Axis("cycles per unit", log=True), Axis("amplitude", log=True)),
        ),
    )  # fmt: skip
